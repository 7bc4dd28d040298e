//! Revocations that the system has not confirmed yet, and since when they are pending (design 3.13).

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::RecordId;

use super::inner::Inner;
use super::{Engine, Reason};

/// Failed maintenance is tried again after this time, or later if the breaker is open.
pub(super) const MAINTENANCE_RETRY: SignedDuration = SignedDuration::from_secs(15);

/// A removal that the system has acknowledged and that was not read back yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unconfirmed {
    /// How many listings had begun. Only a later listing counts as reading back.
    pub(super) listings: u64,
    /// Since when the removal is pending. It stays pending until the system confirms it.
    pub(super) since: Timestamp,
    /// Why the record was removed, in case the removal must be repeated.
    pub(super) reason: Reason,
}

impl Engine {
    /// Sets the pending revocations according to the statuses of objects. They count until the first listing has queued
    /// them.
    pub fn note_unlisted_revocations(&self, pending: usize, oldest: Option<Timestamp>) {
        let before = std::mem::replace(&mut self.inner.lock().unlisted, (pending, oldest));
        if before != (pending, oldest) {
            self.wake.notify_one();
        }
    }
}

impl Inner {
    /// The system has acknowledged a removal. It is to be read back, by its id or by a listing that begins later.
    pub(super) fn await_reading_back(&mut self, id: RecordId, reason: Reason, now: Timestamp) {
        let since = self.queue.since(id.object_id).map_or(now, |since| since.min(now));
        self.unconfirmed.insert(id, Unconfirmed { listings: self.listings, since, reason });
    }

    /// The number of revocations that the system has not confirmed, and since when the oldest is pending.
    pub(super) fn pending_revocations(&self) -> (usize, Option<Timestamp>) {
        // A record whose object is queued for a revocation counts once.
        let unread = self.unconfirmed.iter().filter(|(id, _)| !self.queue.is_revoking(id.object_id));
        let (mut count, mut oldest) = (self.queue.pending_revocations(), self.queue.oldest_revocation());
        for (_, one) in unread {
            count += 1;
            oldest = Some(oldest.map_or(one.since, |oldest| oldest.min(one.since)));
        }
        let (misnamed, since) = self.misnamed.pending();
        let mut pending = (count + misnamed, oldest.into_iter().chain(since).min());
        // The same revocations may be queued already.
        if !self.snapshot.is_complete() {
            pending = (pending.0.max(self.unlisted.0), pending.1.into_iter().chain(self.unlisted.1).min());
        }
        pending
    }

    /// Maintenance ended without a result, by a panic: it is repeated, beginning with a listing, which compares everything.
    pub(super) fn repeat_maintenance(&mut self, now: Timestamp) {
        self.maintenance = false;
        self.maintenance_after = now.checked_add(MAINTENANCE_RETRY).ok();
        self.sync_due = None;
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::identity::{ObjectId, Owner, RecordId};

    use super::*;
    use crate::engine::Priority;
    use crate::engine::snapshot::Snapshot;
    use crate::engine::tests::engine;

    #[test]
    fn revocations_known_from_statuses_count_until_the_first_list() {
        let (engine, id) = (engine(), RecordId::new(Owner(7), ObjectId(1), 1));
        let (now, before) = (engine.clock.now(), engine.clock.now() - SignedDuration::from_hours(1));
        engine.note_unlisted_revocations(2, Some(before));
        let mut inner = engine.inner.lock();
        assert_eq!(inner.pending_revocations(), (2, Some(before)));
        inner.queue.push(id.object_id, Priority::Revocation.with_reason(Reason::Deletion), None, now);
        assert_eq!(inner.pending_revocations(), (2, Some(before)), "a revocation known twice counts once");
        let mut listed = Snapshot::new(Owner(7));
        let listing = listed.begin_listing();
        listed.finish(listing).unwrap();
        inner.snapshot = listed;
        assert_eq!(inner.pending_revocations(), (1, Some(now)));
    }

    #[test]
    fn a_removal_without_effect_is_repeated_for_its_former_reason() {
        let (engine, id) = (engine(), RecordId::new(Owner(7), ObjectId(1), 1));
        let now = engine.clock.now();
        engine.inner.lock().await_reading_back(id, Reason::Rollover, now);
        let reason = engine.confirm(id, true);
        assert_eq!(reason, Some(Reason::Rollover));
        let mut inner = engine.inner.lock();
        inner.remove_again(id.object_id, Priority::RolloverRemoval.with_reason(Reason::Rollover), now);
        let later = now + SignedDuration::from_hours(1);
        let again = Priority::Revocation.with_reason(Reason::Rollover);
        assert_eq!(inner.queue.pop(later), Some((id.object_id, again)));
    }
}
