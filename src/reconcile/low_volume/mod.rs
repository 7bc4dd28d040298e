//! The low-volume loop: Properties, integrations and Tenants, of which there are few. One loop processes all of them
//! when one changes, when an engine reports a new state, when a Secret may have changed and every 15 seconds.
//! Everything is compared before it is written, so a pass without a change costs no call except the GETs of Secrets.

mod connect;
mod counts;
mod declared;
mod drain;
mod gather;
mod ledger;
mod moves;
mod owner_check;
mod ownership;
mod rate_limits;
mod references;
mod requests;
mod revocations;
mod statuses;
#[cfg(test)]
mod testbed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube::api::ApiResource;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use vestibule_core::model::ObjectKey;
use vestibule_core::ownership::Neighbours;

use self::ledger::Ledger;
use self::moves::LeftBehind;
use self::requests::TenantRequest;
use crate::admin::{Diagnostics, Heartbeat};
use crate::api::{AccessIntegration, AccessIntegrationSpec, Property, PropertySpec, Tenant, TenantSpec};
use crate::cluster::object::{DecodedObject, Uid};
use crate::cluster::secrets;
use crate::cluster::store::Store;
use crate::cluster::watch::{Event, Scope, watch};
use crate::engine::rate_limiter::RateLimiter;
use crate::reconcile::events::Events;
use crate::reconcile::integration::{
    self, Connection, ConnectionParts, Named, Refusal, SecretReader, Secrets,
};
use crate::reconcile::property;
use crate::reconcile::references::References;
use crate::reconcile::tenant;
use crate::reconcile::visitor::Visitors;
use crate::reconcile::write::Writer;
use crate::shutdown::Shutdown;

/// All Secrets are read again after this time, with or without the label.
const SECRETS_EVERY: Duration = Duration::from_secs(15);

/// The objects of the three kinds, and the engines of the integrations.
pub struct LowVolumeLoop {
    properties: Store<PropertySpec, property::Said>,
    integrations: Store<AccessIntegrationSpec, integration::Said>,
    tenants: Store<TenantSpec, tenant::Said>,
    writers: Writers,
    ledgers: Ledgers,
    secrets: SecretReader,
    /// The Secrets that were read last for each integration, and the names that they were read for.
    read: BTreeMap<ObjectKey, (Named, Secrets)>,
    /// The generation of the integration for which they are up to date.
    fresh: BTreeMap<ObjectKey, i64>,
    connections: BTreeMap<ObjectKey, Connection>,
    /// Engines that are stopping; a new one of the same integration starts when they have ended.
    stopping: BTreeMap<ObjectKey, JoinHandle<()>>,
    /// Integrations that have lost their finalizer, until the watch reports that they are gone.
    gone: BTreeMap<ObjectKey, Uid>,
    /// Integrations that were connected to another account before: facts about that account say nothing about the new
    /// one.
    moved: BTreeSet<ObjectKey>,
    /// Records that were left behind, by integration.
    left_behind: BTreeMap<ObjectKey, LeftBehind>,
    /// One rate limiter for each login that was used since the start.
    pacers: BTreeMap<u64, RateLimiter>,
    refusals: BTreeMap<ObjectKey, Refusal>,
    /// Integrations with an owner id that nothing contradicts.
    checked_owners: BTreeMap<ObjectKey, Uid>,
    /// Integrations without an engine that have metrics of pending revocations.
    unconnected: BTreeSet<ObjectKey>,
    indexes: BTreeMap<ObjectKey, u16>,
    /// "Sync now" tokens that were passed on, and how many syncs the engine had completed then.
    asked: BTreeMap<(ObjectKey, String), u64>,
    tenant_requests: BTreeMap<ObjectKey, TenantRequest>,
    parts: ConnectionParts,
    visitors: Arc<Visitors>,
    references: watch::Sender<Arc<References>>,
    signature: u64,
    news: Arc<Notify>,
    /// The uid of kube-system: names this cluster in owner ids.
    cluster: String,
    /// The owner ids that its integrations use.
    neighbours: Arc<Neighbours>,
    allow_loopback: bool,
    scopes: Vec<Scope>,
    heartbeat: Heartbeat,
    diagnostics: Diagnostics,
}

/// The statuses that this process has written, by kind.
#[derive(Default)]
struct Ledgers {
    properties: Ledger<property::Said>,
    integrations: Ledger<integration::Said>,
    tenants: Ledger<tenant::Said>,
}

/// One writer per kind.
struct Writers {
    property: Writer,
    integration: Writer,
    tenant: Writer,
}

/// The parts of a [`LowVolumeLoop`].
pub struct LowVolumeParts {
    /// The cluster.
    pub client: Client,
    /// The namespaces to watch.
    pub scopes: Vec<Scope>,
    /// For engines.
    pub parts: ConnectionParts,
    /// The Visitors, for their counts.
    pub visitors: Arc<Visitors>,
    /// Receives new references.
    pub references: watch::Sender<Arc<References>>,
    /// The uid of kube-system.
    pub cluster: String,
    /// Whether systems on this machine may be called.
    pub allow_loopback: bool,
    /// Beats with every round.
    pub heartbeat: Heartbeat,
    /// Receives the diagnostics of engines.
    pub diagnostics: Diagnostics,
}

