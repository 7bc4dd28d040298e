//! The definitions on a real API server: it accepts them, and answers every broken rule with its sentence.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is surprised")]

use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt};
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule::api::{GROUP, VERSION, Visitor};
use vestibule::cli::examples;

#[path = "../crds_rules/relations.rs"]
mod relations;
#[allow(dead_code, reason = "the server judges every case, so the field is not read here")]
#[path = "../crds_rules/table.rs"]
mod table;

use table::{Case, edited};

use crate::harness;

/// The API of the kind that `object` has.
fn api_of(client: &Client, namespace: &str, object: &Value) -> Api<DynamicObject> {
    let kind = object["kind"].as_str().unwrap();
    let plural = match kind {
        "Property" => "properties".to_owned(),
        _ => format!("{}s", kind.to_lowercase()),
    };
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, VERSION, kind), &plural);
    Api::namespaced_with(client.clone(), namespace, &resource)
}

fn dynamic(object: &Value) -> DynamicObject {
    serde_json::from_value(object.clone()).unwrap()
}

fn dry_run() -> PostParams {
    PostParams { dry_run: true, ..PostParams::default() }
}

fn strictly() -> PatchParams {
    PatchParams::apply("crds-test").validation_strict()
}

/// Stores the object before the change, with its status, and tries the change on it.
async fn try_change(
    client: &Client,
    namespace: &str,
    case: &Case,
    before: &Value,
    number: usize,
) -> kube::Result<()> {
    let name = format!("{}-{number}", case.fixture);
    let named = |mut object: Value| {
        object["metadata"]["name"] = json!(name);
        object
    };
    let api = api_of(client, namespace, before);
    let mut stored = api.create(&PostParams::default(), &dynamic(&named(before.clone()))).await?;
    if let Some(status) = before.get("status") {
        let patch = Patch::Merge(json!({ "status": status }));
        stored = api.patch_status(&name, &PatchParams::default(), &patch).await?;
    }
    let mut changed = dynamic(&named(edited(case.fixture, &case.edits)));
    changed.metadata.resource_version = stored.resource_version();
    api.replace(&name, &dry_run(), &changed).await.map(drop)
}

async fn try_case(client: &Client, namespace: &str, case: &Case, number: usize) -> kube::Result<()> {
    if let Some(edits) = &case.before {
        return try_change(client, namespace, case, &edited(case.fixture, edits), number).await;
    }
    let object = edited(case.fixture, &case.edits);
    api_of(client, namespace, &object).create(&dry_run(), &dynamic(&object)).await.map(drop)
}

/// The error in the server's answer, if there is one.
fn judge(case: &Case, answer: kube::Result<()>) -> Option<String> {
    match (case.accepted, answer) {
        (true, Ok(())) => None,
        (false, Err(kube::Error::Api(it))) if it.code == 422 && it.message.contains(case.sentence) => None,
        (_, answer) => {
            Some(format!("{} {:?}: accepted = {}: {answer:?}", case.fixture, case.edits, case.accepted))
        }
    }
}

#[tokio::test]
async fn every_rule_decides_the_same_on_the_server_as_without_one() {
    let namespace = harness::namespace("crds").await;
    let mut wrong = Vec::new();
    for (number, case) in table::cases().iter().enumerate() {
        wrong.extend(judge(case, try_case(&namespace.client(), namespace.name(), case, number).await));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Applies objects repeatedly and refuses unknown fields: nothing may change. The second time the server stores the
/// default of status that it only showed before, so the third is compared with the second.
async fn repeatedly(client: &Client, namespace: &str, objects: impl IntoIterator<Item = Value>) {
    for object in objects {
        let api = api_of(client, namespace, &object);
        let name = object["metadata"]["name"].as_str().unwrap();
        let first = api.patch(name, &strictly(), &Patch::Apply(&object)).await.unwrap();
        assert_eq!(first.data["status"], json!({ "observedGeneration": -1 }), "{name}");
        assert_eq!(first.data["spec"], object["spec"], "{name} was defaulted or pruned");
        let second = api.patch(name, &strictly(), &Patch::Apply(&object)).await.unwrap();
        let third = api.patch(name, &strictly(), &Patch::Apply(&object)).await.unwrap();
        assert_eq!(second.resource_version(), third.resource_version(), "{name}");
        assert_eq!(third.metadata.generation, Some(1), "{name}");
    }
}

#[tokio::test]
async fn the_shipped_examples_are_taken_and_applying_them_again_changes_nothing() {
    let namespace = harness::namespace("crds").await;
    let objects = examples::BUILDING.iter().chain(&examples::KINDS).flat_map(|(_, text)| {
        serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap())
    });
    let ours = objects.filter(|it| it["apiVersion"] == format!("{GROUP}/{VERSION}")).map(|mut it| {
        it["metadata"]["namespace"] = json!(namespace.name());
        it
    });
    repeatedly(&namespace.client(), namespace.name(), ours).await;
}

#[tokio::test]
async fn every_field_that_can_be_selected_by_selects() {
    let namespace = harness::namespace("crds").await;
    let selectors = [
        ("netbox", "spec.propertyRef.name=hq", 3),
        ("lobby-0a1b2c3d", "spec.integrationRef.name=netbox", 1),
        ("acme", "spec.propertyRef.name=hq", 1),
        ("ada", "spec.email=ada@example.org", 1),
        ("ada", "spec.tenantRef.name=acme", 1),
        ("charles", "spec.tenantRef.name=acme", 1),
        ("charles", "spec.visit.from=2026-12-01", 1),
        ("charles", "spec.visit.from=2026-12-02", 0),
        ("ada-day-desk", "spec.planRef.name=day-desk", 1),
        ("new-hire", "spec.propertyRef.name=hq", 1),
    ];
    repeatedly(&namespace.client(), namespace.name(), table::fixtures().iter().cloned()).await;
    for (fixture, selector, expected) in selectors {
        let api = api_of(&namespace.client(), namespace.name(), &table::fixture(fixture));
        let found = api.list(&ListParams::default().fields(selector)).await.unwrap();
        assert_eq!(found.items.len(), expected, "{fixture} {selector}");
    }
}

#[tokio::test]
async fn a_status_is_written_and_read_back_as_it_was() {
    let namespace = harness::namespace("crds").await;
    let visitors: Api<Visitor> = namespace.api();
    let visitor: Visitor = serde_json::from_value(table::fixture("charles")).unwrap();
    let made = visitors.create(&PostParams::default(), &visitor).await.unwrap();
    assert_eq!(made.status.unwrap().observed_generation, -1);
    let status = json!({
        "observedGeneration": 1,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "observedGeneration": 1,
            "lastTransitionTime": "2026-12-01T14:00:00Z",
        }],
        "records": [{ "integration": "netbox", "externalId": "vs-0a1b2c" }],
        "dummyEmail": "0a1b2c@visitor.invalid",
    });
    let apply = json!({ "apiVersion": format!("{GROUP}/{VERSION}"), "kind": "Visitor", "status": status });
    let written = visitors.patch_status("charles", &strictly(), &Patch::Apply(&apply)).await.unwrap();
    assert_eq!(serde_json::to_value(written.status).unwrap(), status);
    assert_eq!(written.spec, visitor.spec);
}
