use std::collections::BTreeSet;

use serde_json::{Value, json};
use vestibule_core::adapt::Contact;
use vestibule_core::schedule::Provision;

use super::*;
use crate::api::{Grant, TenantSpec};
use crate::reconcile::fixtures::{
    acme, at, berlin, engine, facts, facts_of, integration, jane, key, read, with,
};
use crate::reconcile::references::IntegrationFacts;
use crate::reconcile::visitor::validate::validate;
use crate::system::memory::Memory;

/// Ten in the morning in Berlin, during Jane's visit.
const DURING: &str = "2026-12-01T09:00:00Z";

fn visitor(spec: &Value) -> Validated {
    validate(&read(&with(jane(), &json!({ "spec": spec })))).unwrap()
}

fn netbox() -> IntegrationFacts {
    integration(&engine("netbox", Memory::default()), 0)
}

/// A tenant whose own entry names these groups in the NetBox.
fn opening(groups: &[&str]) -> TenantFacts {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    let grant = Grant { integration_ref: "netbox".into(), groups };
    let spec = TenantSpec { visitor_access: vec![grant], ..acme() };
    facts_of(&spec, &[], berlin(), [netbox()])
}

fn stands(tenant: Option<&TenantFacts>, now: &str) -> (Phase, Option<Timestamp>) {
    phase(visitor(&json!({})).packed(), tenant, at(now))
}

fn made_of(visitor: &Validated, tenant: &TenantFacts, now: &str) -> Result<DesiredState, Refused> {
    record(visitor, &key("jane"), tenant, &tenant.access[0], at(now))
}

fn made(spec: &Value, tenant: &TenantFacts) -> DesiredRecord {
    match made_of(&visitor(spec), tenant, DURING) {
        Ok(DesiredState::Record(record)) => (*record).clone(),
        other => panic!("{other:?}"),
    }
}

// === phase ===

#[test]
fn a_day_visit_is_scheduled_then_on_then_over_then_expired() {
    let tenant = facts([netbox()]);
    let rows = [
        ("2026-11-30T22:59:59Z", Phase::Scheduled, Some("2026-11-30T23:00:00Z")),
        ("2026-11-30T23:00:00Z", Phase::Today, Some("2026-12-01T16:00:00Z")),
        (DURING, Phase::Today, Some("2026-12-01T16:00:00Z")),
        ("2026-12-01T16:00:00Z", Phase::Over, Some("2026-12-01T23:00:00Z")),
        ("2026-12-01T23:00:00Z", Phase::Expired, None),
        ("2027-06-01T00:00:00Z", Phase::Expired, None),
    ];
    for (now, phase, next) in rows {
        assert_eq!(stands(Some(&tenant), now), (phase, next.map(at)), "{now}");
    }
}

#[test]
fn a_missing_reference_is_named_and_freezes() {
    let without_property = TenantFacts { property: None, ..facts([netbox()]) };
    let rows = [
        (None, "the Tenant that spec.tenantRef names does not exist: make it or name another"),
        (
            Some(without_property),
            "Property tower is missing or not ready: create it, or correct what its status names",
        ),
        (
            Some(facts([])),
            "waits for an AccessIntegration: Property tower has none with spec.visitors: Push. Make one",
        ),
    ];
    for (tenant, sentence) in rows {
        let (phase, _) = stands(tenant.as_ref(), DURING);
        let nobody_takes = tenant.is_some_and(|tenant| tenant.property.is_some());
        let kind = if nobody_takes { Phase::NoTaker } else { Phase::Missing };
        assert_eq!(phase, kind(sentence.to_owned()));
        assert!(phase.freezes());
    }
}

#[test]
fn a_missing_integration_freezes_no_visit_that_is_over_or_still_to_come() {
    assert_eq!(stands(Some(&facts([])), "2026-12-02T09:00:00Z").0, Phase::Expired);
    assert_eq!(stands(Some(&facts([])), "2026-11-20T09:00:00Z").0, Phase::Scheduled);
}

#[test]
fn a_tenant_without_groups_refuses_and_revokes_while_one_group_anywhere_is_enough() {
    let (phase, _) = stands(Some(&opening(&[])), DURING);
    let Phase::NoGroups(sentence) = &phase else { panic!("{phase:?}") };
    assert!(!phase.freezes(), "emptied revokes");
    assert_eq!(
        sentence,
        "Tenant acme opens no door to visitors: name groups in its spec.visitorAccess, or in spec.visitorAccess of \
         AccessIntegration netbox"
    );
    let annex = integration(&engine("annex", Memory::default()), 1);
    let grant = Grant { integration_ref: "netbox".into(), groups: Vec::new() };
    let spec = TenantSpec { visitor_access: vec![grant], ..acme() };
    assert_eq!(stands(Some(&facts_of(&spec, &[], berlin(), [netbox(), annex])), DURING).0, Phase::Today);
}