impl LowVolumeLoop {
    /// A loop that has received no object yet.
    pub fn new(from: LowVolumeParts) -> Self {
        let LowVolumeParts {
            client,
            scopes,
            parts,
            visitors,
            references,
            cluster,
            allow_loopback,
            heartbeat,
            diagnostics,
        } = from;
        let events = Events::new(client.clone());
        let writer = |resource| Writer {
            client: client.clone(),
            resource,
            events: events.clone(),
            fence: parts.fence.clone(),
        };
        Self {
            properties: Store::new(&scopes),
            integrations: Store::new(&scopes),
            tenants: Store::new(&scopes),
            writers: Writers {
                property: writer(ApiResource::erase::<Property>(&())),
                integration: writer(ApiResource::erase::<AccessIntegration>(&())),
                tenant: writer(ApiResource::erase::<Tenant>(&())),
            },
            ledgers: Ledgers::default(),
            secrets: SecretReader { client: client.clone() },
            read: BTreeMap::new(),
            fresh: BTreeMap::new(),
            connections: BTreeMap::new(),
            stopping: BTreeMap::new(),
            gone: BTreeMap::new(),
            moved: BTreeSet::new(),
            left_behind: BTreeMap::new(),
            pacers: BTreeMap::new(),
            refusals: BTreeMap::new(),
            checked_owners: BTreeMap::new(),
            unconnected: BTreeSet::new(),
            indexes: BTreeMap::new(),
            asked: BTreeMap::new(),
            tenant_requests: BTreeMap::new(),
            parts,
            visitors,
            references,
            signature: 0,
            news: Arc::new(Notify::new()),
            cluster,
            neighbours: Arc::default(),
            allow_loopback,
            scopes,
            heartbeat,
            diagnostics,
        }
    }

    /// Runs until shutdown is requested; then stops every engine and waits for its end.
    pub async fn run(mut self, watch_client: Client, shutdown: Shutdown) {
        let mut properties = watch(&watch_client, &self.writers.property.resource, &self.scopes);
        let mut integrations = watch(&watch_client, &self.writers.integration.resource, &self.scopes);
        let mut tenants = watch(&watch_client, &self.writers.tenant.resource, &self.scopes);
        let mut labelled = secrets::watch(&watch_client, &self.scopes);
        let mut secrets_due = tokio::time::interval(SECRETS_EVERY);
        secrets_due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (news, visitors) = (Arc::clone(&self.news), Arc::clone(&self.visitors));
        loop {
            let changed = tokio::select! {
                () = shutdown.requested() => break,
                Some(event) = properties.recv() => take(&mut self.properties, event, &mut properties),
                Some(event) = integrations.recv() => take(&mut self.integrations, event, &mut integrations),
                Some(event) = tenants.recv() => take(&mut self.tenants, event, &mut tenants),
                Some(secret) = labelled.recv() => self.forget_secret(&secret),
                () = news.notified() => true,
                () = visitors.first_list() => true,
                _ = secrets_due.tick() => {
                    self.fresh.clear();
                    true
                }
            };
            self.heartbeat.beat();
            if changed && self.is_complete() {
                self.pass().await;
            }
        }
        self.stop().await;
    }

    /// A labelled Secret has changed: the integrations of its namespace read theirs again. Returns whether there are
    /// any.
    fn forget_secret(&mut self, secret: &ObjectKey) -> bool {
        let before = self.fresh.len();
        self.fresh.retain(|key, _| key.namespace != secret.namespace);
        self.fresh.len() != before
    }

    fn is_complete(&self) -> bool {
        self.properties.is_complete() && self.integrations.is_complete() && self.tenants.is_complete()
    }

    /// One pass: first the engines, then the references of Visitors, then the statuses.
    async fn pass(&mut self) {
        self.restore_statuses();
        self.connect().await;
        self.publish();
        self.count_revocations();
        self.pass_on_tenant_requests();
        self.write_statuses().await;
        self.allow_first_writes();
    }

    /// Restores statuses that other clients have written, so that no step uses those.
    fn restore_statuses(&mut self) {
        self.ledgers.properties.restore(&mut self.properties);
        self.ledgers.integrations.restore(&mut self.integrations);
        self.ledgers.tenants.restore(&mut self.tenants);
    }

    async fn stop(self) {
        let stopping = self.connections.into_values().map(Connection::stop);
        futures::future::join_all(stopping).await;
        futures::future::join_all(self.stopping.into_values()).await;
    }
}

/// Processes an event and all events queued behind it, so that one pass serves all of them.
fn take<S, T>(
    store: &mut Store<S, T>,
    first: Event<DecodedObject<S, T>>,
    more: &mut mpsc::Receiver<Event<DecodedObject<S, T>>>,
) -> bool {
    let mut changed = store.on(first);
    while let Ok(event) = more.try_recv() {
        changed |= store.on(event);
    }
    changed
}
