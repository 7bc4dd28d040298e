//! An integration that changes its system, several that want the same, and one login for two.

use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;
use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use crate::harness::wait_until;
use crate::stage::{MORNING, NetBox, Stage, View, integration, tenant, visitor};

const SYNC: &str = "access.vestibule.dev/sync-requested-at";

async fn another_box() -> NetBox {
    NetBox::start("America/New_York", MORNING.parse().unwrap()).await
}

/// A building with Ada and Bob in it, each with a card.
async fn with_two(name: &str) -> Stage {
    let stage = Stage::new(name).await;
    for (name, card) in [("ada", "4711"), ("bob", "4712")] {
        stage.apply(visitor(name, json!({"credentialNumber": card}))).await;
        stage.reads("Visitor", name, "Succeeded").await;
    }
    stage
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
async fn at_another_address_everybody_of_today_is_made_once_and_the_former_box_is_left() {
    let mut stage = with_two("moves").await;
    let new = another_box().await;
    stage.netbox.forget_calls();
    stage.apply(integration(&new.url(), json!({}))).await;
    let netbox = stage.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert!(netbox.is_ready() && netbox.condition("Stalled").is_none(), "{netbox}");
    new.until("both are in the new box", |people| people.len() == 2).await;
    for name in ["ada", "bob"] {
        stage.until("Visitor", name, "is in the new box", |it| it.is_ready() && it.has_record()).await;
        let person = new.person(&format!("{name}@example.org")).await;
        assert_eq!(stage.view("Visitor", name).external_id(), person.id);
        assert!(new.opens(&person.id, "Lobby turnstile").await);
    }
    // Whoever moved it is told what stays behind.
    let warned = async || {
        let events = stage.namespace.api::<Event>().list(&ListParams::default()).await.unwrap().items;
        let notes = events.iter().filter(|event| event.reason.as_deref() == Some("LeftBehind"));
        notes
            .filter_map(|event| event.note.clone())
            .any(|note| note.starts_with("2 records were made at the former"))
    };
    wait_until("an Event tells it", warned).await;
    // The former engine gives its session back and is not heard of again.
    wait_until("the session is given back", || async { stage.netbox.called("Logout") == 1 }).await;
    let calls = stage.netbox.calls();
    let former = stage.netbox.address().to_string();
    let counted = |it: &View| it.status["leftBehind"] == 2 && it.status["connectedTo"] != former.as_str();
    stage.until("AccessIntegration", "netbox", "counts what is left", counted).await;
    let old = std::mem::replace(&mut stage.netbox, new);
    stage.sync("once").await;
    stage.until("AccessIntegration", "netbox", "has counted", |it| it.status["records"] == 2).await;
    assert_eq!(stage.netbox.records().await.len(), 2, "{}", stage.netbox);
    assert_eq!(stage.netbox.called("AddPerson"), 2);
    assert_eq!(old.calls(), calls);
    // What it holds is as it was, and ends by its own windows: nobody closes it earlier.
    let left = old.people().await;
    assert_eq!(left.len(), 2);
    // Also when an object is gone, and after a restart.
    stage.delete("Visitor", "ada").await;
    stage.gone("Visitor", "ada").await;
    stage.stop().await;
    stage.start().await;
    stage.sync("restarted").await;
    assert_eq!(stage.view("AccessIntegration", "netbox").status["leftBehind"], 2);
    old.set_clock("2026-12-01T22:01:00Z".parse().unwrap());
    for person in &left {
        assert!(!old.opens(&person.id, "Lobby turnstile").await, "{person:?}");
    }
    assert_eq!(old.writes(), [].into());
    stage.agrees().await;
}

#[tokio::test]
async fn what_stays_in_a_box_that_was_left_while_no_controller_ran_is_counted_as_well() {
    let mut stage = with_two("unseen").await;
    stage.until("AccessIntegration", "netbox", "has counted", |it| it.status["records"] == 2).await;
    stage.stop().await;
    let new = another_box().await;
    stage.apply(integration(&new.url(), json!({}))).await;
    stage.delete("Visitor", "bob").await;
    stage.start().await;
    stage.gone("Visitor", "bob").await;
    let counted = |it: &View| it.status["leftBehind"] == 2 && it.status["records"] == 1;
    stage.until("AccessIntegration", "netbox", "counts what is left", counted).await;
    let ada = stage.until("Visitor", "ada", "is in the new box", |it| it.is_ready() && it.has_record()).await;
    assert_eq!(new.person("ada@example.org").await.id, ada.external_id());
    assert_eq!(stage.netbox.people().await.len(), 2, "nobody closes it");
    stage.agrees_with(&new).await;
}

#[tokio::test]
async fn nobody_counts_as_let_in_by_a_new_box_because_the_former_one_let_him_in() {
    let stage = with_two("unproven").await;
    let new = another_box().await;
    new.fault(json!({"kind": "refuse", "times": 0}));
    stage.apply(integration(&new.url(), json!({}))).await;
    stage.works_on("AccessIntegration", "netbox", "ProgressingWithRetry").await;
    stage.set_clock("2026-12-01T14:05:00Z");
    for name in ["ada", "bob"] {
        stage.until("Visitor", name, "is not ready any more", |it| !it.is_ready()).await;
    }
    new.mend();
    stage.set_clock("2026-12-01T14:20:00Z");
    for name in ["ada", "bob"] {
        stage.reads("Visitor", name, "Succeeded").await;
    }
    assert_eq!(new.people().await.len(), 2);
    stage.agrees().await;
}

#[tokio::test]
async fn an_address_that_comes_back_finds_its_people_again() {
    let stage = with_two("back").await;
    let (old, new) = (stage.netbox.url(), another_box().await);
    let before = stage.view("Visitor", "ada").external_id().to_owned();
    stage.apply(integration(&new.url(), json!({}))).await;
    new.until("both are in the new box", |people| people.len() == 2).await;
    stage.reads("AccessIntegration", "netbox", "Succeeded").await;
    stage.delete("Visitor", "bob").await;
    stage.gone("Visitor", "bob").await;
    assert_eq!(new.people().await.len(), 1);
    stage.netbox.forget_calls();
    stage.apply(integration(&old, json!({}))).await;
    // Bob was deleted while nobody looked after this box: his window is open, so a person decides.
    let held = stage.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    assert_eq!(held.status["heldDeletions"]["count"], 1);
    let ada = stage.until("Visitor", "ada", "is in", |it| it.is_ready() && it.has_record()).await;
    assert_eq!(ada.external_id(), before);
    assert_eq!(stage.netbox.writes(), [].into());
    let netbox = stage.view("AccessIntegration", "netbox");
    assert_eq!(netbox.status["leftBehind"], 1, "hers in the other box: {netbox}");
    stage.agrees().await;
}

#[tokio::test]
async fn of_two_integrations_with_one_owner_id_the_older_has_it_until_it_goes() {
    let mut stage = Stage::new("claims").await;
    stage.apply(visitor("ada", json!({}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    let owner = stage.view("AccessIntegration", "netbox").status["ownerId"].clone();
    let beside = another_box().await;
    stage.apply(tenant_of_both()).await;
    stage.apply(second(&beside.url(), json!({"ownerId": owner}))).await;
    let refused =
        |it: &View| it.kstatus() == Kstatus::Failed && !it.is_ready() && it.message().contains("netbox");
    let second = stage.reads("AccessIntegration", "second", "DuplicateClaim").await;
    assert!(refused(&second), "{second}");
    stage.apply(visitor("ada", json!({}))).await;
    stage.netbox.until("she is let in by the older", |people| people.len() == 1).await;
    // After a restart as well.
    stage.stop().await;
    stage.start().await;
    stage.sync("restarted").await;
    let second = stage.reads("AccessIntegration", "second", "DuplicateClaim").await;
    assert!(refused(&second), "{second}");
    assert_eq!(beside.calls(), [].into(), "not even a login");
    // The older goes with its records, and the younger takes its place by itself.
    stage.delete("AccessIntegration", "netbox").await;
    stage.gone("AccessIntegration", "netbox").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.reads("AccessIntegration", "second", "Succeeded").await;
    // The Tenant still names the one that is gone.
    let waits = |it: &View| it.reason() == "DependencyNotReady" && it.message().contains("netbox");
    stage.until("Visitor", "ada", "waits for the one that is gone", waits).await;
    let only_second = json!([{"integrationRef": {"name": "second"}, "groups": ["Lobby"]}]);
    stage.apply(tenant("acme", json!({"visitorAccess": only_second}))).await;
    let ada = stage.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(stage.view("AccessIntegration", "second").status["ownerId"], owner);
    assert_eq!(
        (beside.person("ada@example.org").await.id.as_str(), beside.people().await.len()),
        (ada.external_id(), 1)
    );
    stage.agrees().await;
}

#[tokio::test]
async fn a_sync_of_the_building_is_handled_though_one_integration_lacks_its_secret() {
    let stage = Stage::new("echo").await;
    let lacking = json!({"credentialsSecretRef": {"name": "none"}});
    stage.apply(second(&another_box().await.url(), lacking)).await;
    stage.reads("AccessIntegration", "second", "DependencyNotReady").await;
    stage.annotate("Property", "tower", SYNC, "monday").await;
    let handled = |tower: &View| tower.status["lastHandledSyncAt"] == "monday";
    let tower = stage.until("Property", "tower", "has handled the sync", handled).await;
    assert_eq!(tower.status["counts"]["integrationsNotReady"], 1);
    stage.agrees().await;
}

#[tokio::test]
async fn a_deletion_stopped_by_a_refused_login_goes_on_when_somebody_asks_for_a_sync() {
    let mut stage = with_two("mended").await;
    stage.stop().await;
    let set = |password: &str| json!({"action": "set_password", "username": "sim", "password": password});
    stage.netbox.edit(&set("other"));
    stage.delete("AccessIntegration", "netbox").await;
    stage.netbox.forget_calls();
    stage.start().await;
    let failed = |it: &View| it.reason() == "DeletionFailed" && it.message().contains(SYNC);
    let netbox = stage.until("AccessIntegration", "netbox", "tells both ways on", failed).await;
    assert!(netbox.message().contains("change the Secret"), "{netbox}");
    assert_eq!(stage.netbox.called("Login"), 1);
    // The account is mended in the box; the Secret was right all along.
    stage.netbox.edit(&set("sim"));
    stage.annotate("AccessIntegration", "netbox", SYNC, "now").await;
    stage.gone("AccessIntegration", "netbox").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}
