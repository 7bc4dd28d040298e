use serde_json::{Value, json};

use super::super::stage::{NOWHERE, Stage, locked_netbox, netbox};
use super::*;
use crate::engine::Condition;
use crate::reconcile::fixtures::key;

/// A Property on which somebody asks for a sync.
fn asking() -> Stage {
    let mut stage = Stage::new();
    stage.property(&json!({ "metadata": { "annotations": { annotation::SYNC_REQUESTED_AT: "now" } } }));
    stage
}

fn at(url: &str) -> Value {
    json!({ "spec": { "lenelS2": { "url": url } } })
}

fn without_secret() -> Value {
    json!({ "spec": { "credentialsSecretRef": { "name": "none" } } })
}

fn synced(stage: &Stage) -> bool {
    let tower = stage.pass.properties.get(&key("tower")).unwrap();
    stage.pass.children(&key("tower"), tower).synced
}

async fn handles(stage: &Stage, name: &str) {
    let mut state = stage.engine(name).state();
    let handled = state.wait_for(|state| state.handled_syncs.iter().any(|token| token == "now"));
    tokio::time::timeout(std::time::Duration::from_secs(30), handled).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_sync_counts_as_handled_though_an_integration_is_refused() {
    let (mut stage, box_) = (asking(), netbox().await);
    stage.integration("netbox", &at(&box_.url));
    stage.integration("broken", &without_secret());
    stage.integration("invalid", &json!({ "spec": { "resyncInterval": "soon" } }));
    stage.pass.connect().await;
    assert_eq!(stage.pass.refusals.len(), 2, "{:?}", stage.pass.refusals);
    handles(&stage, "netbox").await;
    assert!(synced(&stage), "the others say themselves what is wrong");
}

#[tokio::test]
async fn a_sync_counts_as_handled_though_a_system_refuses_the_login() {
    let (mut stage, box_, locked) = (asking(), netbox().await, locked_netbox().await);
    stage.integration("netbox", &at(&box_.url));
    stage.integration("locked", &at(&locked.url));
    stage.pass.connect().await;
    handles(&stage, "netbox").await;
    let mut state = stage.engine("locked").state();
    state.wait_for(|state| matches!(state.condition, Condition::Rejected(_))).await.unwrap();
    assert!(synced(&stage), "it says itself that a person is needed");
}

#[tokio::test]
async fn a_sync_waits_for_an_integration_that_is_still_starting() {
    let (mut stage, box_) = (asking(), netbox().await);
    stage.integration("netbox", &at(&box_.url));
    stage.integration("slow", &at(NOWHERE));
    stage.pass.connect().await;
    handles(&stage, "netbox").await;
    assert!(!synced(&stage));
}

#[tokio::test]
async fn nobody_has_handled_a_sync_where_all_integrations_are_refused() {
    let mut stage = asking();
    assert!(synced(&stage), "there is nothing to sync");
    stage.integration("broken", &without_secret());
    stage.integration("missing", &without_secret());
    stage.pass.connect().await;
    assert!(!synced(&stage));
}

#[tokio::test]
async fn a_sync_waits_for_an_integration_that_moves_to_another_system() {
    let (mut stage, old, new) = (asking(), netbox().await, netbox().await);
    stage.integration("steady", &at(&old.url));
    stage.integration("moving", &at(NOWHERE));
    stage.pass.connect().await;
    handles(&stage, "steady").await;
    stage.integration("moving", &at(&new.url));
    stage.pass.connect().await;
    assert!(stage.pass.refusals.contains_key(&key("moving")), "the former engine ends first");
    assert!(!synced(&stage));
    while !stage.pass.connections.contains_key(&key("moving")) {
        tokio::task::yield_now().await;
        stage.pass.connect().await;
    }
    // The new engine is asked as the former one was.
    handles(&stage, "moving").await;
    assert!(synced(&stage));
}
