//! Mode Observe: in which fields a record differs from what is declared. Only their names are kept, never what they hold.

use std::sync::Arc;

use vestibule_core::diff;
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::{DesiredRecord, Fields, Mode};
use vestibule_core::plan::{Change, DesiredState, ExistingRecord, Withheld};

use super::verify::Altered;
use super::{Engine, Outcome, Priority};

impl Engine {
    /// The fields in which the record of an object differs from what is declared, where mode Observe leaves it so and the
    /// record was read; none else.
    pub fn differing(&self, object_id: ObjectId) -> Fields {
        let inner = self.inner.lock();
        let Some(known) = inner.differing.get(&object_id) else { return Fields::default() };
        // Set right by hand: it has no turn any more.
        let is_as_read = inner.existing(object_id).iter().any(|one| one.fingerprint == known.shown);
        if is_as_read { known.fields } else { Fields::default() }
    }

    /// Whether the system may hold another record of the object than this one that opens doors.
    pub fn may_open_beside(&self, object_id: ObjectId, wanted: Option<RecordId>) -> bool {
        let (inner, now) = (self.inner.lock(), self.clock.now());
        let mut others = inner.existing(object_id).into_iter().filter(|one| Some(one.id) != wanted);
        !inner.snapshot.is_complete() || inner.misnamed.holds(object_id) || others.any(|one| one.opens(now))
    }

    /// After a turn that left its record as it is: notes where the record differs if mode Observe is the reason. A record
    /// is read anew only if it or what is declared has changed since. A read that fails leaves the outcome as it is.
    pub(super) async fn note_differing(
        &self,
        object_id: ObjectId,
        desired: &DesiredState,
        outcome: Option<&Outcome>,
        priority: Priority,
    ) {
        let existing = self.inner.lock().existing(object_id).first().copied();
        let (DesiredState::Record(record), Some(existing), true) =
            (desired, existing, outcome.is_some_and(is_observed))
        else {
            self.inner.lock().differing.remove(&object_id);
            return;
        };
        let wanted = record.facts().fingerprint();
        let is_known = |known: &Altered| (known.shown, known.wanted) == (existing.fingerprint, wanted);
        if self.inner.lock().differing.get(&object_id).is_some_and(is_known) {
            return;
        }
        let found = self.differing_from(record, existing, priority).await;
        let mut inner = self.inner.lock();
        match found {
            Some(fields) => {
                inner.differing.insert(object_id, Altered { shown: existing.fingerprint, wanted, fields });
            }
            None => {
                inner.differing.remove(&object_id);
            }
        }
    }

    async fn differing_from(
        &self,
        record: &Arc<DesiredRecord>,
        existing: ExistingRecord,
        priority: Priority,
    ) -> Option<Fields> {
        let found = self.read(existing.id, priority).await.ok()??;
        Some(diff::differences(record, &found).into_iter().collect())
    }
}

/// Whether a record differs and stays so only because nothing is written.
fn is_observed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Replace | Change::Repair))
}
