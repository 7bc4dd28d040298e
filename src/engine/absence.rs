//! When a system is known to hold nothing of an object (design 3: absence needs a second witness).
//!
//! A record that one list lacks is read by its id. Where no id is known, as after a start, a crash or a lost status, a
//! second complete list must lack the object too. What this engine has made itself from the first record on needs no
//! list: its removals are read back.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::{ObjectId, RecordId};

use super::inner::Inner;
use super::listing::Merged;
use super::{Engine, Priority, Reason};
use crate::work::backoff::after;

/// A further list begins so long after it was asked for: two lists of one moment share their fault, and many requests are
/// one.
const WITNESS_PAUSE: Duration = Duration::from_secs(5);

/// Where doubling the pause ends: after ten minutes.
const MOST_DOUBLINGS: u32 = 7;

/// Complete lists that prove what they lack.
const WITNESSES: u8 = 2;

/// What is known about absence beside the snapshot.
#[derive(Debug, Default)]
pub(super) struct Absence {
    /// Complete lists since the start that nothing speaks against, [`WITNESSES`] at most.
    lists: u8,
    /// A further list is wanted.
    wanted: bool,
    /// How many lists in a row proved nothing: each makes the wait for the next one longer.
    useless: u32,
    /// Records that were read as gone, or removed. Empty once the lists are enough.
    gone: BTreeSet<RecordId>,
    /// Slots whose every record this engine has made. Empty once the lists are enough.
    made_here: BTreeSet<ObjectId>,
    /// Objects of an earlier process for which a record was created although one list alone lacked them. Empty once the lists
    /// are enough.
    created_on_one_list: BTreeSet<ObjectId>,
    /// The lists have become enough, and nothing has taken that in.
    is_news: bool,
}

impl Absence {
    const fn lists_are_enough(&self) -> bool {
        self.lists >= WITNESSES
    }

    /// How long to wait for the next list.
    fn pause(&self) -> Duration {
        WITNESS_PAUSE.saturating_mul(1 << self.useless.min(MOST_DOUBLINGS))
    }

    /// The record was read as gone, or removed.
    pub(super) fn note_gone(&mut self, id: RecordId) {
        if !self.lists_are_enough() {
            self.gone.insert(id);
        }
    }
}

impl Engine {
    /// Whether it is proven that the system holds no record of the slot: nothing is held, nothing may still arrive, nothing
    /// waits to be read back, and that rests on more than one list.
    pub fn is_absent(&self, object_id: ObjectId) -> bool {
        self.inner.lock().is_absent(object_id)
    }

    /// Whether nothing is held of the slot and nothing is under way for it, but one list alone says so.
    pub fn lacks_witness(&self, object_id: ObjectId) -> bool {
        let inner = self.inner.lock();
        inner.is_settled(object_id) && inner.existing(object_id).is_empty() && !inner.is_absent(object_id)
    }

    /// Whether it is proven that a record does not live: it was read as gone, removed and read back, or two lists lack it.
    /// The records of another owner are none of this engine's.
    pub fn is_gone(&self, id: &RecordId) -> bool {
        id.owner != self.owner || self.inner.lock().is_gone(id)
    }

    /// How many records may remain in the system: those that are held, and creates without an answer.
    pub fn remaining(&self) -> usize {
        let inner = self.inner.lock();
        let uncertain = inner.uncertain.keys().filter(|id| !inner.snapshot.contains(id)).count();
        inner.records() + uncertain
    }

    /// Notes that nothing was ever made for the slot before now: its object got its finalizer just now. So this engine makes
    /// every record that there is.
    pub fn note_new(&self, object_id: ObjectId) {
        let mut inner = self.inner.lock();
        if !inner.absence.lists_are_enough() && inner.existing(object_id).is_empty() {
            inner.absence.made_here.insert(object_id);
        }
    }

    /// Whether the lists so far prove what they lack.
    pub fn lists_are_enough(&self) -> bool {
        self.inner.lock().lists_are_enough()
    }

    /// Whether the lists have become enough since the last call: what waited for that is decided now.
    pub fn take_witnessed(&self) -> bool {
        std::mem::take(&mut self.inner.lock().absence.is_news)
    }

