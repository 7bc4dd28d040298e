//! Decides when a system holds no record of an object (design 3: absence needs a second witness).
//!
//! A record that is missing from one listing is read by its id. If no id is known, as after a restart or a lost status,
//! the object must also be missing from a second complete listing. An object whose every record was created by this
//! engine needs no listing, because its removals are read back.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::{ObjectId, RecordId};

use super::inner::Inner;
use super::listing::Merged;
use super::{Engine, Priority, Reason};
use crate::work::backoff::after;

/// The delay between a request for a further listing and its start. Two listings at the same moment can share one fault,
/// and the delay merges many requests into one listing.
const WITNESS_PAUSE: Duration = Duration::from_secs(5);

/// The pause doubles at most this often, which limits it to about ten minutes.
const MOST_DOUBLINGS: u32 = 7;

/// This many complete listings prove that a missing record is absent.
const WITNESSES: u8 = 2;

/// Evidence of absence that the snapshot does not contain.
#[derive(Debug, Default)]
pub(super) struct Absence {
    /// Complete and plausible listings since the start, at most [`WITNESSES`].
    lists: u8,
    /// A further listing was requested.
    wanted: bool,
    /// Consecutive listings that proved nothing. Each of them makes the wait for the next one longer.
    useless: u32,
    /// Records that were removed, or that a read by id did not find. Empty once there are enough listings.
    gone: BTreeSet<RecordId>,
    /// Objects whose every record was created by this engine. Empty once there are enough listings.
    made_here: BTreeSet<ObjectId>,
    /// Objects for which a record was created after one listing without any of their records, although an earlier process may
    /// have created one. Empty once there are enough listings.
    created_on_one_list: BTreeSet<ObjectId>,
    /// There are enough listings since the last [`Engine::take_witnessed`].
    is_news: bool,
}

impl Absence {
    const fn lists_are_enough(&self) -> bool {
        self.lists >= WITNESSES
    }

    /// How long to wait for the next listing.
    fn pause(&self) -> Duration {
        WITNESS_PAUSE.saturating_mul(1 << self.useless.min(MOST_DOUBLINGS))
    }

    /// The record was removed, or a read by id did not find it.
    pub(super) fn note_gone(&mut self, id: RecordId) {
        if !self.lists_are_enough() {
            self.gone.insert(id);
        }
    }
}

impl Engine {
    /// Whether it is proven that the system holds no record of the object: no record is known, no create may still arrive,
    /// no removal waits to be read back, and more than one listing confirms it.
    pub fn is_absent(&self, object_id: ObjectId) -> bool {
        self.inner.lock().is_absent(object_id)
    }

    /// Whether no record of the object is known and no work is under way for it, but only one listing confirms it.
    pub fn lacks_witness(&self, object_id: ObjectId) -> bool {
        let inner = self.inner.lock();
        inner.is_settled(object_id) && inner.existing(object_id).is_empty() && !inner.is_absent(object_id)
    }

    /// Whether it is proven that a record is not living: a read by id did not find it, its removal was read back, or it is
    /// missing from two listings. A record of another owner always counts as gone, because this engine does not manage it.
    pub fn is_gone(&self, id: &RecordId) -> bool {
        id.owner != self.owner || self.inner.lock().is_gone(id)
    }

    /// How many records may remain in the system: the known ones, and creates without an answer.
    pub fn remaining(&self) -> usize {
        let inner = self.inner.lock();
        let uncertain = inner.uncertain.keys().filter(|id| !inner.snapshot.contains(id)).count();
        inner.records() + uncertain
    }

    /// Notes that no record was created for the object before now, because it received its finalizer just now. This engine
    /// therefore creates every record of the object.
    pub fn note_new(&self, object_id: ObjectId) {
        let mut inner = self.inner.lock();
        if !inner.absence.lists_are_enough() && inner.existing(object_id).is_empty() {
            inner.absence.made_here.insert(object_id);
        }
    }

    /// Whether there are enough listings to prove that a missing record is absent.
    pub fn lists_are_enough(&self) -> bool {
        self.inner.lock().lists_are_enough()
    }

    /// Whether there are enough listings since the last call, so that the absences that waited for them are decided.
    pub fn take_witnessed(&self) -> bool {
        std::mem::take(&mut self.inner.lock().absence.is_news)
    }

    /// Requests a further full listing soon, unless there are already enough. Several requests lead to one listing.
    pub fn request_witness(&self) {
        let now = self.clock.now();
        if self.inner.lock().want_witness(now) {
            self.wake.notify_one();
        }
    }
}

impl Inner {
    /// Counts a complete listing. An empty listing of a system that had records proves nothing.
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

    /// A listing may show a record that the listing before lacked. If another record was created since, the surplus one is
    /// removed at once.
    fn queue_surplus(&mut self, object_ids: BTreeSet<ObjectId>, now: Timestamp) {
        for object_id in object_ids {
            if self.snapshot.existing(object_id).len() > 1 {
                self.queue.push(object_id, Priority::Revocation.with_reason(Reason::CatchUp), None, now);
            }
        }
    }

    /// Called before the create of a record. If an earlier process may have created another record, which one listing lacks,
    /// a second listing is requested. The create does not wait for it, so that the person need not wait at the door.
    pub(super) fn note_create(&mut self, object_id: ObjectId, now: Timestamp) {
        let is_known = self.absence.lists_are_enough() || self.absence.made_here.contains(&object_id);
        if !is_known && self.existing(object_id).is_empty() {
            self.absence.created_on_one_list.insert(object_id);
            self.want_witness(now);
        }
    }

    /// Whether a record of the object was created, and a second listing must still show that there is no other one.
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

    /// See [`Engine::request_witness`]. Returns whether the request is new.
    pub(super) fn want_witness(&mut self, now: Timestamp) -> bool {
        if self.absence.lists_are_enough() || std::mem::replace(&mut self.absence.wanted, true) {
            return false;
        }
        // Without a time a listing is due now or under way. The end of a listing sets the time of the next one.
        self.sync_due = self.sync_due.map(|due| due.min(after(now, self.absence.pause())));
        true
    }

    /// When the next full sync is due after a full sync that ended now.
    pub(super) fn next_sync(&self, now: Timestamp, resync: SignedDuration) -> Option<Timestamp> {
        let resync = now.checked_add(resync).ok();
        let soon = self.absence.wanted.then(|| after(now, self.absence.pause()));
        soon.into_iter().chain(resync).min()
    }

    /// Whether there are enough listings to prove that a missing record is absent.
    pub(super) const fn lists_are_enough(&self) -> bool {
        self.absence.lists_are_enough()
    }

    /// Whether no work of the object is queued or under way, and none waits for its confirmation or for a second witness.
    pub(super) fn is_settled(&self, object_id: ObjectId) -> bool {
        !self.queue.contains(object_id)
            && self.unconfirmed(object_id).is_empty()
            && !self.confirmations_to_report.contains(&object_id)
    }
}
