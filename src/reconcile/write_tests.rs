use super::*;
use crate::reconcile::fixtures::{UID, jane, read, with};

fn meta(patch: &Value) -> Meta {
    read::<Value, Value>(&with(jane(), patch)).meta
}

#[test]
fn a_patch_of_finalizers_fails_on_any_other_object_and_on_any_other_version() {
    let operation = json!({ "op": "remove", "path": "/metadata/finalizers/1" });
    let expected = json!([
        { "op": "test", "path": "/metadata/uid", "value": UID },
        { "op": "test", "path": "/metadata/resourceVersion", "value": "10" },
        operation,
    ]);
    assert_eq!(fenced(&meta(&json!({})), &operation), expected);
}

#[test]
fn a_fenced_patch_changes_the_version_that_was_read_and_no_other() {
    let operation = json!({ "op": "remove", "path": "/metadata/finalizers/1" });
    let finalizers = json!({ "metadata": { "finalizers": ["example.com/a", FINALIZER, "example.com/b"] } });
    let seen = with(jane(), &finalizers);
    let patch: json_patch::Patch = serde_json::from_value(fenced(&meta(&finalizers), &operation)).unwrap();
    let mut live = seen.clone();
    json_patch::patch(&mut live, &patch).unwrap();
    assert_eq!(live["metadata"]["finalizers"], json!(["example.com/a", "example.com/b"]));
    let others = [
        json!({ "metadata": { "resourceVersion": "11", "finalizers": [FINALIZER, "example.com/a"] } }),
        json!({ "metadata": { "uid": "ffffffff-4e5f-6789-abcd-ef0123456789" } }),
    ];
    for other in others {
        let mut live = with(seen.clone(), &other);
        assert!(json_patch::patch(&mut live, &patch).is_err(), "{other}");
    }
}

#[tokio::test]
async fn a_replica_without_the_lease_writes_neither_a_status_nor_a_finalizer() {
    use std::sync::Arc;

    let service = tower::service_fn(|request: http::Request<kube::client::Body>| async move {
        Err::<http::Response<kube::client::Body>, _>(format!("{} was called", request.uri()))
    });
    let client = Client::new(service, "hq");
    let lost = Fence::never_open(Arc::new(crate::clock::SystemClock));
    let resource = ApiResource::erase::<crate::api::Visitor>(&());
    let writer = Writer { events: Events::new(client.clone()), client, resource, fence: lost };
    let (meta, status) = (meta(&json!({})), Status::default());
    let errors = [
        writer.status::<Value, Status>(&meta, &status, &status, &status).await.unwrap_err(),
        writer.finalizer::<Value, Value>(&meta, true).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("does not hold the leader's lease"), "{error}");
    }
}

#[tokio::test]
async fn every_write_names_its_field_manager() {
    use std::sync::Arc;

    let service = tower::service_fn(|request: http::Request<kube::client::Body>| async move {
        Err::<http::Response<kube::client::Body>, _>(format!("called: {}", request.uri()))
    });
    let client = Client::new(service, "hq");
    let fence = Fence::always_open(Arc::new(crate::clock::SystemClock));
    let resource = ApiResource::erase::<crate::api::Visitor>(&());
    let writer = Writer { events: Events::new(client.clone()), client, resource, fence };
    let (meta, status) = (meta(&json!({})), Status::default());
    let sent = [
        writer.status::<Value, Value>(&meta, &status, &status, &json!({})).await.unwrap_err(),
        writer.finalizer::<Value, Value>(&meta, true).await.unwrap_err(),
    ];
    for sent in sent {
        let sent = crate::cluster::client::sentence(&sent);
        assert!(sent.contains("fieldManager=access.vestibule.dev%2Fcontroller"), "{sent}");
    }
}