    /// Asks for a further full list soon, unless the lists so far are enough. Many requests are one.
    pub fn request_witness(&self) {
        let now = self.clock.now();
        if self.inner.lock().want_witness(now) {
            self.wake.notify_one();
        }
    }
}

impl Inner {
    /// Counts a complete list. One that is empty where something was proves nothing.
    pub(super) fn note_list(&mut self, merged: &Merged, now: Timestamp) {
        let had_enough = self.absence.lists_are_enough();
        if merged.suspicious {
            self.absence.useless = self.absence.useless.saturating_add(1);
            return;
        }
        self.absence.useless = 0;
        self.absence.lists = self.absence.lists.saturating_add(1).min(WITNESSES);
        if self.absence.lists_are_enough() {
            let is_news = self.absence.is_news || !had_enough;
            let before = std::mem::take(&mut self.absence);
            self.absence = Absence { lists: WITNESSES, is_news, ..Absence::default() };
            self.queue_surplus(before.created_on_one_list, now);
        }
    }

    /// A list may show what the one before lacked: beside the record that was created since, it is removed at once.
    fn queue_surplus(&mut self, object_ids: BTreeSet<ObjectId>, now: Timestamp) {
        for object_id in object_ids {
            if self.snapshot.existing(object_id).len() > 1 {
                self.queue.push(object_id, Priority::Revocation.with_reason(Reason::CatchUp), None, now);
            }
        }
    }

    /// Before the create of a record of which nothing is known: an earlier process may have made another one, which one list
    /// lacks. The person is not kept waiting at the door for a second list, but it follows.
    pub(super) fn note_create(&mut self, object_id: ObjectId, now: Timestamp) {
        let is_known = self.absence.lists_are_enough() || self.absence.made_here.contains(&object_id);
        if !is_known && self.existing(object_id).is_empty() {
            self.absence.created_on_one_list.insert(object_id);
            self.want_witness(now);
        }
    }

    /// Whether a record of the object was created, and a second list is still to show that no other one is there.
    pub(super) fn awaits_second_list(&self, object_id: ObjectId) -> bool {
        self.absence.created_on_one_list.contains(&object_id)
    }

    /// See [`Engine::is_absent`].
    pub(super) fn is_absent(&self, object_id: ObjectId) -> bool {
        let proven = self.absence.lists_are_enough() || self.absence.made_here.contains(&object_id);
        let holds_nothing = self.existing(object_id).is_empty() && !self.misnamed.holds(object_id);
        proven && holds_nothing && self.unconfirmed(object_id).is_empty()
    }

    fn is_gone(&self, id: &RecordId) -> bool {
        let lives =
            self.existing(id.object_id).iter().any(|one| one.id == *id) || self.unconfirmed.contains_key(id);
        let Absence { gone, made_here, .. } = &self.absence;
        let proven =
            self.absence.lists_are_enough() || gone.contains(id) || made_here.contains(&id.object_id);
        proven && !lives
    }

    /// See [`Engine::request_witness`]; whether this is news.
    pub(super) fn want_witness(&mut self, now: Timestamp) -> bool {
        if self.absence.lists_are_enough() || std::mem::replace(&mut self.absence.wanted, true) {
            return false;
        }
        // Without a time a list is due now or under way. The end of one that is under way sets the time of the next.
        self.sync_due = self.sync_due.map(|due| due.min(after(now, self.absence.pause())));
        true
    }

    /// When the next full sync is due after one that ended now.
    pub(super) fn next_sync(&self, now: Timestamp, resync: SignedDuration) -> Option<Timestamp> {
        let resync = now.checked_add(resync).ok();
        let soon = self.absence.wanted.then(|| after(now, self.absence.pause()));
        soon.into_iter().chain(resync).min()
    }

    /// Whether the lists so far prove what they lack.
    pub(super) const fn lists_are_enough(&self) -> bool {
        self.absence.lists_are_enough()
    }

    /// Whether nothing of the slot is queued, under way, waiting for its confirmation or for a second witness.
    pub(super) fn is_settled(&self, object_id: ObjectId) -> bool {
        !self.queue.contains(object_id)
            && self.unconfirmed(object_id).is_empty()
            && !self.untold.contains(&object_id)
    }
}
