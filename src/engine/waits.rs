//! Which objects wait for which others (design 3.17): a refusal or wait that another object of ours causes is judged again
//! when that object changes or ends, not at the next full sync.
//!
//! A turn that meets such an object registers with it and ends. What is registered lives in memory only: after a restart
//! each turn finds its obstacle again. An end that is known in advance is a time in the queue, and every full sync
//! looks at what differs, so that nothing here has to be complete.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use vestibule_core::identity::ObjectId;

use super::call::TurnError;
use super::inner::Inner;
use super::{Engine, Outcome, Priority, Work};

/// Waiting objects at most; one that comes later is looked at again when its obstacle ends and by each full sync.
const MOST: usize = 10_000;

/// Changes that are remembered for turns that began before them.
const RECENT: usize = 256;

/// What an object waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// The other object's record changes or is removed.
    Change,
    /// The other object's turn ends, in which it takes something that both need.
    TurnEnd,
}

/// One waiting object.
#[derive(Clone, Copy, Debug)]
struct Waiter {
    on: ObjectId,
    until: Until,
    work: Work,
}

/// Who waits for whom in one engine.
#[derive(Debug, Default)]
pub(super) struct Waits {
    waiters: BTreeMap<ObjectId, Waiter>,
    /// The same, by the object that is waited for.
    by_obstacle: BTreeSet<(ObjectId, ObjectId)>,
    /// What turns under way are about to take, by a key such as a card number.
    reserved: BTreeMap<String, ObjectId>,
    /// Objects in flight whose record was changed in this turn.
    changing: BTreeSet<ObjectId>,
    /// The last changes, in order.
    recent: VecDeque<(u64, ObjectId)>,
    changes: u64,
}

/// A turn that ended because of another object: when that one ends by itself, and what is reported.
#[derive(Debug)]
pub(super) struct Blocked {
    /// The turn is taken again at this time at the latest.
    pub(super) not_after: Option<Timestamp>,
    /// `None`: the obstacle passes within moments.
    pub(super) outcome: Option<Outcome>,
}

impl Waits {
    /// A mark of this moment for [`Self::register`].
    pub(super) const fn now(&self) -> u64 {
        self.changes
    }

    /// How many objects wait.
    pub(super) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Registers an object that met another one. False if that one has changed since the mark: it is to be looked at again.
    pub(super) fn register(&mut self, object_id: ObjectId, on: ObjectId, work: Work, since: u64) -> bool {
        if self.has_changed(on, since) {
            return false;
        }
        self.add(object_id, Waiter { on, until: Until::Change, work: waiting(work) });
        true
    }

    /// Has an object looked at again when the turn of another one that is under way ends.
    pub(super) fn register_for_turn(&mut self, object_id: ObjectId, on: ObjectId, work: Work) {
        self.add(object_id, Waiter { on, until: Until::TurnEnd, work: waiting(work) });
    }

    /// Takes something for the time of a turn; false if another turn has it, whose end is waited for.
    pub(super) fn reserve(&mut self, key: &str, object_id: ObjectId, work: Work) -> bool {
        match self.reserved.get(key) {
            Some(other) if *other != object_id => {
                let other = *other;
                self.register_for_turn(object_id, other, work);
                false
            }
            _ => {
                self.reserved.insert(key.to_owned(), object_id);
                true
            }
        }
    }

    /// An object waits no longer.
    pub(super) fn withdraw(&mut self, object_id: ObjectId) {
        if let Some(waiter) = self.waiters.remove(&object_id) {
            self.by_obstacle.remove(&(waiter.on, object_id));
        }
    }

    fn add(&mut self, object_id: ObjectId, waiter: Waiter) {
        self.withdraw(object_id);
        if self.waiters.len() < MOST {
            self.waiters.insert(object_id, waiter);
            self.by_obstacle.insert((waiter.on, object_id));
        }
    }

    fn has_changed(&self, object_id: ObjectId, since: u64) -> bool {
        // More has changed than is remembered: it may have been among it.
        let forgotten = self.changes - since > self.recent.len() as u64;
        forgotten || self.recent.iter().any(|(change, changed)| *change > since && *changed == object_id)
    }

    fn remember(&mut self, object_id: ObjectId) {
        self.changes += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((self.changes, object_id));
    }

