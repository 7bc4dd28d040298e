//! Why placements differ from their targets, in words. The number is bounded; a failure beyond it has no words in the
//! status.

use std::collections::BTreeMap;

use vestibule_core::identity::ObjectId;

use super::Visitors;
use super::row_state::RowState;
use super::status_compute::{Failure, FailureKind};

/// Failures kept in words.
const MOST: usize = 10_000;

/// Failures by Visitor and integration: success in one system does not clear a failure in another.
#[derive(Default)]
pub struct Failures(BTreeMap<(ObjectId, u16), Failure>);

impl Failures {
    /// Notes the failure of a placement, or clears it.
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

    /// All failures of an object, by integration.
    pub fn of(&self, object_id: ObjectId) -> impl Iterator<Item = (u16, &Failure)> {
        self.0
            .range((object_id, 0)..=(object_id, u16::MAX))
            .map(|((_, integration), failure)| (*integration, failure))
    }

    /// Clears the failures of an object that has changed.
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
    /// The failure to report: one that needs a person before one that may pass by itself, and none in an integration
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
    fn failures_are_kept_by_visitor_and_integration() {
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
    fn the_number_is_bounded_and_a_known_failure_may_still_change() {
        let mut failures = Failures::default();
        for object_id in 0..=MOST as u64 {
            failures.note(ObjectId(object_id), 0, Some(failure("a")));
        }
        assert_eq!(failures.len(), MOST);
        failures.note(ObjectId(0), 0, Some(failure("b")));
        assert_eq!(failures.of(ObjectId(0)).next().map(|(_, it)| &*it.message), Some("b"));
    }
}
