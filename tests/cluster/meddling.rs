//! A status that others have written is overwritten on every kind, and none of their fields is left.

use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::testbed::{Testbed, View, visitor};

const KINDS: [(&str, &str); 4] =
    [("Property", "tower"), ("AccessIntegration", "netbox"), ("Tenant", "acme"), ("Visitor", "ada")];

fn condition(type_: &str, status: &str, reason: &str) -> Value {
    json!({
        "type": type_, "status": status, "reason": reason, "message": "because I say so", "observedGeneration": 1,
        "lastTransitionTime": "2026-12-01T09:00:00Z",
    })
}

async fn write_status(testbed: &Testbed, kind: &str, name: &str, status: Value) {
    let api: Api<DynamicObject> = testbed.api(kind);
    let patch = Patch::Merge(json!({ "status": status }));
    let written = api.patch_status(name, &PatchParams::default(), &patch).await.unwrap();
    testbed.caught_up(kind, name, &written).await;
}

/// A status without times: the time of a repair is a new one.
fn without_times(view: &View) -> Value {
    let mut status = view.status.clone();
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        condition["lastTransitionTime"] = Value::Null;
    }
    status
}

#[tokio::test]
async fn a_status_that_others_have_written_is_repaired_on_every_kind() {
    let testbed = Testbed::new("meddling").await;
    testbed.expect_meddling();
    testbed.apply(visitor("ada", json!({}))).await;
    let sync = "access.vestibule.dev/sync-requested-at";
    testbed.annotate("Property", "tower", sync, "one").await;
    testbed
        .until("Property", "tower", "has handled it", |view| view.status["lastHandledSyncAt"] == "one")
        .await;
    testbed.sync("two").await;
    testbed.agrees().await;
    let meddled = [
        json!({ "conditions": [condition("Stalled", "True", "InvalidSpec"), condition("Ready", "False", "InvalidSpec")] }),
        json!({ "conditions": [condition("Doors", "True", "Open")] }),
        json!({ "conditions": null, "observedGeneration": 0 }),
    ];
    for (kind, name) in KINDS {
        let before = without_times(&testbed.reads(kind, name, "Succeeded").await);
        for status in &meddled {
            write_status(&testbed, kind, name, status.clone()).await;
            let repaired = |view: &View| without_times(view) == before;
            testbed.until(kind, name, &format!("is repaired after {status}"), repaired).await;
        }
    }
    // Fields that the controller copies from its former status.
    let carried = [
        (
            "AccessIntegration",
            "netbox",
            json!({ "ownerId": "mine", "lastHandledSyncAt": "never", "leftBehind": 7 }),
        ),
        ("Property", "tower", json!({ "lastHandledSyncAt": "never", "counts": null })),
        ("Tenant", "acme", json!({ "importedBy": "a person" })),
    ];
    for (kind, name, status) in carried {
        let before = without_times(&testbed.view(kind, name));
        write_status(&testbed, kind, name, status.clone()).await;
        testbed.until(kind, name, "is repaired", |view| without_times(view) == before).await;
    }
    let plan = json!({"grants": [{"integrationRef": {"name": "netbox"}, "groups": ["Lobby"]}]});
    testbed.apply(json!({"kind": "AccessPlan", "metadata": {"name": "desk"}, "spec": plan})).await;
    let before = without_times(&testbed.reads("AccessPlan", "desk", "NotSupported").await);
    for status in meddled {
        write_status(&testbed, "AccessPlan", "desk", status.clone()).await;
        testbed.until("AccessPlan", "desk", "is repaired", |view| without_times(view) == before).await;
    }
    testbed.agrees().await;
}

#[tokio::test]
async fn an_owner_id_that_another_client_writes_while_no_controller_runs_is_not_used() {
    let mut testbed = Testbed::new("foreign-owner").await;
    testbed.expect_meddling();
    testbed.apply(visitor("ada", json!({"credentialNumber": "7001"}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    let owner = testbed.view("AccessIntegration", "netbox").status["ownerId"].clone();
    testbed.stop().await;
    write_status(&testbed, "AccessIntegration", "netbox", json!({ "ownerId": "evil/owner" })).await;
    testbed.start().await;
    testbed.until("AccessIntegration", "netbox", "is repaired", |it| it.status["ownerId"] == owner).await;
    testbed.sync("repaired").await;
    assert_eq!(testbed.reads("Visitor", "ada", "Succeeded").await.external_id(), ada.external_id());
    assert_eq!(testbed.netbox.people().await.len(), 1, "{}", testbed.netbox);
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert!(testbed.netbox.people().await.is_empty(), "{}", testbed.netbox);
    testbed.agrees().await;
}
