//! "Sync now" on a Visitor: the records that it has or should have are read by id and compared, and the token is echoed
//! in its status when that is done.

use vestibule_core::identity::ObjectId;

use super::Visitors;
use super::row_state::{PlacementState, PlacementTarget, RowState};
use super::validate::{Object, Said};
use crate::api::annotation;
use crate::reconcile::references::References;

/// The token that is not answered yet.
pub(super) fn requested(object: &Object) -> Option<&String> {
    let token = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT)?;
    let handled = object.status.as_ref().and_then(|said| said.last_handled_sync_at.as_ref());
    (handled != Some(token)).then_some(token)
}

/// Requests a new read of the object's records from every engine that has a target for it.
pub(super) fn reread(row_state: &mut RowState, object_id: ObjectId, references: &References) {
    let wanted =
        row_state.placements.iter_mut().filter(|placement| placement.target != PlacementTarget::Keep);
    for placement in wanted {
        let here = references.indexes.iter().find(|(_, index)| **index == placement.integration);
        if let Some(engine) = here.and_then(|(key, _)| references.engines.get(key)) {
            placement.state = PlacementState::Waiting;
            engine.reread(object_id);
        }
    }
}

/// Whether every engine has answered since.
pub(super) fn is_compared(row_state: &RowState) -> bool {
    use PlacementState::{Retrying, Unconfirmed, Waiting};
    let open = |state| matches!(state, Waiting | Retrying | Unconfirmed);
    row_state
        .placements
        .iter()
        .all(|placement| placement.target == PlacementTarget::Keep || !open(placement.state))
}

impl Visitors {
    /// The status with the token that can be echoed now.
    pub(super) fn with_echo(said: Said, object: &Object, row_state: &RowState) -> Said {
        let token = requested(object).filter(|_| is_compared(row_state)).cloned();
        Said { last_handled_sync_at: token.or(said.last_handled_sync_at), ..said }
    }

    /// Notes that a token was echoed, if it is still the requested one.
    pub(super) fn note_echo(&self, object_id: ObjectId, object: &Object, said: &Said) {
        let token = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT);
        if let Some(row) =
            self.table.lock().row_mut(object_id).filter(|_| said.last_handled_sync_at.as_ref() == token)
        {
            row.state.flags.set_sync_requested(false);
        }
    }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
