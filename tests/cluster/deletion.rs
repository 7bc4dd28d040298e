//! Deletion always ends, whatever else is gone or down.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::harness::wait_for;
use crate::stage::{Person, Stage, View, integration, visitor};

const ABANDON: &str = "access.vestibule.dev/abandon";

/// A building with two visitors in it.
async fn with_two(name: &str) -> Stage {
    let stage = Stage::new(name).await;
    for name in ["ada", "bob"] {
        stage.apply(visitor(name, json!({}))).await;
        stage.reads("Visitor", name, "Succeeded").await;
    }
    stage
}

#[tokio::test]
async fn a_deleted_integration_takes_its_records_along_and_leaves_its_visitors_waiting() {
    let stage = with_two("delete").await;
    stage.delete("AccessIntegration", "netbox").await;
    stage.gone("AccessIntegration", "netbox").await;
    assert!(stage.netbox.people().await.is_empty());
    let ada = stage.reads("Visitor", "ada", "DependencyNotReady").await;
    assert_eq!(ada.kstatus(), Kstatus::InProgress);
    // Her own deletion finds nobody to ask, and nothing to do.
    stage.delete("Visitor", "ada").await;
    stage.gone("Visitor", "ada").await;
    // The same integration again lets the other in again.
    stage.apply(integration(&stage.netbox.url(), json!({}))).await;
    stage.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(stage.netbox.person("bob@example.org").await.id, stage.view("Visitor", "bob").external_id());
    assert_eq!(stage.netbox.people().await.len(), 1);
    stage.agrees().await;
}

#[tokio::test]
async fn an_orphaning_integration_leaves_its_records_behind() {
    let stage = with_two("orphan").await;
    let before = stage.view("Visitor", "bob");
    stage.apply(integration(&stage.netbox.url(), json!({"deletionPolicy": "Orphan"}))).await;
    stage.netbox.forget_calls();
    stage.delete("AccessIntegration", "netbox").await;
    stage.gone("AccessIntegration", "netbox").await;
    assert_eq!(stage.netbox.writes(), [].into());
    assert_eq!(stage.netbox.people().await.len(), 2);
    // The visitors can go as well.
    stage.delete("Visitor", "ada").await;
    stage.gone("Visitor", "ada").await;
    // Made again it takes up its own.
    stage.apply(integration(&stage.netbox.url(), json!({}))).await;
    let bob = stage.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(bob.external_id(), before.external_id());
    assert_eq!(stage.netbox.called("AddPerson"), 0);
    stage.agrees().await;
}

#[tokio::test]
async fn a_single_visitor_is_removed_whatever_the_deletion_policy_says() {
    let stage = with_two("policy").await;
    stage.apply(integration(&stage.netbox.url(), json!({"deletionPolicy": "Orphan"}))).await;
    stage.delete("Visitor", "ada").await;
    stage.gone("Visitor", "ada").await;
    assert_eq!(stage.netbox.people().await.len(), 1);
    stage.agrees().await;
}

#[tokio::test]
async fn a_deleted_property_takes_the_records_of_its_integrations_along() {
    let stage = with_two("property").await;
    stage.delete("Property", "tower").await;
    stage.gone("Property", "tower").await;
    assert!(stage.netbox.people().await.is_empty());
    let waits = |ada: &View| ada.message().contains("Property tower") && !ada.has_record();
    stage.until("Visitor", "ada", "waits for the Property", waits).await;
    for (kind, name) in
        [("Visitor", "ada"), ("Visitor", "bob"), ("AccessIntegration", "netbox"), ("Tenant", "acme")]
    {
        stage.delete(kind, name).await;
        stage.gone(kind, name).await;
    }
    stage.agrees().await;
}

