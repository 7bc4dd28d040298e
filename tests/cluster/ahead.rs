//! Every object is judged when it is applied, for the days on which it will be effective, and by what is declared.

use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use crate::testbed::{MORNING, NetBox, Testbed, View, integration, property, secret, tenant, visitor};

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
    let testbed = Testbed::new("ahead").await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"lenelS2": {"visitorCardFormat": null}}))).await;
    let none = json!([{"integrationRef": {"name": "netbox"}, "groups": []}]);
    testbed.apply(tenant("closed", json!({"visitorAccess": none}))).await;
    testbed.apply(later("ada", &json!({"email": null}))).await;
    testbed.apply(later("bob", &json!({"credentialNumber": "4711"}))).await;
    testbed.apply(later("eve", &json!({"tenantRef": {"name": "closed"}}))).await;
    testbed.apply(later("joe", &json!({}))).await;
    // The clock is put back in that night: 01:10 to 01:50 comes twice.
    let night = json!({"visit": {"from": "2027-11-07", "startTime": "01:10", "endTime": "01:50"}});
    testbed.apply(later("kim", &night)).await;
    for (name, words) in [
        ("kim", "spec.visit.startTime"),
        ("ada", "spec.email or spec.phone"),
        ("bob", "spec.lenelS2.visitorCardFormat"),
        ("eve", "Tenant closed opens no door"),
    ] {
        let view = testbed.reads("Visitor", name, "InvalidSpec").await;
        assert_eq!(view.kstatus(), Kstatus::Failed);
        assert!(view.message().contains(words), "{}", view.message());
    }
    testbed.reads("Visitor", "joe", "Scheduled").await;
    // The format is named at last.
    testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
    testbed.reads("Visitor", "bob", "Scheduled").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_waited_for_long_before_the_visit() {
    let testbed = Testbed::new("ahead-group").await;
    testbed.apply(tenant("acme", roof())).await;
    testbed.apply(later("ada", &json!({}))).await;
    for (kind, name) in [("Tenant", "acme"), ("Visitor", "ada")] {
        let view = testbed.reads(kind, name, "DependencyNotReady").await;
        for word in ["\"Roof\"", "spec.visitorAccess of Tenant acme", "AccessIntegration netbox"] {
            assert!(view.message().contains(word), "{}", view.message());
        }
        assert_eq!(view.kstatus(), Kstatus::InProgress);
    }
    testbed.netbox.edit(&json!({"action": "add_level", "name": "Roof", "reader_group": "All readers"}));
    // The names are read again without a requested sync.
    testbed.set_clock("2026-12-01T14:02:00Z");
    testbed.reads("Visitor", "ada", "Scheduled").await;
    testbed.reads("Tenant", "acme", "Succeeded").await;
    testbed.agrees().await;
}

fn never_stalled(testbed: &Testbed) {
    for (kind, name) in [("Visitor", "ada"), ("Tenant", "acme")] {
        let stalled = |view: &View| view.condition("Stalled").is_some();
        assert!(!testbed.history(kind, name).iter().any(stalled), "{}", testbed.history_text(kind, name));
    }
}

#[tokio::test]
async fn an_integration_that_is_applied_after_its_tenant_and_visitor_is_waited_for() {
    let mut testbed = Testbed::bare("applied-later", MORNING, "America/New_York").await;
    for object in [secret("sim"), property(json!({})), tenant("acme", json!({})), visitor("ada", json!({}))] {
        testbed.apply(object).await;
    }
    testbed.start().await;
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert!(ada.message().contains("waits for AccessIntegration netbox"), "{}", ada.message());
    testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    never_stalled(&testbed);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_changed_address_makes_no_visitor_invalid_though_another_integration_is_connected() {
    let testbed = Testbed::new("readdressed").await;
    let beside = NetBox::start("America/New_York", MORNING.parse().unwrap()).await;
    let mut other = integration(&beside.url(), json!({}));
    other["metadata"]["name"] = json!("beside");
    testbed.apply(other).await;
    testbed.reads("AccessIntegration", "beside", "Succeeded").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let moved = NetBox::start("America/New_York", MORNING.parse().unwrap()).await;
    testbed.apply(integration(&moved.url(), json!({}))).await;
    moved.until("she is in the new one", |people| people.len() == 1).await;
    testbed.until("Visitor", "ada", "is ready again", View::ends_kubectl_wait).await;
    never_stalled(&testbed);
    testbed.agrees_with(&moved).await;
}
