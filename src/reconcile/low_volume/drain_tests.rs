use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};
use vestibule_core::status::Status;

use super::super::testbed::Testbed;
use crate::api::annotation;
use crate::reconcile::fixtures::{key, with};

/// A mode that only a later version knows.
fn unreadable() -> Value {
    json!({ "spec": { "mode": "Sometimes" } })
}

fn going(spec: Value) -> Value {
    with(spec, &json!({ "metadata": { "deletionTimestamp": "2026-12-01T08:30:00Z" } }))
}

/// The Ready condition of the integration.
fn ready(testbed: &Testbed) -> String {
    let object = testbed.pass.integrations.get(&key("netbox")).unwrap();
    let state = testbed.engine("netbox").state().borrow().clone();
    let status = testbed.pass.integration_verdict(object, Some(&state), false, None).unwrap();
    let status = status.settle(&Status::default(), object.meta.generation, Timestamp::UNIX_EPOCH);
    let ready = status.condition("Ready").unwrap();
    format!("{} {}", ready.reason, ready.message)
}

#[tokio::test]
async fn a_deletion_removes_nothing_before_the_deletion_policy_can_be_read() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &json!({}));
    testbed.pass.connect().await;
    testbed.integration("netbox", &going(unreadable()));
    testbed.pass.connect().await;
    testbed.pass.publish();
    assert_eq!(testbed.engine("netbox").diagnostics()["draining"], false);
    assert!(testbed.published.borrow().frozen.contains(&key("netbox")), "nor do its visitors lose anything");
    let said = ready(&testbed);
    for part in ["DeletionFailed", "spec.mode cannot be read", "deletionPolicy", annotation::ABANDON] {
        assert!(said.contains(part), "{said}");
    }
    testbed.integration("netbox", &going(json!({})));
    testbed.pass.connect().await;
    assert_eq!(testbed.engine("netbox").diagnostics()["draining"], true);
}

/// The integrations that a deletion of the Property waits for.
fn draining(testbed: &Testbed) -> Vec<String> {
    testbed.pass.drain_property(testbed.pass.properties.get(&key("tower")).unwrap())
}

#[tokio::test]
async fn a_property_waits_for_an_integration_with_an_unreadable_spec() {
    let mut testbed = Testbed::new();
    testbed.property(&json!({ "metadata": { "name": "castle" } }));
    testbed.integration("netbox", &json!({}));
    testbed.integration("elsewhere", &json!({ "spec": { "propertyRef": { "name": "castle" } } }));
    testbed.pass.connect().await;
    for name in ["netbox", "elsewhere"] {
        testbed.integration(name, &unreadable());
    }
    testbed.pass.connect().await;
    assert_eq!(draining(&testbed), ["netbox"], "and not for the one of the castle");
    let children = testbed.pass.children(&key("tower"), testbed.pass.properties.get(&key("tower")).unwrap());
    assert_eq!((children.integrations, &*children.not_ready), (1, &["netbox".to_owned()][..]));
    assert_eq!(testbed.engine("netbox").diagnostics()["draining"], false, "deletionPolicy is not known");
    let abandoned = json!({ "metadata": { "annotations": { annotation::ABANDON: "true" } } });
    testbed.integration("netbox", &with(unreadable(), &abandoned));
    assert_eq!(draining(&testbed), [""; 0]);
}

#[tokio::test]
async fn after_a_restart_an_integration_with_an_unreadable_spec_may_serve_any_property() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &unreadable());
    testbed.pass.connect().await;
    assert_eq!(draining(&testbed), ["netbox"]);
    testbed.integration("netbox", &with(unreadable(), &json!({ "metadata": { "finalizers": [] } })));
    assert_eq!(draining(&testbed), [""; 0], "it was never connected");
}

#[tokio::test]
async fn records_are_given_up_once_however_late_the_watch_is() {
    let mut testbed = Testbed::new();
    let orphan = with(going(json!({})), &json!({ "spec": { "deletionPolicy": "Orphan" } }));
    testbed.integration("netbox", &orphan);
    for _ in 0..3 {
        testbed.pass.connect().await;
    }
    assert_eq!(testbed.patches.load(Ordering::Relaxed), 1);
    assert!(testbed.pass.connections.is_empty());
    testbed.lose("netbox");
    testbed.pass.connect().await;
    assert!(testbed.pass.gone.is_empty(), "and is forgotten then");
}

