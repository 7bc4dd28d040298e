//! One engine per integration: it owns the login, the snapshot, the queue and the pace (design, section 4).
//!
//! Whoever wants something pushes a slot and returns. When its turn comes the engine asks the [`DesiredStateSource`] what should be true,
//! compares with the snapshot, and does the difference step by step, each step behind the pace, the lease and the
//! mode. A full sync pages through the system and queues what differs.

mod absence;
mod call;
mod cards;
mod clock_check;
mod create;
mod creates;
mod desired_state;
mod disarm;
mod first_write;
mod full_sync;
mod held_names;
mod inner;
mod meter;
mod misnamed;
mod observed;
mod outdated;
mod pending;
mod read_back;
mod reconcile_object;
mod record_count;
mod reduce;
mod remaining;
mod reread;
mod run;
mod state;
mod undeclared;
mod verify;
mod waits;
mod work;

pub mod breaker;
pub mod catalogue;
pub mod listing;
pub mod rate_limit;
pub mod rate_limiter;
pub mod snapshot;

pub use crate::work::{Priority, Reason, Work};
pub use clock_check::ClockState;
pub use creates::CreateStop;
pub use desired_state::{DesiredStateAnswer, DesiredStateSource, Outcome, Report, SourceError, Wait};
pub use inner::Settings;
pub use remaining::Unremoved;
pub use state::{ConnectionState, HeldBack, State};

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, watch};
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::{ExistingRecord, Withheld};

use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::metrics::Metrics;
use crate::system::AccessSystem;
use inner::Inner;
use rate_limiter::RateLimiter;

/// What an engine is made of.
pub struct Parts {
    /// The AccessIntegration it serves.
    pub integration: ObjectKey,
    /// Whose records it looks after.
    pub owner: Owner,
    /// The connection.
    pub system: Arc<dyn AccessSystem>,
    /// The declared side.
    pub source: Arc<dyn DesiredStateSource>,
    /// The pace of the account, shared by all integrations of one account.
    pub rate_limiter: RateLimiter,
    /// Asked before every write.
    pub fence: Fence,
    /// Time.
    pub clock: SharedClock,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What may change while it runs.
    pub settings: Settings,
}

/// The engine of one integration; see the module.
///
/// Its locks have one order: `inner` first, then `system`, `settings` or `state`. Whoever holds one of the later three takes
/// no other: a reader of `settings` waits behind a writer that waits, so that two orders would lock three tasks up for ever.
pub struct Engine {
    integration: ObjectKey,
    label: String,
    owner: Owner,
    system: RwLock<Arc<dyn AccessSystem>>,
    source: Arc<dyn DesiredStateSource>,
    rate_limiter: RateLimiter,
    fence: Fence,
    clock: SharedClock,
    metrics: Arc<Metrics>,
    settings: RwLock<Settings>,
    inner: Mutex<Inner>,
    /// Logins of the present connection that are counted.
    logins: AtomicU64,
    /// Held by who asks for the names of groups and formats.
    names: tokio::sync::Mutex<()>,
    /// Held by the one create that shows whether the system keeps our ids.
    first_create: tokio::sync::Mutex<()>,
    /// Whether the AccessIntegration says under which owner id records are made.
    may_write: watch::Sender<bool>,
    wake: Notify,
    state: watch::Sender<State>,
}

