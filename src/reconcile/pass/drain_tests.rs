use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};
use vestibule_core::status::Status;

use super::super::stage::Stage;
use crate::api::annotation;
use crate::reconcile::fixtures::{key, with};

/// A mode that only a later version knows.
fn unreadable() -> Value {
    json!({ "spec": { "mode": "Sometimes" } })
}

fn going(spec: Value) -> Value {
    with(spec, &json!({ "metadata": { "deletionTimestamp": "2026-12-01T08:30:00Z" } }))
}

/// What the integration says of itself.
fn told(stage: &Stage) -> String {
    let object = stage.pass.integrations.get(&key("netbox")).unwrap();
    let state = stage.engine("netbox").state().borrow().clone();
    let status = stage.pass.integration_verdict(object, Some(&state), false, None).unwrap();
    let status = status.settle(&Status::default(), object.meta.generation, Timestamp::UNIX_EPOCH);
    let ready = status.condition("Ready").unwrap();
    format!("{} {}", ready.reason, ready.message)
}

#[tokio::test]
async fn a_deletion_removes_nothing_before_it_can_be_read_what_is_to_become_of_the_records() {
    let mut stage = Stage::new();
    stage.integration("netbox", &json!({}));
    stage.pass.connect().await;
    stage.integration("netbox", &going(unreadable()));
    stage.pass.connect().await;
    stage.pass.publish();
    assert_eq!(stage.engine("netbox").diagnostics()["draining"], false);
    assert!(stage.published.borrow().frozen.contains(&key("netbox")), "nor do its visitors lose anything");
    let said = told(&stage);
    for part in ["DeletionFailed", "spec.mode cannot be read", "deletionPolicy", annotation::ABANDON] {
        assert!(said.contains(part), "{said}");
    }
    stage.integration("netbox", &going(json!({})));
    stage.pass.connect().await;
    assert_eq!(stage.engine("netbox").diagnostics()["draining"], true);
}

/// The integrations that a deletion of the Property waits for.
fn draining(stage: &Stage) -> Vec<String> {
    stage.pass.drain_property(stage.pass.properties.get(&key("tower")).unwrap())
}

#[tokio::test]
async fn a_property_waits_for_an_integration_whose_spec_cannot_be_read() {
    let mut stage = Stage::new();
    stage.property(&json!({ "metadata": { "name": "castle" } }));
    stage.integration("netbox", &json!({}));
    stage.integration("elsewhere", &json!({ "spec": { "propertyRef": { "name": "castle" } } }));
    stage.pass.connect().await;
    for name in ["netbox", "elsewhere"] {
        stage.integration(name, &unreadable());
    }
    stage.pass.connect().await;
    assert_eq!(draining(&stage), ["netbox"], "and not for the one of the castle");
    let children = stage.pass.children(&key("tower"), stage.pass.properties.get(&key("tower")).unwrap());
    assert_eq!((children.integrations, &*children.not_ready), (1, &["netbox".to_owned()][..]));
    assert_eq!(stage.engine("netbox").diagnostics()["draining"], false, "deletionPolicy is not known");
    let abandoned = json!({ "metadata": { "annotations": { annotation::ABANDON: "true" } } });
    stage.integration("netbox", &with(unreadable(), &abandoned));
    assert_eq!(draining(&stage), [""; 0]);
}

#[tokio::test]
async fn after_a_restart_an_integration_whose_spec_cannot_be_read_may_serve_any_property() {
    let mut stage = Stage::new();
    stage.integration("netbox", &unreadable());
    stage.pass.connect().await;
    assert_eq!(draining(&stage), ["netbox"]);
    stage.integration("netbox", &with(unreadable(), &json!({ "metadata": { "finalizers": [] } })));
    assert_eq!(draining(&stage), [""; 0], "it was never connected");
}

#[tokio::test]
async fn what_was_given_up_is_given_up_once_however_late_the_watch_is() {
    let mut stage = Stage::new();
    let orphan = with(going(json!({})), &json!({ "spec": { "deletionPolicy": "Orphan" } }));
    stage.integration("netbox", &orphan);
    for _ in 0..3 {
        stage.pass.connect().await;
    }
    assert_eq!(stage.patches.load(Ordering::Relaxed), 1);
    assert!(stage.pass.connections.is_empty());
    stage.lose("netbox");
    stage.pass.connect().await;
    assert!(stage.pass.gone.is_empty(), "and is forgotten then");
}

#[tokio::test]
async fn a_deletion_that_no_connection_can_be_made_for_says_why_and_how_it_can_be_given_up() {
    for url in ["http://169.254.169.254", "http://127.0.0.1:9/a/path"] {
        let mut stage = Stage::new();
        stage.integration("netbox", &going(json!({ "spec": { "lenelS2": { "url": url } } })));
        stage.pass.connect().await;
        assert!(stage.pass.connections.is_empty());
        let object = stage.pass.integrations.get(&key("netbox")).unwrap();
        let status = stage.pass.integration_verdict(object, None, false, None).unwrap();
        let status = status.settle(&Status::default(), object.meta.generation, Timestamp::UNIX_EPOCH);
        let message = &status.condition("Ready").unwrap().message;
        let parts = ["its records cannot be removed: ", "To leave them there, annotate", annotation::ABANDON];
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[tokio::test]
async fn an_integration_that_goes_without_our_finalizer_is_not_connected_for_it() {
    let mut stage = Stage::new();
    let foreign = json!({ "metadata": { "finalizers": ["example.org/other"] } });
    stage.integration("netbox", &with(going(json!({})), &foreign));
    stage.pass.connect().await;
    stage.pass.publish();
    assert!(stage.pass.connections.is_empty());
    assert!(stage.published.borrow().integrations.is_empty(), "no visitor waits for it");
}
