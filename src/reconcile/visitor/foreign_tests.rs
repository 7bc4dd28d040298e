use serde_json::{Value, json};

use crate::reconcile::fixtures::{at, jane, with};
use crate::reconcile::visitor::life_tests::{DURING, ours, ready};
use crate::reconcile::visitor::testbed::Testbed;

/// The present object, after another client has written this patch into its status.
fn overwritten(testbed: &Testbed, patch: &Value) -> Value {
    let status = serde_json::to_value(testbed.object().unwrap().status.unwrap()).unwrap();
    with(ours(jane()), &json!({ "status": with(status, patch) }))
}

fn stalled() -> Value {
    json!({
        "type": "Stalled", "status": "True", "reason": "InvalidSpec", "message": "because I say so",
        "observedGeneration": 1, "lastTransitionTime": "2026-12-01T09:00:00Z",
    })
}

#[tokio::test]
async fn a_status_that_another_client_has_written_is_repaired_without_a_call_to_the_system() {
    let patches = [
        json!({ "conditions": [stalled()] }),
        json!({ "conditions": [], "records": null }),
        json!({ "observedGeneration": -1 }),
        json!({ "records": [{ "integration": "netbox", "externalId": "unknown" }] }),
    ];
    for patch in patches {
        let testbed = ready().await;
        let before = testbed.object().unwrap().status.unwrap();
        testbed.calls();
        testbed.tell(&overwritten(&testbed, &patch));
        let same = |testbed: &Testbed| {
            let status = testbed.object().unwrap().status.unwrap_or_default();
            status.status.same_without_times(&before.status) && status.records == before.records
        };
        testbed.until("repaired", same).await;
        testbed.rest().await;
        assert_eq!(testbed.calls(), ["PATCH status"], "{patch}");
    }
}

#[tokio::test]
async fn a_foreign_change_outside_the_status_costs_no_call() {
    let testbed = ready().await;
    testbed.calls();
    let label = json!({ "metadata": { "labels": { "team": "doors" } } });
    testbed.tell(&with(overwritten(&testbed, &json!({})), &label));
    testbed.rest().await;
    assert_eq!(testbed.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_status_that_was_emptied_during_work_is_written_when_there_is_a_result() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", crate::reconcile::visitor::life_tests::lobby())]);
    testbed.tell(&jane());
    testbed.tell(&with(jane(), &json!({ "status": { "conditions": [stalled()] } })));
    testbed.rest().await;
    testbed.run("netbox").await;
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    let status = testbed.object().unwrap().status.unwrap().status;
    assert!(status.condition("Stalled").is_none());
}
