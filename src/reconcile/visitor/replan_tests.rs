use super::*;
use crate::reconcile::fixtures::{engine, facts, integration, key};
use crate::system::memory::Memory;

/// A directory with an engine for each of these integrations, in this order.
fn directory(names: &[&str]) -> Directory {
    let mut directory = Directory { complete: true, ..Directory::default() };
    for (name, index) in names.iter().zip(0..) {
        directory.engines.insert(key(name), engine(name, Memory::default()));
        directory.indexes.insert(key(name), index);
    }
    directory
}

fn plan(integrations: &[u16]) -> Plan {
    let mut plan = Plan::default();
    for index in integrations {
        plan.place_mut(*index);
    }
    plan
}

#[test]
fn places_go_with_their_integration_and_only_with_it() {
    let mut plan = plan(&[0, 1, 9]);
    drop_places_of_the_gone(&mut plan, &directory(&["netbox", "annex"]));
    assert_eq!(plan.places.iter().map(|place| place.integration).collect::<Vec<_>>(), [0, 1]);
    let mut known_once = directory(&["netbox", "annex"]);
    known_once.engines.remove(&key("annex"));
    drop_places_of_the_gone(&mut plan, &known_once);
    assert_eq!(plan.places.iter().map(|place| place.integration).collect::<Vec<_>>(), [0]);
}

#[test]
fn the_facts_of_a_row_are_those_of_its_tenant_or_none() {
    let mut directory = directory(&["netbox"]);
    let plan = Plan { tenant: 42, ..Plan::default() };
    assert_eq!(facts_hash(&directory, &plan), 0);
    let tenant = facts([integration(&directory.engines[&key("netbox")], 0)]);
    let hash = tenant.hash;
    directory.tenants.insert(42, tenant);
    assert_eq!(facts_hash(&directory, &plan), hash);
}

#[test]
fn closing_a_place_that_an_engine_has_not_looked_at_yet_waits_for_its_first_sync() {
    let directory = directory(&["netbox"]);
    let netbox = &directory.engines[&key("netbox")];
    let (mut known, mut unknown, mut orders) =
        (plan(&[0]), plan(&[]), Orders::new(crate::engine::Reason::Reference));
    close(&mut known, Slot(1), 0, netbox, Class::Revocation, &mut orders);
    close(&mut unknown, Slot(2), 0, netbox, Class::Revocation, &mut orders);
    let place = known.place(0).unwrap();
    assert_eq!((place.want, place.state), (PlaceWant::Nothing, PlaceState::Waiting));
    assert!(unknown.place(0).is_none() && !orders.has_work());
}
