use super::*;
use crate::reconcile::fixtures::{engine, facts, integration, key};
use crate::system::memory::Memory;

/// References with an engine for each of these integrations, in this order.
fn references(names: &[&str]) -> References {
    let mut references = References { complete: true, ..References::default() };
    for (name, index) in names.iter().zip(0..) {
        references.engines.insert(key(name), engine(name, Memory::default()));
        references.indexes.insert(key(name), index);
    }
    references
}

fn row_state(integrations: &[u16]) -> RowState {
    let mut row_state = RowState::default();
    for index in integrations {
        row_state.placement_mut(*index);
    }
    row_state
}

#[test]
fn a_placement_is_dropped_with_its_integration_and_only_then() {
    let mut row_state = row_state(&[0, 1, 9]);
    drop_places_of_the_gone(&mut row_state, &references(&["netbox", "annex"]));
    assert_eq!(
        row_state.placements.iter().map(|placement| placement.integration).collect::<Vec<_>>(),
        [0, 1]
    );
    let mut known_once = references(&["netbox", "annex"]);
    known_once.engines.remove(&key("annex"));
    drop_places_of_the_gone(&mut row_state, &known_once);
    assert_eq!(row_state.placements.iter().map(|placement| placement.integration).collect::<Vec<_>>(), [0]);
}

#[test]
fn the_facts_of_a_row_are_those_of_its_tenant_or_none() {
    let mut references = references(&["netbox"]);
    let row_state = RowState { tenant: 42, ..RowState::default() };
    assert_eq!(facts_hash(&references, &row_state), 0);
    let tenant = facts([integration(&references.engines[&key("netbox")], 0)]);
    let hash = tenant.hash;
    references.tenants.insert(42, tenant);
    assert_eq!(facts_hash(&references, &row_state), hash);
}

#[test]
fn closing_a_placement_waits_for_the_first_sync_of_its_engine() {
    let references = references(&["netbox"]);
    let netbox = &references.engines[&key("netbox")];
    let (mut known, mut unknown, mut batch) =
        (row_state(&[0]), row_state(&[]), WorkBatch::new(crate::engine::Reason::Reference));
    close(&mut known, ObjectId(1), 0, netbox, Priority::Revocation, &mut batch);
    close(&mut unknown, ObjectId(2), 0, netbox, Priority::Revocation, &mut batch);
    let placement = known.placement(0).unwrap();
    assert_eq!((placement.target, placement.state), (PlacementTarget::Nothing, PlacementState::Waiting));
    assert!(unknown.placement(0).is_none() && !batch.has_work());
}
