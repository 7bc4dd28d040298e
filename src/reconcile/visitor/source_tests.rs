use std::sync::Arc;

use vestibule_core::identity::{Owner, RecordId};
use vestibule_core::model::{Fields, Mark, Person, Record};
use vestibule_core::plan::Held;
use vestibule_core::schedule::Window;

use super::super::life_tests::{DURING, lobby, slot};
use super::super::stage::Stage;
use super::*;
use crate::cluster::rows::Todo;
use crate::cluster::watch::Scope;
use crate::reconcile::fixtures::{at, key};

fn id(content: u64) -> RecordId {
    RecordId::new(Owner(7), Slot(1), content)
}

/// A record that holds what its id says.
fn held(content: u64) -> Held {
    Held { id: id(content), fingerprint: content, until: None }
}

#[test]
fn a_row_keeps_the_content_of_a_wanted_record_and_nothing_else_of_it() {
    let window = Window { from: at("2026-12-01T08:00:00Z"), until: at("2026-12-01T16:00:00Z") };
    let record = Record {
        id: id(42),
        mark: Mark { owner_id: String::new(), object: key("jane") },
        person: Person::default(),
        tenant: String::new(),
        window,
        groups: std::collections::BTreeSet::new(),
        card: None,
    };
    assert_eq!(place_want(&Want::Record(Arc::new(record))), PlaceWant::Content(42));
    assert_eq!(place_want(&Want::Nothing), PlaceWant::Nothing);
    assert_eq!(place_want(&Want::Ended), PlaceWant::Ended);
    assert_eq!(place_want(&Want::Keep), PlaceWant::Keep);
}

#[test]
fn the_end_of_an_old_record_is_not_the_end_of_the_new_one() {
    use PlaceState::{Absent, Present, Unconfirmed, Waiting};
    let rows = [
        (PlaceWant::Nothing, Absent, true, Absent),
        (PlaceWant::Nothing, Absent, false, Waiting),
        (PlaceWant::Content(7), Absent, true, Waiting),
        (PlaceWant::Unplanned, Absent, false, Waiting),
        (PlaceWant::Unplanned, Absent, true, Absent),
        (PlaceWant::Content(7), Present, false, Present),
        (PlaceWant::Nothing, Unconfirmed, false, Unconfirmed),
    ];
    for (want, told, settled, state) in rows {
        assert_eq!(state_after(want, told, settled, Some(7)), state, "{want:?} {told:?} {settled}");
    }
}

#[test]
fn a_record_of_the_old_spec_is_not_the_one_that_the_new_spec_wants() {
    use PlaceState::{Present, Waiting};
    assert_eq!(state_after(PlaceWant::Content(8), Present, true, Some(7)), Waiting);
    assert_eq!(state_after(PlaceWant::Unplanned, Present, true, Some(7)), Waiting);
    assert_eq!(state_after(PlaceWant::Keep, Present, true, Some(7)), Present);
}

#[test]
fn a_snapshot_that_satisfies_what_is_wanted_leaves_the_engine_nothing_to_do() {
    use PlaceState::{Absent, Present};
    use PlaceWant::{AtMost, Content, Ended, Keep, Nothing, Unplanned};
    let later = Held { id: id(42).next(), fingerprint: 42, until: None };
    let drifted = Held { fingerprint: 43, ..held(42) };
    let now = Timestamp::UNIX_EPOCH;
    let over = Held { until: Some(now), ..held(42) };
    let rows: [(PlaceWant, &[Held], Option<PlaceState>, &str); 18] = [
        (Content(42), &[held(42)], Some(Present), "as wanted"),
        (Content(42), &[later], Some(Present), "as wanted, under a later number"),
        (Content(42), &[held(43)], None, "another day's, to be replaced"),
        (Content(42), &[drifted], None, "changed by hand"),
        (Content(42), &[held(42), held(43)], None, "one too many"),
        (Content(42), &[], None, "to be made"),
        (Nothing, &[], Some(Absent), "nothing, as wanted"),
        (Nothing, &[held(42)], None, "to be removed"),
        (Keep, &[], Some(Absent), "nothing to keep"),
        (Keep, &[drifted], Some(Present), "whatever is there stays"),
        (AtMost, &[], Some(Absent), "nothing to reduce"),
        (AtMost, &[held(42)], None, "its object says what it may open"),
        (Ended, &[], Some(Absent), "nothing is missed"),
        (Ended, &[over], Some(Present), "it opens no more and stays until midnight"),
        (Ended, &[over, drifted], None, "what still opens goes"),
        (Ended, &[held(42)], None, "it has no end of its own"),
        (Unplanned, &[held(42)], None, "its object must be looked at"),
        (Unplanned, &[], None, "its object must be looked at"),
    ];
    for (want, held, state, why) in rows {
        assert_eq!(state_by_snapshot(want, held, Fields::default(), || false, now), state, "{why}");
    }
}

#[test]
fn one_list_alone_settles_nothing_that_should_not_be_there() {
    let of_one_list = |want| state_by_snapshot(want, &[], Fields::default(), || true, Timestamp::UNIX_EPOCH);
    assert_eq!((of_one_list(PlaceWant::Nothing), of_one_list(PlaceWant::Ended)), (None, None));
    assert_eq!(of_one_list(PlaceWant::Keep), Some(PlaceState::Absent), "nothing is concluded from it");
}

#[tokio::test]
async fn what_is_wanted_of_a_slot_without_an_object_is_known_only_when_all_are_listed() {
    let stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby())]);
    let want = async || stage.visitors.want(&key("netbox"), slot()).await.map(|wanted| wanted.want);
    assert_eq!(want().await, Err(SourceError::Frozen), "it may not be listed yet");
    for event in [Event::<Object>::Init(Scope::Everywhere), Event::InitDone(Scope::Everywhere)] {
        let todo = stage.visitors.table.lock().on(event);
        assert!(todo.iter().all(|todo| matches!(todo, Todo::ListDone)));
    }
    assert_eq!(want().await, Err(SourceError::NoObject));
    assert_eq!(stage.visitors.claim(slot()).await, Err(SourceError::NoObject));
    stage.refer_unseen(|directory| directory.engines.clear());
    assert_eq!(want().await, Err(SourceError::Frozen), "an integration that is not published yet");
}
