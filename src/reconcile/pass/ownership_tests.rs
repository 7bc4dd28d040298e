use serde_json::{Value, json};

use super::super::stage::Stage;
use crate::reconcile::fixtures::key;

fn knows(stage: &Stage, owner_id: &str) -> bool {
    stage.pass.neighbours.contains(owner_id)
}

fn status(owner_id: &str) -> Value {
    json!({ "status": { "observedGeneration": 1, "conditions": [], "ownerId": owner_id } })
}

#[tokio::test]
async fn neighbours_are_all_integrations_by_the_owner_id_that_each_uses() {
    let mut stage = Stage::new();
    stage.integration("default", &json!({}));
    stage.integration("declared", &json!({ "spec": { "ownerId": "agreed" } }));
    stage.integration("restored", &status("old/hq/netbox"));
    stage.integration("unreadable", &json!({ "spec": { "mode": "Sometimes" } }));
    stage.pass.connect().await;
    for owner_id in ["cluster/hq/default", "agreed", "old/hq/netbox", "cluster/hq/unreadable"] {
        assert!(knows(&stage, owner_id), "{owner_id}");
    }
    for owner_id in ["cluster/hq/declared", "cluster/hq/renamed", "cluster/lab/netbox", "old/hq/other"] {
        assert!(!knows(&stage, owner_id), "{owner_id}");
    }
    let before = std::sync::Arc::clone(&stage.pass.neighbours);
    stage.pass.connect().await;
    assert!(std::sync::Arc::ptr_eq(&before, &stage.pass.neighbours), "nothing new, nothing made");
    stage.lose("default");
    stage.pass.connect().await;
    assert!(!knows(&stage, "cluster/hq/default"), "after a rename nobody uses the former id");
}

#[tokio::test]
async fn an_owner_id_is_in_the_status_only_of_an_integration_that_has_records() {
    let mut stage = Stage::new();
    stage.integration("netbox", &json!({}));
    stage.pass.connect().await;
    let state = stage.engine("netbox").state().borrow().clone();
    assert!(!state.claims_owner_id);
    assert_eq!(
        stage.pass.owner_id_of(stage.pass.integrations.get(&key("netbox")).unwrap()),
        "cluster/hq/netbox"
    );
}

#[tokio::test]
async fn of_two_integrations_the_older_has_its_default_id_before_it_has_written() {
    let mut stage = Stage::new();
    let born =
        |day: u8| json!({ "metadata": { "creationTimestamp": format!("2026-12-{day:02}T12:00:00Z") } });
    stage.integration("older", &born(1));
    let claiming = json!({ "metadata": born(2)["metadata"], "spec": { "ownerId": "cluster/hq/older" } });
    stage.integration("younger", &claiming);
    stage.pass.connect().await;
    assert!(stage.pass.connections.contains_key(&key("older")));
    let refusal = stage.pass.refusals[&key("younger")].to_string();
    assert!(refusal.contains("older"), "{refusal}");
}
