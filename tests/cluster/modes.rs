//! Modes and suspension: which writes they allow.

use serde_json::{Value, json};
use vestibule_core::status::{Kstatus, Truth};

use crate::testbed::{Person, Testbed, View, integration, property, visitor};

impl Testbed {
    /// Sets the mode, and waits until the engine uses it.
    async fn mode(&self, mode: &str) {
        self.apply(integration(&self.netbox.url(), json!({"mode": mode}))).await;
        self.until("AccessIntegration", "netbox", "takes the mode", View::ends_kubectl_wait).await;
    }
}

#[tokio::test]
async fn observe_writes_nothing_and_records_nothing_as_done() {
    let testbed = Testbed::new("observe").await;
    testbed.mode("Observe").await;
    let observes = testbed.view("AccessIntegration", "netbox");
    assert_eq!(observes.condition("Synced").map(|it| it.reason.as_str()), Some("ObserveOnly"));
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "ObserveOnly").await;
    assert_eq!(ada.kstatus(), Kstatus::Current);
    let synced = ada.condition("Synced").unwrap();
    assert_eq!((synced.status, synced.reason.as_str()), (Truth::False, "DriftDetected"));
    assert!(ada.finalizers.is_empty() && !ada.has_record());
    testbed.set_clock("2026-12-01T14:40:00Z");
    testbed.sync("again").await;
    let differs = |view: &View| view.condition("Synced").is_some_and(|it| it.reason == "DriftDetected");
    testbed.until("AccessIntegration", "netbox", "says that the system differs", differs).await;
    assert_eq!(testbed.netbox.writes(), [].into());
    // Nothing was recorded as done: once the mode allows it, all of it is done.
    testbed.mode("Enforce").await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn observe_leaves_changed_and_deleted_visitors_alone() {
    let testbed = Testbed::new("handsoff").await;
    for name in ["ada", "bob"] {
        testbed.apply(visitor(name, json!({}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed.mode("Observe").await;
    testbed.netbox.forget_calls();
    testbed.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    let ada = testbed.reads("Visitor", "ada", "ObserveOnly").await;
    assert_eq!(ada.condition("Synced").map(|it| it.reason.as_str()), Some("DriftDetected"));
    // The object is deleted, the record stays.
    testbed.delete("Visitor", "bob").await;
    testbed.gone("Visitor", "bob").await;
    testbed.sync("again").await;
    assert_eq!(testbed.netbox.writes(), [].into());
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn create_only_creates_and_neither_changes_nor_removes() {
    let testbed = Testbed::new("createonly").await;
    testbed.mode("CreateOnly").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.netbox.forget_calls();
    testbed.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    let ada = testbed.reads("Visitor", "ada", "NotSupportedBySystem").await;
    assert_eq!(ada.kstatus(), Kstatus::Failed);
    assert!(ada.message().contains("CreateOnly") && ada.message().contains("Enforce"), "{}", ada.message());
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, before.external_id());
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert_eq!(testbed.netbox.writes(), [].into());
    assert_eq!(testbed.netbox.people().await.len(), 1, "a record that the mode may not remove stays");
    testbed.agrees().await;
}

#[tokio::test]
async fn upsert_repairs_a_changed_record_and_removes_nothing() {
    let testbed = Testbed::new("upsert").await;
    testbed.mode("Upsert").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    let id = ada.external_id().to_owned();
    testbed.netbox.edit(&json!({"action": "modify_person", "id": id, "add_levels": ["Facilities"]}));
    testbed.sync("drift").await;
    let repaired = |people: &[Person]| people.iter().all(|one| one.levels == ["Acme Visitors", "Lobby"]);
    testbed.netbox.until("the level is taken away", repaired).await;
    testbed.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    testbed.reads("Visitor", "ada", "NotSupportedBySystem").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, id);
    assert_eq!(testbed.netbox.called("RemovePerson"), 0);
    // Once removals are allowed, the replacement is created.
    testbed.mode("Enforce").await;
    let after = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_ne!(after.external_id(), id);
    assert_eq!(
        testbed.netbox.person("ada@example.org").await.exp_date.as_deref(),
        Some("2026-12-01 18:00:00")
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_suspended_integration_opens_nothing_and_still_closes() {
    suspends("suspended", integration_suspended, "AccessIntegration", "netbox").await;
}

#[tokio::test]
async fn a_suspended_property_opens_nothing_and_still_closes() {
    suspends("closed", property_suspended, "Property", "tower").await;
}

fn integration_suspended(testbed: &Testbed, suspend: bool) -> Value {
    integration(&testbed.netbox.url(), json!({"suspend": suspend}))
}

fn property_suspended(_: &Testbed, suspend: bool) -> Value {
    property(json!({"suspend": suspend}))
}

async fn suspends(name: &str, object: fn(&Testbed, bool) -> Value, kind: &str, called: &str) {
    let testbed = Testbed::new(name).await;
    for name in ["ada", "bob"] {
        testbed.apply(visitor(name, json!({}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed.apply(object(&testbed, true)).await;
    let suspended = testbed.reads(kind, called, "Suspended").await;
    assert!(suspended.is_ready(), "it was in sync, and still is");
    testbed.netbox.forget_calls();
    let version = testbed.view("Visitor", "ada").resource_version;
    // New visitors are not let in, changed ones keep their access, deleted ones are removed.
    testbed.apply(visitor("eve", json!({}))).await;
    let eve = testbed.reads("Visitor", "eve", "Suspended").await;
    assert_eq!((eve.kstatus(), eve.is_ready()), (Kstatus::InProgress, false));
    testbed.delete("Visitor", "bob").await;
    testbed.gone("Visitor", "bob").await;
    assert_eq!(testbed.netbox.writes(), [("RemovePerson".to_owned(), 1)].into());
    assert_eq!(testbed.view("Visitor", "ada").resource_version, version, "nothing is pending for her");
    // Midnight removes records as on any day.
    testbed.apply(visitor("max", json!({"visit": {"from": "2026-12-02"}}))).await;
    testbed.set_clock("2026-12-02T05:00:00Z");
    testbed.reads("Visitor", "ada", "Expired").await;
    testbed.reads("Visitor", "max", "Suspended").await;
    assert!(testbed.netbox.people().await.is_empty());
    assert_eq!(testbed.netbox.called("AddPerson"), 0);
    // After the suspension the work continues.
    testbed.apply(object(&testbed, false)).await;
    testbed.reads("Visitor", "max", "Succeeded").await;
    testbed.reads("Visitor", "eve", "Expired").await;
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_replacement_waits_as_a_whole_while_suspended() {
    let testbed = Testbed::new("waits").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(integration_suspended(&testbed, true)).await;
    testbed.reads("AccessIntegration", "netbox", "Suspended").await;
    testbed.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    testbed.reads("Visitor", "ada", "Suspended").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, before.external_id());
    testbed.apply(integration_suspended(&testbed, false)).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(
        testbed.netbox.person("ada@example.org").await.exp_date.as_deref(),
        Some("2026-12-01 18:00:00")
    );
    testbed.agrees().await;
}
