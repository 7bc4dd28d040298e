//! What operators and Kubernetes ask the process: whether it lives, whether it is ready, what it counts, what it knows.

mod server;
mod state;

pub use server::{AdminServer, DebugToken, Pages};
pub use state::{Diagnostics, Gate, Heartbeat, Heartbeats, Readiness};
