//! Reading back: a removal counts as done only after a further read confirms it (design 3.13).

use jiff::Timestamp;
use vestibule_core::identity::{ObjectId, RecordId};

use super::call::TurnError;
use super::disarm::not_carried_out;
use super::inner::Inner;
use super::{Engine, Outcome, Priority, Reason, Report, Work};
use crate::system;

impl Engine {
    /// Whether a removal is read back by a read of its own. One listing confirms many removals with fewer calls.
    pub(super) fn reads_back_alone(&self, priority: Priority) -> bool {
        let inner = self.inner.lock();
        match priority {
            Priority::Revocation | Priority::UserChange => inner.unconfirmed.len() <= inner.pages.max(4),
            _ => false,
        }
    }

    /// Reads back the removals of this object.
    pub(super) async fn read_back(&self, object_id: ObjectId, priority: Priority) -> Result<(), TurnError> {
        let removed = self.inner.lock().unconfirmed(object_id);
        for id in removed {
            let living = self.read(id, priority).await?.is_some();
            self.confirm(id, living);
            if living {
                return Err(TurnError::StillThere);
            }
        }
        Ok(())
    }

    /// Reads back all pending removals, one by one, or by a listing if that takes fewer calls.
    pub(super) async fn read_back_all(&self) -> Result<(), TurnError> {
        let (waiting, pages) = {
            let inner = self.inner.lock();
            // A turn under way reads its own removals back.
            let waiting = inner.unconfirmed.keys().filter(|id| !inner.queue.is_in_flight(id.object_id));
            (waiting.copied().collect::<Vec<_>>(), inner.pages)
        };
        if waiting.len() > pages {
            // With the priority of rollover removals, so that they are confirmed before the additions of the rollover.
            return self.sync(Priority::RolloverRemoval).await;
        }
        for id in waiting {
            let living = self.read(id, Priority::Retry).await?.is_some();
            let removed = self.confirm(id, living);
            self.report_confirmed(id.object_id, living, removed).await;
        }
        Ok(())
    }

    /// After a listing: confirms removals that were made before it began, and absences that wait for a second witness.
    pub(super) async fn confirm_by_listing(&self, listing: u64) {
        let due: Vec<(RecordId, bool)> = {
            let inner = self.inner.lock();
            let due = inner.unconfirmed.iter().filter(|(_, one)| one.listings < listing).map(|(id, _)| *id);
            due.map(|id| (id, inner.snapshot.existing(id.object_id).iter().any(|one| one.id == id))).collect()
        };
        for (id, living) in due {
            let removed = self.confirm(id, living);
            self.report_confirmed(id.object_id, living, removed).await;
        }
        let waiting: Vec<ObjectId> = {
            let inner = self.inner.lock();
            // The turn of a queued object reports its outcome.
            inner
                .confirmations_to_report
                .iter()
                .filter(|object_id| !inner.queue.contains(**object_id))
                .copied()
                .collect()
        };
        for object_id in waiting {
            self.report_confirmed(object_id, false, None).await;
        }
    }

    /// Notes whether a removed record is still there. Returns the reason of its removal.
    pub(super) fn confirm(&self, id: RecordId, living: bool) -> Option<Reason> {
        let mut inner = self.inner.lock();
        let removed = inner.unconfirmed.remove(&id);
        if living {
            inner.snapshot.stands(&id, 0, None);
            if let Some(removed) = removed {
                inner.queue.is_pending_since(id.object_id, removed.since);
            }
            inner.remaining.note_refusal(id, &not_carried_out());
        } else {
            inner.remaining.forget(&id);
            inner.queue.forgive(id.object_id);
        }
        removed.map(|one| one.reason)
    }

    async fn report_confirmed(&self, object_id: ObjectId, living: bool, removed: Option<Reason>) {
        if living {
            tracing::warn!(integration = %self.label, %object_id, "a removed record is still there and is removed again");
            if let Some(outcome) = self.queue_again(object_id, removed.unwrap_or(Reason::Drift)) {
                self.report_outcome(object_id, outcome).await;
            }
            return;
        }
        let outcome = {
            let mut inner = self.inner.lock();
            if inner.awaits_second_list(object_id) {
                return;
            }
            if !inner.unconfirmed(object_id).is_empty() || !inner.confirmations_to_report.contains(&object_id)
            {
                return;
            }
            let present = inner.existing(object_id).first().map(|one| one.id);
            if present.is_none() && !inner.is_absent(object_id) {
                inner.want_witness(self.clock.now());
                return;
            }
            inner.confirmations_to_report.remove(&object_id);
            inner.queue.forgive(object_id);
            let altered = inner.altered_fields(object_id);
            match present {
                None => Outcome::Absent,
                Some(id) if altered.is_empty() => Outcome::Present(id),
                Some(id) => Outcome::Altered(id, altered),
            }
        };
        self.report_outcome(object_id, outcome).await;
    }

    fn queue_again(&self, object_id: ObjectId, reason: Reason) -> Option<Outcome> {
        let (now, work) = (self.clock.now(), Priority::Revocation.with_reason(reason));
        let mut inner = self.inner.lock();
        if inner.queue.is_in_flight(object_id) {
            inner.queue.push(object_id, work, None, now);
            return None;
        }
        inner.remove_again(object_id, work, now)
    }

    async fn report_outcome(&self, object_id: ObjectId, outcome: Outcome) {
        let (integration, priority) = (self.integration.clone(), Priority::RolloverRemoval);
        self.source.report(Report { integration, object_id, priority, outcome }).await;
    }
}

impl Inner {
    /// Queues a removal that had no effect again as a revocation, later each time. The first time is not reported, because
    /// the system may only need a moment.
    pub(super) fn remove_again(
        &mut self,
        object_id: ObjectId,
        work: Work,
        now: Timestamp,
    ) -> Option<Outcome> {
        self.queue.retry(object_id, work.as_revocation(), now, system::ErrorKind::Transient, rand::random());
        let again = self.queue.failing(object_id).is_some_and(|failing| failing.failures > 1);
        again.then_some(Outcome::Failed { error: not_carried_out(), retried: true })
    }
}
