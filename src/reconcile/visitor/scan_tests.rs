use vestibule_core::model::Mode;
use vestibule_core::plan::{Change, Withheld};

use super::*;
use crate::reconcile::fixtures::engine;
use crate::system::memory::Memory;

#[test]
fn a_rollover_removes_in_its_turn_and_a_change_of_a_tenant_revokes_at_once() {
    assert_eq!(Cause::Time.removal_priority(), Priority::RolloverRemoval);
    assert_eq!(Cause::References.removal_priority(), Priority::Revocation);
}

#[test]
fn work_found_by_a_sync_is_queued_by_target_and_known_state() {
    use PlacementState::{Absent, Failed, Present, Retrying, Unconfirmed, Waiting};
    let content = PlacementTarget::Content(7);
    for state in [Waiting, Present, Absent, Unconfirmed, Retrying, Failed] {
        assert_eq!(catch_up(PlacementTarget::Nothing, state), Priority::RolloverRemoval, "{state:?}");
    }
    for desired in [content, PlacementTarget::Unplanned] {
        assert_eq!(catch_up(desired, Waiting), Priority::RolloverAddition, "never made yet");
        for state in
            [Present, Absent, Retrying, PlacementState::Withheld(Withheld::Mode(Mode::Observe), Change::Make)]
        {
            assert_eq!(catch_up(desired, state), Priority::Drift, "{state:?}");
        }
    }
}

#[test]
fn work_is_gathered_by_engine() {
    let (netbox, annex) = (&engine("netbox", Memory::default()), &engine("annex", Memory::default()));
    let mut batch = WorkBatch::new(crate::engine::Reason::Reference);
    batch.queue_status(ObjectId(1), Priority::UserChange);
    assert!(!batch.has_work(), "a status is no work for an engine");
    batch.push(0, netbox, ObjectId(1), Priority::UserChange);
    batch.push(0, netbox, ObjectId(2), Priority::Revocation);
    batch.push(1, annex, ObjectId(1), Priority::Drift);
    assert_eq!((batch.has_work(), batch.engines.len(), batch.engines[&0].1.len()), (true, 2, 2));
}