    /// Those that wait for an object, which wait no longer.
    fn take(&mut self, on: ObjectId, wakes: impl Fn(Until) -> bool) -> Vec<(ObjectId, Work)> {
        let waiting = self
            .by_obstacle
            .range((on, ObjectId(0))..=(on, ObjectId(u64::MAX)))
            .map(|(_, object_id)| *object_id);
        let woken: Vec<_> = waiting
            .filter_map(|object_id| Some((object_id, self.waiters.get(&object_id)?)))
            .filter(|(_, waiter)| wakes(waiter.until))
            .map(|(object_id, waiter)| (object_id, waiter.work))
            .collect();
        for (object_id, _) in &woken {
            self.withdraw(*object_id);
        }
        woken
    }
}

/// The work as which a waiting object is taken again. It takes nothing away any more, and no rollover waits for it.
const fn waiting(work: Work) -> Work {
    let priority = match work.priority {
        Priority::Revocation | Priority::UserChange => Priority::UserChange,
        Priority::RolloverRemoval | Priority::RolloverAddition | Priority::Retry | Priority::Drift => {
            Priority::Retry
        }
    };
    Work { priority, ..work }
}

impl Inner {
    /// Notes that the record of an object was changed or is gone. While the object is in flight its waiters are left alone:
    /// the turn may go on to give the object what they wait for. Says whether they were looked at.
    pub(super) fn note_change(&mut self, object_id: ObjectId, now: Timestamp) -> bool {
        if self.queue.is_in_flight(object_id) {
            self.waits.changing.insert(object_id);
            return false;
        }
        self.wake_waiters(object_id, now, |_| true);
        true
    }

    /// The object's turn is over: what it had reserved and what was counted of it is free, and if its record has changed its waiters are queued. Says
    /// whether it has changed.
    fn end_of_turn(&mut self, object_id: ObjectId, now: Timestamp) -> bool {
        self.waits.reserved.retain(|_, holder| *holder != object_id);
        self.drifted.remove(&object_id);
        let changed = self.waits.changing.remove(&object_id);
        self.wake_waiters(object_id, now, |until| changed || until == Until::TurnEnd);
        changed
    }

    fn wake_waiters(&mut self, object_id: ObjectId, now: Timestamp, wakes: impl Fn(Until) -> bool) {
        if wakes(Until::Change) {
            self.waits.remember(object_id);
        }
        for (waiter, work) in self.waits.take(object_id, wakes) {
            self.queue.push(waiter, work, None, now);
        }
    }

    /// Ends the turn of an object that waits for another one.
    pub(super) fn block(
        &mut self,
        object_id: ObjectId,
        work: Work,
        blocked: Blocked,
        now: Timestamp,
    ) -> Option<Outcome> {
        self.queue.done(object_id);
        if let Some(at) = blocked.not_after {
            self.queue.push(object_id, waiting(work), Some(at), now);
        }
        blocked.outcome
    }
}

impl Engine {
    /// Notes that a step has changed the record of an object.
    pub(super) fn note_change(&self, object_id: ObjectId) {
        let now = self.clock.now();
        if self.inner.lock().note_change(object_id, now) {
            self.wake.notify_one();
            self.source.record_changed(object_id);
        }
    }

    /// After the turn of an object: those that wait for it are queued, here and in other integrations.
    pub(super) fn end_of_turn(&self, object_id: ObjectId) {
        let now = self.clock.now();
        let changed = {
            let mut inner = self.inner.lock();
            inner.turn_compared(object_id);
            self.publish_outdated(&inner);
            inner.end_of_turn(object_id, now)
        };
        if changed {
            self.source.record_changed(object_id);
        }
    }

    /// Looks again at what waits here for an object whose record in another integration was changed.
    pub fn object_changed(&self, object_id: ObjectId) {
        let now = self.clock.now();
        self.inner.lock().wake_waiters(object_id, now, |_| true);
        self.wake.notify_one();
    }
}

impl From<Blocked> for TurnError {
    fn from(blocked: Blocked) -> Self {
        Self::Blocked(Box::new(blocked))
    }
}

#[cfg(test)]
#[path = "waits_tests.rs"]
mod tests;
