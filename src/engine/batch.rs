//! Reading back: no removal is done before the system said so when asked again (design 3.13).

use vestibule_core::identity::{RecordId, Slot};

use super::call::Stop;
use super::{Class, Engine, Outcome, Report};

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
                return Err(Stop::Superseded);
            }
        }
        Ok(())
    }

    /// Reads back what is waiting, one by one, or by a listing where that takes fewer calls.
    pub(super) async fn read_back_all(&self) -> Result<(), Stop> {
        let (waiting, pages) = {
            let inner = self.inner.lock();
            (inner.unconfirmed.keys().copied().collect::<Vec<_>>(), inner.pages)
        };
        if waiting.len() > pages {
            // Before anybody is let in: a removal is done when it has been read back, not before.
            return self.sync(Class::RolloverRemoval).await;
        }
        for id in waiting {
            let living = self.read(id, Class::Retry).await?.is_some();
            self.confirm(id, living);
            self.tell_confirmed(id.slot, living).await;
        }
        Ok(())
    }

    /// After a listing: what it lacks and was removed before it began is confirmed.
    pub(super) async fn confirm_by_listing(&self, listing: u64) {
        let due: Vec<(RecordId, bool)> = {
            let inner = self.inner.lock();
            let due = inner.unconfirmed.iter().filter(|(_, begun)| **begun < listing).map(|(id, _)| *id);
            due.map(|id| (id, inner.snapshot.held(id.slot).iter().any(|one| one.id == id))).collect()
        };
        for (id, living) in due {
            self.confirm(id, living);
            self.tell_confirmed(id.slot, living).await;
        }
    }

    /// A removal that did not hold is queued again as a revocation.
    fn confirm(&self, id: RecordId, living: bool) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.unconfirmed.remove(&id);
        if living {
            inner.snapshot.stands(&id, 0, None);
            inner.queue.push(id.slot, Class::Revocation, None, now);
        }
    }

    async fn tell_confirmed(&self, slot: Slot, living: bool) {
        if living {
            tracing::warn!(integration = %self.label, ?slot, "a removed record is still there and is removed again");
            return;
        }
        let present = self.inner.lock().held(slot).first().map(|one| one.id);
        let outcome = present.map_or(Outcome::Absent, Outcome::Present);
        self.source.report(Report { integration: self.integration.clone(), slot, outcome }).await;
    }
}
