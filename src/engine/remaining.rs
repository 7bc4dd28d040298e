//! Records that stay in the system although they differ from the desired state: reduced, disarmed, or not removed by the
//! system.
//!
//! They are remembered so that nothing is read or sent twice. Their number is bounded by the records whose replacement or
//! removal fails. After a restart each is read once more.

use std::collections::BTreeMap;

use vestibule_core::identity::RecordId;
use vestibule_core::plan::ExistingRecord;

use super::reduce::Left;
use crate::system::{ErrorKind, SystemError};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Remaining {
    /// Records that open no more than an entitlement, with the fingerprints of their content and of the entitlement.
    reduced: BTreeMap<RecordId, (u64, u64)>,
    /// Records that open nothing, whatever their window is, with the fingerprint of their content.
    closed: BTreeMap<RecordId, u64>,
    /// Records whose removal the system refuses or does not carry out.
    unremoved: BTreeMap<RecordId, Refusal>,
    /// `unremoved` or `closed` has changed since it was reported.
    to_report: bool,
}

/// How the system refuses the removal of a record.
#[derive(Clone, Debug)]
struct Refusal {
    attempts: u32,
    error: SystemError,
    /// The record was read since, so it is known whether it opens doors.
    judged: bool,
}

/// Records that the system does not remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unremoved {
    /// How many.
    pub count: usize,
    /// How many of them could not be disarmed and may still open doors.
    pub open: usize,
    /// The system's error for one of them.
    pub message: String,
}

impl Remaining {
    /// Notes that the record has this content and opens no more than this entitlement.
    pub(super) fn note_reduced(&mut self, id: RecordId, fingerprint: u64, entitlement: u64) {
        self.reduced.insert(id, (fingerprint, entitlement));
    }

    /// What is known of a record under this entitlement, if its content has not changed since.
    pub(super) fn left(&self, existing: &ExistingRecord, entitlement: u64) -> Option<Left> {
        let within = self.reduced.get(&existing.id) == Some(&(existing.fingerprint, entitlement));
        let closed = self.is_closed(&existing.id, existing.fingerprint);
        match (closed, within) {
            (true, _) => Some(Left::Closed),
            (false, true) => Some(Left::Within),
            (false, false) => None,
        }
    }

    /// Notes whether a record with this content opens nothing.
    pub(super) fn note_closed(&mut self, id: RecordId, fingerprint: u64, closed: bool) {
        let before = if closed { self.closed.insert(id, fingerprint) } else { self.closed.remove(&id) };
        self.to_report |= before.is_some() != closed;
    }

    /// Whether it is known that the record opens nothing while it has this content.
    pub(super) fn is_closed(&self, id: &RecordId, fingerprint: u64) -> bool {
        self.closed.get(id) == Some(&fingerprint)
    }

    /// Whether the record was reduced or disarmed and has not changed since.
    pub(super) fn is_as_left(&self, id: &RecordId, fingerprint: u64) -> bool {
        self.is_closed(id, fingerprint) || self.reduced.get(id).is_some_and(|(left, _)| *left == fingerprint)
    }

    /// Notes that the system did not remove the record. Returns whether the refusal is certain.
    pub(super) fn note_refusal(&mut self, id: RecordId, error: &SystemError) -> bool {
        let refusal = self.unremoved.entry(id).or_insert_with(|| Refusal {
            attempts: 0,
            error: error.clone(),
            judged: false,
        });
        refusal.attempts = refusal.attempts.saturating_add(1);
        refusal.error = error.clone();
        refusal.is_certain()
    }

    /// Notes that it is known whether a record that the system does not remove still opens doors.
    pub(super) fn note_judged(&mut self, id: &RecordId) {
        if let Some(refusal) = self.unremoved.get_mut(id) {
            refusal.judged = true;
            self.to_report = true;
        }
    }

    /// Notes that the record is desired again, so that a refused removal does not matter any more.
    pub(super) fn note_wanted(&mut self, id: &RecordId) {
        self.to_report |= self.unremoved.remove(id).is_some();
    }

    /// Whether it is certain that the system does not remove the record.
    pub(super) fn is_refused(&self, id: &RecordId) -> bool {
        self.unremoved.get(id).is_some_and(Refusal::is_certain)
    }

    /// Requests a new report, because something else that it depends on has changed.
    pub(super) const fn report_again(&mut self) {
        self.to_report = true;
    }

    /// Forgets the content of the record, because it has changed or the record counts as removed.
    pub(super) fn forget_content(&mut self, id: &RecordId) {
        self.reduced.remove(id);
        self.to_report |= self.closed.remove(id).is_some();
    }

