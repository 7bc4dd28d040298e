use vestibule_core::adapt::Contact;

use super::*;
use crate::api::{Grant, TenantGroups};
use crate::reconcile::declared::Doors;
use crate::reconcile::fixtures::{self, acme, berlin, engine, integration, key};
use crate::system::memory::Memory;

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn grant(integration: &str, groups: &[&str]) -> Grant {
    Grant { integration_ref: integration.into(), groups: texts(groups) }
}

fn entry(tenant: &str, groups: &[&str]) -> TenantGroups {
    TenantGroups { tenant: tenant.to_owned(), groups: texts(groups) }
}

/// The NetBox with entries by tenant before its default, the lobby.
fn netbox(tenants: Vec<TenantGroups>) -> IntegrationFacts {
    let mut facts = integration(&engine("netbox", Memory::default()), 0);
    facts.visitor_access = Some(VisitorAccess { groups: texts(&["Lobby"]), tenants });
    facts
}

fn facts_of(spec: &TenantSpec, records: &[Record], integration: IntegrationFacts) -> TenantFacts {
    fixtures::facts_of(spec, records, berlin(), [integration])
}

fn groups(spec: &TenantSpec, records: &[Record], integration: IntegrationFacts) -> String {
    let facts = facts_of(spec, records, integration);
    facts.access[0].groups.iter().cloned().collect::<Vec<_>>().join(" ")
}

fn known_there_as(external_id: &str) -> Vec<Record> {
    vec![Record { integration: "netbox".into(), external_id: external_id.into() }]
}

// === groups ===

#[test]
fn the_tenants_own_entry_comes_before_the_integrations_entry_for_it_before_the_default() {
    let own = TenantSpec {
        visitor_access: vec![grant("annex", &["Shed"]), grant("netbox", &["Own", "Lab"])],
        ..acme()
    };
    let named = || netbox(vec![entry("Other", &["No"]), entry("Acme Ltd", &["Named"])]);
    assert_eq!(groups(&own, &[], named()), "Lab Own");
    assert_eq!(groups(&acme(), &[], named()), "Named");
    assert_eq!(groups(&acme(), &[], netbox(Vec::new())), "Lobby");
}

#[test]
fn an_empty_list_means_no_groups_and_ends_the_search() {
    let own = TenantSpec { visitor_access: vec![grant("netbox", &[])], ..acme() };
    assert_eq!(groups(&own, &[], netbox(vec![entry("Acme Ltd", &["Named"])])), "");
    assert_eq!(groups(&acme(), &[], netbox(vec![entry("Acme Ltd", &[])])), "");
    let nothing = IntegrationFacts { visitor_access: None, ..netbox(Vec::new()) };
    assert_eq!(groups(&acme(), &[], nothing), "");
}

#[test]
fn the_integration_names_a_tenant_by_external_id_or_exact_display_name() {
    let by_id = || netbox(vec![entry("T-17", &["ById"])]);
    assert_eq!(groups(&acme(), &known_there_as("T-17"), by_id()), "ById");
    assert_eq!(groups(&acme(), &known_there_as("T-18"), by_id()), "Lobby");
    assert_eq!(groups(&acme(), &[], by_id()), "Lobby", "before the import no tenant has that id");
    let elsewhere = vec![Record { integration: "annex".into(), external_id: "T-17".into() }];
    assert_eq!(groups(&acme(), &elsewhere, by_id()), "Lobby", "an id of another system is no id here");
    assert_eq!(groups(&acme(), &[], netbox(vec![entry("acme ltd", &["Sloppy"])])), "Lobby");
}

#[test]
fn an_entry_for_another_integration_has_no_effect_here() {
    let elsewhere = TenantSpec { visitor_access: vec![grant("annex", &[])], ..acme() };
    assert_eq!(groups(&elsewhere, &[], netbox(Vec::new())), "Lobby");
}

#[test]
fn a_tenant_has_one_entry_for_each_integration_with_the_owner_of_its_records() {
    let mut annex = integration(&engine("annex", Memory::default()), 1);
    annex.owner_id = "other".to_owned();
    let facts = fixtures::facts([netbox(Vec::new()), annex]);
    let owners: Vec<_> = facts.access.iter().map(|access| (access.integration.index, access.owner)).collect();
    assert_eq!(owners, [(0, Owner::of("cluster/hq/netbox")), (1, Owner::of("other"))]);
    assert_eq!((&*facts.display_name, &facts.property_key), ("Acme Ltd", &key("tower")));
}

