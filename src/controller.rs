//! What the leader does.

use crate::admin::{Diagnostics, Heartbeats, Readiness};
use crate::cli::controller::Config;
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;
use std::sync::Arc;

/// Everything the leader's work needs, handed down as values.
#[derive(Clone)]
pub struct Context {
    /// The cluster. It has deadlines and does not retry.
    pub client: kube::Client,
    /// The time that schedules go by; tests and the demo set it.
    pub clock: SharedClock,
    /// Asked before every write to a system.
    pub fence: Fence,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Every loop starts one and beats.
    pub heartbeats: Heartbeats,
    /// What must be there before we count as ready.
    pub readiness: Readiness,
    /// What `/debug/state.json` shows.
    pub diagnostics: Diagnostics,
    /// As the command line said.
    pub config: Arc<Config>,
}

/// The leader's work failed; a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ServeError(pub String);

/// Does the leader's work until `shutdown`, then finishes or gives back what is in flight and returns.
///
/// PLACEHOLDER, to be replaced by the lead: it only waits.
pub async fn serve(context: Context, shutdown: Shutdown) -> Result<(), ServeError> {
    drop(context);
    shutdown.requested().await;
    Ok(())
}