#[tokio::test]
async fn a_deleted_namespace_goes_though_its_secrets_go_first() {
    let stage = with_two("namespace").await;
    stage.delete("Secret", "login").await;
    // The login is still needed after the Secret is gone.
    stage.netbox.fault(json!({"kind": "session", "times": 1}));
    let (name, client) = (stage.namespace.name().to_owned(), stage.namespace.client());
    let namespaces: Api<Namespace> = Api::all(client);
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    for (kind, object) in
        [("Visitor", "ada"), ("Visitor", "bob"), ("AccessIntegration", "netbox"), ("Property", "tower")]
    {
        stage.gone(kind, object).await;
    }
    assert!(stage.netbox.people().await.is_empty());
    wait_for(namespaces, &name, "the namespace is gone", |it: Option<&Namespace>| it.is_none()).await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_deleted_namespace_leaves_the_records_of_an_orphaning_integration_behind() {
    let stage = with_two("left").await;
    stage.apply(integration(&stage.netbox.url(), json!({"deletionPolicy": "Orphan"}))).await;
    let (name, client) = (stage.namespace.name().to_owned(), stage.namespace.client());
    let namespaces: Api<Namespace> = Api::all(client);
    stage.netbox.forget_calls();
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    for visitor in ["ada", "bob"] {
        stage.gone("Visitor", visitor).await;
    }
    wait_for(namespaces, &name, "the namespace is gone", |it: Option<&Namespace>| it.is_none()).await;
    assert_eq!(stage.netbox.writes(), [].into());
    assert_eq!(stage.netbox.people().await.len(), 2);
    stage.agrees().await;
}

#[tokio::test]
async fn a_deletion_waits_for_a_system_that_is_down_and_ends_when_it_is_back() {
    let stage = with_two("down").await;
    stage.netbox.fault(json!({"kind": "refuse", "times": 0}));
    stage.delete("Visitor", "ada").await;
    let ada = stage.reads("Visitor", "ada", "DeletionFailed").await;
    assert_eq!(ada.kstatus(), Kstatus::Terminating);
    assert!(!ada.message().is_empty() && !ada.finalizers.is_empty());
    stage.netbox.mend();
    stage.set_clock("2026-12-01T14:20:00Z");
    stage.gone("Visitor", "ada").await;
    let people = stage.netbox.until("only Bob is left", |people| people.len() == 1).await;
    assert_eq!(people[0].email, "bob@example.org");
    stage.agrees().await;
}

#[tokio::test]
async fn an_abandoned_visitor_goes_and_its_record_stays() {
    let stage = with_two("abandon").await;
    stage.netbox.fault(json!({"kind": "refuse", "times": 0}));
    stage.delete("Visitor", "ada").await;
    stage.reads("Visitor", "ada", "DeletionFailed").await;
    stage.annotate("Visitor", "ada", ABANDON, "true").await;
    stage.gone("Visitor", "ada").await;
    assert_eq!(stage.netbox.people().await.len(), 2);
    stage.agrees().await;
}

#[tokio::test]
async fn an_abandoned_integration_goes_and_frees_its_visitors() {
    let stage = with_two("given-up").await;
    stage.netbox.fault(json!({"kind": "refuse", "times": 0}));
    stage.delete("Visitor", "ada").await;
    stage.delete("AccessIntegration", "netbox").await;
    stage.reads("AccessIntegration", "netbox", "DeletionFailed").await;
    stage.annotate("AccessIntegration", "netbox", ABANDON, "true").await;
    stage.gone("AccessIntegration", "netbox").await;
    stage.gone("Visitor", "ada").await;
    stage.delete("Visitor", "bob").await;
    stage.gone("Visitor", "bob").await;
    assert_eq!(stage.netbox.people().await.len(), 2);
    stage.agrees().await;
}

#[tokio::test]
async fn what_was_never_made_goes_at_once() {
    let stage = Stage::new("never").await;
    stage.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    stage.reads("Visitor", "eve", "Scheduled").await;
    stage.netbox.fault(json!({"kind": "refuse", "times": 0}));
    stage.delete("Visitor", "eve").await;
    stage.gone("Visitor", "eve").await;
    assert_eq!(stage.netbox.people().await.len(), 0);
    stage.agrees().await;
}

#[tokio::test]
async fn a_visitor_deleted_while_the_controller_is_away_is_removed_at_the_start() {
    let mut stage = with_two("away").await;
    stage.stop().await;
    stage.delete("Visitor", "ada").await;
    stage.delete("AccessIntegration", "netbox").await;
    stage.start().await;
    stage.gone("Visitor", "ada").await;
    stage.gone("AccessIntegration", "netbox").await;
    stage.netbox.until("all are out", <[Person]>::is_empty).await;
    stage.agrees().await;
}

#[tokio::test]
async fn midnight_passes_over_a_deletion_that_waits_for_its_system() {
    let stage = with_two("midnight").await;
    stage.netbox.fault(json!({"kind": "refuse", "times": 0}));
    stage.delete("Visitor", "ada").await;
    stage.reads("Visitor", "ada", "DeletionFailed").await;
    stage.set_clock("2026-12-02T05:30:00Z");
    stage.netbox.mend();
    stage.gone("Visitor", "ada").await;
    stage.reads("Visitor", "bob", "Expired").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn a_property_made_anew_lets_its_visitors_in_again() {
    let stage = with_two("rebuilt").await;
    stage.delete("Property", "tower").await;
    stage.gone("Property", "tower").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.apply(crate::stage::property(json!({}))).await;
    for name in ["ada", "bob"] {
        let visitor =
            stage.until("Visitor", name, "is in again", |it| it.is_ready() && it.has_record()).await;
        assert_eq!(stage.netbox.person(&format!("{name}@example.org")).await.id, visitor.external_id());
    }
    // And lets nobody stay when it goes in its turn.
    stage.delete("Property", "tower").await;
    stage.gone("Property", "tower").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn an_integration_whose_finalizer_somebody_took_away_gets_it_back() {
    let stage = with_two("stripped").await;
    stage.patch("AccessIntegration", "netbox", json!({"metadata": {"finalizers": null}})).await;
    stage
        .until("AccessIntegration", "netbox", "has its finalizer again", |it| !it.finalizers.is_empty())
        .await;
    stage.delete("AccessIntegration", "netbox").await;
    stage.gone("AccessIntegration", "netbox").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn an_integration_deleted_while_its_system_is_down_goes_when_that_is_back() {
    let stage = with_two("later").await;
    stage.netbox.fault(json!({"kind": "refuse", "times": 0}));
    stage.delete("AccessIntegration", "netbox").await;
    stage.reads("AccessIntegration", "netbox", "DeletionFailed").await;
    stage.set_clock("2026-12-01T14:10:00Z");
    stage.netbox.mend();
    stage.set_clock("2026-12-01T14:30:00Z");
    stage.gone("AccessIntegration", "netbox").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn deletion_ends_after_a_restart_though_the_secret_is_gone() {
    let mut stage = with_two("lost-login").await;
    stage.stop().await;
    stage.delete("Secret", "login").await;
    stage.delete("Visitor", "ada").await;
    stage.delete("AccessIntegration", "netbox").await;
    stage.start().await;
    // Nobody has the login any more: it waits, and says for what.
    let netbox = stage.reads("AccessIntegration", "netbox", "DeletionFailed").await;
    assert!(
        netbox.message().contains("Secret login") && netbox.message().contains(ABANDON),
        "{}",
        netbox.message()
    );
    stage.annotate("AccessIntegration", "netbox", ABANDON, "true").await;
    stage.gone("AccessIntegration", "netbox").await;
    stage.gone("Visitor", "ada").await;
    assert_eq!(stage.netbox.people().await.len(), 2);
    stage.agrees().await;
}