#[test]
fn what_is_declared_for_an_integration_that_is_not_connected_is_waited_for_and_freezes() {
    let mut waiting = TenantFacts { access: Vec::new(), ..facts([netbox()]) };
    waiting.declared.unready = vec!["waits for AccessIntegration netbox".to_owned()];
    let (phase, _) = stands(Some(&waiting), DURING);
    assert_eq!(phase, Phase::NoTaker("waits for AccessIntegration netbox".to_owned()));
    // Beside an integration that is connected and declared to open nothing: its records are removed.
    let beside = TenantFacts { access: opening(&[]).access, ..waiting };
    assert_eq!(stands(Some(&beside), DURING).0, Phase::Today);
}

#[test]
fn only_a_visit_that_is_on_has_ended_or_has_no_groups_changes_records() {
    let moves = [Phase::Today, Phase::Scheduled, Phase::Expired, Phase::NoGroups(String::new())];
    let freezes = [
        Phase::Over,
        Phase::Missing(String::new()),
        Phase::NoTaker(String::new()),
        Phase::Refused(String::new()),
    ];
    assert!(moves.iter().all(|phase| !phase.freezes()));
    assert!(freezes.iter().all(Phase::freezes));
}

// === record ===

#[test]
fn the_record_is_adapted_to_the_system_and_has_an_owner_mark() {
    let record = made(&json!({ "credentialNumber": "12345" }), &facts([netbox()]));
    assert_eq!(
        record.id,
        RecordId::new(record.id.owner, ObjectId::of_visitor(&key("jane")), record.facts().fingerprint())
    );
    assert_eq!((&*record.mark.owner_id, &record.mark.object), ("cluster/hq/netbox", &key("jane")));
    assert_eq!((&*record.person.last_name, &*record.tenant), ("Doe", "Acme Ltd"));
    assert_eq!(
        (record.window.from, record.window.until),
        (at("2026-12-01T08:00:00Z"), at("2026-12-01T16:00:00Z"))
    );
    assert_eq!(record.groups, BTreeSet::from(["Lobby".to_owned()]));
    assert_eq!(
        record.card.map(|card| card.number + " " + &card.format).as_deref(),
        Some("12345 26 bit Wiegand")
    );
}

#[test]
fn equal_input_gives_an_equal_record_in_another_process_and_after_delete_and_create() {
    let (first, second) = (made(&json!({}), &facts([netbox()])), made(&json!({}), &facts([netbox()])));
    assert_eq!(first, second);
    let again = with(jane(), &json!({ "metadata": { "uid": "ffffffff-4e5f-6789-abcd-ef0123456789" } }));
    let again = validate(&read(&again)).unwrap();
    assert_eq!(made_of(&again, &facts([netbox()]), DURING).unwrap(), DesiredState::Record(Arc::new(first)));
}

#[test]
fn each_change_that_a_door_or_a_desk_can_see_is_a_new_record_of_the_same_visitor() {
    let tenant = facts([netbox()]);
    let first = made(&json!({}), &tenant);
    let changes = [
        json!({ "firstName": "Joan" }),
        json!({ "lastName": "Roe" }),
        json!({ "email": "other@example.org" }),
        json!({ "phone": "030 1" }),
        json!({ "credentialNumber": "12345" }),
        json!({ "visit": { "startTime": "08:00" } }),
        json!({ "visit": { "endTime": "18:00" } }),
        json!({ "visit": { "startTime": null, "endTime": null } }),
    ];
    let mut contents: BTreeSet<u32> = changes.iter().map(|change| made(change, &tenant).id.content).collect();
    contents.insert(made(&json!({}), &opening(&["Lab"])).id.content);
    contents.insert(made(&json!({}), &TenantFacts { display_name: "Other".into(), ..tenant }).id.content);
    contents.insert(first.id.content);
    assert_eq!(contents.len(), changes.len() + 3, "all differ");
    let roe = made(&changes[1], &facts([netbox()]));
    assert_eq!((roe.id.owner, roe.id.object_id, roe.id.number), (first.id.owner, first.id.object_id, 0));
}

#[test]
fn fields_that_no_system_receives_change_no_record() {
    let tenant = facts([netbox()]);
    let first = made(&json!({}), &tenant);
    let silent = [
        json!({ "company": "Doe Inc" }),
        json!({ "hostRef": { "name": "john" } }),
        json!({ "visit": { "to": "2026-12-01" } }),
    ];
    for change in silent {
        assert_eq!(made(&change, &tenant), first, "{change}");
    }
    let mut quiet = netbox();
    quiet.capabilities.tells_tenant = false;
    let (before, after) =
        (facts([quiet.clone()]), TenantFacts { display_name: "Other".into(), ..facts([quiet]) });
    assert_eq!(made(&json!({}), &before), made(&json!({}), &after));
}

