//! Vestibule: keeps the access-control systems of buildings in step with Kubernetes resources.

pub mod api;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod engine;
pub mod reconcile;
pub mod system;
