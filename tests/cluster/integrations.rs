//! An integration that changes its system, several that want the same, and one login for two.

use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use crate::harness::wait_until;
use crate::testbed::{MORNING, NetBox, Testbed, View, integration, tenant, visitor};

const SYNC: &str = "access.vestibule.dev/sync-requested-at";

async fn another_box() -> NetBox {
    NetBox::start("America/New_York", MORNING.parse().unwrap()).await
}

/// A building with Ada and Bob in it, each with a card.
async fn with_two(name: &str) -> Testbed {
    let testbed = Testbed::new(name).await;
    for (name, card) in [("ada", "4711"), ("bob", "4712")] {
        testbed.apply(visitor(name, json!({"credentialNumber": card}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed
}

/// The integration `second` of the same building.
fn second(url: &str, spec: Value) -> Value {
    let mut object = integration(url, spec);
    object["metadata"]["name"] = json!("second");
    object
}

/// The company, with doors of both.
fn tenant_of_both() -> Value {
    let grant = |name: &str| json!({"integrationRef": {"name": name}, "groups": ["Lobby"]});
    tenant("acme", json!({"visitorAccess": [grant("netbox"), grant("second")]}))
}

#[tokio::test]
async fn at_another_address_todays_records_are_created_once_and_the_former_netbox_is_left() {
    let mut testbed = with_two("moves").await;
    let new = another_box().await;
    testbed.netbox.forget_calls();
    testbed.apply(integration(&new.url(), json!({}))).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert!(netbox.is_ready() && netbox.condition("Stalled").is_none(), "{netbox}");
    new.until("both are in the new box", |people| people.len() == 2).await;
    for name in ["ada", "bob"] {
        testbed.until("Visitor", name, "is in the new box", |it| it.is_ready() && it.has_record()).await;
        let person = new.person(&format!("{name}@example.org")).await;
        assert_eq!(testbed.view("Visitor", name).external_id(), person.id);
        assert!(new.opens(&person.id, "Lobby turnstile").await);
    }
    // An event reports which records stay behind.
    let warned = async || {
        let events = testbed.namespace.api::<Event>().list(&ListParams::default()).await.unwrap().items;
        let notes = events.iter().filter(|event| event.reason.as_deref() == Some("LeftBehind"));
        notes
            .filter_map(|event| event.note.clone())
            .any(|note| note.starts_with("2 records were made at the former"))
    };
    wait_until("an Event tells it", warned).await;
    // The former engine gives its session back and is not heard of again.
    wait_until("the session is given back", || async { testbed.netbox.called("Logout") == 1 }).await;
    let calls = testbed.netbox.calls();
    let former = testbed.netbox.address().to_string();
    let counted = |it: &View| it.status["leftBehind"] == 2 && it.status["connectedTo"] != former.as_str();
    testbed.until("AccessIntegration", "netbox", "counts what is left", counted).await;
    let old = std::mem::replace(&mut testbed.netbox, new);
    testbed.sync("once").await;
    testbed.until("AccessIntegration", "netbox", "has counted", |it| it.status["records"] == 2).await;
    assert_eq!(testbed.netbox.records().await.len(), 2, "{}", testbed.netbox);
    assert_eq!(testbed.netbox.called("AddPerson"), 2);
    assert_eq!(old.calls(), calls);
    // Its records are unchanged and end by their own windows. They are not closed earlier.
    let left = old.people().await;
    assert_eq!(left.len(), 2);
    // Also when an object is gone, and after a restart.
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    testbed.stop().await;
    testbed.start().await;
    testbed.sync("restarted").await;
    assert_eq!(testbed.view("AccessIntegration", "netbox").status["leftBehind"], 2);
    old.set_clock("2026-12-01T22:01:00Z".parse().unwrap());
    for person in &left {
        assert!(!old.opens(&person.id, "Lobby turnstile").await, "{person:?}");
    }
    assert_eq!(old.writes(), [].into());
    testbed.agrees().await;
}

#[tokio::test]
async fn what_stays_in_a_box_that_was_left_while_no_controller_ran_is_counted_as_well() {
    let mut testbed = with_two("unseen").await;
    testbed.until("AccessIntegration", "netbox", "has counted", |it| it.status["records"] == 2).await;
    testbed.stop().await;
    let new = another_box().await;
    testbed.apply(integration(&new.url(), json!({}))).await;
    testbed.delete("Visitor", "bob").await;
    testbed.start().await;
    testbed.gone("Visitor", "bob").await;
    let counted = |it: &View| it.status["leftBehind"] == 2 && it.status["records"] == 1;
    testbed.until("AccessIntegration", "netbox", "counts what is left", counted).await;
    let ada =
        testbed.until("Visitor", "ada", "is in the new box", |it| it.is_ready() && it.has_record()).await;
    assert_eq!(new.person("ada@example.org").await.id, ada.external_id());
    assert_eq!(testbed.netbox.people().await.len(), 2, "the former records stay open");
    testbed.agrees_with(&new).await;
}

#[tokio::test]
async fn records_in_a_former_netbox_do_not_count_for_the_new_one() {
    let testbed = with_two("unproven").await;
    let new = another_box().await;
    new.fault(json!({"kind": "refuse", "times": 0}));
    testbed.apply(integration(&new.url(), json!({}))).await;
    testbed.works_on("AccessIntegration", "netbox", "ProgressingWithRetry").await;
    testbed.set_clock("2026-12-01T14:05:00Z");
    for name in ["ada", "bob"] {
        testbed.until("Visitor", name, "is not ready any more", |it| !it.is_ready()).await;
    }
    new.clear_faults();
    testbed.set_clock("2026-12-01T14:20:00Z");
    for name in ["ada", "bob"] {
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    assert_eq!(new.people().await.len(), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn an_address_that_comes_back_finds_its_people_again() {
    let testbed = with_two("back").await;
    let (old, new) = (testbed.netbox.url(), another_box().await);
    let before = testbed.view("Visitor", "ada").external_id().to_owned();
    testbed.apply(integration(&new.url(), json!({}))).await;
    new.until("both are in the new box", |people| people.len() == 2).await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.delete("Visitor", "bob").await;
    testbed.gone("Visitor", "bob").await;
    assert_eq!(new.people().await.len(), 1);
    testbed.netbox.forget_calls();
    testbed.apply(integration(&old, json!({}))).await;
    // Bob was deleted while no engine served this NetBox. The window is open, so a person decides.
    let held = testbed.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    assert_eq!(held.status["heldDeletions"]["count"], 1);
    let ada = testbed.until("Visitor", "ada", "is in", |it| it.is_ready() && it.has_record()).await;
    assert_eq!(ada.external_id(), before);
    assert_eq!(testbed.netbox.changes(), [].into());
    let netbox = testbed.view("AccessIntegration", "netbox");
    assert_eq!(netbox.status["leftBehind"], 1, "hers in the other box: {netbox}");
    testbed.agrees().await;
}

#[tokio::test]
async fn of_two_integrations_with_one_owner_id_the_older_has_it_until_it_goes() {
    let mut testbed = Testbed::new("claims").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let owner = testbed.view("AccessIntegration", "netbox").status["ownerId"].clone();
    let beside = another_box().await;
    testbed.apply(tenant_of_both()).await;
    testbed.apply(second(&beside.url(), json!({"ownerId": owner}))).await;
    let refused =
        |it: &View| it.kstatus() == Kstatus::Failed && !it.is_ready() && it.message().contains("netbox");
    let second = testbed.reads("AccessIntegration", "second", "DuplicateClaim").await;
    assert!(refused(&second), "{second}");
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.netbox.until("she is let in by the older", |people| people.len() == 1).await;
    // After a restart as well.
    testbed.stop().await;
    testbed.start().await;
    testbed.sync("restarted").await;
    let second = testbed.reads("AccessIntegration", "second", "DuplicateClaim").await;
    assert!(refused(&second), "{second}");
    assert_eq!(beside.calls(), [].into(), "not even a login");
    // The older goes with its records, and the younger takes its place by itself.
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.reads("AccessIntegration", "second", "Succeeded").await;
    // The Tenant still names the one that is gone.
    let waits = |it: &View| it.reason() == "DependencyNotReady" && it.message().contains("netbox");
    testbed.until("Visitor", "ada", "waits for the one that is gone", waits).await;
    let only_second = json!([{"integrationRef": {"name": "second"}, "groups": ["Lobby"]}]);
    testbed.apply(tenant("acme", json!({"visitorAccess": only_second}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.view("AccessIntegration", "second").status["ownerId"], owner);
    assert_eq!(
        (beside.person("ada@example.org").await.id.as_str(), beside.people().await.len()),
        (ada.external_id(), 1)
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_sync_of_the_building_is_handled_though_one_integration_lacks_its_secret() {
    let testbed = Testbed::new("echo").await;
    let lacking = json!({"credentialsSecretRef": {"name": "none"}});
    testbed.apply(second(&another_box().await.url(), lacking)).await;
    testbed.reads("AccessIntegration", "second", "DependencyNotReady").await;
    testbed.annotate("Property", "tower", SYNC, "monday").await;
    let handled = |tower: &View| tower.status["lastHandledSyncAt"] == "monday";
    let tower = testbed.until("Property", "tower", "has handled the sync", handled).await;
    assert_eq!(tower.status["counts"]["integrationsNotReady"], 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_deletion_stopped_by_a_refused_login_continues_when_a_sync_is_requested() {
    let mut testbed = with_two("refused-login").await;
    testbed.stop().await;
    let set = |password: &str| json!({"action": "set_password", "username": "sim", "password": password});
    testbed.netbox.edit(&set("other"));
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.netbox.forget_calls();
    testbed.start().await;
    let failed = |it: &View| it.reason() == "DeletionFailed" && it.message().contains(SYNC);
    let netbox = testbed.until("AccessIntegration", "netbox", "tells both ways on", failed).await;
    assert!(netbox.message().contains("change the Secret"), "{netbox}");
    assert_eq!(testbed.netbox.called("Login"), 1);
    // The account is corrected in the NetBox. The Secret was always right.
    testbed.netbox.edit(&set("sim"));
    testbed.annotate("AccessIntegration", "netbox", SYNC, "now").await;
    testbed.gone("AccessIntegration", "netbox").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn an_address_that_is_refused_stops_nothing_that_closes() {
    for wrong in ["/x", "@169.254.169.254"] {
        let testbed = with_two("refused").await;
        let url = testbed.netbox.url();
        let refused =
            wrong.strip_prefix('@').map_or_else(|| format!("{url}{wrong}"), |host| format!("http://{host}"));
        testbed.apply(integration(&refused, json!({}))).await;
        testbed.reads("AccessIntegration", "netbox", "InvalidSpec").await;
        testbed.apply(visitor("eve", json!({}))).await;
        testbed.delete("Visitor", "ada").await;
        testbed.gone("Visitor", "ada").await;
        testbed
            .apply(visitor("bob", json!({"credentialNumber": "4712", "visit": {"endTime": "12:00"}})))
            .await;
        let people = testbed.netbox.until("only Bob is left, until noon", |people| {
            people.len() == 1 && people[0].exp_date.as_deref().is_some_and(|end| end.contains("12:00"))
        });
        assert_eq!(people.await[0].email, "bob@example.org");
        testbed.apply(integration(&url, json!({}))).await;
        for name in ["bob", "eve"] {
            testbed.reads("Visitor", name, "Succeeded").await;
        }
        let netbox = testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
        assert!(netbox.status.get("leftBehind").is_none(), "{netbox}");
        testbed.agrees().await;
    }
}
