//! `vestibule controller`: everything around the leader's work, from the first connection to the last word.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jiff::SignedDuration;
use kube::Client;
use serde_json::json;
use tokio::task::{JoinError, JoinHandle};

use crate::admin::{AdminServer, DebugToken, Diagnostics, Heartbeats, Pages, Readiness};
use crate::clock::{SharedClock, SystemClock};
use crate::cluster::client::{ConnectError, Whereabouts, connect};
use crate::cluster::lease::{Candidate, Fence, LeaseName, Lost, SteadyClock, Terms};
use crate::controller::{self, Context, ServeError};
use crate::logging::{self, Format, LogLevel, StartError};
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;

/// How long the leader's work may take to end in order: less than the 30 s after which Kubernetes kills a pod.
const GRACE: Duration = Duration::from_secs(20);

/// Runs the controller: carries what the cluster declares to the access systems.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Kubeconfig file [default: $KUBECONFIG, ~/.kube/config, the pod's service account].
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// Namespaces to look after, separated by commas [default: all].
    #[arg(long = "watch-namespaces", value_name = "NAMES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,

    /// Namespace of the leader's lease [default: the pod's, else the context's].
    #[arg(long, value_name = "NAME", env = "POD_NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// Name of the leader's lease; of all controllers with one name one works.
    #[arg(long, value_name = "NAME", default_value = "vestibule-controller")]
    pub lease_name: String,

    /// Seconds that the leader's claim lasts after its last renewal. The same for all replicas of one lease.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(6..=600))]
    pub lease_duration: u32,

    /// Name of this replica, to which a random suffix is added [default: the host's].
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    pub pod_name: Option<String>,

    /// Address of probes and metrics. Probes of a kubelet need the pod's address, so in a pod: 0.0.0.0:8080.
    /// Port 0 takes any that is free; the log tells which.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub admin_listen: SocketAddr,

    /// File with the token that requests to /debug/ must bear. Without it the log level cannot be changed there.
    #[arg(long, value_name = "FILE")]
    pub debug_token_file: Option<PathBuf>,

    /// How lines of the log look.
    #[arg(long, value_enum, default_value_t)]
    pub log_format: Format,

    /// What is logged: off, error, warn, info, debug, trace, or directives such as info,kube=debug.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: String,

    /// Let integrations reach systems on this machine's own address, for the demo and for tests.
    #[arg(long)]
    pub allow_loopback: bool,
}

/// What the controller stands on; tests and the demo bring their own.
#[derive(Clone)]
pub struct Surroundings {
    /// The cluster.
    pub client: Client,
    /// The clock of schedules.
    pub clock: SharedClock,
    /// The clock of lease and heartbeats, which nobody sets.
    pub steady_clock: SharedClock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The log's level.
    pub log_level: LogLevel,
}

/// Why the controller ended other than as asked.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log could not be started.
    #[error(transparent)]
    Log(#[from] StartError),
    /// The runtime or the signals could not be set up.
    #[error("the process could not be set up: {0}")]
    Process(#[source] io::Error),
    /// There is no cluster to talk to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The admin server has no address.
    #[error("the admin server cannot listen on {address}: {source}. Choose another with --admin-listen")]
    Admin {
        /// The address.
        address: SocketAddr,
        /// What is wrong with it.
        source: io::Error,
    },
    /// There is no token in the file.
    #[error("--debug-token-file {}: {said}. Put a token into it, or leave the option out", path.display())]
    DebugToken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        said: String,
    },
    /// Another replica leads, or nobody knows.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The leader's work failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The leader's work ended without being asked to.
    #[error("the controller stopped by itself")]
    Stopped,
    /// The leader's work did not end in time.
    #[error("work was still in flight {} s after the end was asked for; the lease runs out by itself", GRACE.as_secs())]
    Unfinished,
    /// A part of the process broke.
    #[error("a part of the controller broke: {0}")]
    Broken(#[from] JoinError),
}

// === impl Config ===

impl Default for Config {
    /// As from a command line without arguments.
    fn default() -> Self {
        Self::from_words([] as [&str; 0]).expect("every argument has a default")
    }
}

impl Config {
    /// Parses the arguments that follow `vestibule controller`.
    pub fn from_words<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Result<Self, clap::Error> {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            config: Config,
        }
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        Ok(Alone::try_parse_from(std::iter::once("controller".to_owned()).chain(words))?.config)
    }

    fn whereabouts(&self) -> Whereabouts {
        Whereabouts { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() }
    }

    fn debug_token(&self) -> Result<Option<DebugToken>, RunError> {
        let Some(path) = &self.debug_token_file else { return Ok(None) };
        let refused = |said| RunError::DebugToken { path: path.clone(), said };
        let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        DebugToken::new(&text).map(Some).ok_or_else(|| refused("it is empty".to_owned()))
    }

    fn terms(&self) -> Terms {
        Terms::lasting(SignedDuration::from_secs(self.lease_duration.into()))
    }

    fn lease(&self, client: &Client) -> LeaseName {
        let namespace = self.lease_namespace.clone().filter(|name| !name.is_empty());
        let pod = self.pod_name.clone().filter(|name| !name.is_empty());
        LeaseName {
            namespace: namespace.unwrap_or_else(|| client.default_namespace().to_owned()),
            name: self.lease_name.clone(),
            identity: LeaseName::identity(&pod.unwrap_or_else(hostname)),
        }
    }
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
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

/// The process: log, runtime, signals; then [`run`].
pub(super) fn main(config: Config) -> Result<(), RunError> {
    let log_level = logging::start(config.log_format, &config.log_level)?;
    let runtime = tokio::runtime::Runtime::new().map_err(RunError::Process)?;
    let ended = runtime.block_on(async {
        let shutdown = Shutdown::on_signals().map_err(RunError::Process)?;
        let surroundings = Surroundings::of(&config, log_level).await?;
        // A task of its own: what runs directly under `block_on` is slower.
        tokio::spawn(run(config, surroundings, shutdown)).await?
    });
    // Nothing that is still running may delay the end.
    runtime.shutdown_background();
    ended
}

/// Runs the controller until `shutdown`, or until it cannot go on. Waits for leadership first; probes and metrics
/// answer from the start.
pub async fn run(config: Config, surroundings: Surroundings, shutdown: Shutdown) -> Result<(), RunError> {
    run_around(controller::serve, config, surroundings, shutdown).await
}

/// [`run`], around other work than the controller's.
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
    // Twice the longest pause between two turns of the lease's loop, calls included.
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
        config: Arc::new(config),
    };
    introduce(&context.diagnostics, &name, &context.fence);
    let server = listen(&context, &name, log_level).await?;
    tokio::select! {
        ended = server => ended,
        ended = lead(candidate, |shutdown| work(context, shutdown), shutdown) => ended,
    }
}

/// Binds the admin server; the future that is returned answers.
async fn listen(
    context: &Context,
    lease: &LeaseName,
    log_level: LogLevel,
) -> Result<impl Future<Output = Result<(), RunError>> + use<>, RunError> {
    let Context { clock, fence, metrics, heartbeats, readiness, diagnostics, config, client: _ } =
        context.clone();
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

/// What the debug page says of the process itself.
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

/// Waits for leadership, works while it lasts, and gives it back.
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

/// The leader's work, which has its time to end in order.
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
