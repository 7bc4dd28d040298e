use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use super::*;
use crate::reconcile::fixtures::{at, read, reading, says, whole, with};

const NOW: &str = "2026-12-01T09:00:00Z";

fn object(patch: &Value) -> Object {
    read(&with(whole("gold", &json!({ "grants": [] })), patch))
}

fn said(patch: &Value) -> Option<Status> {
    wanted("AccessPlan", &object(patch), at(NOW))
}

#[test]
fn an_object_of_a_kind_without_a_controller_fails_a_wait_at_once_with_a_sentence() {
    let status = said(&json!({ "status": { "observedGeneration": -1 } })).unwrap();
    assert_eq!((says(&status, "Ready"), reading(&status, 1)), ("False NotSupported".into(), Kstatus::Failed));
    assert_eq!((says(&status, "Accepted"), status.observed_generation), ("False NotSupported".into(), 1));
    let message = &status.condition("Stalled").unwrap().message;
    assert!(message.starts_with("this version of Vestibule does not act on AccessPlans yet"), "{message}");
}

#[test]
fn a_correct_status_is_left_alone_and_a_new_generation_or_a_foreign_change_is_not() {
    let status = serde_json::to_value(said(&json!({})).unwrap()).unwrap();
    assert_eq!(said(&json!({ "status": status })), None);
    let changed = json!({ "metadata": { "generation": 2 }, "status": status });
    assert_eq!(said(&changed).map(|status| status.observed_generation), Some(2));
    let mut foreign = status.clone();
    foreign["conditions"].as_array_mut().unwrap().remove(0);
    assert!(said(&json!({ "status": foreign })).is_some());
    assert!(said(&json!({ "status": { "conditions": "no list" } })).is_some());
}

#[test]
fn an_object_that_is_being_deleted_gets_no_status() {
    assert_eq!(said(&json!({ "metadata": { "deletionTimestamp": NOW } })), None);
}

#[test]
fn each_of_the_nine_kinds_is_either_built_or_answered() {
    use crate::api::{AccessIntegration, Property, Tenant, Visitor};
    let built = [
        ApiResource::erase::<Property>(&()),
        ApiResource::erase::<AccessIntegration>(&()),
        ApiResource::erase::<Tenant>(&()),
        ApiResource::erase::<Visitor>(&()),
    ];
    let mut kinds: Vec<String> = kinds().into_iter().chain(built).map(|kind| kind.kind).collect();
    kinds.sort();
    let crds = crate::api::publish::crds().unwrap();
    let published = crds.iter().map(|crd| crd["spec"]["names"]["kind"].as_str().unwrap().to_owned());
    let mut published: Vec<String> = published.collect();
    published.sort();
    assert_eq!(kinds, published);
}
