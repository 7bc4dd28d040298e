//! `vestibule controller`: everything around the leader's work, from the first connection to the end of the process.

mod config;
mod error;

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use serde_json::json;
use tokio::task::JoinHandle;

pub use self::config::Config;
pub use self::error::RunError;
use crate::admin::{AdminServer, Diagnostics, Heartbeats, Pages, Readiness};
use crate::clock::{SharedClock, SystemClock};
use crate::cluster::client::{ConnectError, connect};
use crate::cluster::lease::{Candidate, Fence, LeaseName, Lost, SteadyClock};
use crate::controller::{self, Context, ServeError};
use crate::logging::{self, LogLevel};
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;

/// How long the leader's work may take to end: less than the 30 s after which Kubernetes kills a pod.
const GRACE: Duration = Duration::from_secs(20);

/// The environment of the controller. Tests and the demo provide their own.
#[derive(Clone)]
pub struct Surroundings {
    /// The cluster.
    pub client: Client,
    /// The clock of schedules.
    pub clock: SharedClock,
    /// The clock of lease and heartbeats, which is never set.
    pub steady_clock: SharedClock,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The log's level.
    pub log_level: LogLevel,
}

// === impl Surroundings ===

impl Surroundings {
    /// The cluster that `config` names, and the machine's clocks.
    pub async fn of(config: &Config, log_level: LogLevel) -> Result<Self, ConnectError> {
        let metrics = Metrics::new();
        Ok(Self {
            client: connect(&config.whereabouts(), metrics.clone()).await?,
            clock: Arc::new(SystemClock),
            steady_clock: Arc::new(SteadyClock::start()),
            metrics,
            log_level,
        })
    }
}

/// Sets up log, runtime and signals, then calls [`run`].
pub(super) fn main(config: Config) -> Result<(), RunError> {
    let log_level = logging::start(config.log_format, &config.log_level)?;
    let runtime = tokio::runtime::Runtime::new().map_err(RunError::Process)?;
    let ended = runtime.block_on(async {
        let shutdown = Shutdown::on_signals().map_err(RunError::Process)?;
        let surroundings = Surroundings::of(&config, log_level).await?;
        // A task of its own: work directly under `block_on` is slower.
        tokio::spawn(run(config, surroundings, shutdown)).await?
    });
    // Tasks that are still running must not delay the end.
    runtime.shutdown_background();
    ended
}

/// Runs the controller until `shutdown`, or until it cannot continue. It waits for leadership first; probes and metrics
/// answer from the start.
pub async fn run(config: Config, surroundings: Surroundings, shutdown: Shutdown) -> Result<(), RunError> {
    run_around(controller::serve, config, surroundings, shutdown).await
}

/// [`run`] with other work than the controller's.
pub async fn run_around<W, F>(
    work: W,
    config: Config,
    surroundings: Surroundings,
    shutdown: Shutdown,
) -> Result<(), RunError>
where
    W: FnOnce(Context, Shutdown) -> F,
    F: Future<Output = Result<(), ServeError>>,
{
    let Surroundings { client, clock, steady_clock, metrics, log_level } = surroundings;
    let heartbeats = Heartbeats::new(steady_clock.clone());
    let name = config.lease(&client);
    let terms = config.terms();
    // Twice the longest pause between two turns of the lease's loop, including calls.
    let heartbeat = heartbeats.start("lease", terms.duration * 2);
    let candidate =
        Candidate::new(client.clone(), name.clone(), terms, steady_clock).with_heartbeat(heartbeat);
    let context = Context {
        client,
        clock,
        fence: candidate.fence(),
        metrics,
        heartbeats,
        readiness: Readiness::default(),
        diagnostics: Diagnostics::default(),
        watch_namespaces: config.watch_namespaces.clone(),
        allow_loopback: config.allow_loopback,
    };
    introduce(&context.diagnostics, &name, &context.fence);
    let server = listen(&context, &config, &name, log_level).await?;
    tokio::select! {
        ended = server => ended,
        ended = lead(candidate, |shutdown| work(context, shutdown), shutdown) => ended,
    }
}

/// Binds the admin server. The returned future serves it.
async fn listen(
    context: &Context,
    config: &Config,
    lease: &LeaseName,
    log_level: LogLevel,
) -> Result<impl Future<Output = Result<(), RunError>> + use<>, RunError> {
    let Context { clock, fence, metrics, heartbeats, readiness, diagnostics, .. } = context.clone();
    let name = lease.name.clone();
    let text = move || {
        metrics.kubernetes.leading(&name, fence.held());
        metrics.encode(clock.now())
    };
    let (debug_token, metrics) = (config.debug_token()?, Arc::new(text));
    let pages = Pages { heartbeats, readiness, diagnostics, log_level, debug_token, metrics };
    let address = config.admin_listen;
    let failed = move |source| RunError::Admin { address, source };
    let server = AdminServer::bind(address, pages).await.map_err(failed)?;
    tracing::info!(address = %server.address().map_err(failed)?, "admin server listening");
    Ok(async move { server.serve().await.map_err(failed) })
}

/// Adds the page about the process itself.
fn introduce(diagnostics: &Diagnostics, lease: &LeaseName, fence: &Fence) {
    let (lease, fence) = (lease.clone(), fence.clone());
    diagnostics.show("process", move || {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "identity": lease.identity,
            "lease": format!("{}/{}", lease.namespace, lease.name),
            "leads": fence.held(),
            "leadsUntil": fence.until().map(|until| until.to_string()),
        })
    });
}

/// Waits for leadership, works as long as it lasts, and gives the lease back.
async fn lead<F>(
    mut candidate: Candidate,
    work: impl FnOnce(Shutdown) -> F,
    shutdown: Shutdown,
) -> Result<(), RunError>
where
    F: Future<Output = Result<(), ServeError>>,
{
    tokio::select! {
        () = candidate.acquire() => {}
        () = shutdown.requested() => {
            give_back(candidate).await;
            return Ok(());
        }
    }
    let (stop, stopping) = Shutdown::new();
    // A task of its own, so that a renewal never waits for the work.
    let mut keeper: JoinHandle<(Candidate, Result<(), Lost>)> = tokio::spawn(async move {
        let kept = candidate.keep(&stopping).await;
        (candidate, kept)
    });
    let served = tokio::select! {
        served = in_time(work(shutdown.clone()), &shutdown) => served,
        ended = &mut keeper => return ended?.1.map_err(RunError::from),
    };
    if !matches!(served, Err(RunError::Unfinished)) {
        stop.request();
        give_back(keeper.await?.0).await;
    }
    served
}

/// Waits for the leader's work, which has limited time to end after a request to stop.
async fn in_time(
    work: impl Future<Output = Result<(), ServeError>>,
    shutdown: &Shutdown,
) -> Result<(), RunError> {
    let overdue = async {
        shutdown.requested().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        worked = work => match worked {
            Ok(()) if !shutdown.is_requested() => Err(RunError::Stopped),
            worked => Ok(worked?),
        },
        () = overdue => Err(RunError::Unfinished),
    }
}

async fn give_back(mut candidate: Candidate) {
    match candidate.vacate().await {
        Ok(true) => tracing::info!("lease given back"),
        Ok(false) => {}
        Err(error) => tracing::warn!("{error}; it runs out by itself"),
    }
}
