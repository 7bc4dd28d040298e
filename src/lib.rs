//! Vestibule: keeps the access-control systems of buildings in step with Kubernetes resources.

pub mod admin;
pub mod api;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod controller;
pub mod engine;
pub mod logging;
pub mod metrics;
pub mod reconcile;
pub mod shutdown;
pub mod system;
pub mod work;

/// The user agent of every request of the program.
pub const USER_AGENT: &str = concat!("vestibule/", env!("CARGO_PKG_VERSION"));
