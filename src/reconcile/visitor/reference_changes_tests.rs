use vestibule_core::schedule::Zone;

use super::*;
use crate::reconcile::fixtures::{acme, berlin, engine, facts_of, integration, key};
use crate::reconcile::references::{IntegrationFacts, PropertyFacts, TenantFacts, tenant_id};
use crate::system::memory::Memory;

const GROUPS: [&str; 2] = ["Lobby", "Lab"];

fn netbox(groups: &[&str]) -> IntegrationFacts {
    let mut facts = integration(&engine("netbox", Memory::default()), 0);
    let access = facts.visitor_access.as_mut().unwrap();
    access.groups = groups.iter().map(|group| (*group).to_owned()).collect();
    facts
}

fn tenant(property: PropertyFacts, netbox: IntegrationFacts, declared: u64) -> TenantFacts {
    let mut facts = facts_of(&acme(), &[], property, [netbox]);
    facts.declared.hash = declared;
    facts
}

fn references(tenant: TenantFacts) -> Arc<References> {
    let mut references = References::default();
    references.tenants.insert(id(), tenant);
    Arc::new(references)
}

fn id() -> TenantId {
    tenant_id(&key("acme"))
}

fn from_usual_to(now: TenantFacts) -> ReferenceChanges {
    ReferenceChanges { before: references(tenant(berlin(), netbox(&GROUPS), 0)), now: references(now) }
}

#[test]
fn a_removed_group_is_a_loss_of_access_and_an_added_one_is_not() {
    for (groups, concerns, takes_away) in [
        (&["Lobby", "Lab"][..], false, false),
        (&["Lab", "Lobby"], false, false),
        (&["Lobby"], true, true),
        (&["Lobby", "Roof"], true, true),
        (&["Lobby", "Lab", "Roof"], true, false),
    ] {
        let shift = from_usual_to(tenant(berlin(), netbox(groups), 0));
        let found = (shift.concerns(id(), &key("netbox")), shift.loses_access(id(), &key("netbox")));
        assert_eq!(found, (concerns, takes_away), "{groups:?}");
    }
}

#[test]
fn another_time_zone_is_a_loss_of_access_since_a_window_may_end_earlier() {
    let tokyo = PropertyFacts { zone: Zone::parse("Asia/Tokyo").unwrap(), ..berlin() };
    assert!(from_usual_to(tenant(tokyo, netbox(&GROUPS), 0)).loses_access(id(), &key("netbox")));
}

#[test]
fn knowledge_about_declarations_changes_statuses_and_no_record() {
    let shift = from_usual_to(tenant(berlin(), netbox(&GROUPS), 1));
    assert_eq!((shift.changes_statuses_of(id()), shift.concerns(id(), &key("netbox"))), (true, false));
    assert!(!shift.changes_statuses_of(7), "a tenant that is in neither value");
}

#[test]
fn an_integration_turns_when_it_starts_or_stops_to_be_frozen_or_to_decline() {
    let indexes = || [(key("netbox"), 3), (key("annex"), 4)].into();
    let [usual, frozen, declining] = [
        References { indexes: indexes(), ..References::default() },
        References { indexes: indexes(), frozen: [key("netbox")].into(), ..References::default() },
        References { indexes: indexes(), declining: [key("netbox")].into(), ..References::default() },
    ]
    .map(Arc::new);
    let all = [&usual, &frozen, &declining];
    for (from, before) in all.iter().enumerate() {
        for (to, now) in all.iter().enumerate() {
            let shift = ReferenceChanges { before: Arc::clone(before), now: Arc::clone(now) };
            let turned = if from == to { Vec::new() } else { vec![3] };
            assert_eq!(shift.turned(), turned, "{from} {to}");
        }
    }
}

#[test]
fn the_first_references_concern_every_tenant_and_are_no_loss_of_access() {
    let shift =
        ReferenceChanges { before: Arc::default(), now: references(tenant(berlin(), netbox(&GROUPS), 0)) };
    assert!(shift.concerns(id(), &key("netbox")) && !shift.loses_access(id(), &key("netbox")));
}
