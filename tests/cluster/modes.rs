//! What may be written: modes and suspension.

use serde_json::{Value, json};
use vestibule_core::status::{Kstatus, Truth};

use crate::stage::{Person, Stage, View, integration, property, visitor};

impl Stage {
    /// Sets the mode, and waits until the engine works by it.
    async fn mode(&self, mode: &str) {
        self.apply(integration(&self.netbox.url(), json!({"mode": mode}))).await;
        self.until("AccessIntegration", "netbox", "takes the mode", View::ends_kubectl_wait).await;
    }
}

#[tokio::test]
async fn observe_writes_nothing_and_records_nothing_as_done() {
    let stage = Stage::new("observe").await;
    stage.mode("Observe").await;
    let observes = stage.view("AccessIntegration", "netbox");
    assert_eq!(observes.condition("Synced").map(|it| it.reason.as_str()), Some("ObserveOnly"));
    stage.apply(visitor("ada", json!({}))).await;
    let ada = stage.reads("Visitor", "ada", "ObserveOnly").await;
    assert_eq!(ada.kstatus(), Kstatus::Current);
    let synced = ada.condition("Synced").unwrap();
    assert_eq!((synced.status, synced.reason.as_str()), (Truth::False, "DriftDetected"));
    assert!(ada.finalizers.is_empty() && !ada.has_record());
    stage.set_clock("2026-12-01T14:40:00Z");
    stage.sync("again").await;
    let differs = |view: &View| view.condition("Synced").is_some_and(|it| it.reason == "DriftDetected");
    stage.until("AccessIntegration", "netbox", "says that the system differs", differs).await;
    assert_eq!(stage.netbox.writes(), [].into());
    // Nothing was noted as done: once it may, all of it is done.
    stage.mode("Enforce").await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(stage.netbox.people().await.len(), 1);
    stage.agrees().await;
}

#[tokio::test]
async fn observe_leaves_alone_what_was_changed_and_what_was_deleted() {
    let stage = Stage::new("handsoff").await;
    for name in ["ada", "bob"] {
        stage.apply(visitor(name, json!({}))).await;
        stage.reads("Visitor", name, "Succeeded").await;
    }
    stage.mode("Observe").await;
    stage.netbox.forget_calls();
    stage.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    let ada = stage.reads("Visitor", "ada", "ObserveOnly").await;
    assert_eq!(ada.condition("Synced").map(|it| it.reason.as_str()), Some("DriftDetected"));
    // The object goes, the record stays.
    stage.delete("Visitor", "bob").await;
    stage.gone("Visitor", "bob").await;
    stage.sync("again").await;
    assert_eq!(stage.netbox.writes(), [].into());
    assert_eq!(stage.netbox.people().await.len(), 2);
    stage.agrees().await;
}

#[tokio::test]
async fn create_only_makes_and_neither_changes_nor_removes() {
    let stage = Stage::new("createonly").await;
    stage.mode("CreateOnly").await;
    stage.apply(visitor("ada", json!({}))).await;
    let before = stage.reads("Visitor", "ada", "Succeeded").await;
    stage.netbox.forget_calls();
    stage.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    let ada = stage.reads("Visitor", "ada", "NotSupportedBySystem").await;
    assert_eq!(ada.kstatus(), Kstatus::Failed);
    assert!(ada.message().contains("CreateOnly") && ada.message().contains("Enforce"), "{}", ada.message());
    assert_eq!(stage.netbox.person("ada@example.org").await.id, before.external_id());
    stage.delete("Visitor", "ada").await;
    stage.gone("Visitor", "ada").await;
    assert_eq!(stage.netbox.writes(), [].into());
    assert_eq!(stage.netbox.people().await.len(), 1, "what the mode may not remove stays");
    stage.agrees().await;
}

