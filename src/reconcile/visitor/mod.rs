//! Visitors: very many, so they run on rows instead of a store of objects (design, section 4, "Memory").
//!
//! The way of one change: [`run`] takes the event → [`validate`] → [`plan`] → a slot is pushed to the engines that are
//! concerned → the engine asks [`source`] when its turn comes → its report changes the [`row`] → [`settling`] writes the
//! status. The rollover is [`scan`], which rows
//! it concerns, and [`replan`], what becomes of one.

#[cfg(test)]
mod ahead_tests;
mod at_hand;
#[cfg(test)]
mod audit_tests;
mod deletion;
mod foreign;
#[cfg(test)]
mod life_tests;
mod line;
mod namespace;
mod outlook;
mod plan;
mod replan;
mod requests;
mod row;
mod run;
mod say;
mod scan;
mod seen;
mod settling;
mod shift;
mod source;
#[cfg(test)]
mod stage;
mod status;
mod status_flags;
mod troubles;
#[cfg(test)]
mod trust_tests;
mod validate;
mod waits;
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
use vestibule_core::identity::Slot;
use vestibule_core::model::{Mode, ObjectKey};
use vestibule_core::plan::Withheld;

use self::at_hand::AtHand;
use self::line::Settling;
use self::row::{Place, PlaceState, Plan};
use self::troubles::Troubles;
use super::directory::Directory;
use super::events::Events;
use super::property;
use super::write::Writer;
use crate::admin::{Gate, Heartbeat};
use crate::api::Visitor;
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::cluster::rows::Table;
use crate::cluster::watch::Scope;
use crate::engine::Class;
use crate::metrics::Metrics;

/// Everything that Visitors need, shared by the loop, the engines and the writers.
pub struct Visitors {
    writer: Writer,
    scopes: Vec<Scope>,
    clock: SharedClock,
    fence: Fence,
    metrics: Arc<Metrics>,
    directory: watch::Receiver<Arc<Directory>>,
    heartbeat: Heartbeat,
    listed: Gate,
    table: Mutex<Table<Plan>>,
    at_hand: Mutex<AtHand>,
    /// Troubles in words.
    troubles: Mutex<Troubles>,
    /// Slots whose status or finalizer may have to be written.
    settling: Mutex<Settling>,
    settle: Notify,
    /// The directory of the last scan.
    scanned: Mutex<Arc<Directory>>,
    /// What the clock showed last.
    looked: Mutex<Timestamp>,
    /// When the first row changes by itself.
    due: Mutex<Option<Timestamp>>,
    /// Wakes the loop when that has become earlier.
    earlier: Notify,
}

/// What [`Visitors::new`] takes.
pub struct Parts {
    /// For live reads and writes.
    pub client: Client,
    /// Which namespaces.
    pub scopes: Vec<Scope>,
    /// Time.
    pub clock: SharedClock,
    /// Asked before every write.
    pub fence: Fence,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What Visitors refer to.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// Beats with every round.
    pub heartbeat: Heartbeat,
    /// Opened when all Visitors are listed.
    pub listed: Gate,
}

impl Visitors {
    /// Visitors at rest; [`Visitors::run`] starts them.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { client, scopes, clock, fence, metrics, directory, heartbeat, listed } = parts;
        Arc::new(Self {
            writer: Writer {
                events: Events::new(client.clone()),
                client,
                resource: ApiResource::erase::<Visitor>(&()),
                fence: fence.clone(),
            },
            table: Mutex::new(Table::new(Slot::of_visitor, &scopes)),
            at_hand: Mutex::default(),
            troubles: Mutex::default(),
            settling: Mutex::default(),
            settle: Notify::new(),
            scanned: Mutex::default(),
            looked: Mutex::new(clock.now()),
            due: Mutex::default(),
            earlier: Notify::new(),
            scopes,
            clock,
            fence,
            metrics,
            directory,
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
                let counts = tenants.entry(row.plan.tenant).or_default();
                counts.all += 1;
                counts.not_ready += i64::from(row.plan.ready != Some(true));
            }
        }
        let directory = self.directory();
        let mut properties: HashMap<_, property::Visitors> = HashMap::new();
        for (tenant, counts) in tenants {
            let Some(facts) = directory.tenant(tenant) else { continue };
            let sum = properties.entry(facts.property_key.clone()).or_default();
            sum.all += counts.all;
            sum.not_ready += counts.not_ready;
        }
        Some(properties)
    }

    /// The integrations, by index, in which a Visitor differs from what is declared and only mode Observe keeps it so.
    pub fn observed_to_differ(&self) -> BTreeSet<u16> {
        let observed =
            |place: &&Place| matches!(place.state, PlaceState::Withheld(Withheld::Mode(Mode::Observe), _));
        let table = self.table.lock();
        let places = table.iter().flat_map(|row| row.plan.places.iter());
        places.filter(observed).map(|place| place.integration).collect()
    }

    /// What `/debug/state.json` shows: counts, nobody's data.
    pub fn diagnostics(&self) -> serde_json::Value {
        let (rows, complete) = {
            let table = self.table.lock();
            (table.len(), table.is_complete())
        };
        let settling = &self.settling.lock().queue;
        serde_json::json!({
            "rows": rows,
            "listed": complete,
            "settling": Class::ALL.iter().map(|class| settling.len(*class)).sum::<usize>(),
            "writing": settling.in_flight(),
            "troubles": self.troubles.lock().len(),
            "nextChange": self.due.lock().map(|at| at.to_string()),
        })
    }

    fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.borrow())
    }
}
