//! After a start one short list is no proof. A Visitor that was deleted meanwhile keeps no access because of it.

use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::testbed::{Person, Testbed, View, visitor};

/// A building with three visitors, whose controller has stopped and whose NetBox will return an empty list once.
async fn stopped(name: &str) -> Testbed {
    let mut testbed = Testbed::new(name).await;
    for name in ["ada", "bob", "eve"] {
        testbed.apply(visitor(name, json!({}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed.stop().await;
    testbed.netbox.forget_calls();
    testbed.netbox.fault(json!({"kind": "short", "operation": "SearchPersonData", "keep": 0, "times": 1}));
    testbed
}

fn is_in(people: &[Person], name: &str) -> bool {
    people.iter().any(|person| person.email == format!("{name}@example.org"))
}

#[tokio::test]
async fn a_visitor_deleted_while_the_controller_is_stopped_has_no_record_when_its_object_is_gone() {
    let mut testbed = stopped("refused").await;
    testbed
        .netbox
        .fault(json!({"kind": "fail", "operation": "GetPerson", "text": "Database error", "times": 2}));
    testbed.delete("Visitor", "ada").await;
    testbed.start().await;
    testbed.gone("Visitor", "ada").await;
    let people = testbed.netbox.people().await;
    assert!(!is_in(&people, "ada") && people.len() == 2, "{people:#?}");
    for name in ["bob", "eve"] {
        testbed.until("Visitor", name, "is ready", View::is_ready).await;
    }
    testbed.agrees().await;
}

#[tokio::test]
async fn the_same_holds_for_a_visitor_whose_status_names_no_record() {
    let mut testbed = stopped("unnamed").await;
    // The state after a process was killed between the record and the status.
    let nameless = Patch::Merge(json!({"status": {"records": null}}));
    testbed.api("Visitor").patch_status("ada", &PatchParams::default(), &nameless).await.unwrap();
    testbed.delete("Visitor", "ada").await;
    testbed.start().await;
    testbed.gone("Visitor", "ada").await;
    let people = testbed.netbox.people().await;
    assert!(!is_in(&people, "ada") && people.len() == 2, "{people:#?}");
    assert_eq!(testbed.netbox.called("SearchPersonData"), 2, "one list more, and no third");
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_deleted_while_the_controller_is_stopped_removes_its_records() {
    let mut testbed = stopped("integration").await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.start().await;
    testbed.gone("AccessIntegration", "netbox").await;
    assert_eq!(testbed.netbox.people().await.len(), 0);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_property_deleted_while_the_controller_is_stopped_removes_its_records() {
    let mut testbed = stopped("building").await;
    testbed.delete("Property", "tower").await;
    testbed.start().await;
    testbed.gone("Property", "tower").await;
    assert_eq!(testbed.netbox.people().await.len(), 0);
    testbed.agrees().await;
}
