//! The statuses that users read, situation by situation. The testbed checks each status against its contract.

use serde_json::json;
use vestibule_core::status::{Kstatus, Truth};

use crate::testbed::{MORNING, Testbed, View, integration, property, secret, tenant, visitor};

#[tokio::test]
async fn every_kind_reports_completion_to_kubectl_and_to_kstatus() {
    let testbed = Testbed::new("done").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let objects =
        [("Property", "tower"), ("AccessIntegration", "netbox"), ("Tenant", "acme"), ("Visitor", "ada")];
    for (kind, name) in objects {
        let view = testbed.reads(kind, name, "Succeeded").await;
        assert!(view.ends_kubectl_wait(), "{kind}");
        assert_eq!(view.status["observedGeneration"], view.generation, "{kind}");
        assert_eq!(view.kstatus(), Kstatus::Current, "{kind}");
        assert!(view.condition("Reconciling").is_none() && view.condition("Stalled").is_none(), "{kind}");
    }
    let netbox = testbed.view("AccessIntegration", "netbox");
    assert!(netbox.status["ownerId"].as_str().unwrap().ends_with("/netbox"), "{}", netbox.status);
    assert!(netbox.status["systemVersion"].is_string(), "{}", netbox.status);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_new_generation_is_never_reported_done_too_early() {
    let testbed = Testbed::new("generation").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(visitor("ada", json!({"visit": {"endTime": "18:00"}}))).await;
    let ada = testbed.until("Visitor", "ada", "ends kubectl wait", View::ends_kubectl_wait).await;
    assert_eq!((ada.generation, ada.kstatus()), (2, Kstatus::Current));
    assert_eq!(
        testbed.netbox.person("ada@example.org").await.exp_date.as_deref(),
        Some("2026-12-01 18:00:00")
    );
    // Every earlier state of the new generation was reported as in progress.
    let history = testbed.history("Visitor", "ada");
    let early = history.iter().filter(|it| it.generation == 2 && it.resource_version != ada.resource_version);
    assert!(early.clone().all(|it| it.kstatus() == Kstatus::InProgress), "{history:#?}");
    assert!(early.count() > 0);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_reconciliation_without_a_change_writes_no_status() {
    let testbed = Testbed::new("unchanged").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.apply(visitor("eve", json!({"visit": {"from": "2026-12-03"}}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.reads("Visitor", "eve", "Scheduled").await;
    let counted = |tower: &View| {
        let counts = &tower.status["counts"];
        counts["visitors"] == 2 && counts["visitorsNotReady"] == 0 && counts["integrationsNotReady"] == 0
    };
    testbed.until("Property", "tower", "counts them", counted).await;
    let objects = [("Tenant", "acme"), ("Visitor", "ada"), ("Visitor", "eve")];
    let versions = || objects.map(|(kind, name)| testbed.view(kind, name).resource_version);
    let (before, of_property) = (versions(), testbed.history("Property", "tower").len());
    // A label of a user, a sync, an hour: many reconciliations and no difference.
    testbed.patch("AccessIntegration", "netbox", json!({"metadata": {"labels": {"team": "doors"}}})).await;
    testbed.sync("one").await;
    testbed.set_clock("2026-12-01T15:10:00Z");
    testbed.sync("two").await;
    assert_eq!(versions(), before);
    // The Property reports its last sync after each full sync.
    let synced =
        |tower: &View| tower.status["lastSyncTime"].as_str().is_some_and(|at| at >= "2026-12-01T15:10:00Z");
    testbed.until("Property", "tower", "reports the sync", synced).await;
    assert!(
        testbed.history("Property", "tower").len() - of_property <= 2,
        "{}",
        testbed.history_text("Property", "tower")
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_missing_tenant_and_a_missing_property_are_waited_for() {
    let testbed = Testbed::bare("missing", MORNING, "America/New_York").await;
    let mut testbed = testbed;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.start().await;
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert_eq!(ada.kstatus(), Kstatus::InProgress);
    assert!(ada.message().contains("tenantRef"), "{}", ada.message());
    assert_eq!(ada.condition("ResolvedRefs").map(|it| it.status), Some(Truth::False));
    testbed.apply(tenant("acme", json!({}))).await;
    let acme = testbed.reads("Tenant", "acme", "DependencyNotReady").await;
    assert!(acme.message().contains("Property tower"), "{}", acme.message());
    let of_property = |ada: &View| ada.message().contains("Property tower");
    testbed.until("Visitor", "ada", "waits for the Property", of_property).await;
    testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "DependencyNotReady").await;
    assert!(netbox.message().contains("Property tower"), "{}", netbox.message());
    testbed.apply(property(json!({}))).await;
    let of_secret = |netbox: &View| netbox.message().contains("Secret login");
    testbed.until("AccessIntegration", "netbox", "waits for its Secret", of_secret).await;
    let without = |ada: &View| ada.message().contains("AccessIntegration");
    testbed.until("Visitor", "ada", "waits for the integration", without).await;
    assert_eq!(testbed.netbox.calls(), [].into());
    testbed.apply(secret("sim")).await;
    for (kind, name) in
        [("AccessIntegration", "netbox"), ("Tenant", "acme"), ("Property", "tower"), ("Visitor", "ada")]
    {
        testbed.reads(kind, name, "Succeeded").await;
    }
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_missing_tenant_freezes_its_visitors_until_it_returns() {
    let testbed = Testbed::new("freezes").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.netbox.forget_calls();
    testbed.delete("Tenant", "acme").await;
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert_eq!(ada.external_id(), before.external_id(), "nothing is opened, nothing removed");
    testbed.sync("frozen").await;
    testbed.apply(tenant("acme", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.changes(), [].into());
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, before.external_id());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_deleted_visitor_is_removed_even_while_its_tenant_is_missing() {
    let testbed = Testbed::new("ends").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.delete("Tenant", "acme").await;
    testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_setting_that_this_version_does_not_support_is_refused_with_a_sentence() {
    let testbed = Testbed::declared("unsupported", MORNING, "America/New_York").await;
    let imports = integration(&testbed.netbox.url(), json!({"occupants": "Import"}));
    let mut testbed = testbed;
    testbed.start().await;
    let mut other = imports.clone();
    other["metadata"]["name"] = json!("imports");
    testbed.apply(other).await;
    let imports = testbed.reads("AccessIntegration", "imports", "NotSupportedBySystem").await;
    assert_eq!(imports.kstatus(), Kstatus::Failed);
    assert!(imports.message().contains("occupants: None"), "{}", imports.message());
    // The integration beside it works.
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    let one = |tower: &View| tower.status["counts"]["integrationsNotReady"] == 1;
    testbed.until("Property", "tower", "counts the one that is not ready", one).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_sync_request_is_echoed_where_it_was_made() {
    let testbed = Testbed::new("echo").await;
    testbed.netbox.forget_calls();
    testbed.sync("2026-12-01 of my own").await;
    assert!(testbed.netbox.called("SearchPersonData") > 0);
    let command = "access.vestibule.dev/sync-requested-at";
    testbed.netbox.forget_calls();
    testbed.annotate("Property", "tower", command, "of the property").await;
    let echoed = |view: &View| view.status["lastHandledSyncAt"] == "of the property";
    let tower = testbed.until("Property", "tower", "echoes the request", echoed).await;
    assert_eq!(tower.generation, 1, "a request is no change of the spec");
    assert!(testbed.netbox.called("SearchPersonData") > 0);
    let handled = testbed.netbox.called("SearchPersonData");
    // The same value again requests nothing.
    testbed.annotate("AccessIntegration", "netbox", command, "2026-12-01 of my own").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.called("SearchPersonData"), handled);
    testbed.agrees().await;
}

#[tokio::test]
async fn the_record_count_of_an_integration_is_reported_after_each_sync() {
    let testbed = Testbed::new("counts").await;
    for name in ["ada", "bob"] {
        testbed.apply(visitor(name, json!({}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed.sync("count").await;
    let two = |view: &View| view.status["records"] == 2;
    testbed.until("AccessIntegration", "netbox", "counts two records", two).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitors_status_shows_no_data_of_other_people() {
    let testbed = Testbed::new("privacy").await;
    testbed.apply(visitor("ada", json!({"credentialNumber": "4711"}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(visitor("bob", json!({"credentialNumber": "4711"}))).await;
    let bob = testbed.reads("Visitor", "bob", "DuplicateClaim").await;
    for said in ["Ada", "Byron", "ada@example.org"] {
        assert!(!bob.status.to_string().contains(said), "{}", bob.status);
    }
    testbed.agrees().await;
}
