use std::sync::Arc;

use vestibule_core::identity::{Kind, Owner, RecordId};
use vestibule_core::model::{DesiredRecord, Fields, OwnerMark, Person};
use vestibule_core::plan::ExistingRecord;
use vestibule_core::schedule::Window;

use super::super::life_tests::{DURING, lobby, object_id};
use super::super::testbed::Testbed;
use super::*;
use crate::cluster::rows::Todo;
use crate::cluster::watch::Scope;
use crate::reconcile::fixtures::{at, key};

fn id(content: u64) -> RecordId {
    RecordId::new(Owner(7), ObjectId(1), content)
}

/// A record with the content that its id has.
fn existing(content: u64) -> ExistingRecord {
    ExistingRecord { id: id(content), fingerprint: content, until: None }
}

#[test]
fn a_row_keeps_the_content_of_a_desired_record_and_nothing_else() {
    let window = Window { from: at("2026-12-01T08:00:00Z"), until: at("2026-12-01T16:00:00Z") };
    let record = DesiredRecord {
        id: id(42),
        mark: OwnerMark { owner_id: String::new(), kind: Kind::Visitor, object: key("jane") },
        person: Person::default(),
        tenant: String::new(),
        window,
        groups: std::collections::BTreeSet::new(),
        card: None,
    };
    assert_eq!(placement_target(&DesiredState::Record(Arc::new(record))), PlacementTarget::Content(42));
    assert_eq!(placement_target(&DesiredState::Nothing), PlacementTarget::Nothing);
    assert_eq!(placement_target(&DesiredState::Ended), PlacementTarget::Ended);
    assert_eq!(placement_target(&DesiredState::Keep), PlacementTarget::Keep);
}

#[test]
fn the_end_of_an_old_record_is_not_the_end_of_the_new_one() {
    use PlacementState::{Absent, Present, Unconfirmed, Waiting};
    let rows = [
        (PlacementTarget::Nothing, Absent, true, Absent),
        (PlacementTarget::Nothing, Absent, false, Waiting),
        (PlacementTarget::Content(7), Absent, true, Waiting),
        (PlacementTarget::Unplanned, Absent, false, Waiting),
        (PlacementTarget::Unplanned, Absent, true, Absent),
        (PlacementTarget::Content(7), Present, false, Present),
        (PlacementTarget::Nothing, Unconfirmed, false, Unconfirmed),
    ];
    for (desired, reported, settled, state) in rows {
        assert_eq!(
            state_after(desired, reported, settled, Some(7)),
            state,
            "{desired:?} {reported:?} {settled}"
        );
    }
}

#[test]
fn a_record_of_the_old_spec_is_not_the_one_that_the_new_spec_wants() {
    use PlacementState::{Present, Waiting};
    assert_eq!(state_after(PlacementTarget::Content(8), Present, true, Some(7)), Waiting);
    assert_eq!(state_after(PlacementTarget::Unplanned, Present, true, Some(7)), Waiting);
    assert_eq!(state_after(PlacementTarget::Keep, Present, true, Some(7)), Present);
}

#[test]
fn a_snapshot_that_satisfies_the_target_leaves_the_engine_nothing_to_do() {
    use PlacementState::{Absent, Present};
    use PlacementTarget::{AtMost, Content, Ended, Keep, Nothing, Unplanned};
    let later = ExistingRecord { id: id(42).next(), fingerprint: 42, until: None };
    let drifted = ExistingRecord { fingerprint: 43, ..existing(42) };
    let now = Timestamp::UNIX_EPOCH;
    let over = ExistingRecord { until: Some(now), ..existing(42) };
    let rows: [(PlacementTarget, &[ExistingRecord], Option<PlacementState>, &str); 18] = [
        (Content(42), &[existing(42)], Some(Present), "as wanted"),
        (Content(42), &[later], Some(Present), "as desired, with a later number"),
        (Content(42), &[existing(43)], None, "another day's, to be replaced"),
        (Content(42), &[drifted], None, "changed by hand"),
        (Content(42), &[existing(42), existing(43)], None, "one too many"),
        (Content(42), &[], None, "to be made"),
        (Nothing, &[], Some(Absent), "nothing, as desired"),
        (Nothing, &[existing(42)], None, "to be removed"),
        (Keep, &[], Some(Absent), "nothing to keep"),
        (Keep, &[drifted], Some(Present), "an existing record stays"),
        (AtMost, &[], Some(Absent), "nothing to reduce"),
        (AtMost, &[existing(42)], None, "its object says what it may open"),
        (Ended, &[], Some(Absent), "nothing is missed"),
        (Ended, &[over], Some(Present), "it opens no more and stays until midnight"),
        (Ended, &[over, drifted], None, "a record that still opens doors is removed"),
        (Ended, &[existing(42)], None, "it has no end of its own"),
        (Unplanned, &[existing(42)], None, "its object must be read"),
        (Unplanned, &[], None, "its object must be read"),
    ];
    for (desired, existing, state, why) in rows {
        assert_eq!(state_by_snapshot(desired, existing, Fields::default(), || false, now), state, "{why}");
    }
}

#[test]
fn a_single_listing_does_not_prove_that_a_record_is_absent() {
    let of_one_list =
        |desired| state_by_snapshot(desired, &[], Fields::default(), || true, Timestamp::UNIX_EPOCH);
    assert_eq!((of_one_list(PlacementTarget::Nothing), of_one_list(PlacementTarget::Ended)), (None, None));
    assert_eq!(
        of_one_list(PlacementTarget::Keep),
        Some(PlacementState::Absent),
        "nothing is concluded from it"
    );
}

#[tokio::test]
async fn the_desired_state_of_an_id_without_an_object_is_known_only_when_all_are_listed() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    let desired = async || {
        testbed.visitors.desired_state(&key("netbox"), object_id()).await.map(|wanted| wanted.desired)
    };
    assert_eq!(desired().await, Err(SourceError::Frozen), "it may not be listed yet");
    for event in [Event::<Object>::Init(Scope::Everywhere), Event::InitDone(Scope::Everywhere)] {
        let todo = testbed.visitors.table.lock().on(event);
        assert!(todo.iter().all(|todo| matches!(todo, Todo::ListDone)));
    }
    assert_eq!(desired().await, Err(SourceError::NoObject));
    assert_eq!(testbed.visitors.ensure_finalizer(object_id()).await, Err(SourceError::NoObject));
    testbed.refer_unseen(|references| references.engines.clear());
    assert_eq!(desired().await, Err(SourceError::Frozen), "an integration that is not published yet");
}
