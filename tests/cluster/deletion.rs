//! Deletion always ends, whatever else is gone or down.

use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::harness::{wait_for, wait_until};
use crate::testbed::{MORNING, Person, Testbed, View, integration, visitor};

const ABANDON: &str = "access.vestibule.dev/abandon";

/// A building with two visitors in it.
async fn with_two(name: &str) -> Testbed {
    let testbed = Testbed::new(name).await;
    for name in ["ada", "bob"] {
        testbed.apply(visitor(name, json!({}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed
}

#[tokio::test]
async fn a_deleted_integration_takes_its_records_along_and_leaves_its_visitors_waiting() {
    let testbed = with_two("delete").await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    assert!(testbed.netbox.people().await.is_empty());
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert_eq!(ada.kstatus(), Kstatus::InProgress);
    // The Visitor is deleted too. There is no engine to ask and nothing to remove.
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    // The same integration again lets the other in again.
    testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
    testbed.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(
        testbed.netbox.person("bob@example.org").await.id,
        testbed.view("Visitor", "bob").external_id()
    );
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn an_orphaning_integration_leaves_its_records_behind() {
    let testbed = with_two("orphan").await;
    let before = testbed.view("Visitor", "bob");
    testbed.apply(integration(&testbed.netbox.url(), json!({"deletionPolicy": "Orphan"}))).await;
    testbed.netbox.forget_calls();
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    assert_eq!(testbed.netbox.writes(), [].into());
    assert_eq!(testbed.netbox.people().await.len(), 2);
    // The visitors can go as well.
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    // Made again it takes up its own.
    testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
    let bob = testbed.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(bob.external_id(), before.external_id());
    assert_eq!(testbed.netbox.called("AddPerson"), 0);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_single_visitor_is_removed_whatever_the_deletion_policy_says() {
    let testbed = with_two("policy").await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"deletionPolicy": "Orphan"}))).await;
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_deleted_property_takes_the_records_of_its_integrations_along() {
    let testbed = with_two("property").await;
    testbed.delete("Property", "tower").await;
    testbed.gone("Property", "tower").await;
    assert!(testbed.netbox.people().await.is_empty());
    let waits = |ada: &View| ada.message().contains("Property tower") && !ada.has_record();
    testbed.until("Visitor", "ada", "waits for the Property", waits).await;
    for (kind, name) in
        [("Visitor", "ada"), ("Visitor", "bob"), ("AccessIntegration", "netbox"), ("Tenant", "acme")]
    {
        testbed.delete(kind, name).await;
        testbed.gone(kind, name).await;
    }
    testbed.agrees().await;
}

#[tokio::test]
async fn a_deleted_namespace_goes_though_its_secrets_go_first() {
    let testbed = with_two("namespace").await;
    testbed.delete("Secret", "login").await;
    // The login is still needed after the Secret is gone.
    testbed.netbox.fault(json!({"kind": "session", "times": 1}));
    let (name, client) = (testbed.namespace.name().to_owned(), testbed.namespace.client());
    let namespaces: Api<Namespace> = Api::all(client);
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    for (kind, object) in
        [("Visitor", "ada"), ("Visitor", "bob"), ("AccessIntegration", "netbox"), ("Property", "tower")]
    {
        testbed.gone(kind, object).await;
    }
    assert!(testbed.netbox.people().await.is_empty());
    wait_for(namespaces, &name, "the namespace is gone", |it: Option<&Namespace>| it.is_none()).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_namespace_deleted_while_no_controller_runs_has_a_remedy_that_works_and_its_records_count_as_pending()
 {
    let mut testbed = with_two("headless").await;
    testbed.until("AccessIntegration", "netbox", "has counted", |it| it.status["records"] == 2).await;
    testbed.stop().await;
    let (name, client) = (testbed.namespace.name().to_owned(), testbed.namespace.client());
    let namespaces: Api<Namespace> = Api::all(client);
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    let secrets = testbed.namespace.api::<Secret>();
    wait_for(secrets, "login", "the Secret is gone", |it: Option<&Secret>| it.is_none()).await;
    testbed.start().await;
    let by_hand = |it: &View| it.reason() == "DeletionFailed" && it.message().contains("begins with vst-");
    let netbox = testbed.until("AccessIntegration", "netbox", "says what is possible", by_hand).await;
    assert!(netbox.message().contains(ABANDON) && !netbox.message().contains("with the keys"), "{netbox}");
    assert_eq!(netbox.status["records"], 2);
    let metrics = || testbed.controller.as_ref().unwrap().metrics();
    let pending = format!("vestibule_pending_revocations{{integration=\"{name}/netbox\"}} 2");
    wait_until("both count as pending", || async { metrics().lines().any(|line| line == pending) }).await;
    let (_, prefix) = netbox.message().split_once("begins with ").unwrap();
    let prefix = prefix.split_once('.').unwrap().0;
    assert!(testbed.netbox.people().await.iter().all(|person| person.id.starts_with(prefix)), "{prefix}");
    testbed.annotate("AccessIntegration", "netbox", ABANDON, "true").await;
    for (kind, object) in
        [("Visitor", "ada"), ("Visitor", "bob"), ("AccessIntegration", "netbox"), ("Property", "tower")]
    {
        testbed.gone(kind, object).await;
    }
    wait_for(namespaces, &name, "the namespace is gone", |it: Option<&Namespace>| it.is_none()).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_whose_login_may_not_create_can_be_deleted_with_its_namespace() {
    let testbed = Testbed::declared("reader", MORNING, "America/New_York").await;
    let login = json!({"username": "reader", "password": "reader"});
    testbed.apply(json!({"kind": "Secret", "metadata": {"name": "login"}, "stringData": login})).await;
    let testbed = testbed.opened().await;
    testbed.apply(visitor("ada", json!({}))).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "CredentialsRejected").await;
    assert!(netbox.message().contains("AddPerson"), "{netbox}");
    let waits = |ada: &View| ada.message().contains("waits for AccessIntegration netbox");
    testbed.until("Visitor", "ada", "waits", waits).await;
    let (name, client) = (testbed.namespace.name().to_owned(), testbed.namespace.client());
    let namespaces: Api<Namespace> = Api::all(client);
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    for (kind, object) in [("Visitor", "ada"), ("AccessIntegration", "netbox"), ("Property", "tower")] {
        testbed.gone(kind, object).await;
    }
    wait_for(namespaces, &name, "the namespace is gone", |it: Option<&Namespace>| it.is_none()).await;
    assert_eq!(
        testbed.netbox.writes(),
        [("AddPerson".to_owned(), testbed.netbox.called("AddPerson"))].into()
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_deleted_namespace_leaves_the_records_of_an_orphaning_integration_behind() {
    let testbed = with_two("left").await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"deletionPolicy": "Orphan"}))).await;
    let (name, client) = (testbed.namespace.name().to_owned(), testbed.namespace.client());
    let namespaces: Api<Namespace> = Api::all(client);
    testbed.netbox.forget_calls();
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    for visitor in ["ada", "bob"] {
        testbed.gone("Visitor", visitor).await;
    }
    wait_for(namespaces, &name, "the namespace is gone", |it: Option<&Namespace>| it.is_none()).await;
    assert_eq!(testbed.netbox.writes(), [].into());
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_deletion_waits_for_a_system_that_is_down_and_ends_when_it_is_back() {
    let testbed = with_two("down").await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.delete("Visitor", "ada").await;
    let ada = testbed.reads("Visitor", "ada", "DeletionFailed").await;
    assert_eq!(ada.kstatus(), Kstatus::Terminating);
    assert!(!ada.message().is_empty() && !ada.finalizers.is_empty());
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-01T14:20:00Z");
    testbed.gone("Visitor", "ada").await;
    let people = testbed.netbox.until("only Bob is left", |people| people.len() == 1).await;
    assert_eq!(people[0].email, "bob@example.org");
    testbed.agrees().await;
}

#[tokio::test]
async fn an_abandoned_visitor_goes_and_its_record_stays() {
    let testbed = with_two("abandon").await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.delete("Visitor", "ada").await;
    testbed.reads("Visitor", "ada", "DeletionFailed").await;
    testbed.annotate("Visitor", "ada", ABANDON, "true").await;
    testbed.gone("Visitor", "ada").await;
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn an_abandoned_integration_goes_and_frees_its_visitors() {
    let testbed = with_two("given-up").await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.delete("Visitor", "ada").await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.reads("AccessIntegration", "netbox", "DeletionFailed").await;
    testbed.annotate("AccessIntegration", "netbox", ABANDON, "true").await;
    testbed.gone("AccessIntegration", "netbox").await;
    testbed.gone("Visitor", "ada").await;
    testbed.delete("Visitor", "bob").await;
    testbed.gone("Visitor", "bob").await;
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn what_was_never_made_goes_at_once() {
    let testbed = Testbed::new("never").await;
    testbed.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    testbed.reads("Visitor", "eve", "Scheduled").await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.delete("Visitor", "eve").await;
    testbed.gone("Visitor", "eve").await;
    assert_eq!(testbed.netbox.people().await.len(), 0);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_deleted_while_the_controller_is_away_is_removed_at_the_start() {
    let mut testbed = with_two("away").await;
    testbed.stop().await;
    testbed.delete("Visitor", "ada").await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.start().await;
    testbed.gone("Visitor", "ada").await;
    testbed.gone("AccessIntegration", "netbox").await;
    testbed.netbox.until("all are out", <[Person]>::is_empty).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn midnight_passes_over_a_deletion_that_waits_for_its_system() {
    let testbed = with_two("midnight").await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.delete("Visitor", "ada").await;
    testbed.reads("Visitor", "ada", "DeletionFailed").await;
    testbed.set_clock("2026-12-02T05:30:00Z");
    testbed.netbox.clear_faults();
    testbed.gone("Visitor", "ada").await;
    testbed.reads("Visitor", "bob", "Expired").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_property_made_anew_lets_its_visitors_in_again() {
    let testbed = with_two("rebuilt").await;
    testbed.delete("Property", "tower").await;
    testbed.gone("Property", "tower").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.apply(crate::testbed::property(json!({}))).await;
    for name in ["ada", "bob"] {
        let visitor =
            testbed.until("Visitor", name, "is in again", |it| it.is_ready() && it.has_record()).await;
        assert_eq!(testbed.netbox.person(&format!("{name}@example.org")).await.id, visitor.external_id());
    }
    // When the Property is deleted again, no record stays.
    testbed.delete("Property", "tower").await;
    testbed.gone("Property", "tower").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_gets_a_removed_finalizer_back() {
    let testbed = with_two("stripped").await;
    testbed.patch("AccessIntegration", "netbox", json!({"metadata": {"finalizers": null}})).await;
    testbed
        .until("AccessIntegration", "netbox", "has its finalizer again", |it| !it.finalizers.is_empty())
        .await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_deleted_while_its_system_is_down_goes_when_that_is_back() {
    let testbed = with_two("later").await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.reads("AccessIntegration", "netbox", "DeletionFailed").await;
    testbed.set_clock("2026-12-01T14:10:00Z");
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-01T14:30:00Z");
    testbed.gone("AccessIntegration", "netbox").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn deletion_ends_after_a_restart_though_the_secret_is_gone() {
    let mut testbed = with_two("lost-login").await;
    testbed.stop().await;
    testbed.delete("Secret", "login").await;
    testbed.delete("Visitor", "ada").await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.start().await;
    // The Secret with the login is gone: the deletion waits, and the status says for what.
    let netbox = testbed.reads("AccessIntegration", "netbox", "DeletionFailed").await;
    assert!(
        netbox.message().contains("Secret login") && netbox.message().contains(ABANDON),
        "{}",
        netbox.message()
    );
    testbed.annotate("AccessIntegration", "netbox", ABANDON, "true").await;
    testbed.gone("AccessIntegration", "netbox").await;
    testbed.gone("Visitor", "ada").await;
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.agrees().await;
}
