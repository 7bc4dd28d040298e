//! Every rule accepts and refuses the right values, with its sentence; evaluated without a server.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is surprised")]

mod relations;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use kube_cel::{CompiledSchema, Validator, compile_schema};
use serde_json::Value;
use table::{Case, edited};
use vestibule::api::publish;

fn schemas() -> BTreeMap<String, Value> {
    let schema = |crd: Value| {
        let kind = crd["spec"]["names"]["kind"].as_str().unwrap().to_owned();
        (kind, crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone())
    };
    publish::crds().unwrap().into_iter().map(schema).collect()
}

/// The rules of each kind, compiled.
fn compiled() -> BTreeMap<String, CompiledSchema> {
    schemas().into_iter().map(|(kind, schema)| (kind, compile_schema(&schema))).collect()
}

fn complaints(schemas: &BTreeMap<String, CompiledSchema>, case: &Case) -> Vec<String> {
    let object = edited(case.fixture, &case.edits);
    let before = case.before.as_ref().map(|edits| edited(case.fixture, edits));
    let schema = &schemas[object["kind"].as_str().unwrap()];
    match Validator::new().validate_compiled(schema, &object, before.as_ref()) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.iter().map(|it| format!("{}: {}", it.field_path, it.message)).collect(),
    }
}

#[test]
fn every_rule_accepts_and_refuses_as_in_the_table() {
    let schemas = compiled();
    let mut wrong = Vec::new();
    for case in table::cases().iter().filter(|it| it.offline) {
        let complaints = complaints(&schemas, case);
        let right = if case.accepted {
            complaints.is_empty()
        } else {
            complaints.iter().any(|it| it.contains(case.sentence))
        };
        if !right {
            wrong.push(format!(
                "{} {:?}: accepted = {} expected, got {complaints:?}",
                case.fixture, case.edits, case.accepted
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_malformed_date_is_answered_by_the_sentence_about_dates_alone() {
    let schemas = compiled();
    for case in
        table::cases().iter().filter(|it| !it.accepted && it.sentence.contains("that exists, in quotes"))
    {
        assert_eq!(complaints(&schemas, case).len(), 1, "{:?}", case.edits);
    }
}

#[test]
fn every_rule_of_every_kind_stands_in_the_table_and_both_ways() {
    let schemas = schemas();
    let mut there = BTreeSet::new();
    for (kind, schema) in &schemas {
        collect(kind, "", schema, &mut there);
    }
    for accepted in [true, false] {
        let tested: BTreeSet<_> = table::cases()
            .iter()
            .filter(|it| it.accepted == accepted)
            .map(|it| {
                let kind = table::fixture(it.fixture)["kind"].as_str().unwrap().to_owned();
                (kind, it.place.to_owned(), it.sentence.to_owned())
            })
            .collect();
        assert_eq!(
            there.difference(&tested).collect::<Vec<_>>(),
            Vec::<&_>::new(),
            "untested (accepted: {accepted})"
        );
        assert_eq!(tested.difference(&there).collect::<Vec<_>>(), Vec::<&_>::new(), "tested but not there");
    }
}

fn collect(kind: &str, path: &str, schema: &Value, into: &mut BTreeSet<(String, String, String)>) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let sentence =
            rule["message"].as_str().unwrap_or_else(|| panic!("{kind} {path}: a rule without a sentence"));
        into.insert((kind.to_owned(), path.to_owned(), sentence.to_owned()));
    }
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        let dot = if path.is_empty() { "" } else { "." };
        collect(kind, &format!("{path}{dot}{name}"), below, into);
    }
    if schema["items"].is_object() {
        collect(kind, &format!("{path}[]"), &schema["items"], into);
    }
}

#[test]
fn every_fixture_reads_back_as_it_is_written() {
    for object in table::fixtures() {
        assert_eq!(object, &typed(object), "{} {}", object["kind"], object["metadata"]["name"]);
    }
}

#[test]
fn the_fixtures_set_every_field_that_can_be_set() {
    for (kind, schema) in schemas() {
        let mut unset = BTreeSet::new();
        fields("spec", &schema["properties"]["spec"], &mut unset);
        for object in table::fixtures().iter().filter(|it| it["kind"] == kind.as_str()) {
            unset.retain(|path| object.pointer(&format!("/{}", path.replace('.', "/"))).is_none());
        }
        // Each is the alternative to another field; the table sets it.
        unset.retain(|path| !path.contains("configMapKeyRef") && !path.contains("subscriber.tenantRef"));
        assert_eq!(unset, BTreeSet::new(), "{kind}");
    }
}

/// Paths of all fields below `schema`, with the first item in place of a list.
fn fields(path: &str, schema: &Value, into: &mut BTreeSet<String>) {
    into.insert(path.to_owned());
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        fields(&format!("{path}.{name}"), below, into);
    }
    if schema["items"].is_object() {
        fields(&format!("{path}.0"), &schema["items"], into);
    }
}

/// Reads an object into its Rust type and writes it again.
fn typed(object: &Value) -> Value {
    use vestibule::api::{
        AccessGroup, AccessIntegration, AccessPlan, Occupant, PlanSubscription, Property, SelfRegistration,
        Tenant, Visitor,
    };
    fn through<T: serde::de::DeserializeOwned + serde::Serialize>(object: &Value) -> Value {
        serde_json::to_value(serde_json::from_value::<T>(object.clone()).unwrap()).unwrap()
    }
    match object["kind"].as_str().unwrap() {
        "Property" => through::<Property>(object),
        "AccessIntegration" => through::<AccessIntegration>(object),
        "AccessGroup" => through::<AccessGroup>(object),
        "Tenant" => through::<Tenant>(object),
        "Occupant" => through::<Occupant>(object),
        "Visitor" => through::<Visitor>(object),
        "AccessPlan" => through::<AccessPlan>(object),
        "PlanSubscription" => through::<PlanSubscription>(object),
        "SelfRegistration" => through::<SelfRegistration>(object),
        other => panic!("unknown kind {other}"),
    }
}
