//! The watch and the rows on a real API server, with and without streamed lists.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot make its own input has failed")]

use std::time::Duration;

use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, ResourceExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;
use vestibule::cluster::FINALIZER;
use vestibule::cluster::object::{DecodedObject, RawObject};
use vestibule::cluster::rows::{Table, Todo};
use vestibule::cluster::watch::{self, Event, Scope};
use vestibule_core::identity::ObjectId;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Spec {
    last_name: String,
}

type Guest = DecodedObject<Spec, Value>;

struct World {
    guests: Api<DynamicObject>,
    live: Api<RawObject<Spec, Value>>,
    rows: Table<()>,
    events: Receiver<Event<Guest>>,
}

impl World {
    async fn new(kubeconfig: &str) -> Self {
        let config = Kubeconfig::read_from(kubeconfig).unwrap();
        let config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await.unwrap();
        let client = watch::client(config).unwrap();
        let namespace = "rows".to_owned();
        let core = Api::<DynamicObject>::all_with(client.clone(), &kind("", "v1", "Namespace"));
        apply(&core, &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))
            .await;
        define(&client).await;
        let guest = kind("rows.example.com", "v1", "Guest");
        let scopes = Scope::of(std::slice::from_ref(&namespace));
        let guests = Api::namespaced_with(client.clone(), &namespace, &guest);
        guests.delete_collection(&DeleteParams::default(), &kube::api::ListParams::default()).await.unwrap();
        for (name, spec) in [
            ("a", json!({"last_name": "A"})),
            ("b", json!({"last_name": 7})),
            ("c", json!({"last_name": "C"})),
        ] {
            let object = json!({"apiVersion": "rows.example.com/v1", "kind": "Guest", "metadata": {"name": name}, "spec": spec});
            apply(&guests, &object).await;
        }
        let events = watch::watch(&client, &guest, &scopes);
        let live = Api::namespaced_with(client, &namespace, &guest);
        Self { guests, live, rows: Table::new(ObjectId::of_visitor, &scopes), events }
    }

    /// The received events, up to the first word that starts like this.
    async fn until(&mut self, last: &str) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        while !said.iter().any(|word| word.starts_with(last)) {
            let event = timeout(Duration::from_secs(20), self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("waiting for {last}, got {said:?}")).unwrap();
            if let Event::Interrupted(why) = &event {
                said.push(format!("interrupted {why}"));
            }
            said.extend(self.rows.on(event).iter().map(word));
        }
        said
    }

    async fn merge(&self, name: &str, patch: Value) {
        self.guests.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }
}

fn word(todo: &Todo<Guest, ()>) -> String {
    match todo {
        Todo::Reconcile(_, object) => {
            let spec = object.spec.as_ref().map_or_else(Clone::clone, |spec| spec.last_name.clone());
            format!(
                "seen {} {spec} {}",
                object.meta.key.name,
                if object.meta.deleting { "deleting" } else { "" }
            )
        }
        Todo::Newer(_, object) => format!("newer {}", object.meta.key.name),
        Todo::Gone(_, stone) => format!("gone {} {}", stone.key.name, stone.was_ours),
        Todo::Vanished(_) => "vanished".to_owned(),
        Todo::ListDone => "list done".to_owned(),
    }
}

fn kind(group: &str, version: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

async fn apply(api: &Api<DynamicObject>, object: &Value) {
    let parsed: DynamicObject = serde_json::from_value(object.clone()).unwrap();
    match api.create(&PostParams::default(), &parsed).await {
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        answer => drop(answer.unwrap()),
    }
}

async fn define(client: &Client) {
    let crds = Api::<DynamicObject>::all_with(
        client.clone(),
        &kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
    );
    let schema = json!({"type": "object", "properties": {
        "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}});
    let names = json!({"kind": "Guest", "plural": "guests", "singular": "guest"});
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "guests.rows.example.com"},
        "spec": {"group": "rows.example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    });
    apply(&crds, &crd).await;
    let established = kube::runtime::conditions::is_crd_established();
    let crds = Api::all(client.clone());
    timeout(
        Duration::from_secs(20),
        kube::runtime::wait::await_condition(crds, "guests.rows.example.com", established),
    )
    .await
    .unwrap()
    .unwrap();
}

async fn a_life(world: &mut World) {
    let mut listed = world.until("list done").await;
    listed.sort();
    assert_eq!(
        listed,
        ["list done", "seen a A ", "seen b spec.last_name cannot be read: expected a string ", "seen c C "]
    );

    // The controller's own write: its answer comes first, its event is an echo. A status and a label of others cause no
    // reconciliation.
    let object_id = world.rows.iter().find(|row| world.rows.key_of(row).name == "b").unwrap().object_id();
    let uid = world.rows.row(object_id).unwrap().uid().to_string();
    let patch = json!({"metadata": {"uid": uid, "finalizers": [FINALIZER]}});
    let answer = world.live.patch("b", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    assert!(matches!(world.rows.on(Event::Answer(answer.into_seen()))[..], [Todo::Newer(..)]));
    let status = json!({"status": {"noted": true}});
    world.live.patch_status("b", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    world.merge("b", json!({"metadata": {"labels": {"noise": "yes"}}})).await;
    world.merge("a", json!({"spec": {"last_name": "AA"}})).await;
    assert_eq!(world.until("seen a").await, ["newer b", "newer b", "seen a AA "]);
    assert!(world.rows.row(object_id).unwrap().is_ours());

    // A patch with another uid is refused, which protects against a stale cache.
    let fenced =
        json!({"metadata": {"uid": "0a1b2c3d-4e5f-6789-abcd-ef0123456789", "finalizers": [FINALIZER]}});
    let refused = world.live.patch("c", &PatchParams::default(), &Patch::Merge(fenced)).await.unwrap_err();
    assert!(matches!(refused, kube::Error::Api(status) if status.code == 409 || status.code == 422));

    world.guests.delete("b", &DeleteParams::default()).await.unwrap();
    let said = world.until("seen b").await;
    assert_eq!(said, ["seen b spec.last_name cannot be read: expected a string deleting"]);
    world.merge("b", json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(world.until("gone b").await, ["gone b true"]);
    world.guests.delete("c", &DeleteParams::default()).await.unwrap();
    let again = json!({"apiVersion": "rows.example.com/v1", "kind": "Guest", "metadata": {"name": "c"}, "spec": {"last_name": "C2"}});
    apply(&world.guests, &again).await;
    assert_eq!(world.until("seen c").await, ["gone c false", "seen c C2 "]);
    assert_eq!(world.guests.get("a").await.unwrap().name_any(), "a");
}

#[tokio::test]
#[ignore = "names a running API server: KUBECONFIG_FOR_TESTS"]
async fn rows_follow_a_real_server() {
    let kubeconfig = std::env::var("KUBECONFIG_FOR_TESTS").unwrap();
    a_life(&mut World::new(&kubeconfig).await).await;
}
