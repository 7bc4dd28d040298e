//! Vestibule: keeps the access-control systems of buildings in step with Kubernetes resources.

pub mod admin;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod controller;
pub mod logging;
pub mod metrics;
pub mod shutdown;
pub mod system;
