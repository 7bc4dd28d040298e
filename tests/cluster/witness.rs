//! After a start one short list is one witness: whatever was deleted meanwhile, nobody keeps access by it.

use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::stage::{Person, Stage, View, visitor};

/// A building with three visitors in it, whose controller has stopped and whose NetBox will list nobody once.
async fn stopped(name: &str) -> Stage {
    let mut stage = Stage::new(name).await;
    for name in ["ada", "bob", "eve"] {
        stage.apply(visitor(name, json!({}))).await;
        stage.reads("Visitor", name, "Succeeded").await;
    }
    stage.stop().await;
    stage.netbox.forget_calls();
    stage.netbox.fault(json!({"kind": "short", "operation": "SearchPersonData", "keep": 0, "times": 1}));
    stage
}

fn is_in(people: &[Person], name: &str) -> bool {
    people.iter().any(|person| person.email == format!("{name}@example.org"))
}

#[tokio::test]
async fn a_visitor_deleted_while_the_controller_is_away_is_out_when_its_object_is_gone() {
    let mut stage = stopped("refused").await;
    stage
        .netbox
        .fault(json!({"kind": "fail", "operation": "GetPerson", "text": "Database error", "times": 2}));
    stage.delete("Visitor", "ada").await;
    stage.start().await;
    stage.gone("Visitor", "ada").await;
    let people = stage.netbox.people().await;
    assert!(!is_in(&people, "ada") && people.len() == 2, "{people:#?}");
    for name in ["bob", "eve"] {
        stage.until("Visitor", name, "is ready", View::is_ready).await;
    }
    stage.agrees().await;
}

#[tokio::test]
async fn so_is_one_whose_status_names_no_record() {
    let mut stage = stopped("unnamed").await;
    // As a process leaves it that is killed between the record and the status.
    let nameless = Patch::Merge(json!({"status": {"records": null}}));
    stage.api("Visitor").patch_status("ada", &PatchParams::default(), &nameless).await.unwrap();
    stage.delete("Visitor", "ada").await;
    stage.start().await;
    stage.gone("Visitor", "ada").await;
    let people = stage.netbox.people().await;
    assert!(!is_in(&people, "ada") && people.len() == 2, "{people:#?}");
    assert_eq!(stage.netbox.called("SearchPersonData"), 2, "one list more, and no third");
    stage.agrees().await;
}

#[tokio::test]
async fn an_integration_deleted_while_the_controller_is_away_takes_its_records_along() {
    let mut stage = stopped("integration").await;
    stage.delete("AccessIntegration", "netbox").await;
    stage.start().await;
    stage.gone("AccessIntegration", "netbox").await;
    assert_eq!(stage.netbox.people().await.len(), 0);
    stage.agrees().await;
}

#[tokio::test]
async fn so_does_a_property() {
    let mut stage = stopped("building").await;
    stage.delete("Property", "tower").await;
    stage.start().await;
    stage.gone("Property", "tower").await;
    assert_eq!(stage.netbox.people().await.len(), 0);
    stage.agrees().await;
}
