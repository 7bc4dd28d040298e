//! One engine per integration: it owns the login, the snapshot and the queue, and uses the rate limit of its account
//! (design, section 4).
//!
//! Callers push an object and return. When its turn comes, the engine asks the [`DesiredStateSource`] for the desired
//! state, compares it with the snapshot, and makes the difference step by step. Each step needs a permit of the rate
//! limiter, the lease and a mode that allows it. A full sync lists the system and queues every difference.

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

/// The parts of a new engine.
pub struct Parts {
    /// The AccessIntegration that it serves.
    pub integration: ObjectKey,
    /// The owner of the records that it manages.
    pub owner: Owner,
    /// The connection.
    pub system: Arc<dyn AccessSystem>,
    /// The declared side.
    pub source: Arc<dyn DesiredStateSource>,
    /// The rate limiter of the account, shared by all integrations of one account.
    pub rate_limiter: RateLimiter,
    /// Checked before every call.
    pub fence: Fence,
    /// The clock.
    pub clock: SharedClock,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The settings, which may change while the engine runs.
    pub settings: Settings,
}

/// The engine of one integration; see the module.
///
/// Its locks have one order: `inner` first, then `system`, `settings` or `state`. A holder of one of the latter three takes
/// no other lock: a reader of `settings` waits behind a waiting writer, so that two orders would deadlock three tasks.
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
    /// Logins of the present connection that were counted.
    logins: AtomicU64,
    /// Held while the names of groups and formats are read.
    names: tokio::sync::Mutex<()>,
    /// Held by the one create that shows whether the system keeps our ids.
    first_create: tokio::sync::Mutex<()>,
    /// Whether `status.ownerId` of the AccessIntegration names the owner id of its records.
    may_write: watch::Sender<bool>,
    wake: Notify,
    state: watch::Sender<State>,
}

impl Engine {
    /// A new engine; [`Engine::run`] starts it.
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

    /// The integration that it serves.
    pub fn integration(&self) -> &ObjectKey {
        &self.integration
    }

    /// The owner of the records that it manages.
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

    /// The state of the engine; the receiver wakes on a change.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// The living records of an object; `None` before the first complete listing.
    pub fn existing(&self, object_id: ObjectId) -> Option<Vec<ExistingRecord>> {
        let inner = self.inner.lock();
        inner.snapshot.is_complete().then(|| inner.existing(object_id))
    }

    /// Whether a complete listing was read since the start.
    pub fn has_listed(&self) -> bool {
        self.inner.lock().snapshot.is_complete()
    }

    /// The number of our living records in the system, as far as known.
    pub fn records(&self) -> usize {
        self.inner.lock().records()
    }

    /// Whether no work of the object is queued or under way, and none waits for its confirmation or for a second witness.
    pub fn is_settled(&self, object_id: ObjectId) -> bool {
        self.inner.lock().is_settled(object_id)
    }

    /// Whether a turn of the object is under way.
    pub fn is_under_way(&self, object_id: ObjectId) -> bool {
        self.inner.lock().queue.is_in_flight(object_id)
    }

    /// Whether no new access is granted now, because the integration or its Property is suspended.
    pub fn is_suspended(&self) -> bool {
        self.settings.read().suspended
    }

    /// Whether a change that was withheld for this reason is still withheld.
    pub fn withholds(&self, why: Withheld) -> bool {
        let settings = self.settings.read();
        match why {
            Withheld::Mode(mode) | Withheld::Beside(mode) => mode == settings.mode,
            Withheld::Suspended => settings.suspended,
        }
    }

    /// Takes new settings. The caller queues the work that they now allow. After a release of held-back removals a sync
    /// judges them at once.
    pub fn set_settings(&self, settings: Settings) {
        // Each run of the low-volume loop sets them, usually unchanged. Then the write lock is not taken.
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
            // A listing judges the release. A listing that runs now overwrites `sync_due` at its end, so `judge_due` is
            // set too.
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

    /// Judges the orphans of the last listing without waiting for the next one. Called when all objects are known.
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

    /// Requests a full sync now; requests during a sync are merged. The token appears in [`State::handled_syncs`].
    pub fn request_sync(&self, token: &str) {
        self.inner.lock().request_sync(token);
        self.retry_creates();
        self.wake.notify_one();
    }

    /// Removes every record of this owner, whatever is declared. [`State::drained`] reports the end.
    pub fn drain(&self) {
        self.inner.lock().drain(self.clock.now());
        self.wake.notify_one();
    }

    /// The content of `/debug/state.json`: counts and states, no personal data.
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

    /// Counts the records that are left in the system although their object is deleted: the known ones, and those in its
    /// status that are not proven to be gone. Returns their number.
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

    /// Ends a [`Self::drain`], because its Property was created again. A sync compares everything, because turns during the
    /// drain did not read the desired state.
    pub fn end_drain(&self) {
        if self.inner.lock().end_drain() {
            self.publish(|state| state.drained = false);
            self.wake.notify_one();
        }
    }

    /// Grants no new access until settings are set again. Work that removes access continues.
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
