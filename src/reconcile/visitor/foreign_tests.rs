use serde_json::{Value, json};

use crate::reconcile::fixtures::{at, jane, with};
use crate::reconcile::visitor::life_tests::{DURING, ours, ready};
use crate::reconcile::visitor::stage::Stage;

/// The object as it stands, with this written into its status by somebody else.
fn meddled(stage: &Stage, patch: &Value) -> Value {
    let status = serde_json::to_value(stage.object().unwrap().status.unwrap()).unwrap();
    with(ours(jane()), &json!({ "status": with(status, patch) }))
}

fn stalled() -> Value {
    json!({
        "type": "Stalled", "status": "True", "reason": "InvalidSpec", "message": "because I say so",
        "observedGeneration": 1, "lastTransitionTime": "2026-12-01T09:00:00Z",
    })
}

#[tokio::test]
async fn a_status_that_somebody_else_has_written_is_repaired_without_a_look_into_the_system() {
    let patches = [
        json!({ "conditions": [stalled()] }),
        json!({ "conditions": [], "records": null }),
        json!({ "observedGeneration": -1 }),
        json!({ "records": [{ "integration": "netbox", "externalId": "nobody" }] }),
    ];
    for patch in patches {
        let stage = ready().await;
        let before = stage.object().unwrap().status.unwrap();
        stage.calls();
        stage.tell(&meddled(&stage, &patch));
        let same = |stage: &Stage| {
            let status = stage.object().unwrap().status.unwrap_or_default();
            status.status.same_without_times(&before.status) && status.records == before.records
        };
        stage.until("repaired", same).await;
        stage.rest().await;
        assert_eq!(stage.calls(), ["PATCH status"], "{patch}");
    }
}

#[tokio::test]
async fn what_others_change_beside_the_status_costs_no_call() {
    let stage = ready().await;
    stage.calls();
    let label = json!({ "metadata": { "labels": { "team": "doors" } } });
    stage.tell(&with(meddled(&stage, &json!({})), &label));
    stage.rest().await;
    assert_eq!(stage.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_status_that_was_emptied_while_the_record_is_on_its_way_is_written_when_there_is_something_to_say()
{
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", crate::reconcile::visitor::life_tests::lobby())]);
    stage.tell(&jane());
    stage.tell(&with(jane(), &json!({ "status": { "conditions": [stalled()] } })));
    stage.rest().await;
    stage.run("netbox").await;
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    let status = stage.object().unwrap().status.unwrap().status;
    assert!(status.condition("Stalled").is_none());
}
