//! Why places are not as wanted, in words. Bounded; what fails beyond is told without them.

use std::collections::BTreeMap;

use vestibule_core::identity::ObjectId;

use super::Visitors;
use super::row_state::RowState;
use super::status_compute::{Failure, FailureKind};

/// Failures kept in words.
const MOST: usize = 10_000;

/// Failures by visitor and integration: what one system refuses is not mended by another one that takes it.
#[derive(Default)]
pub struct Failures(BTreeMap<(ObjectId, u16), Failure>);

impl Failures {
    /// The trouble of a place, or that there is none any more.
    pub fn note(&mut self, object_id: ObjectId, integration: u16, failure: Option<Failure>) {
        let placement = (object_id, integration);
        match failure {
            Some(failure) if self.0.len() < MOST || self.0.contains_key(&placement) => {
                self.0.insert(placement, failure);
            }
            Some(_) => {}
            None => {
                self.0.remove(&placement);
            }
        }
    }

    /// All troubles of a slot, by integration.
    pub fn of(&self, object_id: ObjectId) -> impl Iterator<Item = (u16, &Failure)> {
        self.0
            .range((object_id, 0)..=(object_id, u16::MAX))
            .map(|((_, integration), failure)| (*integration, failure))
    }

    /// Something about the slot is new: its troubles are those of the past.
    pub fn forget(&mut self, object_id: ObjectId) {
        let past: Vec<u16> = self.of(object_id).map(|(integration, _)| integration).collect();
        for integration in past {
            self.0.remove(&(object_id, integration));
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Visitors {
    /// The trouble to tell: one that waits for a person before one that may pass by itself, and none of an integration
    /// that is gone.
    pub(super) fn trouble_of(&self, object_id: ObjectId, row_state: &RowState) -> Option<Failure> {
        let failures = self.failures.lock();
        let here =
            || failures.of(object_id).filter(|(integration, _)| row_state.placement(*integration).is_some());
        let stalled = here().find(|(_, failure)| matches!(failure.kind, FailureKind::Stalled(_)));
        stalled.or_else(|| here().next()).map(|(_, failure)| failure.clone())
    }

    pub(super) fn is_troubled(&self, object_id: ObjectId) -> bool {
        self.failures.lock().of(object_id).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(message: &str) -> Failure {
        Failure { kind: FailureKind::Retried, message: message.to_owned() }
    }

    #[test]
    fn troubles_are_kept_by_visitor_and_integration() {
        let mut failures = Failures::default();
        failures.note(ObjectId(1), 0, Some(failure("a")));
        failures.note(ObjectId(1), u16::MAX, Some(failure("b")));
        failures.note(ObjectId(2), 0, Some(failure("c")));
        failures.note(ObjectId(1), 0, None);
        assert_eq!(failures.of(ObjectId(1)).map(|(_, it)| &*it.message).collect::<Vec<_>>(), ["b"]);
        failures.forget(ObjectId(1));
        assert_eq!((failures.of(ObjectId(1)).count(), failures.of(ObjectId(2)).count()), (0, 1));
    }

    #[test]
    fn there_is_a_bound_and_what_is_known_already_may_change_at_it() {
        let mut failures = Failures::default();
        for object_id in 0..=MOST as u64 {
            failures.note(ObjectId(object_id), 0, Some(failure("a")));
        }
        assert_eq!(failures.len(), MOST);
        failures.note(ObjectId(0), 0, Some(failure("b")));
        assert_eq!(failures.of(ObjectId(0)).next().map(|(_, it)| &*it.message), Some("b"));
    }
}
