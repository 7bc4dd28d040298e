//! "Sync now" on a Visitor: the records that it has or should have are read by id and compared, and the token is echoed
//! in its status when that is done.

use vestibule_core::identity::Slot;

use super::Visitors;
use super::row::{PlaceState, PlaceWant, Plan};
use super::validate::{Object, Said};
use crate::api::annotation;
use crate::reconcile::directory::Directory;

/// The token that is not answered yet.
pub(super) fn requested(object: &Object) -> Option<&String> {
    let token = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT)?;
    let handled = object.status.as_ref().and_then(|said| said.last_handled_sync_at.as_ref());
    (handled != Some(token)).then_some(token)
}

/// Has every engine that something is wanted of look at its records of the slot again.
pub(super) fn reread(plan: &mut Plan, slot: Slot, directory: &Directory) {
    let wanted = plan.places.iter_mut().filter(|place| place.want != PlaceWant::Keep);
    for place in wanted {
        let here = directory.indexes.iter().find(|(_, index)| **index == place.integration);
        if let Some(engine) = here.and_then(|(key, _)| directory.engines.get(key)) {
            place.state = PlaceState::Waiting;
            engine.reread(slot);
        }
    }
}

/// Whether every engine has answered since.
pub(super) fn is_compared(plan: &Plan) -> bool {
    use PlaceState::{Retrying, Unconfirmed, Waiting};
    let open = |state| matches!(state, Waiting | Retrying | Unconfirmed);
    plan.places.iter().all(|place| place.want == PlaceWant::Keep || !open(place.state))
}

impl Visitors {
    /// What there is to say, with the token that can be echoed now.
    pub(super) fn with_echo(said: Said, object: &Object, plan: &Plan) -> Said {
        let token = requested(object).filter(|_| is_compared(plan)).cloned();
        Said { last_handled_sync_at: token.or(said.last_handled_sync_at), ..said }
    }

    /// Notes that a token was echoed, if it is the one that is asked by now.
    pub(super) fn note_echo(&self, slot: Slot, object: &Object, said: &Said) {
        let token = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT);
        if let Some(row) =
            self.table.lock().row_mut(slot).filter(|_| said.last_handled_sync_at.as_ref() == token)
        {
            row.plan.flags.set_sync_requested(false);
        }
    }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
