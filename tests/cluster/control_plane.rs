//! The control plane under these tests is a real API server with the controllers that a client notices.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace as NamespaceObject, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Resource};
use serde_json::json;
use vestibule_control_plane::{Options, Origin};

use crate::harness::{client, cluster, namespace, wait_for};

fn config_map(name: &str, owners: Option<Vec<OwnerReference>>) -> ConfigMap {
    let metadata =
        ObjectMeta { name: Some(name.to_owned()), owner_references: owners, ..ObjectMeta::default() };
    let data = BTreeMap::from([("door".to_owned(), "open".to_owned())]);
    ConfigMap { metadata, data: Some(data), ..ConfigMap::default() }
}

/// etcd and kube-apiserver alone have no controllers: see [`Origin::Assets`].
fn has_controllers() -> bool {
    !matches!(Options::from_env().unwrap().origin, Origin::Assets(_))
}

#[tokio::test]
async fn the_api_is_ready_and_says_its_version() {
    let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
    assert_eq!(client().request_text(request).await.unwrap(), "ok");
    let version = client().apiserver_version().await.unwrap();
    assert!(version.git_version.starts_with("v1."), "{}", version.git_version);
    assert!(cluster().control_plane().url().starts_with("https://"));
}

#[tokio::test]
async fn a_config_map_is_stored_changed_and_deleted() {
    let namespace = namespace("roundtrip").await;
    let api: Api<ConfigMap> = namespace.api();
    api.create(&PostParams::default(), &config_map("doors", None)).await.unwrap();
    let change = Patch::Merge(json!({"data": {"door": "closed"}}));
    api.patch("doors", &PatchParams::default(), &change).await.unwrap();
    assert_eq!(api.get("doors").await.unwrap().data.unwrap()["door"], "closed");
    api.delete("doors", &DeleteParams::default()).await.unwrap();
    assert!(api.get_opt("doors").await.unwrap().is_none());
}

#[tokio::test]
async fn two_namespaces_of_one_name_do_not_see_each_other() {
    let (one, other) = (namespace("apart").await, namespace("apart").await);
    assert_ne!(one.name(), other.name());
    one.api::<ConfigMap>().create(&PostParams::default(), &config_map("mine", None)).await.unwrap();
    assert!(other.api::<ConfigMap>().get_opt("mine").await.unwrap().is_none());
    let listed =
        one.api::<ConfigMap>().list(&ListParams::default().fields("metadata.name=mine")).await.unwrap();
    assert_eq!(listed.items.len(), 1);
}

#[tokio::test]
async fn a_namespace_gets_its_service_account_and_its_deletion_finishes() {
    if !has_controllers() {
        return;
    }
    let namespace = namespace("gone").await;
    let (name, client) = (namespace.name().to_owned(), client());
    let account = |object: Option<&ServiceAccount>| object.is_some();
    wait_for(namespace.api(), "default", "there is a service account", account).await;
    namespace.api::<ConfigMap>().create(&PostParams::default(), &config_map("inside", None)).await.unwrap();
    drop(namespace);
    let gone = |object: Option<&NamespaceObject>| object.is_none();
    wait_for(Api::all(client), &name, "the namespace is gone", gone).await;
}

#[tokio::test]
async fn owned_objects_are_collected_with_their_owner() {
    if !has_controllers() {
        return;
    }
    let namespace = namespace("owned").await;
    let api: Api<ConfigMap> = namespace.api();
    let owner = api.create(&PostParams::default(), &config_map("owner", None)).await.unwrap();
    let owners = owner.owner_ref(&()).map(|reference| vec![reference]);
    api.create(&PostParams::default(), &config_map("owned", owners)).await.unwrap();
    api.delete("owner", &DeleteParams::default()).await.unwrap();
    let gone = |object: Option<&ConfigMap>| object.is_none();
    wait_for(api, "owned", "the owned object is collected", gone).await;
}
