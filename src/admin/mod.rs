//! The pages that operators and Kubernetes ask for: liveness, readiness, metrics and diagnostics.

mod server;
mod state;

pub use server::{AdminServer, DebugToken, Pages};
pub use state::{Diagnostics, Gate, Heartbeat, Heartbeats, Readiness};