impl Engine {
    /// An engine at rest; [`Engine::run`] starts it.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { integration, owner, system, source, rate_limiter, fence, clock, metrics, settings } =
            parts;
        let label = integration.to_string();
        let recorded = settings.ownership.recorded;
        metrics.begin_integration(&label);
        Arc::new(Self {
            label,
            inner: Mutex::new(Inner::new(owner)),
            settings: RwLock::new(settings),
            system: RwLock::new(system),
            logins: AtomicU64::new(0),
            names: tokio::sync::Mutex::default(),
            first_create: tokio::sync::Mutex::default(),
            may_write: watch::Sender::new(recorded),
            wake: Notify::new(),
            state: watch::Sender::new(State::default()),
            integration,
            owner,
            source,
            rate_limiter,
            fence,
            clock,
            metrics,
        })
    }

    /// The integration it serves.
    pub fn integration(&self) -> &ObjectKey {
        &self.integration
    }

    /// Whose records it looks after.
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// What the system can do.
    pub fn capabilities(&self) -> vestibule_core::adapt::Capabilities {
        self.system.read().capabilities().clone()
    }

    /// The id under which the system knows a record.
    pub fn external_id(&self, id: &RecordId) -> String {
        self.system.read().external_id(id)
    }

    /// How the connection and the last sync stand; the receiver wakes on a change.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// The living records of a slot, or `None` before the first complete sync: then nothing is known.
    pub fn existing(&self, object_id: ObjectId) -> Option<Vec<ExistingRecord>> {
        let inner = self.inner.lock();
        inner.snapshot.is_complete().then(|| inner.existing(object_id))
    }

    /// Whether a whole list of the system was read since the start.
    pub fn has_listed(&self) -> bool {
        self.inner.lock().snapshot.is_complete()
    }

    /// How many living records of ours the system holds, as far as is known.
    pub fn records(&self) -> usize {
        self.inner.lock().records()
    }

    /// Whether nothing of the slot is queued, under way, waiting for its confirmation or for a second witness.
    pub fn is_settled(&self, object_id: ObjectId) -> bool {
        self.inner.lock().is_settled(object_id)
    }

    /// Whether work for the slot has begun.
    pub fn is_under_way(&self, object_id: ObjectId) -> bool {
        self.inner.lock().queue.is_in_flight(object_id)
    }

    /// Whether nothing is opened now: the integration or its Property is suspended.
    pub fn is_suspended(&self) -> bool {
        self.settings.read().suspended
    }

    /// Whether what was withheld for this reason still is.
    pub fn withholds(&self, why: Withheld) -> bool {
        let settings = self.settings.read();
        match why {
            Withheld::Mode(mode) | Withheld::Beside(mode) => mode == settings.mode,
            Withheld::Suspended => settings.suspended,
        }
    }

    /// Takes new settings; work that they now allow is queued by whoever changed them. A release of held removals is
    /// judged by a sync, at once: nobody who has released them waits for the next one.
    pub fn set_settings(&self, settings: Settings) {
        // Each pass brings them, and hardly ever others: nobody waits for a writer that changes nothing.
        if *self.settings.read() == settings {
            return;
        }
        let mut current = self.settings.write();
        let released = settings.released.is_some() && settings.released != current.released;
        let owned_otherwise = current.ownership != settings.ownership;
        let is_new_spec = current.generation != settings.generation;
        let judges_anew = current.mode.removes() != settings.mode.removes();
        *current = settings;
        drop(current);
        if released {
            // Judged by a listing. One that runs now sets its successor's time when it ends: the judgement must not be
            // lost with that.
            let mut inner = self.inner.lock();
            (inner.sync_due, inner.judge_due) = (None, Some(self.clock.now()));
        }
        if is_new_spec {
            self.retry_creates();
        }
        if owned_otherwise {
            self.judge_creates(&mut self.inner.lock());
        }
        if judges_anew {
            let mut inner = self.inner.lock();
            inner.judge_due = Some(self.clock.now());
            inner.remaining.report_again();
        }
        self.wake.notify_one();
    }

    /// Judges orphans by what the last sync found, without waiting for the next: all objects are known now.
    pub fn judge(&self) {
        self.inner.lock().judge_due = Some(self.clock.now());
        self.wake.notify_one();
    }

    /// Takes a new connection for the same account in the same system: a Secret was rotated, or a setting of the connection has
    /// changed. An engine whose login was rejected continues, and the clock is compared again.
    pub fn set_system(&self, system: Arc<dyn AccessSystem>) {
        let former = std::mem::replace(&mut *self.system.write(), system);
        self.logins.store(0, Ordering::Relaxed);
        let mut inner = self.inner.lock();
        inner.reconnect();
        if former.record_format() != self.record_format() {
            inner.outdate(self.clock.now());
            self.publish_outdated(&inner);
        }
        drop(inner);
        self.retry_creates();
        self.wake.notify_one();
    }

    /// Asks for a full sync now; requests merge while one runs. The token comes back in [`State::handled_syncs`].
    pub fn request_sync(&self, token: &str) {
        self.inner.lock().request_sync(token);
        self.retry_creates();
        self.wake.notify_one();
    }

    /// Removes every record of this owner, whatever is declared, and says so in [`State::drained`].
    pub fn drain(&self) {
        self.inner.lock().drain(self.clock.now());
        self.wake.notify_one();
    }

    /// What `/debug/state.json` shows: counts and states, nobody's data.
    pub fn diagnostics(&self) -> serde_json::Value {
        let state = self.state.borrow().clone();
        let inner = self.inner.lock();
        let queued: serde_json::Map<_, _> = Priority::ALL
            .iter()
            .map(|priority| (priority.name().to_owned(), inner.queue.len(*priority).into()))
            .collect();
        serde_json::json!({
            "condition": state.condition.name(),
            "message": state.condition.message(),
            "version": state.version,
            "syncs": state.syncs,
            "records": inner.records(),
            "queued": queued,
            "inFlight": inner.queue.in_flight(),
            "uncertain": inner.uncertain.len(),
            "unconfirmed": inner.unconfirmed.len(),
            "altered": inner.altered.len(),
            "waiting": inner.waits.len(),
            "draining": inner.draining,
            "misnamed": inner.misnamed.len(),
            "createsStopped": inner.creates.stop().map(CreateStop::name),
            "rate": self.rate_limiter.rate(),
        })
    }

    /// Counts the records of a slot that are left in the system although its object goes: those that are held, and those
    /// that it names and that are not proven to be gone. Says how many there are.
    pub fn leave_behind(&self, object_id: ObjectId, named: &[RecordId]) -> usize {
        let (existing, misnamed) = {
            let inner = self.inner.lock();
            (inner.existing(object_id), inner.misnamed.of(object_id).len())
        };
        let existing = existing.into_iter().map(|one| one.id);
        let named = named.iter().copied().filter(|id| id.object_id == object_id && !self.is_gone(id));
        let left = existing.chain(named).collect::<BTreeSet<_>>().len() + misnamed;
        if left > 0 {
            self.publish(|state| state.left_behind += left as u64);
        }
        left
    }

    /// Ends a [`Self::drain`] that is not wanted any more: its Property was made anew. A sync compares everything, because turns
    /// that were taken while it drained did not ask what is wanted.
    pub fn end_drain(&self) {
        if self.inner.lock().end_drain() {
            self.publish(|state| state.drained = false);
            self.wake.notify_one();
        }
    }

    /// Opens nothing from now on, until settings are set again; what closes goes on.
    pub fn suspend(&self) {
        self.settings.write().suspended = true;
    }

    fn system(&self) -> Arc<dyn AccessSystem> {
        Arc::clone(&self.system.read())
    }

    fn publish(&self, change: impl FnOnce(&mut State)) {
        self.state.send_if_modified(|state| {
            let before = state.clone();
            change(state);
            *state != before
        });
    }
}

#[cfg(test)]
#[path = "locks_tests.rs"]
mod tests;
