use serde_json::{Value, json};

use super::super::testbed::Testbed;
use crate::reconcile::fixtures::key;

fn knows(testbed: &Testbed, owner_id: &str) -> bool {
    testbed.pass.neighbours.contains(owner_id)
}

fn status(owner_id: &str) -> Value {
    json!({ "status": { "observedGeneration": 1, "conditions": [], "ownerId": owner_id } })
}

#[tokio::test]
async fn neighbours_are_the_owner_ids_that_all_integrations_use() {
    let mut testbed = Testbed::new();
    testbed.integration("default", &json!({}));
    testbed.integration("declared", &json!({ "spec": { "ownerId": "agreed" } }));
    testbed.integration("restored", &status("old/hq/netbox"));
    testbed.integration("unreadable", &json!({ "spec": { "mode": "Sometimes" } }));
    testbed.pass.connect().await;
    for owner_id in ["cluster/hq/default", "agreed", "old/hq/netbox", "cluster/hq/unreadable"] {
        assert!(knows(&testbed, owner_id), "{owner_id}");
    }
    for owner_id in ["cluster/hq/declared", "cluster/hq/renamed", "cluster/lab/netbox", "old/hq/other"] {
        assert!(!knows(&testbed, owner_id), "{owner_id}");
    }
    let before = std::sync::Arc::clone(&testbed.pass.neighbours);
    testbed.pass.connect().await;
    assert!(
        std::sync::Arc::ptr_eq(&before, &testbed.pass.neighbours),
        "without a change there is no new value"
    );
    testbed.lose("default");
    testbed.pass.connect().await;
    assert!(!knows(&testbed, "cluster/hq/default"), "after a rename no integration uses the former id");
}

#[tokio::test]
async fn an_owner_id_is_in_the_status_only_of_an_integration_that_has_records() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &json!({}));
    testbed.pass.connect().await;
    let state = testbed.engine("netbox").state().borrow().clone();
    assert!(!state.claims_owner_id);
    assert_eq!(
        testbed.pass.owner_id_of(testbed.pass.integrations.get(&key("netbox")).unwrap()),
        "cluster/hq/netbox"
    );
}

#[tokio::test]
async fn the_older_of_two_integrations_has_its_default_id_before_it_has_written() {
    let mut testbed = Testbed::new();
    let born =
        |day: u8| json!({ "metadata": { "creationTimestamp": format!("2026-12-{day:02}T12:00:00Z") } });
    testbed.integration("older", &born(1));
    let claiming = json!({ "metadata": born(2)["metadata"], "spec": { "ownerId": "cluster/hq/older" } });
    testbed.integration("younger", &claiming);
    testbed.pass.connect().await;
    assert!(testbed.pass.connections.contains_key(&key("older")));
    let refusal = testbed.pass.refusals[&key("younger")].to_string();
    assert!(refusal.contains("older"), "{refusal}");
}
