//! What is not done before the system has said so, and since when it is pending (design 3.13).

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::RecordId;

use super::state::Inner;

/// A failed check or sync is tried again after this time; the breaker stretches it.
pub(super) const CHORE_RETRY: SignedDuration = SignedDuration::from_secs(15);

/// A removal that the system has acknowledged and that was not read back yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unconfirmed {
    /// How many listings had begun: only a later one counts as reading back.
    pub(super) listings: u64,
    /// Since when the removal is pending: its age counts until the system has said that it is done.
    pub(super) since: Timestamp,
}

impl Inner {
    /// The system has acknowledged a removal: it is read back, alone or by a listing that begins from now on.
    pub(super) fn await_reading_back(&mut self, id: RecordId, now: Timestamp) {
        let since = self.queue.since(id.slot).map_or(now, |since| since.min(now));
        self.unconfirmed.insert(id, Unconfirmed { listings: self.listings, since });
    }

    /// Revocations that the system has not said to be done, and since when the oldest is pending.
    pub(super) fn pending_revocations(&self) -> (usize, Option<Timestamp>) {
        // What the queue has as a revocation counts once.
        let unread = self.unconfirmed.iter().filter(|(id, _)| !self.queue.is_revoking(id.slot));
        let (mut count, mut oldest) = (self.queue.pending_revocations(), self.queue.oldest_revocation());
        for (_, one) in unread {
            count += 1;
            oldest = Some(oldest.map_or(one.since, |oldest| oldest.min(one.since)));
        }
        let (misnamed, since) = self.misnamed.pending();
        (count + misnamed, oldest.into_iter().chain(since).min())
    }

    /// A check, a sync or a reading back ended without an outcome, by a panic: all of it is done again, a listing first,
    /// which compares everything.
    pub(super) fn repeat_chore(&mut self, now: Timestamp) {
        self.chore = false;
        self.chore_after = now.checked_add(CHORE_RETRY).ok();
        self.sync_due = None;
    }
}
