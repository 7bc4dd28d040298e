//! Which objects wait for which others (design 3.17). A turn that another object of ours blocks is repeated when that object
//! changes or ends, not only at the next full sync.
//!
//! A blocked turn registers its object as a waiter and ends. Waiters are kept only in memory: after a restart each turn is
//! blocked again. A known end is a time in the queue, and every full sync compares all records, so that this list need
//! not be complete.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use vestibule_core::identity::ObjectId;

use super::call::TurnError;
use super::inner::Inner;
use super::{Engine, Outcome, Priority, Work};

/// The most waiters. A further object gets its next turn at the known end, or from a full sync.
const MOST: usize = 10_000;

/// This many changes are remembered for turns that began before them.
const RECENT: usize = 256;

/// What an object waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// The other object's record changes or is removed.
    Change,
    /// The turn of the other object ends, in which it takes something that both need.
    TurnEnd,
}

/// One waiting object.
#[derive(Clone, Copy, Debug)]
struct Waiter {
    on: ObjectId,
    until: Until,
    work: Work,
}

/// The waiters of one engine.
#[derive(Debug, Default)]
pub(super) struct Waits {
    waiters: BTreeMap<ObjectId, Waiter>,
    /// The same, by the object that is waited for.
    by_obstacle: BTreeSet<(ObjectId, ObjectId)>,
    /// What turns under way have reserved, by a key such as a card number.
    reserved: BTreeMap<String, ObjectId>,
    /// Objects in flight whose record was changed in this turn.
    changing: BTreeSet<ObjectId>,
    /// The last changes, in order.
    recent: VecDeque<(u64, ObjectId)>,
    changes: u64,
}

/// How a turn ends that another object blocks.
#[derive(Debug)]
pub(super) struct Blocked {
    /// The turn is repeated at this time at the latest.
    pub(super) not_after: Option<Timestamp>,
    /// What is reported; `None` if the obstacle passes within moments.
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

    /// Registers an object that another one blocks. Returns false if the other one has changed since the mark: then the turn
    /// is to be repeated.
    pub(super) fn register(&mut self, object_id: ObjectId, on: ObjectId, work: Work, since: u64) -> bool {
        if self.has_changed(on, since) {
            return false;
        }
        self.add(object_id, Waiter { on, until: Until::Change, work: waiting(work) });
        true
    }

    /// Registers an object that gets a new turn when the present turn of another one ends.
    pub(super) fn register_for_turn(&mut self, object_id: ObjectId, on: ObjectId, work: Work) {
        self.add(object_id, Waiter { on, until: Until::TurnEnd, work: waiting(work) });
    }

    /// Reserves a key for a turn. If another turn has reserved it, the object waits for the end of that turn, and this
    /// returns false.
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

    /// Removes a waiter.
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
        // More changes happened than are remembered, and this object may be among them.
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

    /// Removes and returns the waiters of an object.
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

/// The work of a waiter when it is queued again. It is neither a revocation nor part of a rollover.
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
    /// Notes that the record of an object was changed or is gone. While the object is in flight, its waiters are not queued,
    /// because its turn may still take what they wait for. Returns whether they were queued.
    pub(super) fn note_change(&mut self, object_id: ObjectId, now: Timestamp) -> bool {
        if self.queue.is_in_flight(object_id) {
            self.waits.changing.insert(object_id);
            return false;
        }
        self.wake_waiters(object_id, now, |_| true);
        true
    }

    /// The turn of an object has ended: its reservations and its count as drift end too, and its waiters are queued if its
    /// record has changed. Returns whether it has changed.
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

    /// Ends the turn of an object that another one blocks.
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
    /// Notes that a step has changed the record of an object, and queues its waiters.
    pub(super) fn note_change(&self, object_id: ObjectId) {
        let now = self.clock.now();
        if self.inner.lock().note_change(object_id, now) {
            self.wake.notify_one();
            self.source.record_changed(object_id);
        }
    }

    /// After the turn of an object: queues its waiters, here and in other integrations.
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

    /// Queues the waiters of an object whose record in another integration was changed.
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