    /// Forgets the record, because it is gone.
    pub(super) fn forget(&mut self, id: &RecordId) {
        self.forget_content(id);
        self.to_report |= self.unremoved.remove(id).is_some();
    }

    /// Whether the report may have changed since the last call.
    pub(super) const fn take_change(&mut self) -> bool {
        std::mem::replace(&mut self.to_report, false)
    }

    /// The report on records that the system does not remove.
    pub(super) fn unremoved(&self) -> Option<Unremoved> {
        let refused = || self.unremoved.iter().filter(|(_, refusal)| refusal.judged && refusal.is_certain());
        let (_, first) = refused().next()?;
        let open = refused().filter(|(id, _)| !self.closed.contains_key(id)).count();
        Some(Unremoved { count: refused().count(), open, message: first.error.message.clone() })
    }
}

impl Refusal {
    /// Whether it is certain that the system does not remove the record. A transient error must occur twice.
    const fn is_certain(&self) -> bool {
        let enough = if matches!(self.error.kind, ErrorKind::Transient) { 2 } else { 1 };
        self.attempts >= enough
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::identity::{ObjectId, Owner};

    use super::*;

    fn id(object_id: u64) -> RecordId {
        RecordId::new(Owner(1), ObjectId(object_id), 7)
    }

    fn refusal(message: &str) -> SystemError {
        SystemError::new(ErrorKind::Terminal, "RemovePerson", message)
    }

    #[test]
    fn consecutive_refusals_are_counted_and_reported_once_per_change() {
        let mut remaining = Remaining::default();
        assert!(!remaining.take_change());
        assert!(remaining.note_refusal(id(1), &refusal("no")) && remaining.is_refused(&id(1)));
        remaining.note_refusal(id(2), &refusal("never"));
        remaining.note_closed(id(2), 5, true);
        assert_eq!(remaining.unremoved(), None, "a record that is being disarmed is not reported yet");
        remaining.note_judged(&id(1));
        remaining.note_judged(&id(2));
        let report = Unremoved { count: 2, open: 1, message: "no".to_owned() };
        assert_eq!(remaining.unremoved(), Some(report));
        assert!(remaining.take_change() && !remaining.take_change());
        remaining.forget(&id(1));
        remaining.forget(&id(2));
        assert!(remaining.take_change() && remaining.unremoved().is_none());
        assert!(!remaining.is_refused(&id(1)));
    }

    #[test]
    fn a_refused_removal_of_a_record_that_is_desired_again_is_not_reported() {
        let mut remaining = Remaining::default();
        remaining.note_refusal(id(1), &refusal("no"));
        remaining.note_closed(id(1), 5, true);
        remaining.note_judged(&id(1));
        assert!(remaining.take_change() && remaining.unremoved().is_some());
        remaining.note_wanted(&id(1));
        assert!(remaining.take_change() && remaining.unremoved().is_none() && !remaining.is_refused(&id(1)));
        assert!(remaining.is_closed(&id(1), 5), "its content is still known");
        remaining.note_wanted(&id(2));
        assert!(!remaining.take_change());
    }

    #[test]
    fn a_transient_error_is_a_refusal_from_the_second_time_on() {
        let mut remaining = Remaining::default();
        let fault = SystemError::new(ErrorKind::Transient, "RemovePerson", "HTTP 500");
        assert!(!remaining.note_refusal(id(1), &fault));
        remaining.note_judged(&id(1));
        assert_eq!(remaining.unremoved(), None);
        assert!(remaining.note_refusal(id(1), &fault));
        remaining.note_judged(&id(1));
        assert_eq!(remaining.unremoved().map(|report| report.count), Some(1));
    }

    #[test]
    fn knowledge_of_a_record_is_void_when_its_content_changes() {
        let mut remaining = Remaining::default();
        remaining.note_reduced(id(1), 5, 9);
        remaining.note_closed(id(2), 5, true);
        let existing =
            |object_id, fingerprint| ExistingRecord { id: id(object_id), fingerprint, until: None };
        assert_eq!(remaining.left(&existing(1, 5), 9), Some(Left::Within));
        assert_eq!(remaining.left(&existing(2, 5), 9), Some(Left::Closed));
        assert_eq!(
            [(5, 8), (6, 9)].map(|(content, most)| remaining.left(&existing(1, content), most)),
            [None; 2]
        );
        assert!(remaining.is_as_left(&id(1), 5));
        assert!(remaining.is_closed(&id(2), 5) && remaining.is_as_left(&id(2), 5));
        assert!(!remaining.is_closed(&id(2), 6) && !remaining.is_as_left(&id(2), 6));
        remaining.forget_content(&id(1));
        assert!(!remaining.is_as_left(&id(1), 5));
    }
}