#[tokio::test]
async fn a_deletion_without_a_possible_connection_says_why_and_how_to_abandon_it() {
    for url in ["http://169.254.169.254", "http://127.0.0.1:9/a/path"] {
        let mut testbed = Testbed::new();
        testbed.integration("netbox", &going(json!({ "spec": { "lenelS2": { "url": url } } })));
        testbed.pass.connect().await;
        assert!(testbed.pass.connections.is_empty());
        let object = testbed.pass.integrations.get(&key("netbox")).unwrap();
        let status = testbed.pass.integration_verdict(object, None, false, None).unwrap();
        let status = status.settle(&Status::default(), object.meta.generation, Timestamp::UNIX_EPOCH);
        let message = &status.condition("Ready").unwrap().message;
        let parts = ["its records cannot be removed: ", "To leave them there, annotate", annotation::ABANDON];
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[tokio::test]
async fn an_integration_that_is_deleted_without_our_finalizer_is_not_connected_for_it() {
    let mut testbed = Testbed::new();
    let foreign = json!({ "metadata": { "finalizers": ["example.org/other"] } });
    testbed.integration("netbox", &with(going(json!({})), &foreign));
    testbed.pass.connect().await;
    testbed.pass.publish();
    assert!(testbed.pass.connections.is_empty());
    assert!(testbed.published.borrow().integrations.is_empty(), "no visitor waits for it");
}

/// The message of an integration under deletion that has no engine.
fn message(testbed: &Testbed) -> String {
    let object = testbed.pass.integrations.get(&key("netbox")).unwrap();
    let status = testbed.pass.integration_verdict(object, None, false, None).unwrap();
    let status = status.settle(&Status::default(), object.meta.generation, Timestamp::UNIX_EPOCH);
    status.condition("Ready").unwrap().message.clone()
}

#[tokio::test]
async fn a_deletion_without_its_secret_in_a_namespace_that_is_being_deleted_names_a_remedy_that_works() {
    // The API server of this test knows no Namespace, as if it were deleted.
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &going(json!({ "spec": { "credentialsSecretRef": { "name": "none" } } })));
    testbed.pass.connect().await;
    let said = message(&testbed);
    assert!(said.contains("by hand") && said.contains(annotation::ABANDON), "{said}");
    assert!(!said.contains("with the keys"), "{said}");
}

#[tokio::test]
async fn a_deletion_uses_the_last_known_login_when_its_secret_is_gone() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &json!({}));
    testbed.pass.connect().await;
    testbed.has_secret.store(false, Ordering::Relaxed);
    testbed.integration("netbox", &going(json!({})));
    testbed.pass.connect().await;
    let key = key("netbox");
    assert!(testbed.pass.connections.contains_key(&key) && !testbed.pass.refusals.contains_key(&key));
    // Another engine can be started too.
    testbed.pass.disconnect(&key);
    testbed.pass.stopping.remove(&key).unwrap().await.unwrap();
    testbed.pass.connect().await;
    assert!(testbed.pass.connections.contains_key(&key));
}

#[tokio::test]
async fn a_deletion_after_a_move_to_an_address_that_never_answered_ends_and_one_without_a_move_waits() {
    for (listed, ends) in [("netbox.example.org", true), ("127.0.0.1:9", false)] {
        let status =
            json!({ "observedGeneration": 1, "conditions": [], "records": 2, "connectedTo": listed });
        let mut testbed = Testbed::new();
        testbed.integration("netbox", &json!({ "status": status }));
        testbed.pass.connect().await;
        let mut state = testbed.engine("netbox").state();
        state.wait_for(|state| !state.condition.message().is_empty()).await.unwrap();
        assert_eq!(draining(&testbed).is_empty(), ends, "{listed}: with its Property");
        testbed.integration("netbox", &going(json!({ "status": status })));
        testbed.pass.connect().await;
        assert_eq!(testbed.pass.gone.contains_key(&key("netbox")), ends, "{listed}");
    }
}
