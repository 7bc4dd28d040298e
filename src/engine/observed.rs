//! Mode Observe: the fields in which a record differs from its desired record. Only the names of the fields are kept, never
//! their values.

use std::sync::Arc;

use vestibule_core::diff;
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::{DesiredRecord, Fields, Mode};
use vestibule_core::plan::{Change, DesiredState, ExistingRecord, Withheld};

use super::verify::Altered;
use super::{Engine, Outcome, Priority};

impl Engine {
    /// The fields in which the record of an object differs from its desired record. Empty unless mode Observe leaves the
    /// difference and the record was read.
    pub fn differing(&self, object_id: ObjectId) -> Fields {
        let inner = self.inner.lock();
        let Some(known) = inner.differing.get(&object_id) else { return Fields::default() };
        // A person has corrected the record. It gets no further turn, so the entry is outdated.
        let is_as_read = inner.existing(object_id).iter().any(|one| one.fingerprint == known.shown);
        if is_as_read { known.fields } else { Fields::default() }
    }

    /// Whether the system may hold a further record of the object, besides this one, that opens doors.
    pub fn may_open_beside(&self, object_id: ObjectId, wanted: Option<RecordId>) -> bool {
        let (inner, now) = (self.inner.lock(), self.clock.now());
        let mut others = inner.existing(object_id).into_iter().filter(|one| Some(one.id) != wanted);
        !inner.snapshot.is_complete() || inner.misnamed.holds(object_id) || others.any(|one| one.opens(now))
    }

    /// After a turn that left its record unchanged because of mode Observe: notes the fields that differ. The record is read
    /// again only if it or its desired record has changed since. A failed read does not change the outcome.
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

/// Whether a record differs and stays unchanged only because mode Observe writes nothing.
fn is_observed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Replace | Change::Repair))
}
