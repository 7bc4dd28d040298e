//! Which objects wait for which others (design 3.17): a refusal or wait that another object of ours causes is judged again
//! when that object changes or ends, not at the next full sync.
//!
//! A turn that meets such an object registers with it and ends. What is registered lives in memory only: after a restart
//! each turn finds its obstacle again. An end that is known in advance is a time in the queue, and every full sync
//! looks at what differs, so that nothing here has to be complete.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use vestibule_core::identity::Slot;

use super::call::Stop;
use super::state::Inner;
use super::{Class, Engine, Outcome, Work};

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
    on: Slot,
    until: Until,
    work: Work,
}

/// Who waits for whom in one engine.
#[derive(Debug, Default)]
pub(super) struct Waits {
    waiters: BTreeMap<Slot, Waiter>,
    /// The same, by the object that is waited for.
    by_obstacle: BTreeSet<(Slot, Slot)>,
    /// What turns under way are about to take, by a key such as a card number.
    reserved: BTreeMap<String, Slot>,
    /// Objects in flight whose record was changed in this turn.
    changing: BTreeSet<Slot>,
    /// The last changes, in order.
    recent: VecDeque<(u64, Slot)>,
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
    pub(super) fn register(&mut self, slot: Slot, on: Slot, work: Work, since: u64) -> bool {
        if self.has_changed(on, since) {
            return false;
        }
        self.add(slot, Waiter { on, until: Until::Change, work: waiting(work) });
        true
    }

    /// Has an object looked at again when the turn of another one that is under way ends.
    pub(super) fn register_for_turn(&mut self, slot: Slot, on: Slot, work: Work) {
        self.add(slot, Waiter { on, until: Until::TurnEnd, work: waiting(work) });
    }

    /// Takes something for the time of a turn; false if another turn has it, whose end is waited for.
    pub(super) fn reserve(&mut self, key: &str, slot: Slot, work: Work) -> bool {
        match self.reserved.get(key) {
            Some(other) if *other != slot => {
                let other = *other;
                self.register_for_turn(slot, other, work);
                false
            }
            _ => {
                self.reserved.insert(key.to_owned(), slot);
                true
            }
        }
    }

    /// An object waits no longer.
    pub(super) fn withdraw(&mut self, slot: Slot) {
        if let Some(waiter) = self.waiters.remove(&slot) {
            self.by_obstacle.remove(&(waiter.on, slot));
        }
    }

    fn add(&mut self, slot: Slot, waiter: Waiter) {
        self.withdraw(slot);
        if self.waiters.len() < MOST {
            self.waiters.insert(slot, waiter);
            self.by_obstacle.insert((waiter.on, slot));
        }
    }

    fn has_changed(&self, slot: Slot, since: u64) -> bool {
        // More has changed than is remembered: it may have been among it.
        let forgotten = self.changes - since > self.recent.len() as u64;
        forgotten || self.recent.iter().any(|(change, changed)| *change > since && *changed == slot)
    }

    fn remember(&mut self, slot: Slot) {
        self.changes += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((self.changes, slot));
    }

    /// Those that wait for an object, which wait no longer.
    fn take(&mut self, on: Slot, wakes: impl Fn(Until) -> bool) -> Vec<(Slot, Work)> {
        let waiting = self.by_obstacle.range((on, Slot(0))..=(on, Slot(u64::MAX))).map(|(_, slot)| *slot);
        let woken: Vec<_> = waiting
            .filter_map(|slot| Some((slot, self.waiters.get(&slot)?)))
            .filter(|(_, waiter)| wakes(waiter.until))
            .map(|(slot, waiter)| (slot, waiter.work))
            .collect();
        for (slot, _) in &woken {
            self.withdraw(*slot);
        }
        woken
    }
}

/// The work as which a waiting object is taken again. It takes nothing away any more, and no rollover waits for it.
const fn waiting(work: Work) -> Work {
    let class = match work.class {
        Class::Revocation | Class::UserChange => Class::UserChange,
        Class::RolloverRemoval | Class::RolloverAddition | Class::Retry | Class::Drift => Class::Retry,
    };
    Work { class, ..work }
}

impl Inner {
    /// Notes that the record of an object was changed or is gone. While the object is in flight its waiters are left alone:
    /// the turn may go on to give the object what they wait for. Says whether they were looked at.
    pub(super) fn note_change(&mut self, slot: Slot, now: Timestamp) -> bool {
        if self.queue.is_in_flight(slot) {
            self.waits.changing.insert(slot);
            return false;
        }
        self.wake_waiters(slot, now, |_| true);
        true
    }

    /// The object's turn is over: what it had reserved is free, and if its record has changed its waiters are queued. Says
    /// whether it has changed.
    fn end_of_turn(&mut self, slot: Slot, now: Timestamp) -> bool {
        self.waits.reserved.retain(|_, holder| *holder != slot);
        let changed = self.waits.changing.remove(&slot);
        self.wake_waiters(slot, now, |until| changed || until == Until::TurnEnd);
        changed
    }

    fn wake_waiters(&mut self, slot: Slot, now: Timestamp, wakes: impl Fn(Until) -> bool) {
        if wakes(Until::Change) {
            self.waits.remember(slot);
        }
        for (waiter, work) in self.waits.take(slot, wakes) {
            self.queue.push(waiter, work, None, now);
        }
    }

    /// Ends the turn of an object that waits for another one.
    pub(super) fn block(
        &mut self,
        slot: Slot,
        work: Work,
        blocked: Blocked,
        now: Timestamp,
    ) -> Option<Outcome> {
        self.queue.done(slot);
        if let Some(at) = blocked.not_after {
            self.queue.push(slot, waiting(work), Some(at), now);
        }
        blocked.outcome
    }
}

impl Engine {
    /// Notes that a step has changed the record of an object.
    pub(super) fn note_change(&self, slot: Slot) {
        let now = self.clock.now();
        if self.inner.lock().note_change(slot, now) {
            self.wake.notify_one();
            self.source.record_changed(slot);
        }
    }

    /// After the turn of an object: those that wait for it are queued, here and in other integrations.
    pub(super) fn end_of_turn(&self, slot: Slot) {
        let now = self.clock.now();
        if self.inner.lock().end_of_turn(slot, now) {
            self.source.record_changed(slot);
        }
    }

    /// Looks again at what waits here for an object whose record in another integration was changed.
    pub fn object_changed(&self, slot: Slot) {
        let now = self.clock.now();
        self.inner.lock().wake_waiters(slot, now, |_| true);
        self.wake.notify_one();
    }
}

impl From<Blocked> for Stop {
    fn from(blocked: Blocked) -> Self {
        Self::Blocked(Box::new(blocked))
    }
}

#[cfg(test)]
#[path = "waits_tests.rs"]
mod tests;
