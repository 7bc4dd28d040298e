use vestibule_core::model::Mode;
use vestibule_core::plan::Withheld;

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
fn midnight_takes_away_in_its_turn_and_a_change_of_a_tenant_at_once() {
    assert_eq!(Cause::Time.takes_away(), Class::RolloverRemoval);
    assert_eq!(Cause::Directory.takes_away(), Class::Revocation);
}

#[test]
fn what_a_sync_finds_is_queued_by_what_is_wanted_and_what_was_known() {
    use PlaceState::{Absent, Failed, Present, Retrying, Unconfirmed, Waiting};
    let content = PlaceWant::Content(7);
    for state in [Waiting, Present, Absent, Unconfirmed, Retrying, Failed] {
        assert_eq!(catch_up(PlaceWant::Nothing, state), Class::RolloverRemoval, "{state:?}");
    }
    for want in [content, PlaceWant::Unplanned] {
        assert_eq!(catch_up(want, Waiting), Class::RolloverAddition, "never made yet");
        for state in [Present, Absent, Retrying, PlaceState::Withheld(Withheld::Mode(Mode::Observe))] {
            assert_eq!(catch_up(want, state), Class::Drift, "{state:?}");
        }
    }
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
fn orders_are_gathered_by_engine() {
    let directory = directory(&["netbox", "annex"]);
    let (netbox, annex) = (&directory.engines[&key("netbox")], &directory.engines[&key("annex")]);
    let mut orders = Orders::default();
    orders.settle(Slot(1), Class::UserChange);
    assert!(!orders.has_work(), "a status is no work for an engine");
    orders.push(0, netbox, Slot(1), Class::UserChange);
    orders.push(0, netbox, Slot(2), Class::Revocation);
    orders.push(1, annex, Slot(1), Class::Drift);
    assert_eq!((orders.has_work(), orders.engines.len(), orders.engines[&0].1.len()), (true, 2, 2));
}

#[test]
fn closing_a_place_that_an_engine_has_not_looked_at_yet_waits_for_its_first_sync() {
    let directory = directory(&["netbox"]);
    let netbox = &directory.engines[&key("netbox")];
    let (mut known, mut unknown, mut orders) = (plan(&[0]), plan(&[]), Orders::default());
    close(&mut known, Slot(1), 0, netbox, Class::Revocation, &mut orders);
    close(&mut unknown, Slot(2), 0, netbox, Class::Revocation, &mut orders);
    let place = known.place(0).unwrap();
    assert_eq!((place.want, place.state), (PlaceWant::Nothing, PlaceState::Waiting));
    assert!(unknown.place(0).is_none() && !orders.has_work());
}
