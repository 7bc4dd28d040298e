//! Removes a record. If the system refuses to remove it, the record is disarmed: it opens no door while its removal is
//! tried again.

use vestibule_core::diff::Step;
use vestibule_core::entitlement::disarming;
use vestibule_core::identity::RecordId;
use vestibule_core::model::ObservedRecord;

use super::call::TurnError;
use super::inner::UNCERTAIN_FOR;
use super::reconcile_object::until;
use super::{Engine, Priority, Work};
use crate::system::{self, Applied, ErrorCode, SystemError};

/// The result of removing a record.
#[derive(Debug)]
pub(super) enum Removal {
    /// The record is removed.
    Done,
    /// The record was not there, and its create may still arrive.
    MayArrive,
    /// The system does not remove the record for this reason. The record opens no door any more.
    Disarmed(SystemError),
}

/// The results of the removals of one turn.
#[derive(Debug, Default)]
pub(super) struct Removals {
    /// The create of one of them may still arrive.
    pub(super) may_arrive: bool,
    /// Why one of the records stays, disarmed.
    pub(super) disarmed: Option<SystemError>,
}

impl Engine {
    /// Removes these records. If the system refuses to remove one of them, the others are still removed. If one of them
    /// still opens doors, the whole call fails, and no replacement is created.
    pub(super) async fn remove_all(
        &self,
        ids: impl Iterator<Item = RecordId>,
        work: Work,
    ) -> Result<Removals, TurnError> {
        let (mut removals, mut open) = (Removals::default(), None);
        for id in ids {
            match self.remove_or_disarm(id, work).await {
                Ok(Removal::Done) => {}
                Ok(Removal::MayArrive) => removals.may_arrive = true,
                Ok(Removal::Disarmed(error)) => removals.disarmed = Some(error),
                Err(TurnError::Unrevoked(error)) => open = open.or(Some(error)),
                Err(turn_error) => return Err(turn_error),
            }
        }
        open.map_or(Ok(removals), |error| Err(TurnError::Unrevoked(error)))
    }

    /// Removes a record. Disarms it if the system refuses the removal, or acknowledges it without effect. After
    /// `Unrevoked` the record may still open doors.
    pub(super) async fn remove_or_disarm(&self, id: RecordId, work: Work) -> Result<Removal, TurnError> {
        let error = match self.remove(id, work).await {
            Ok(true) => return Ok(Removal::MayArrive),
            Ok(false) if !self.inner.lock().remaining.is_refused(&id) => return Ok(Removal::Done),
            // The system acknowledged a removal before, and the record was still there.
            Ok(false) => {
                let living = self.read(id, work.priority).await.map_err(TurnError::revoking)?.is_some();
                self.confirm(id, living);
                if !living {
                    return Ok(Removal::Done);
                }
                not_carried_out()
            }
            Err(TurnError::System(error)) if self.is_refusal(id, &error) => error,
            Err(turn_error) => return Err(turn_error.revoking()),
        };
        self.disarm(id, error, work).await
    }

    /// Removes a record. Returns whether its create may still arrive; if so, the record does not count as absent.
    async fn remove(&self, id: RecordId, work: Work) -> Result<bool, TurnError> {
        let applied = self.write(work, &Step::Remove(id)).await?;
        let now = self.clock.now();
        if applied == Applied::Absent {
            let (may_arrive, may_be_misnamed) = {
                let inner = self.inner.lock();
                let sent = inner.uncertain.get(&id);
                let lately = sent.is_some_and(|sent| now.duration_since(*sent) < UNCERTAIN_FOR);
                (lately, inner.may_be_misnamed(&id))
            };
            if may_arrive {
                return Ok(true);
            }
            if may_be_misnamed {
                self.find_misnamed(id, work).await?;
            }
        }
        let mut inner = self.inner.lock();
        inner.uncertain.remove(&id);
        if applied == Applied::Absent {
            inner.removed(&id);
        } else {
            inner.acknowledged(&id);
            inner.await_reading_back(id, work.reason, now);
        }
        Ok(false)
    }

