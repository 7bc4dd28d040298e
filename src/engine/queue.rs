//! What an engine has to do, most urgent first: one entry an object, and nothing starves.
//!
//! Pure: `now` is a parameter, and the desired state is not in here. A slot that is pushed again keeps its place, so
//! superseded work is never done. Everything is bounded by the number of slots and leaves no memory behind.

mod entry;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::Slot;

use self::entry::{Entry, Flight, Lane};
use super::Work;
use super::backoff::{Failing, after, earlier};
pub use super::class::Class;
use crate::system::Class as ErrorClass;

/// So many user changes are served in a row while something else is overdue.
pub const USER_CHANGES_IN_A_ROW: u32 = 15;

/// The queue of one engine.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: BTreeMap<Slot, Entry>,
    lanes: [Lane; 6],
    flying: BTreeMap<Slot, Flight>,
    failing: BTreeMap<Slot, Failing>,
    seq: u64,
    user_changes_in_a_row: u32,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues a slot, from `not_before` on if one is given. A slot that waits keeps the more urgent class with its reason, the
    /// earlier time and its age; one that is in flight is queued again when it is done.
    pub fn push(&mut self, slot: Slot, work: impl Into<Work>, not_before: Option<Timestamp>, now: Timestamp) {
        self.seq = self.seq.saturating_add(1);
        let not_before = not_before.filter(|at| *at > now);
        let entry = Entry { work: work.into(), not_before, since: not_before.unwrap_or(now), seq: self.seq };
        self.add(slot, entry);
    }

    /// The next slot and its class; it is in flight until [`Self::done`], [`Self::retry`] or [`Self::put_back`].
    ///
    /// Revocations always first, then user changes. The others go by age, a rank being worth ten minutes; one that is
    /// overdue gets every 16th place among user changes.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Slot, Work)> {
        self.wake(now);
        let class = self.most_urgent(now)?;
        self.take(class)
    }

    /// Like [`Self::pop`], but nothing except a revocation or a user change.
    pub fn pop_urgent(&mut self, now: Timestamp) -> Option<(Slot, Work)> {
        self.wake(now);
        let class =
            [Class::Revocation, Class::UserChange].into_iter().find(|class| self.head(*class).is_some())?;
        self.take(class)
    }

    /// The slot's item has succeeded, or is not to be tried again.
    pub fn done(&mut self, slot: Slot) {
        self.failing.remove(&slot);
        self.land(slot);
    }

    /// The slot's item was done as far as can be now; whether it holds is still to be seen, so what is known of its
    /// failures stays until [`Self::forgive`].
    pub fn pause(&mut self, slot: Slot) {
        self.land(slot);
    }

    /// What was paused has turned out well.
    pub fn forgive(&mut self, slot: Slot) {
        if !self.contains(slot) {
            self.failing.remove(&slot);
        }
    }

    /// What comes next for a slot is pending since then: the age of a removal that did not hold.
    pub fn is_pending_since(&mut self, slot: Slot, since: Timestamp) {
        self.failing.entry(slot).or_insert(Failing { since, failures: 0 });
    }

    /// The slot's item was not tried at all: it gets its old place again.
    pub fn put_back(&mut self, slot: Slot) {
        if let Some(entry) = self.land(slot) {
            self.add(slot, entry);
        }
    }

    /// The slot's turn ended without an outcome, which says nothing about the item: it keeps its priority and its age, and
    /// waits a little longer each time.
    pub fn defer(&mut self, slot: Slot, work: impl Into<Work>, now: Timestamp, random: f64) {
        let wait = self.count_failure(slot, now, true).after_no_outcome(random);
        let work = self.land(slot).map_or_else(|| work.into(), |entry| entry.work);
        self.push(slot, work, Some(after(now, wait)), now);
    }

    /// The slot's item has failed. Says when it is tried again; `None` for an error that is final, unless it takes
    /// something away. `random` in 0..1 spreads what failed together.
    pub fn retry(
        &mut self,
        slot: Slot,
        work: impl Into<Work>,
        now: Timestamp,
        error: ErrorClass,
        random: f64,
    ) -> Option<Timestamp> {
        let work = work.into();
        if error == ErrorClass::Terminal && !work.class.revokes() {
            self.done(slot);
            return None;
        }
        let counts = !matches!(error, ErrorClass::Throttled(_));
        let at = after(now, self.count_failure(slot, now, counts).wait(error, random));
        self.land(slot);
        self.push(slot, work.retried(), Some(at), now);
        Some(at)
    }

    fn count_failure(&mut self, slot: Slot, now: Timestamp, counts: bool) -> Failing {
        // From when it was to be done: what waited for its turn has waited, too.
        let since = self.since(slot).map_or(now, |since| since.min(now));
        let failing = self.failing.entry(slot).or_insert(Failing { since, failures: 0 });
        failing.failures = failing.failures.saturating_add(counts.into());
        *failing
    }

    /// Since when a slot waits, is under way or fails.
    pub fn since(&self, slot: Slot) -> Option<Timestamp> {
        let flying = self.flying.get(&slot).map(|flight| flight.entry.since);
        let waiting = self.waiting.get(&slot).map(|entry| entry.since);
        self.failing.get(&slot).map(|failing| failing.since).into_iter().chain(flying).chain(waiting).min()
    }

    /// Forgets a slot: nothing is left to do for it. What is in flight stays so until it is done.
    pub fn drop_slot(&mut self, slot: Slot) {
        self.failing.remove(&slot);
        self.withdraw(slot);
        if let Some(flight) = self.flying.get_mut(&slot) {
            flight.again = None;
        }
    }

    /// When the first delayed entry becomes ready.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.lanes.iter().filter_map(|lane| lane.delayed.first()).map(|(at, ..)| *at).min()
    }

    /// Entries of a class that wait, delayed ones among them.
    pub fn len(&self, class: Class) -> usize {
        let lane = &self.lanes[class as usize];
        lane.ready.len() + lane.delayed.len()
    }

    /// Whether nothing waits and nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.flying.is_empty()
    }

    /// Whether the slot waits or is in flight.
    pub fn contains(&self, slot: Slot) -> bool {
        self.waiting.contains_key(&slot) || self.flying.contains_key(&slot)
    }

    /// Slots in flight.
    pub fn in_flight(&self) -> usize {
        self.flying.len()
    }

    /// Whether the slot is in flight.
    pub fn is_in_flight(&self, slot: Slot) -> bool {
        self.flying.contains_key(&slot)
    }

    /// Whether something that takes away is under way or could be. What waits for its next attempt does not count: it
    /// may do so for ever.
    pub fn is_removing(&self) -> bool {
        let ready = |class: &Class| class.revokes() && self.head(*class).is_some();
        Class::ALL.iter().any(ready) || self.flying.values().any(|flight| flight.entry.class().revokes())
    }

    /// What is known of a slot that fails.
    pub fn failing(&self, slot: Slot) -> Option<Failing> {
        self.failing.get(&slot).copied()
    }

    /// Revocations that wait, are under way, or failed and wait for their next attempt.
    pub fn pending_revocations(&self) -> usize {
        let revokes = |class: &Class| class.revokes();
        let waiting: usize = Class::ALL.into_iter().filter(revokes).map(|class| self.len(class)).sum();
        waiting + self.flying.values().filter(|flight| flight.entry.class().revokes()).count()
    }

    /// Whether the slot is one of them.
    pub fn is_revoking(&self, slot: Slot) -> bool {
        let entry = self.waiting.get(&slot).or_else(|| self.flying.get(&slot).map(|flight| &flight.entry));
        entry.is_some_and(|entry| entry.class().revokes())
    }

    /// Since when the oldest of them is to be done: an alert asks for it (design 3.13).
    pub fn oldest_revocation(&self) -> Option<Timestamp> {
        let failing = self.failing.iter().filter(|(slot, _)| self.is_revoking(**slot));
        let failing = failing.map(|(_, failing)| failing.since);
        let flying = self.flying.values().map(|flight| &flight.entry).filter(|entry| entry.class().revokes());
        let waiting =
            Class::ALL.into_iter().filter(|class| class.revokes()).filter_map(|class| self.head(class));
        failing.chain(flying.map(|entry| entry.since)).chain(waiting).min()
    }

    /// The clock was set back by so much: all times move with it, so that nothing waits for that time once more.
    pub fn set_back(&mut self, by: SignedDuration) {
        let entries = self.waiting.values_mut();
        let flights = self.flying.values_mut();
        let entries =
            entries.chain(flights.flat_map(|flight| flight.again.iter_mut().chain([&mut flight.entry])));
        for entry in entries {
            entry.since = earlier(entry.since, by);
            entry.not_before = entry.not_before.map(|at| earlier(at, by));
        }
        for places in self.lanes.iter_mut().flat_map(|lane| [&mut lane.ready, &mut lane.delayed]) {
            let moved = std::mem::take(places).into_iter();
            *places = moved.map(|(since, seq, slot)| (earlier(since, by), seq, slot)).collect();
        }
        for failing in self.failing.values_mut() {
            failing.since = earlier(failing.since, by);
        }
    }

    fn add(&mut self, slot: Slot, entry: Entry) {
        if let Some(flight) = self.flying.get_mut(&slot) {
            flight.again = Some(flight.again.map_or(entry, |again| again.merged(entry)));
            return;
        }
        let entry = self.withdraw(slot).map_or(entry, |old| old.merged(entry));
        let lane = &mut self.lanes[entry.class() as usize];
        let places = if entry.not_before.is_some() { &mut lane.delayed } else { &mut lane.ready };
        places.insert(entry.place(slot));
        self.waiting.insert(slot, entry);
    }

    fn withdraw(&mut self, slot: Slot) -> Option<Entry> {
        let entry = self.waiting.remove(&slot)?;
        let lane = &mut self.lanes[entry.class() as usize];
        let places = if entry.not_before.is_some() { &mut lane.delayed } else { &mut lane.ready };
        places.remove(&entry.place(slot));
        Some(entry)
    }

    /// Ends a flight and queues what was pushed meanwhile; gives what flew.
    fn land(&mut self, slot: Slot) -> Option<Entry> {
        let flight = self.flying.remove(&slot)?;
        if let Some(again) = flight.again {
            self.add(slot, again);
        }
        Some(flight.entry)
    }

    /// Makes ready what was delayed until now. It stays ready, also if the clock is set back.
    fn wake(&mut self, now: Timestamp) {
        for lane in &mut self.lanes {
            while let Some(place) = lane.delayed.first().copied().filter(|(at, ..)| *at <= now) {
                lane.delayed.remove(&place);
                lane.ready.insert(place);
                if let Some(entry) = self.waiting.get_mut(&place.2) {
                    entry.not_before = None;
                }
            }
        }
    }

    fn head(&self, class: Class) -> Option<Timestamp> {
        self.lanes[class as usize].ready.first().map(|(since, ..)| *since)
    }

    fn most_urgent(&self, now: Timestamp) -> Option<Class> {
        if self.head(Class::Revocation).is_some() {
            return Some(Class::Revocation);
        }
        let due = |class: Class| self.head(class).map(|since| (after(since, class.patience()), class));
        let unhurried = Class::ALL.into_iter().filter(|class| !class.urgent()).filter_map(due).min();
        if self.head(Class::UserChange).is_none() {
            return unhurried.map(|(_, class)| class);
        }
        let turn = self.user_changes_in_a_row >= USER_CHANGES_IN_A_ROW;
        let overdue = unhurried.filter(|(at, _)| turn && *at <= now);
        Some(overdue.map_or(Class::UserChange, |(_, class)| class))
    }

    fn take(&mut self, class: Class) -> Option<(Slot, Work)> {
        let (_, _, slot) = *self.lanes[class as usize].ready.first()?;
        let entry = self.withdraw(slot)?;
        self.flying.insert(slot, Flight { entry, again: None });
        match class {
            Class::Revocation => {}
            Class::UserChange => self.user_changes_in_a_row = self.user_changes_in_a_row.saturating_add(1),
            _ => self.user_changes_in_a_row = 0,
        }
        Some((slot, entry.work))
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
