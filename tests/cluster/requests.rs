//! "Sync now", and the answer to it when there is nothing to do.

use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::{Value, json};
use vestibule_core::status::{Kstatus, Truth};

use crate::harness::wait_until;
use crate::testbed::{MORNING, Testbed, View, integration, property, secret, tenant, visitor};

const SYNC: &str = "access.vestibule.dev/sync-requested-at";

fn has_handled(token: &'static str) -> impl Fn(&View) -> bool {
    move |view: &View| view.status["lastHandledSyncAt"] == token
}

#[tokio::test]
async fn a_sync_of_a_visitor_reads_its_record_and_no_other_and_says_when_it_is_done() {
    let testbed = Testbed::new("sync-visitor").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.apply(visitor("bob", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.reads("Visitor", "bob", "Succeeded").await;
    testbed
        .netbox
        .edit(&json!({"action": "modify_person", "id": ada.external_id(), "add_levels": ["Facilities"]}));
    testbed.netbox.forget_calls();
    testbed.annotate("Visitor", "ada", SYNC, "one").await;
    let ada = testbed.until("Visitor", "ada", "has handled the sync", has_handled("one")).await;
    assert!(ada.is_ready());
    assert_eq!(testbed.netbox.person("ada@example.org").await.levels, ["Acme Visitors", "Lobby"]);
    let calls = testbed.netbox.calls();
    assert_eq!((calls.get("SearchPersonData"), calls.get("ModifyPerson")), (None, Some(&1)), "{calls:?}");
    // A Visitor whose day has not begun has no record to read.
    testbed.apply(visitor("eve", json!({"visit": {"from": "2026-12-03"}}))).await;
    testbed.reads("Visitor", "eve", "Scheduled").await;
    testbed.annotate("Visitor", "eve", SYNC, "two").await;
    testbed.until("Visitor", "eve", "has handled the sync", has_handled("two")).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_sync_of_a_tenant_syncs_the_integrations_of_its_visitors() {
    let testbed = Testbed::new("sync-tenant").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(tenant("closed", json!({"visitorAccess": null}))).await;
    testbed.reads("Tenant", "closed", "Succeeded").await;
    let before = testbed.netbox.calls().get("SearchPersonData").copied().unwrap_or_default();
    testbed.annotate("Tenant", "closed", SYNC, "none").await;
    testbed.until("Tenant", "closed", "has nothing to handle", has_handled("none")).await;
    assert_eq!(testbed.netbox.calls().get("SearchPersonData").copied().unwrap_or_default(), before);
    // More tokens than an engine remembers at once, one after the other.
    for token in ["one", "two", "three"] {
        testbed.annotate("Tenant", "acme", SYNC, token).await;
        testbed.until("Tenant", "acme", "has handled the sync", has_handled(token)).await;
    }
    assert!(testbed.netbox.calls()["SearchPersonData"] > before);
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_declared_suspended_is_current_although_its_secret_does_not_exist_yet() {
    let mut testbed = Testbed::bare("suspended-new", MORNING, "America/New_York").await;
    testbed.apply(property(json!({"suspend": true}))).await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"suspend": true}))).await;
    testbed.start().await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "Suspended").await;
    assert_eq!((netbox.kstatus(), netbox.ends_kubectl_wait()), (Kstatus::Current, true));
    assert_eq!(netbox.condition("ResolvedRefs").map(|it| it.status), Some(Truth::False));
    let tower = testbed.reads("Property", "tower", "Suspended").await;
    assert_eq!((tower.kstatus(), tower.ends_kubectl_wait()), (Kstatus::Current, true));
    testbed.apply(secret("sim")).await;
    let resolved = |view: &View| view.condition("ResolvedRefs").is_some_and(|it| it.status == Truth::True);
    testbed.until("AccessIntegration", "netbox", "has found its Secret", resolved).await;
    testbed.agrees().await;
}

/// The reasons of the Events about an object.
async fn events(testbed: &Testbed, name: &str) -> Vec<String> {
    let all = testbed.namespace.api::<Event>().list(&ListParams::default()).await.unwrap().items;
    let about = all
        .into_iter()
        .filter(|event| event.regarding.as_ref().and_then(|it| it.name.as_deref()) == Some(name));
    let mut reasons: Vec<String> = about.filter_map(|event| event.reason).collect();
    reasons.sort();
    reasons
}

async fn refused(testbed: &Testbed, name: &str, spec: Value) {
    testbed.apply(visitor(name, spec)).await;
    testbed.reads("Visitor", name, "InvalidSpec").await;
}

#[tokio::test]
async fn a_visit_that_was_refused_to_its_end_is_over_and_has_not_recovered() {
    let testbed = Testbed::new("lapsed").await;
    refused(&testbed, "ada", json!({"email": null})).await;
    refused(&testbed, "bob", json!({"email": null, "visit": {"to": "2026-12-03"}})).await;
    testbed.set_clock("2026-12-02T14:00:00Z");
    let ada = testbed.reads("Visitor", "ada", "Expired").await;
    assert_eq!((ada.kstatus(), ada.ends_kubectl_wait()), (Kstatus::Current, true));
    assert_eq!(ada.condition("Accepted").map(|it| it.status), Some(Truth::False));
    assert_eq!(testbed.view("Visitor", "bob").reason(), "InvalidSpec", "the visit is not over");
    testbed.apply(visitor("bob", json!({"visit": {"to": "2026-12-03"}}))).await;
    testbed.reads("Visitor", "bob", "Succeeded").await;
    // An Event is written after the status that it belongs to.
    wait_until("bob has recovered", || async {
        events(&testbed, "bob").await == ["InvalidSpec", "Recovered"]
    })
    .await;
    assert_eq!(events(&testbed, "ada").await, ["InvalidSpec"]);
    testbed.agrees().await;
}
