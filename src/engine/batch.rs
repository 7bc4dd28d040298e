//! Reading back: no removal is done before the system said so when asked again (design 3.13).

use jiff::Timestamp;
use vestibule_core::identity::{RecordId, Slot};

use super::call::Stop;
use super::disarm::not_carried_out;
use super::state::Inner;
use super::{Class, Engine, Outcome, Reason, Report, Work};
use crate::system;

impl Engine {
    /// Whether a removal is read back by itself. In a crowd one listing confirms them all, with fewer calls.
    pub(super) fn reads_back_alone(&self, class: Class) -> bool {
        let inner = self.inner.lock();
        match class {
            Class::Revocation | Class::UserChange => inner.unconfirmed.len() <= inner.pages.max(4),
            _ => false,
        }
    }

    /// Asks for what was removed in this slot.
    pub(super) async fn read_back(&self, slot: Slot, class: Class) -> Result<(), Stop> {
        let removed = self.inner.lock().unconfirmed(slot);
        for id in removed {
            let living = self.read(id, class).await?.is_some();
            self.confirm(id, living);
            if living {
                return Err(Stop::StillThere);
            }
        }
        Ok(())
    }

    /// Reads back what is waiting, one by one, or by a listing where that takes fewer calls.
    pub(super) async fn read_back_all(&self) -> Result<(), Stop> {
        let (waiting, pages) = {
            let inner = self.inner.lock();
            // A turn under way reads its own removals back.
            let waiting = inner.unconfirmed.keys().filter(|id| !inner.queue.is_in_flight(id.slot));
            (waiting.copied().collect::<Vec<_>>(), inner.pages)
        };
        if waiting.len() > pages {
            // Before anybody is let in: a removal is done when it has been read back, not before.
            return self.sync(Class::RolloverRemoval).await;
        }
        for id in waiting {
            let living = self.read(id, Class::Retry).await?.is_some();
            let removed = self.confirm(id, living);
            self.tell_confirmed(id.slot, living, removed).await;
        }
        Ok(())
    }

    /// After a listing: what it lacks and was removed before it began is confirmed, and so is what waits for a second
    /// witness.
    pub(super) async fn confirm_by_listing(&self, listing: u64) {
        let due: Vec<(RecordId, bool)> = {
            let inner = self.inner.lock();
            let due = inner.unconfirmed.iter().filter(|(_, one)| one.listings < listing).map(|(id, _)| *id);
            due.map(|id| (id, inner.snapshot.held(id.slot).iter().any(|one| one.id == id))).collect()
        };
        for (id, living) in due {
            let removed = self.confirm(id, living);
            self.tell_confirmed(id.slot, living, removed).await;
        }
        let waiting: Vec<Slot> = {
            let inner = self.inner.lock();
            // What is queued is reported by its turn.
            inner.untold.iter().filter(|slot| !inner.queue.contains(**slot)).copied().collect()
        };
        for slot in waiting {
            self.tell_confirmed(slot, false, None).await;
        }
    }

    /// Takes in whether a removed record is still there. Says why it was removed.
    pub(super) fn confirm(&self, id: RecordId, living: bool) -> Option<Reason> {
        let mut inner = self.inner.lock();
        let removed = inner.unconfirmed.remove(&id);
        if living {
            inner.snapshot.stands(&id, 0, None);
            if let Some(removed) = removed {
                inner.queue.is_pending_since(id.slot, removed.since);
            }
            inner.remaining.note_refusal(id, &not_carried_out());
        } else {
            inner.remaining.forget(&id);
            inner.queue.forgive(id.slot);
        }
        removed.map(|one| one.reason)
    }

    async fn tell_confirmed(&self, slot: Slot, living: bool, removed: Option<Reason>) {
        if living {
            tracing::warn!(integration = %self.label, %slot, "a removed record is still there and is removed again");
            if let Some(outcome) = self.not_held(slot, removed.unwrap_or(Reason::Drift)) {
                self.tell(slot, outcome).await;
            }
            return;
        }
        let present = {
            let mut inner = self.inner.lock();
            if !inner.unconfirmed(slot).is_empty() || !inner.untold.contains(&slot) {
                return;
            }
            let present = inner.held(slot).first().map(|one| one.id);
            if present.is_none() && !inner.is_absent(slot) {
                inner.want_witness(self.clock.now());
                return;
            }
            inner.untold.remove(&slot);
            inner.queue.forgive(slot);
            present
        };
        self.tell(slot, present.map_or(Outcome::Absent, Outcome::Present)).await;
    }

    fn not_held(&self, slot: Slot, reason: Reason) -> Option<Outcome> {
        let (now, work) = (self.clock.now(), Class::Revocation.with_reason(reason));
        let mut inner = self.inner.lock();
        if inner.queue.is_in_flight(slot) {
            inner.queue.push(slot, work, None, now);
            return None;
        }
        inner.remove_again(slot, work, now)
    }

    async fn tell(&self, slot: Slot, outcome: Outcome) {
        let (integration, class) = (self.integration.clone(), Class::RolloverRemoval);
        self.source.report(Report { integration, slot, class, outcome }).await;
    }
}

impl Inner {
    /// A removal that did not hold is tried again as a revocation, later each time. Told from the second time on: once is a
    /// system that takes a moment.
    pub(super) fn remove_again(&mut self, slot: Slot, work: Work, now: Timestamp) -> Option<Outcome> {
        self.queue.retry(slot, work.as_revocation(), now, system::Class::Transient, rand::random());
        let again = self.queue.failing(slot).is_some_and(|failing| failing.failures > 1);
        again.then_some(Outcome::Failed { error: not_carried_out(), retried: true })
    }
}
