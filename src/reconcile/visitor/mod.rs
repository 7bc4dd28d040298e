//! Visitors. There are very many, so they are kept as rows instead of whole objects (design, section 4, "Memory"). The
//! path of one change: [`run`] takes the event → [`validate`] → [`plan`] → the object is queued in the engines
//! concerned → an engine asks [`desired_state`] when the turn of the object comes → its report changes the
//! [`row_state`] → [`status_writer`] writes the status. For a rollover, [`scan`] finds the rows concerned and
//! [`replan`] plans each anew.

#[cfg(test)]
mod ahead_tests;
#[cfg(test)]
mod audit_tests;
mod deletion;
mod desired_state;
mod failures;
mod foreign;
#[cfg(test)]
mod life_tests;
mod namespace;
mod object_cache;
mod on_event;
mod outlook;
mod plan;
mod record_owners;
mod reference_changes;
mod replan;
mod requests;
mod row_state;
mod run;
mod scan;
mod status_compute;
mod status_flags;
mod status_input;
mod status_queue;
mod status_writer;
#[cfg(test)]
mod testbed;
#[cfg(test)]
mod trust_tests;
mod unlisted;
mod validate;
mod waits;
mod withheld;
#[cfg(test)]
mod withheld_tests;
#[cfg(test)]
mod witness_tests;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use kube::Client;
use kube::api::ApiResource;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use vestibule_core::identity::ObjectId;
use vestibule_core::model::{Mode, ObjectKey};
use vestibule_core::plan::Withheld;

use self::failures::Failures;
use self::object_cache::ObjectCache;
use self::record_owners::RecordOwners;
use self::row_state::{Placement, PlacementState, RowState};
use self::status_queue::StatusQueue;
use self::unlisted::UnlistedRevocations;
use super::events::Events;
use super::property;
use super::references::References;
use super::write::Writer;
use crate::admin::{Gate, Heartbeat};
use crate::api::Visitor;
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::cluster::rows::Table;
use crate::cluster::watch::Scope;
use crate::engine::Priority;
use crate::metrics::Metrics;

/// The state of all Visitors, shared by the loop, the engines and the status writers.
pub struct Visitors {
    writer: Writer,
    scopes: Vec<Scope>,
    clock: SharedClock,
    fence: Fence,
    metrics: Arc<Metrics>,
    references: watch::Receiver<Arc<References>>,
    heartbeat: Heartbeat,
    listed: Gate,
    table: Mutex<Table<RowState>>,
    object_cache: Mutex<ObjectCache>,
    /// Failures in words.
    failures: Mutex<Failures>,
    /// Pending revocations in systems that were not listed yet.
    unlisted: Mutex<UnlistedRevocations>,
    /// The owners of the records that statuses name.
    record_owners: Mutex<RecordOwners>,
    /// Wakes the low-volume loop when all Visitors are listed.
    on_list: Notify,
    /// Objects with a status or finalizer that may have to be written.
    status_queue: Mutex<StatusQueue>,
    status_wake: Notify,
    /// The references of the last scan.
    scanned: Mutex<Arc<References>>,
    /// The time at the last check of the clock.
    looked: Mutex<Timestamp>,
    /// When the first row is due.
    due: Mutex<Option<Timestamp>>,
    /// Wakes the loop when that has become earlier.
    earlier: Notify,
}

/// The parts of [`Visitors`].
pub struct Parts {
    /// For live reads and writes.
    pub client: Client,
    /// The namespaces to watch.
    pub scopes: Vec<Scope>,
    /// Time.
    pub clock: SharedClock,
    /// Checked before every write.
    pub fence: Fence,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The references of Visitors.
    pub references: watch::Receiver<Arc<References>>,
    /// Beats with every round.
    pub heartbeat: Heartbeat,
    /// Opened when all Visitors are listed.
    pub listed: Gate,
}

impl Visitors {
    /// Visitors without a running loop; [`Visitors::run`] starts it.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { client, scopes, clock, fence, metrics, references, heartbeat, listed } = parts;
        Arc::new(Self {
            writer: Writer {
                events: Events::new(client.clone()),
                client,
                resource: ApiResource::erase::<Visitor>(&()),
                fence: fence.clone(),
            },
            table: Mutex::new(Table::new(ObjectId::of_visitor, &scopes)),
            object_cache: Mutex::default(),
            failures: Mutex::default(),
            unlisted: Mutex::default(),
            record_owners: Mutex::default(),
            on_list: Notify::new(),
            status_queue: Mutex::default(),
            status_wake: Notify::new(),
            scanned: Mutex::default(),
            looked: Mutex::new(clock.now()),
            due: Mutex::default(),
            earlier: Notify::new(),
            scopes,
            clock,
            fence,
            metrics,
            references,
            heartbeat,
            listed,
        })
    }

    /// How many Visitors each Property has, and how many of them are not ready; `None` before all are listed.
    pub fn counts(&self) -> Option<HashMap<ObjectKey, property::Visitors>> {
        let mut tenants: HashMap<_, property::Visitors> = HashMap::new();
        {
            let table = self.table.lock();
            for row in table.is_complete().then(|| table.iter())? {
                let counts = tenants.entry(row.state.tenant).or_default();
                counts.all += 1;
                counts.not_ready += i64::from(row.state.ready != Some(true));
            }
        }
        let references = self.references();
        let mut properties: HashMap<_, property::Visitors> = HashMap::new();
        for (tenant, counts) in tenants {
            let Some(facts) = references.tenant(tenant) else { continue };
            let sum = properties.entry(facts.property_key.clone()).or_default();
            sum.all += counts.all;
            sum.not_ready += counts.not_ready;
        }
        Some(properties)
    }

    /// The integrations, by index, in which the record of a Visitor differs and only mode Observe prevents a change.
    pub fn observed_to_differ(&self) -> BTreeSet<u16> {
        let observed = |placement: &&Placement| {
            matches!(placement.state, PlacementState::Withheld(Withheld::Mode(Mode::Observe), _))
        };
        let table = self.table.lock();
        let placements = table.iter().flat_map(|row| row.state.placements.iter());
        placements.filter(observed).map(|placement| placement.integration).collect()
    }

    /// What `/debug/state.json` shows: counts, and no data of people.
    pub fn diagnostics(&self) -> serde_json::Value {
        let (rows, complete) = {
            let table = self.table.lock();
            (table.len(), table.is_complete())
        };
        let status_queue = &self.status_queue.lock().queue;
        serde_json::json!({
            "rows": rows,
            "listed": complete,
            "settling": Priority::ALL.iter().map(|priority| status_queue.len(*priority)).sum::<usize>(),
            "writing": status_queue.in_flight(),
            "troubles": self.failures.lock().len(),
            "nextChange": self.due.lock().map(|at| at.to_string()),
        })
    }

    fn references(&self) -> Arc<References> {
        Arc::clone(&self.references.borrow())
    }
}
