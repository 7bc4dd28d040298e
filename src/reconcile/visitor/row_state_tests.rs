use jiff::SignedDuration;

use super::*;
use crate::cluster::rows::Row;
use crate::reconcile::fixtures::at;

#[test]
fn the_state_of_a_visitor_in_one_integration_needs_no_allocation_beside_the_row() {
    assert!(size_of::<RowState>() <= 80, "{}", size_of::<RowState>());
    let mut row_state = RowState::default();
    row_state.placement_mut(3);
    assert!(!row_state.placements.spilled());
}

#[test]
fn row_and_state_leave_room_for_name_and_snapshot_in_256_bytes() {
    // 152 B, about 20 B of name, about 30 B of index, 48 B in the snapshot of one engine: 250 B.
    assert!(size_of::<Row<RowState>>() <= 152, "{}", size_of::<Row<RowState>>());
}

#[test]
fn a_placement_is_created_once_and_found_by_its_integration() {
    let mut row_state = RowState::default();
    assert!(row_state.placement(7).is_none());
    let placement = *row_state.placement_mut(7);
    assert_eq!(
        placement,
        Placement { target: PlacementTarget::Unplanned, integration: 7, state: PlacementState::Waiting }
    );
    row_state.placement_mut(7).state = PlacementState::Present;
    row_state.placement_mut(8).target = PlacementTarget::Keep;
    assert_eq!(
        (row_state.placements.len(), row_state.placement(7).unwrap().state),
        (2, PlacementState::Present)
    );
    assert_eq!(row_state.placement(8).unwrap().target, PlacementTarget::Keep);
}

#[test]
fn a_row_is_due_within_a_minute_of_its_change_and_never_before_it() {
    let hour = at("2026-12-01T09:00:00Z");
    for second in [0, 1, 29, 59, 60, 61] {
        let change = hour + SignedDuration::from_secs(second);
        let mut row_state = RowState::default();
        row_state.set_next_transition(Some(change));
        let wakes = row_state.next_transition().unwrap();
        assert!(wakes >= change && wakes.duration_since(change) < SignedDuration::from_mins(1), "{second}");
        assert!(row_state.is_due(wakes), "a wake-up at that time finds it due, or the loop would spin");
        assert!(!row_state.is_due(change - SignedDuration::from_secs(1)), "{second}");
        assert!(!row_state.is_due(wakes - SignedDuration::from_nanos(1)), "{second}");
    }
}

#[test]
fn a_fraction_of_a_second_does_not_make_a_row_due_early() {
    let change = at("2026-12-01T09:00:00.5Z");
    let mut row_state = RowState::default();
    row_state.set_next_transition(Some(change));
    assert!(row_state.next_transition().unwrap() >= change, "{:?}", row_state.next_transition());
}

#[test]
fn a_row_that_never_changes_by_itself_is_never_due() {
    let mut row_state = RowState::default();
    for never in [None, Some(Timestamp::MAX)] {
        row_state.set_next_transition(never);
        assert_eq!(
            (row_state.next_transition(), row_state.is_due(at("2150-12-31T00:00:00Z"))),
            (None, false)
        );
    }
    row_state.set_next_transition(Some(Timestamp::MIN));
    assert!(row_state.is_due(at("2026-12-01T09:00:00Z")), "a time in the past is due");
}