#[test]
fn a_visit_of_several_days_has_a_fresh_record_each_day() {
    let (tenant, visitor) = (facts([netbox()]), visitor(&json!({ "visit": { "to": "2026-12-03" } })));
    let on = |day: &str| made_of(&visitor, &tenant, &format!("{day}T09:00:00Z"));
    let records = ["2026-12-01", "2026-12-02", "2026-12-03"].map(|day| match on(day) {
        Ok(DesiredState::Record(record)) => record.id,
        other => panic!("{other:?}"),
    });
    let contents: BTreeSet<_> = records.iter().map(|id| id.content).collect();
    assert_eq!((contents.len(), records.iter().all(|id| id.object_id == records[0].object_id)), (3, true));
    let evening = made_of(&visitor, &tenant, "2026-12-02T18:00:00Z");
    assert_eq!(evening, Ok(DesiredState::Ended), "stays until the next day's takes its place");
    assert_eq!(on("2026-12-04"), Ok(DesiredState::Nothing));
}

#[test]
fn no_record_is_desired_before_and_after_the_visit_nor_without_groups() {
    let tenant = facts([netbox()]);
    let wants = |tenant: &TenantFacts, now: &str| made_of(&visitor(&json!({})), tenant, now);
    assert_eq!(wants(&tenant, "2026-11-30T12:00:00Z"), Ok(DesiredState::Nothing));
    assert_eq!(wants(&tenant, "2026-12-02T12:00:00Z"), Ok(DesiredState::Nothing));
    assert_eq!(wants(&opening(&[]), DURING), Ok(DesiredState::Nothing));
    assert_eq!(wants(&tenant, "2026-12-01T20:00:00Z"), Ok(DesiredState::Ended));
    let Ok(DesiredState::AtMost(most)) = wants(&TenantFacts { property: None, ..tenant }, DURING) else {
        panic!()
    };
    assert_eq!(
        (most.window, most.groups.as_ref().map(BTreeSet::len)),
        (None, Some(1)),
        "the zone is not known"
    );
}

#[test]
fn provision_on_apply_makes_the_record_days_ahead_with_the_window_of_its_day() {
    let mut early = facts([netbox()]);
    if let Some(property) = &mut early.property {
        property.provision = Provision::OnApply;
    }
    let Ok(DesiredState::Record(record)) = made_of(&visitor(&json!({})), &early, "2026-11-20T12:00:00Z")
    else {
        panic!()
    };
    assert_eq!(*record, made(&json!({}), &facts([netbox()])));
    assert_eq!(stands(Some(&early), "2026-11-20T12:00:00Z").0, Phase::Today);
}

#[test]
fn a_record_that_the_system_cannot_hold_is_refused_with_what_to_change() {
    let refused =
        |spec: &Value, tenant: &TenantFacts| made_of(&visitor(spec), tenant, DURING).unwrap_err().sentence;
    let (mut bare, mut small) = (netbox(), netbox());
    bare.capabilities.card_format = None;
    small.capabilities.max_groups = 0;
    assert_eq!(
        refused(&json!({ "email": null }), &facts([netbox()])),
        "Memory requires an email or a phone of a visitor: set spec.email or spec.phone"
    );
    assert_eq!(
        refused(&json!({ "credentialNumber": "1" }), &facts([bare])),
        "spec.credentialNumber needs a card format: name one in spec.lenelS2.visitorCardFormat of the AccessIntegration"
    );
    assert_eq!(
        refused(&json!({}), &facts([small])),
        "Memory holds at most 0 access groups for a person and 1 are named: name fewer groups"
    );
    let mut easy = netbox();
    easy.capabilities.contact = Contact::Nothing;
    assert!(made_of(&visitor(&json!({ "email": null })), &facts([easy]), DURING).is_ok());
}

#[test]
fn the_entitlement_of_a_refused_visitor_is_known() {
    let spec = json!({ "email": null, "credentialNumber": "7", "visit": { "endTime": "15:00" } });
    let most = made_of(&visitor(&spec), &facts([netbox()]), DURING).unwrap_err().most;
    let accepted =
        made(&json!({ "credentialNumber": "7", "visit": { "endTime": "15:00" } }), &facts([netbox()]));
    assert_eq!((most.window, &most.groups), (Some(accepted.window), &Some(accepted.groups)));
    assert_eq!(most.cards, Some(BTreeSet::from(["7".to_owned()])));
}

#[test]
fn the_known_entitlement_of_a_visitor_depends_on_its_references() {
    let (visitor, netbox_key) = (visitor(&json!({ "credentialNumber": "7" })), key("netbox"));
    let known = |tenant: Option<&TenantFacts>, now: &str| {
        let most = known_entitlement(&visitor, tenant, &netbox_key, at(now));
        (most.window.is_some(), most.groups.is_some(), most.cards.is_some())
    };
    let tenant = facts([netbox()]);
    let unserved = TenantFacts { access: Vec::new(), ..tenant.clone() };
    let unplaced = TenantFacts { property: None, ..tenant.clone() };
    assert_eq!(known(None, DURING), (false, false, true), "the number is the object's own");
    assert_eq!(known(Some(&unplaced), DURING), (false, true, true));
    assert_eq!(known(Some(&unserved), DURING), (true, false, true));
    assert_eq!(known(Some(&tenant), "2026-12-01T20:00:00Z"), (true, true, true), "also when it is over");
    assert_eq!(known(Some(&tenant), "2026-12-03T20:00:00Z"), (false, true, true));
}
