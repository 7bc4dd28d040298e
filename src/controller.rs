//! The leader's work: the low-volume loop (Properties, integrations, Tenants), the Visitors' loop, an engine for each
//! integration, and a condition on objects of kinds that are not built.

use std::sync::Arc;

use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt};
use tokio::sync::watch;

use crate::admin::{Diagnostics, Heartbeats, Readiness};
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::cluster::watch::Scope;
use crate::metrics::Metrics;
use crate::reconcile::integration::ConnectionParts;
use crate::reconcile::low_volume::{LowVolumeLoop, LowVolumeParts};
use crate::reconcile::references::References;
use crate::reconcile::unbuilt::Unbuilt;
use crate::reconcile::visitor::{self, Visitors};
use crate::shutdown::Shutdown;

/// How long a loop may be silent before the process counts as stuck.
const LOOP_LIMIT: SignedDuration = SignedDuration::from_secs(120);

/// Everything the leader's work needs.
#[derive(Clone)]
pub struct Context {
    /// The cluster. It has deadlines and does not retry.
    pub client: Client,
    /// The clock of schedules; tests and the demo set it.
    pub clock: SharedClock,
    /// Asked before every write to a system.
    pub fence: Fence,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Each loop registers a heartbeat here.
    pub heartbeats: Heartbeats,
    /// The conditions under which the process counts as ready.
    pub readiness: Readiness,
    /// The content of `/debug/state.json`.
    pub diagnostics: Diagnostics,
    /// The namespaces to watch; empty means all.
    pub watch_namespaces: Vec<String>,
    /// Whether integrations may reach systems on this machine's own address.
    pub allow_loopback: bool,
}

/// The leader's work failed. The value is a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ServeError(pub String);

/// Does the leader's work until `shutdown`, then finishes or cancels the requests in flight and returns.
pub async fn serve(context: Context, shutdown: Shutdown) -> Result<(), ServeError> {
    let Context {
        client,
        clock,
        fence,
        metrics,
        heartbeats,
        readiness,
        diagnostics,
        watch_namespaces,
        allow_loopback,
    } = context;
    let listed = readiness.require("caches");
    let cluster = cluster_id(&client).await?;
    let scopes = Scope::of(&watch_namespaces);
    let (references, directories) = watch::channel(Arc::new(References::default()));
    let visitors = Visitors::new(visitor::Parts {
        client: client.clone(),
        scopes: scopes.clone(),
        clock: clock.clone(),
        fence: fence.clone(),
        metrics: Arc::clone(&metrics),
        references: directories,
        heartbeat: heartbeats.start("visitors", LOOP_LIMIT),
        listed,
    });
    let shown = Arc::clone(&visitors);
    diagnostics.show("visitors", move || shown.diagnostics());
    let source: Arc<Visitors> = Arc::clone(&visitors);
    let unbuilt = Unbuilt {
        client: client.clone(),
        scopes: scopes.clone(),
        clock: clock.clone(),
        fence: fence.clone(),
    };
    let pass = LowVolumeLoop::new(LowVolumeParts {
        client: client.clone(),
        scopes,
        parts: ConnectionParts { source, fence, clock, metrics },
        visitors: Arc::clone(&visitors),
        references,
        cluster,
        allow_loopback,
        heartbeat: heartbeats.start("pass", LOOP_LIMIT),
        diagnostics,
    });
    // Separate tasks: work directly under `block_on` is slower.
    let pass = tokio::spawn(pass.run(client.clone(), shutdown.clone()));
    let unbuilt = tokio::spawn(unbuilt.run(shutdown.clone()));
    let visitors = tokio::spawn(visitors.run(client, shutdown));
    let broken =
        |error: tokio::task::JoinError| ServeError(format!("a loop of the controller failed: {error}"));
    let ((), (), ()) = tokio::try_join!(pass, unbuilt, visitors).map_err(broken)?;
    Ok(())
}

/// The name of this cluster in owner ids: the uid of kube-system.
async fn cluster_id(client: &Client) -> Result<String, ServeError> {
    let namespace = Api::<Namespace>::all(client.clone()).get("kube-system").await.map_err(|error| {
        ServeError(format!(
            "namespace kube-system could not be read ({}): its uid names this cluster in the records of the controller; allow the \
             controller to get it",
            crate::cluster::client::sentence(&error)
        ))
    })?;
    namespace.uid().ok_or_else(|| ServeError("namespace kube-system has no uid".to_owned()))
}
