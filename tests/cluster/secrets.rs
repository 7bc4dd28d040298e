//! The watch of labelled Secrets' metadata on a real API server.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::sync::mpsc::Receiver;
use vestibule::cluster::secrets::{LABEL, watch};
use vestibule::cluster::watch::Scope;
use vestibule_core::model::ObjectKey;

use crate::harness;

async fn next(changes: &mut Receiver<ObjectKey>) -> String {
    let next = tokio::time::timeout(Duration::from_mins(1), changes.recv()).await;
    next.expect("a change is reported").expect("the watch goes on").name
}

#[tokio::test]
async fn labelled_secrets_are_reported_when_created_rotated_and_deleted_and_others_never() {
    let namespace = harness::namespace("secrets").await;
    let secrets = namespace.api::<Secret>();
    let secret = |name: &str, labels| {
        serde_json::from_value::<Secret>(json!({
            "metadata": { "name": name, "labels": labels }, "stringData": { "password": "one" } }))
        .unwrap()
    };
    let create = PostParams::default();
    secrets.create(&create, &secret("before", json!({ LABEL: "" }))).await.unwrap();
    secrets.create(&create, &secret("stranger", json!({}))).await.unwrap();
    let mut changes = watch(&namespace.client(), &Scope::of(&[namespace.name().to_owned()]));
    assert_eq!(next(&mut changes).await, "before");

    secrets.create(&create, &secret("later", json!({ LABEL: "netbox" }))).await.unwrap();
    assert_eq!(next(&mut changes).await, "later");

    let rotated = Patch::Merge(json!({ "stringData": { "password": "two" } }));
    secrets.patch("stranger", &PatchParams::default(), &rotated).await.unwrap();
    secrets.patch("before", &PatchParams::default(), &rotated).await.unwrap();
    assert_eq!(next(&mut changes).await, "before", "and no Secret without the label before it");

    secrets.delete("later", &DeleteParams::default()).await.unwrap();
    assert_eq!(next(&mut changes).await, "later");
}
