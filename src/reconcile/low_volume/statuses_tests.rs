use serde_json::{Value, json};

use super::super::testbed::{NOWHERE, Testbed, locked_netbox, netbox};
use super::*;
use crate::engine::ConnectionState;
use crate::reconcile::fixtures::key;

/// A Property with a sync request.
fn asking() -> Testbed {
    let mut testbed = Testbed::new();
    testbed.property(&json!({ "metadata": { "annotations": { annotation::SYNC_REQUESTED_AT: "now" } } }));
    testbed
}

fn at(url: &str) -> Value {
    json!({ "spec": { "lenelS2": { "url": url } } })
}

fn without_secret() -> Value {
    json!({ "spec": { "credentialsSecretRef": { "name": "none" } } })
}

fn synced(testbed: &Testbed) -> bool {
    let tower = testbed.pass.properties.get(&key("tower")).unwrap();
    testbed.pass.children(&key("tower"), tower).synced
}

async fn handles(testbed: &Testbed, name: &str) {
    let mut state = testbed.engine(name).state();
    let handled = state.wait_for(|state| state.handled_syncs.iter().any(|token| token == "now"));
    tokio::time::timeout(std::time::Duration::from_secs(30), handled).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_sync_counts_as_handled_though_an_integration_is_refused() {
    let (mut testbed, simulator) = (asking(), netbox().await);
    testbed.integration("netbox", &at(&simulator.url));
    testbed.integration("broken", &without_secret());
    testbed.integration("invalid", &json!({ "spec": { "resyncInterval": "soon" } }));
    testbed.pass.connect().await;
    assert_eq!(testbed.pass.refusals.len(), 2, "{:?}", testbed.pass.refusals);
    handles(&testbed, "netbox").await;
    assert!(synced(&testbed), "the others say themselves what is wrong");
}

#[tokio::test]
async fn a_sync_counts_as_handled_though_a_system_refuses_the_login() {
    let (mut testbed, simulator, locked) = (asking(), netbox().await, locked_netbox().await);
    testbed.integration("netbox", &at(&simulator.url));
    testbed.integration("locked", &at(&locked.url));
    testbed.pass.connect().await;
    handles(&testbed, "netbox").await;
    let mut state = testbed.engine("locked").state();
    state.wait_for(|state| matches!(state.condition, ConnectionState::Rejected(_))).await.unwrap();
    assert!(synced(&testbed), "it says itself that a person is needed");
}

#[tokio::test]
async fn a_sync_waits_for_an_integration_that_is_still_starting() {
    let (mut testbed, simulator) = (asking(), netbox().await);
    testbed.integration("netbox", &at(&simulator.url));
    testbed.integration("slow", &at(NOWHERE));
    testbed.pass.connect().await;
    handles(&testbed, "netbox").await;
    assert!(!synced(&testbed));
}

#[tokio::test]
async fn a_sync_is_not_handled_while_all_integrations_are_refused() {
    let mut testbed = asking();
    assert!(synced(&testbed), "there is nothing to sync");
    testbed.integration("broken", &without_secret());
    testbed.integration("missing", &without_secret());
    testbed.pass.connect().await;
    assert!(!synced(&testbed));
}

#[tokio::test]
async fn a_sync_waits_for_an_integration_that_moves_to_another_system() {
    let (mut testbed, old, new) = (asking(), netbox().await, netbox().await);
    testbed.integration("steady", &at(&old.url));
    testbed.integration("moving", &at(NOWHERE));
    testbed.pass.connect().await;
    handles(&testbed, "steady").await;
    testbed.integration("moving", &at(&new.url));
    testbed.pass.connect().await;
    assert!(testbed.pass.refusals.contains_key(&key("moving")), "the former engine ends first");
    assert!(!synced(&testbed));
    while !testbed.pass.connections.contains_key(&key("moving")) {
        tokio::task::yield_now().await;
        testbed.pass.connect().await;
    }
    // The new engine gets the same request.
    handles(&testbed, "moving").await;
    assert!(synced(&testbed));
}