#[tokio::test]
async fn upsert_repairs_what_somebody_changed_and_removes_nothing() {
    let stage = Stage::new("upsert").await;
    stage.mode("Upsert").await;
    stage.apply(visitor("ada", json!({}))).await;
    let ada = stage.reads("Visitor", "ada", "Succeeded").await;
    let id = ada.external_id().to_owned();
    stage.netbox.edit(&json!({"action": "modify_person", "id": id, "add_levels": ["Facilities"]}));
    stage.sync("drift").await;
    let repaired = |people: &[Person]| people.iter().all(|one| one.levels == ["Acme Visitors", "Lobby"]);
    stage.netbox.until("the level is taken away", repaired).await;
    stage.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    stage.reads("Visitor", "ada", "NotSupportedBySystem").await;
    assert_eq!(stage.netbox.person("ada@example.org").await.id, id);
    assert_eq!(stage.netbox.called("RemovePerson"), 0);
    // Once removals are allowed, the replacement is made.
    stage.mode("Enforce").await;
    let after = stage.reads("Visitor", "ada", "Succeeded").await;
    assert_ne!(after.external_id(), id);
    assert_eq!(stage.netbox.person("ada@example.org").await.exp_date.as_deref(), Some("2026-12-01 18:00:00"));
    stage.agrees().await;
}

#[tokio::test]
async fn a_suspended_integration_opens_nothing_and_closes_all_the_same() {
    suspends("suspended", integration_suspended, "AccessIntegration", "netbox").await;
}

#[tokio::test]
async fn a_suspended_property_opens_nothing_and_closes_all_the_same() {
    suspends("closed", property_suspended, "Property", "tower").await;
}

fn integration_suspended(stage: &Stage, suspend: bool) -> Value {
    integration(&stage.netbox.url(), json!({"suspend": suspend}))
}

fn property_suspended(_: &Stage, suspend: bool) -> Value {
    property(json!({"suspend": suspend}))
}

async fn suspends(name: &str, object: fn(&Stage, bool) -> Value, kind: &str, called: &str) {
    let stage = Stage::new(name).await;
    for name in ["ada", "bob"] {
        stage.apply(visitor(name, json!({}))).await;
        stage.reads("Visitor", name, "Succeeded").await;
    }
    stage.apply(object(&stage, true)).await;
    let suspended = stage.reads(kind, called, "Suspended").await;
    assert!(suspended.is_ready(), "it was in sync, and still is");
    stage.netbox.forget_calls();
    let version = stage.view("Visitor", "ada").resource_version;
    // New ones are not let in, changed ones keep what they have, deleted ones go.
    stage.apply(visitor("eve", json!({}))).await;
    let eve = stage.reads("Visitor", "eve", "Suspended").await;
    assert_eq!((eve.kstatus(), eve.is_ready()), (Kstatus::InProgress, false));
    stage.delete("Visitor", "bob").await;
    stage.gone("Visitor", "bob").await;
    assert_eq!(stage.netbox.writes(), [("RemovePerson".to_owned(), 1)].into());
    assert_eq!(stage.view("Visitor", "ada").resource_version, version, "nothing is pending for her");
    // Midnight removes as on any day.
    stage.apply(visitor("max", json!({"visit": {"from": "2026-12-02"}}))).await;
    stage.set_clock("2026-12-02T05:00:00Z");
    stage.reads("Visitor", "ada", "Expired").await;
    stage.reads("Visitor", "max", "Suspended").await;
    assert!(stage.netbox.people().await.is_empty());
    assert_eq!(stage.netbox.called("AddPerson"), 0);
    // And on it goes.
    stage.apply(object(&stage, false)).await;
    stage.reads("Visitor", "max", "Succeeded").await;
    stage.reads("Visitor", "eve", "Expired").await;
    assert_eq!(stage.netbox.people().await.len(), 1);
    stage.agrees().await;
}

#[tokio::test]
async fn a_replacement_waits_as_a_whole_while_suspended() {
    let stage = Stage::new("waits").await;
    stage.apply(visitor("ada", json!({}))).await;
    let before = stage.reads("Visitor", "ada", "Succeeded").await;
    stage.apply(integration_suspended(&stage, true)).await;
    stage.reads("AccessIntegration", "netbox", "Suspended").await;
    stage.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    stage.reads("Visitor", "ada", "Suspended").await;
    assert_eq!(stage.netbox.person("ada@example.org").await.id, before.external_id());
    stage.apply(integration_suspended(&stage, false)).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(stage.netbox.person("ada@example.org").await.exp_date.as_deref(), Some("2026-12-01 18:00:00"));
    stage.agrees().await;
}