// === hash ===

#[test]
fn equal_facts_have_equal_hashes_in_any_process() {
    let (first, second) =
        (facts_of(&acme(), &[], netbox(Vec::new())), facts_of(&acme(), &[], netbox(Vec::new())));
    assert_eq!(first.hash, second.hash);
    assert_ne!(first.hash, 0, "0 stands for a tenant that does not exist");
}

/// The hash after a change of the facts.
fn after(change: impl FnOnce(&mut TenantFacts)) -> u64 {
    let mut facts = facts_of(&acme(), &[], netbox(Vec::new()));
    change(&mut facts);
    hashed(facts).hash
}

/// The hash after a change of the integration.
fn after_there(change: impl FnOnce(&mut IntegrationFacts)) -> u64 {
    let mut integration = netbox(Vec::new());
    change(&mut integration);
    facts_of(&acme(), &[], integration).hash
}

#[test]
fn each_change_of_a_visitors_access_changes_the_hash() {
    let hashes = [
        after(|_| {}),
        after(|facts| facts.display_name.push('!')),
        after(|facts| facts.property = None),
        after(|facts| {
            facts.property = Some(PropertyFacts { zone: Zone::parse("Asia/Tokyo").unwrap(), ..berlin() });
        }),
        after(|facts| facts.property = Some(PropertyFacts { provision: Provision::OnApply, ..berlin() })),
        after(|facts| facts.access.clear()),
        after(|facts| facts.declared.doors = Doors::NoGroups("name groups".into())),
        after(|facts| facts.declared.doors = Doors::NoIntegration("make one".into())),
        after(|facts| facts.access.push(facts.access[0].clone())),
        after(|facts| facts.access[0].groups.clear()),
        after(|facts| facts.access[0].groups = texts(&["Lobby", "Lab"]).into_iter().collect()),
        after(|facts| facts.access[0].groups = texts(&["LobbyLab"]).into_iter().collect()),
        after_there(|there| there.key = key("annex")),
        after_there(|there| there.owner_id.push('2')),
        after_there(|there| there.account += 1),
        after_there(|there| there.mode = Mode::Upsert),
        after_there(|there| there.suspended = true),
        after_there(|there| there.capabilities.card_format = None),
        after_there(|there| there.capabilities.max_groups = 1),
        after_there(|there| there.capabilities.contact = Contact::Nothing),
        after_there(|there| there.capabilities.tells_tenant = false),
    ];
    let distinct: BTreeSet<u64> = hashes.into_iter().collect();
    assert_eq!(distinct.len(), hashes.len());
}

#[test]
fn another_spelling_of_the_same_access_does_not_change_the_hash() {
    let spelled_out = TenantSpec { visitor_access: vec![grant("netbox", &["Lobby"])], ..acme() };
    let twice = TenantSpec { visitor_access: vec![grant("netbox", &["Lobby", "Lobby"])], ..acme() };
    let plain = facts_of(&acme(), &[], netbox(Vec::new())).hash;
    assert_eq!(facts_of(&spelled_out, &known_there_as("T-17"), netbox(Vec::new())).hash, plain);
    assert_eq!(facts_of(&twice, &[], netbox(vec![entry("Other", &["No"])])).hash, plain);
    assert_eq!(after_there(|there| there.index = 9), plain, "an index has no meaning outside this process");
    assert_eq!(
        after(|facts| facts.declared.unready.push("waits".into())),
        plain,
        "it concerns statuses and no record"
    );
}

#[test]
fn a_tenant_is_found_by_namespace_and_name_together() {
    let ids = [ObjectKey::new("a", "bc"), ObjectKey::new("ab", "c"), key("acme"), key("acme2")];
    let distinct: BTreeSet<_> = ids.iter().map(tenant_id).collect();
    assert_eq!((distinct.len(), distinct.contains(&0)), (4, false));
    let mut references = References::default();
    references.tenants.insert(tenant_id(&key("acme")), facts_of(&acme(), &[], netbox(Vec::new())));
    assert!(references.tenant(tenant_id(&key("acme"))).is_some() && references.tenant(7).is_none());
}
