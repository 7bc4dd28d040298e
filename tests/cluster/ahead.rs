//! Every object is judged when it is applied, for the days on which it will be effective, and by what is declared.

use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use crate::stage::{MORNING, NetBox, Stage, View, integration, property, secret, tenant, visitor};

/// A visit later in the week.
fn later(name: &str, spec: &Value) -> Value {
    let mut visitor = visitor(name, json!({"visit": {"from": "2026-12-03"}}));
    json_patch::merge(&mut visitor["spec"], spec);
    visitor
}

fn roof() -> Value {
    json!({"visitorAccess": [{"integrationRef": {"name": "netbox"}, "groups": ["Roof"]}]})
}

#[tokio::test]
async fn a_visitor_of_a_later_day_that_cannot_work_is_not_ready_when_it_is_applied() {
    let stage = Stage::new("ahead").await;
    stage.apply(integration(&stage.netbox.url(), json!({"lenelS2": {"visitorCardFormat": null}}))).await;
    let none = json!([{"integrationRef": {"name": "netbox"}, "groups": []}]);
    stage.apply(tenant("closed", json!({"visitorAccess": none}))).await;
    stage.apply(later("ada", &json!({"email": null}))).await;
    stage.apply(later("bob", &json!({"credentialNumber": "4711"}))).await;
    stage.apply(later("eve", &json!({"tenantRef": {"name": "closed"}}))).await;
    stage.apply(later("joe", &json!({}))).await;
    // The clock is put back in that night: 01:10 to 01:50 comes twice.
    let night = json!({"visit": {"from": "2027-11-07", "startTime": "01:10", "endTime": "01:50"}});
    stage.apply(later("kim", &night)).await;
    for (name, words) in [
        ("kim", "spec.visit.startTime"),
        ("ada", "spec.email or spec.phone"),
        ("bob", "spec.lenelS2.visitorCardFormat"),
        ("eve", "Tenant closed opens no door"),
    ] {
        let view = stage.reads("Visitor", name, "InvalidSpec").await;
        assert_eq!(view.kstatus(), Kstatus::Failed);
        assert!(view.message().contains(words), "{}", view.message());
    }
    stage.reads("Visitor", "joe", "Scheduled").await;
    // The format is named at last.
    stage.apply(integration(&stage.netbox.url(), json!({}))).await;
    stage.reads("Visitor", "bob", "Scheduled").await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_waited_for_long_before_the_visit() {
    let stage = Stage::new("ahead-group").await;
    stage.apply(tenant("acme", roof())).await;
    stage.apply(later("ada", &json!({}))).await;
    for (kind, name) in [("Tenant", "acme"), ("Visitor", "ada")] {
        let view = stage.reads(kind, name, "DependencyNotReady").await;
        for word in ["\"Roof\"", "spec.visitorAccess of Tenant acme", "AccessIntegration netbox"] {
            assert!(view.message().contains(word), "{}", view.message());
        }
        assert_eq!(view.kstatus(), Kstatus::InProgress);
    }
    stage.netbox.edit(&json!({"action": "add_level", "name": "Roof", "reader_group": "All readers"}));
    // Nobody asks for a sync: the names are read again by themselves.
    stage.set_clock("2026-12-01T14:02:00Z");
    stage.reads("Visitor", "ada", "Scheduled").await;
    stage.reads("Tenant", "acme", "Succeeded").await;
    stage.agrees().await;
}

fn never_stalled(stage: &Stage) {
    for (kind, name) in [("Visitor", "ada"), ("Tenant", "acme")] {
        let stalled = |view: &View| view.condition("Stalled").is_some();
        assert!(!stage.history(kind, name).iter().any(stalled), "{}", stage.told(kind, name));
    }
}

#[tokio::test]
async fn an_integration_that_is_applied_after_its_tenant_and_visitor_is_waited_for() {
    let mut stage = Stage::bare("applied-later", MORNING, "America/New_York").await;
    for object in [secret("sim"), property(json!({})), tenant("acme", json!({})), visitor("ada", json!({}))] {
        stage.apply(object).await;
    }
    stage.start().await;
    let ada = stage.reads("Visitor", "ada", "DependencyNotReady").await;
    assert!(ada.message().contains("waits for AccessIntegration netbox"), "{}", ada.message());
    stage.apply(integration(&stage.netbox.url(), json!({}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    never_stalled(&stage);
    stage.agrees().await;
}

#[tokio::test]
async fn a_changed_address_makes_no_visitor_invalid_though_another_integration_is_connected() {
    let stage = Stage::new("readdressed").await;
    let beside = NetBox::start("America/New_York", MORNING.parse().unwrap()).await;
    let mut other = integration(&beside.url(), json!({}));
    other["metadata"]["name"] = json!("beside");
    stage.apply(other).await;
    stage.reads("AccessIntegration", "beside", "Succeeded").await;
    stage.apply(visitor("ada", json!({}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    let moved = NetBox::start("America/New_York", MORNING.parse().unwrap()).await;
    stage.apply(integration(&moved.url(), json!({}))).await;
    moved.until("she is in the new one", |people| people.len() == 1).await;
    stage.until("Visitor", "ada", "is ready again", View::ends_kubectl_wait).await;
    never_stalled(&stage);
    stage.agrees_with(&moved).await;
}