    /// Whether the system itself refuses the removal, as opposed to a failed connection or login.
    fn is_refusal(&self, id: RecordId, error: &SystemError) -> bool {
        if error.kind.is_of_connection() || error.code == Some(ErrorCode::Endpoint) {
            return false;
        }
        let mut inner = self.inner.lock();
        inner.breaker.since().is_none() && inner.remaining.note_refusal(id, error)
    }

    /// Takes everything that opens doors from a record, with one call for each part, because the system may accept one call
    /// and refuse another.
    async fn disarm(&self, id: RecordId, error: SystemError, work: Work) -> Result<Removal, TurnError> {
        if self.is_known_closed(id) {
            return Ok(Removal::Disarmed(closed(&error)));
        }
        let unknown = |turn_error| {
            if let TurnError::System(_) = turn_error {
                TurnError::Unrevoked(error.clone())
            } else {
                turn_error
            }
        };
        let mut found = self.read(id, Priority::Revocation).await.map_err(unknown)?;
        let steps = found.as_ref().map(|found| disarming(id, &found.facts, self.clock.now()));
        if self.take_measures(&steps.unwrap_or_default(), work).await? {
            found = self.read(id, Priority::Revocation).await.map_err(unknown)?;
        }
        let Some(left) = found else {
            self.inner.lock().removed(&id);
            return Ok(Removal::Done);
        };
        self.judge_left(id, &left, &error)
    }

    /// Carries out the steps. Returns whether the system accepted one of them.
    async fn take_measures(&self, steps: &[Step], work: Work) -> Result<bool, TurnError> {
        let mut accepted = false;
        for step in steps {
            match self.write(work.as_revocation(), step).await {
                Ok(_) => accepted = true,
                Err(TurnError::System(error)) => {
                    let (id, step) = (step.id(), step.name());
                    tracing::warn!(integration = %self.label, %id, step, %error, "a step that disarms a record failed");
                }
                Err(turn_error) => return Err(turn_error),
            }
        }
        Ok(accepted)
    }

    /// Records whether a record that the system does not remove still opens doors.
    fn judge_left(
        &self,
        id: RecordId,
        left: &ObservedRecord,
        error: &SystemError,
    ) -> Result<Removal, TurnError> {
        let is_closed = self.note_content(id, left);
        self.inner.lock().remaining.note_judged(&id);
        if is_closed {
            tracing::warn!(integration = %self.label, %id, %error, "a record is not removed: it was disarmed");
            return Ok(Removal::Disarmed(closed(error)));
        }
        tracing::error!(integration = %self.label, %id, %error, "a record is not removed and may open doors");
        Err(TurnError::Unrevoked(still_open(error, left.facts.cards.is_empty())))
    }

    /// Updates the snapshot with the content of a record. Returns whether the record opens nothing.
    pub(super) fn note_content(&self, id: RecordId, found: &ObservedRecord) -> bool {
        let (fingerprint, closed) = (found.facts.fingerprint(), !found.facts.may_open(self.clock.now()));
        let mut inner = self.inner.lock();
        inner.snapshot.stands(&id, fingerprint, until(found));
        inner.remaining.note_closed(id, fingerprint, closed);
        closed
    }

    fn is_known_closed(&self, id: RecordId) -> bool {
        let inner = self.inner.lock();
        let existing = inner.snapshot.existing(id.object_id).into_iter().find(|one| one.id == id);
        existing.is_some_and(|one| inner.remaining.is_closed(&id, one.fingerprint))
    }
}

/// The system acknowledges a removal and still shows the record.
pub(super) fn not_carried_out() -> SystemError {
    let message = "the system acknowledges that the record is removed and goes on showing it: the removal is repeated, later \
                   each time. Look at the person in the system";
    SystemError::new(system::ErrorKind::Transient, "RemovePerson", message)
}

pub(super) fn closed(error: &SystemError) -> SystemError {
    let message =
        format!("{}. The record was disarmed and opens no door; its removal is tried again", error.message);
    SystemError { message, ..error.clone() }
}

pub(super) fn still_open(error: &SystemError, no_cards: bool) -> SystemError {
    let cards = if no_cards { "It holds no card, but its" } else { "Its card," };
    let message = format!(
        "{}. {cards} access groups and its end could not be taken away either, so that it may still open doors: disable \
         the person in the system by hand",
        error.message
    );
    SystemError { message, ..error.clone() }
}
