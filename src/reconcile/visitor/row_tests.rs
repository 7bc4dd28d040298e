use jiff::SignedDuration;

use super::*;
use crate::cluster::rows::Row;
use crate::reconcile::fixtures::at;

#[test]
fn the_plan_of_a_visitor_in_one_integration_takes_no_memory_of_its_own_beside_the_row() {
    assert!(size_of::<Plan>() <= 80, "{}", size_of::<Plan>());
    let mut plan = Plan::default();
    plan.place_mut(3);
    assert!(!plan.places.spilled());
}

#[test]
fn row_and_plan_leave_room_for_name_and_snapshot_in_256_bytes() {
    // 152 B, about 20 B of name, about 30 B of index, 48 B in the snapshot of one engine: 250 B.
    assert!(size_of::<Row<Plan>>() <= 152, "{}", size_of::<Row<Plan>>());
}

#[test]
fn a_place_is_made_once_and_found_by_its_integration() {
    let mut plan = Plan::default();
    assert!(plan.place(7).is_none());
    let place = *plan.place_mut(7);
    assert_eq!(place, Place { want: PlaceWant::Unplanned, integration: 7, state: PlaceState::Waiting });
    plan.place_mut(7).state = PlaceState::Present;
    plan.place_mut(8).want = PlaceWant::Keep;
    assert_eq!((plan.places.len(), plan.place(7).unwrap().state), (2, PlaceState::Present));
    assert_eq!(plan.place(8).unwrap().want, PlaceWant::Keep);
}

#[test]
fn a_row_is_due_within_a_minute_of_its_change_and_never_before_it() {
    let hour = at("2026-12-01T09:00:00Z");
    for second in [0, 1, 29, 59, 60, 61] {
        let change = hour + SignedDuration::from_secs(second);
        let mut plan = Plan::default();
        plan.set_next(Some(change));
        let wakes = plan.next_at().unwrap();
        assert!(wakes >= change && wakes.duration_since(change) < SignedDuration::from_mins(1), "{second}");
        assert!(plan.is_due(wakes), "whoever wakes then finds it due, or the loop would spin");
        assert!(!plan.is_due(change - SignedDuration::from_secs(1)), "{second}");
        assert!(!plan.is_due(wakes - SignedDuration::from_nanos(1)), "{second}");
    }
}

#[test]
fn a_fraction_of_a_second_does_not_make_a_row_due_early() {
    let change = at("2026-12-01T09:00:00.5Z");
    let mut plan = Plan::default();
    plan.set_next(Some(change));
    assert!(plan.next_at().unwrap() >= change, "{:?}", plan.next_at());
}

#[test]
fn what_never_changes_by_itself_is_never_due() {
    let mut plan = Plan::default();
    for never in [None, Some(Timestamp::MAX)] {
        plan.set_next(never);
        assert_eq!((plan.next_at(), plan.is_due(at("2150-12-31T00:00:00Z"))), (None, false));
    }
    plan.set_next(Some(Timestamp::MIN));
    assert!(plan.is_due(at("2026-12-01T09:00:00Z")), "what lies in the past is due");
}
