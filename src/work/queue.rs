//! The work of an engine, most urgent first: one entry per object, and no entry starves.
//!
//! Pure: `now` is a parameter, and the queue does not contain the desired state. An object that is pushed again keeps its
//! place, so superseded work is never done. Memory is bounded by the number of objects, and is freed with the entries.

mod entry;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::ObjectId;

use self::entry::{Entry, Flight, Lane};
use super::backoff::{Failing, after, earlier};
use super::{Priority, Work};
use crate::system::ErrorKind;

/// This many consecutive user changes are served while other work is overdue.
pub const USER_CHANGES_IN_A_ROW: u32 = 15;

/// The queue of one engine.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: BTreeMap<ObjectId, Entry>,
    lanes: [Lane; 6],
    flying: BTreeMap<ObjectId, Flight>,
    failing: BTreeMap<ObjectId, Failing>,
    seq: u64,
    user_changes_in_a_row: u32,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues an object, delayed until `not_before` if that is given. If the object already waits, the entries are merged: the
    /// more urgent priority with its reason, the earlier time, and the greater age. An object in flight is queued again when
    /// it is done.
    pub fn push(
        &mut self,
        object_id: ObjectId,
        work: impl Into<Work>,
        not_before: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.seq = self.seq.saturating_add(1);
        let not_before = not_before.filter(|at| *at > now);
        let entry = Entry { work: work.into(), not_before, since: not_before.unwrap_or(now), seq: self.seq };
        self.add(object_id, entry);
    }

    /// The next object and its work. It is in flight until [`Self::done`], [`Self::retry`] or [`Self::put_back`].
    ///
    /// Revocations are always first, then user changes. Other work is ordered by age, and each step of priority is worth ten
    /// minutes. Overdue work gets every 16th place among user changes.
    pub fn pop(&mut self, now: Timestamp) -> Option<(ObjectId, Work)> {
        self.wake(now);
        let priority = self.most_urgent(now)?;
        self.take(priority)
    }

    /// Like [`Self::pop`], but only a revocation or a user change.
    pub fn pop_urgent(&mut self, now: Timestamp) -> Option<(ObjectId, Work)> {
        self.wake(now);
        let priority = [Priority::Revocation, Priority::UserChange]
            .into_iter()
            .find(|priority| self.head(*priority).is_some())?;
        self.take(priority)
    }

    /// The work of the object has succeeded, or is not tried again.
    pub fn done(&mut self, object_id: ObjectId) {
        self.failing.remove(&object_id);
        self.land(object_id);
    }

    /// The work of the object is done but not confirmed yet, so its failures are remembered until [`Self::forgive`].
    pub fn pause(&mut self, object_id: ObjectId) {
        self.land(object_id);
    }

    /// Paused work was confirmed: forgets its failures.
    pub fn forgive(&mut self, object_id: ObjectId) {
        if !self.contains(object_id) {
            self.failing.remove(&object_id);
        }
    }

    /// The next work of an object counts as pending since this time. This is the age of a removal that had no effect.
    pub fn is_pending_since(&mut self, object_id: ObjectId, since: Timestamp) {
        self.failing.entry(object_id).or_insert(Failing { since, failures: 0 });
    }

    /// The work of the object was not tried at all and returns to its old place.
    pub fn put_back(&mut self, object_id: ObjectId) {
        if let Some(entry) = self.land(object_id) {
            self.add(object_id, entry);
        }
    }

    /// The turn of the object ended without an outcome, which is no failure of the work. The work keeps its priority and its
    /// age, and waits a little longer each time.
    pub fn defer(&mut self, object_id: ObjectId, work: impl Into<Work>, now: Timestamp, random: f64) {
        let wait = self.count_failure(object_id, now, true).after_no_outcome(random);
        let work = self.land(object_id).map_or_else(|| work.into(), |entry| entry.work);
        self.push(object_id, work, Some(after(now, wait)), now);
    }

    /// The work of the object has failed. Returns when it is tried again; `None` for a terminal error, unless the work
    /// removes access. `random` in 0..1 spreads work that failed together.
    pub fn retry(
        &mut self,
        object_id: ObjectId,
        work: impl Into<Work>,
        now: Timestamp,
        error: ErrorKind,
        random: f64,
    ) -> Option<Timestamp> {
        let work = work.into();
        if error == ErrorKind::Terminal && !work.priority.revokes() {
            self.done(object_id);
            return None;
        }
        let counts = !matches!(error, ErrorKind::Throttled(_));
        let at = after(now, self.count_failure(object_id, now, counts).wait(error, random));
        self.land(object_id);
        self.push(object_id, work.retried(), Some(at), now);
        Some(at)
    }

    fn count_failure(&mut self, object_id: ObjectId, now: Timestamp, counts: bool) -> Failing {
        // Since when the work was due: the wait before its first turn counts too.
        let since = self.since(object_id).map_or(now, |since| since.min(now));
        let failing = self.failing.entry(object_id).or_insert(Failing { since, failures: 0 });
        failing.failures = failing.failures.saturating_add(counts.into());
        *failing
    }

    /// Since when an object waits, is in flight or fails.
    pub fn since(&self, object_id: ObjectId) -> Option<Timestamp> {
        let flying = self.flying.get(&object_id).map(|flight| flight.entry.since);
        let waiting = self.waiting.get(&object_id).map(|entry| entry.since);
        self.failing
            .get(&object_id)
            .map(|failing| failing.since)
            .into_iter()
            .chain(flying)
            .chain(waiting)
            .min()
    }

    /// Removes an object from the queue. If it is in flight, it stays so until it is done.
    pub fn forget(&mut self, object_id: ObjectId) {
        self.failing.remove(&object_id);
        self.withdraw(object_id);
        if let Some(flight) = self.flying.get_mut(&object_id) {
            flight.again = None;
        }
    }

    /// When the first delayed entry becomes ready.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.lanes.iter().filter_map(|lane| lane.delayed.first()).map(|(at, ..)| *at).min()
    }

    /// The number of waiting entries of a priority, including delayed ones.
    pub fn len(&self, priority: Priority) -> usize {
        let lane = &self.lanes[priority as usize];
        lane.ready.len() + lane.delayed.len()
    }

    /// Whether nothing waits and nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.flying.is_empty()
    }

    /// Whether the object waits or is in flight.
    pub fn contains(&self, object_id: ObjectId) -> bool {
        self.waiting.contains_key(&object_id) || self.flying.contains_key(&object_id)
    }

    /// The number of objects in flight.
    pub fn in_flight(&self) -> usize {
        self.flying.len()
    }

    /// The objects in flight.
    pub fn in_flight_ids(&self) -> Vec<ObjectId> {
        self.flying.keys().copied().collect()
    }

    /// Whether the object is in flight.
    pub fn is_in_flight(&self, object_id: ObjectId) -> bool {
        self.flying.contains_key(&object_id)
    }

    /// Whether work that removes access is in flight or ready. Work that waits for its next attempt does not count, because
    /// it may wait for ever.
    pub fn is_removing(&self) -> bool {
        let ready = |priority: &Priority| priority.revokes() && self.head(*priority).is_some();
        Priority::ALL.iter().any(ready)
            || self.flying.values().any(|flight| flight.entry.priority().revokes())
    }

    /// The failures of an object.
    pub fn failing(&self, object_id: ObjectId) -> Option<Failing> {
        self.failing.get(&object_id).copied()
    }

    /// The number of revocations that wait, are in flight, or failed and wait for their next attempt.
    pub fn pending_revocations(&self) -> usize {
        let revokes = |priority: &Priority| priority.revokes();
        let waiting: usize =
            Priority::ALL.into_iter().filter(revokes).map(|priority| self.len(priority)).sum();
        waiting + self.flying.values().filter(|flight| flight.entry.priority().revokes()).count()
    }

    /// Whether the work of the object counts in [`Self::pending_revocations`].
    pub fn is_revoking(&self, object_id: ObjectId) -> bool {
        let entry =
            self.waiting.get(&object_id).or_else(|| self.flying.get(&object_id).map(|flight| &flight.entry));
        entry.is_some_and(|entry| entry.priority().revokes())
    }

    /// Since when the oldest pending revocation is due. An alert uses this (design 3.13).
    pub fn oldest_revocation(&self) -> Option<Timestamp> {
        let failing = self.failing.iter().filter(|(object_id, _)| self.is_revoking(**object_id));
        let failing = failing.map(|(_, failing)| failing.since);
        let flying =
            self.flying.values().map(|flight| &flight.entry).filter(|entry| entry.priority().revokes());
        let waiting = Priority::ALL
            .into_iter()
            .filter(|priority| priority.revokes())
            .filter_map(|priority| self.head(priority));
        failing.chain(flying.map(|entry| entry.since)).chain(waiting).min()
    }

    /// The clock was set back by this much: all times move with it, so that no entry waits for that time once more.
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
            *places = moved.map(|(since, seq, object_id)| (earlier(since, by), seq, object_id)).collect();
        }
        for failing in self.failing.values_mut() {
            failing.since = earlier(failing.since, by);
        }
    }

    fn add(&mut self, object_id: ObjectId, entry: Entry) {
        if let Some(flight) = self.flying.get_mut(&object_id) {
            flight.again = Some(flight.again.map_or(entry, |again| again.merged(entry)));
            return;
        }
        let entry = self.withdraw(object_id).map_or(entry, |old| old.merged(entry));
        let lane = &mut self.lanes[entry.priority() as usize];
        let places = if entry.not_before.is_some() { &mut lane.delayed } else { &mut lane.ready };
        places.insert(entry.place(object_id));
        self.waiting.insert(object_id, entry);
    }

    fn withdraw(&mut self, object_id: ObjectId) -> Option<Entry> {
        let entry = self.waiting.remove(&object_id)?;
        let lane = &mut self.lanes[entry.priority() as usize];
        let places = if entry.not_before.is_some() { &mut lane.delayed } else { &mut lane.ready };
        places.remove(&entry.place(object_id));
        Some(entry)
    }

    /// Ends a flight and queues what was pushed meanwhile. Returns the entry that was in flight.
    fn land(&mut self, object_id: ObjectId) -> Option<Entry> {
        let flight = self.flying.remove(&object_id)?;
        if let Some(again) = flight.again {
            self.add(object_id, again);
        }
        Some(flight.entry)
    }

    /// Makes entries ready that were delayed until now. They stay ready even if the clock is set back.
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

    fn head(&self, priority: Priority) -> Option<Timestamp> {
        self.lanes[priority as usize].ready.first().map(|(since, ..)| *since)
    }

    fn most_urgent(&self, now: Timestamp) -> Option<Priority> {
        if self.head(Priority::Revocation).is_some() {
            return Some(Priority::Revocation);
        }
        let due = |priority: Priority| {
            self.head(priority).map(|since| (after(since, priority.patience()), priority))
        };
        let unhurried = Priority::ALL.into_iter().filter(|priority| !priority.urgent()).filter_map(due).min();
        if self.head(Priority::UserChange).is_none() {
            return unhurried.map(|(_, priority)| priority);
        }
        let turn = self.user_changes_in_a_row >= USER_CHANGES_IN_A_ROW;
        let overdue = unhurried.filter(|(at, _)| turn && *at <= now);
        Some(overdue.map_or(Priority::UserChange, |(_, priority)| priority))
    }

    fn take(&mut self, priority: Priority) -> Option<(ObjectId, Work)> {
        let (_, _, object_id) = *self.lanes[priority as usize].ready.first()?;
        let entry = self.withdraw(object_id)?;
        self.flying.insert(object_id, Flight { entry, again: None });
        match priority {
            Priority::Revocation => {}
            Priority::UserChange => self.user_changes_in_a_row = self.user_changes_in_a_row.saturating_add(1),
            _ => self.user_changes_in_a_row = 0,
        }
        Some((object_id, entry.work))
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
