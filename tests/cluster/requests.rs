//! "Sync now", and what is answered where nothing has to be done.

use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::{Value, json};
use vestibule_core::status::{Kstatus, Truth};

use crate::stage::{MORNING, Stage, View, integration, property, secret, tenant, visitor};

const SYNC: &str = "access.vestibule.dev/sync-requested-at";

fn has_handled(token: &'static str) -> impl Fn(&View) -> bool {
    move |view: &View| view.status["lastHandledSyncAt"] == token
}

#[tokio::test]
async fn a_sync_of_a_visitor_reads_its_record_and_no_other_and_says_when_it_is_done() {
    let stage = Stage::new("sync-visitor").await;
    stage.apply(visitor("ada", json!({}))).await;
    stage.apply(visitor("bob", json!({}))).await;
    let ada = stage.reads("Visitor", "ada", "Succeeded").await;
    stage.reads("Visitor", "bob", "Succeeded").await;
    stage
        .netbox
        .edit(&json!({"action": "modify_person", "id": ada.external_id(), "add_levels": ["Facilities"]}));
    stage.netbox.forget_calls();
    stage.annotate("Visitor", "ada", SYNC, "one").await;
    let ada = stage.until("Visitor", "ada", "has handled the sync", has_handled("one")).await;
    assert!(ada.is_ready());
    assert_eq!(stage.netbox.person("ada@example.org").await.levels, ["Acme Visitors", "Lobby"]);
    let calls = stage.netbox.calls();
    assert_eq!((calls.get("SearchPersonData"), calls.get("ModifyPerson")), (None, Some(&1)), "{calls:?}");
    // One that waits for its day has nothing to be read.
    stage.apply(visitor("eve", json!({"visit": {"from": "2026-12-03"}}))).await;
    stage.reads("Visitor", "eve", "Scheduled").await;
    stage.annotate("Visitor", "eve", SYNC, "two").await;
    stage.until("Visitor", "eve", "has handled the sync", has_handled("two")).await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_sync_of_a_tenant_is_one_of_the_integrations_that_let_its_visitors_in() {
    let stage = Stage::new("sync-tenant").await;
    stage.apply(visitor("ada", json!({}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    stage.apply(tenant("closed", json!({"visitorAccess": null}))).await;
    stage.reads("Tenant", "closed", "Succeeded").await;
    let before = stage.netbox.calls().get("SearchPersonData").copied().unwrap_or_default();
    stage.annotate("Tenant", "closed", SYNC, "none").await;
    stage.until("Tenant", "closed", "has nothing to handle", has_handled("none")).await;
    assert_eq!(stage.netbox.calls().get("SearchPersonData").copied().unwrap_or_default(), before);
    // More tokens than an engine remembers at once, one after the other.
    for token in ["one", "two", "three"] {
        stage.annotate("Tenant", "acme", SYNC, token).await;
        stage.until("Tenant", "acme", "has handled the sync", has_handled(token)).await;
    }
    assert!(stage.netbox.calls()["SearchPersonData"] > before);
    stage.agrees().await;
}

#[tokio::test]
async fn an_integration_that_is_declared_suspended_is_current_though_its_secret_is_still_to_come() {
    let mut stage = Stage::bare("suspended-new", MORNING, "America/New_York").await;
    stage.apply(property(json!({"suspend": true}))).await;
    stage.apply(integration(&stage.netbox.url(), json!({"suspend": true}))).await;
    stage.start().await;
    let netbox = stage.reads("AccessIntegration", "netbox", "Suspended").await;
    assert_eq!((netbox.kstatus(), netbox.ends_kubectl_wait()), (Kstatus::Current, true));
    assert_eq!(netbox.condition("ResolvedRefs").map(|it| it.status), Some(Truth::False));
    let tower = stage.reads("Property", "tower", "Suspended").await;
    assert_eq!((tower.kstatus(), tower.ends_kubectl_wait()), (Kstatus::Current, true));
    stage.apply(secret("sim")).await;
    let resolved = |view: &View| view.condition("ResolvedRefs").is_some_and(|it| it.status == Truth::True);
    stage.until("AccessIntegration", "netbox", "has found its Secret", resolved).await;
    stage.agrees().await;
}

/// The reasons of the Events about an object.
async fn events(stage: &Stage, name: &str) -> Vec<String> {
    let all = stage.namespace.api::<Event>().list(&ListParams::default()).await.unwrap().items;
    let about = all
        .into_iter()
        .filter(|event| event.regarding.as_ref().and_then(|it| it.name.as_deref()) == Some(name));
    let mut reasons: Vec<String> = about.filter_map(|event| event.reason).collect();
    reasons.sort();
    reasons
}

async fn refused(stage: &Stage, name: &str, spec: Value) {
    stage.apply(visitor(name, spec)).await;
    stage.reads("Visitor", name, "InvalidSpec").await;
}

#[tokio::test]
async fn a_visit_that_was_refused_to_its_end_is_over_and_has_not_recovered() {
    let stage = Stage::new("lapsed").await;
    refused(&stage, "ada", json!({"email": null})).await;
    refused(&stage, "bob", json!({"email": null, "visit": {"to": "2026-12-03"}})).await;
    stage.set_clock("2026-12-02T14:00:00Z");
    let ada = stage.reads("Visitor", "ada", "Expired").await;
    assert_eq!((ada.kstatus(), ada.ends_kubectl_wait()), (Kstatus::Current, true));
    assert_eq!(ada.condition("Accepted").map(|it| it.status), Some(Truth::False));
    assert_eq!(stage.view("Visitor", "bob").reason(), "InvalidSpec", "his days are not over");
    stage.apply(visitor("bob", json!({"visit": {"to": "2026-12-03"}}))).await;
    stage.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(events(&stage, "ada").await, ["InvalidSpec"]);
    assert_eq!(events(&stage, "bob").await, ["InvalidSpec", "Recovered"]);
    stage.agrees().await;
}
