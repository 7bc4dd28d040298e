use serde_json::{Value, json};
use vestibule_core::status::Kstatus::{self, Current, Failed, InProgress};

use super::*;
use crate::reconcile::fixtures::{at, engine, facts, integration, read, reading, says, whole, with};
use crate::system::memory::Memory;

fn object(patch: &Value) -> Object {
    read(&with(
        whole("acme", &json!({ "propertyRef": { "name": "tower" }, "displayName": "Acme Ltd" })),
        patch,
    ))
}

fn open() -> TenantFacts {
    facts([integration(&engine("netbox", Memory::default()), 0)])
}

/// Status and reason of Ready, its message, and the kstatus result.
fn summary(patch: &Value, facts: Option<&TenantFacts>, unknown: &[&str]) -> (String, String, Kstatus) {
    let unknown: Vec<String> = unknown.iter().map(|&name| name.to_owned()).collect();
    let verdict = verdict(&object(patch), facts, &unknown);
    let status = verdict.settle(&Status::default(), 1, at("2026-12-01T09:00:00Z"));
    let reading = reading(&status, 1);
    (says(&status, "Ready"), status.condition("Ready").unwrap().message.clone(), reading)
}

#[test]
fn a_tenant_with_all_its_references_is_valid() {
    assert_eq!(summary(&json!({}), Some(&open()), &[]), ("True Succeeded".into(), "valid".into(), Current));
    let nothing_connected = facts([]);
    assert_eq!(summary(&json!({}), Some(&nothing_connected), &[]).1, "valid");
}

#[test]
fn a_tenant_that_opens_no_door_to_visitors_is_valid_and_says_so() {
    let mut closed = integration(&engine("netbox", Memory::default()), 0);
    closed.visitor_access = None;
    let closed = facts([closed]);
    let said = "valid; it opens no door to visitors, since no access group is named for them";
    assert_eq!(summary(&json!({}), Some(&closed), &[]), ("True Succeeded".into(), said.into(), Current));
}

#[test]
fn a_missing_reference_of_a_tenant_is_named_with_the_remedy() {
    let without_property = TenantFacts { property: None, ..open() };
    assert_eq!(
        summary(&json!({}), Some(&without_property), &["annex"]),
        (
            "False DependencyNotReady".into(),
            "Property tower does not exist or is not valid: create it or correct it".into(),
            InProgress
        )
    );
    assert_eq!(
        summary(&json!({}), Some(&open()), &["annex", "shed"]).1,
        "Property tower has no AccessIntegration named annex, shed: make it, or take it out of the Tenant's access lists"
    );
}

#[test]
fn an_unreadable_spec_stalls_and_names_the_field() {
    let (ready, message, kstatus) = summary(&json!({ "spec": { "displayName": 7 } }), None, &[]);
    assert_eq!((&*ready, kstatus), ("False InvalidSpec", Failed));
    assert_eq!(message, "spec.displayName cannot be read: expected a string");
}
