//! Objects of kinds that no controller acts on yet say so in their status.

use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use crate::testbed::{MORNING, Testbed};

fn objects() -> [(&'static str, &'static str, Value); 5] {
    let person = json!({"tenantRef": {"name": "acme"}, "firstName": "Lise", "lastName": "Meitner", "email": "lise@example.org"});
    let mut registration = person.clone();
    registration["propertyRef"] = json!({"name": "tower"});
    let group = json!({"integrationRef": {"name": "netbox"}, "externalId": "17", "displayName": "Lobby"});
    let subscription = json!({"planRef": {"name": "desk"}, "subscriber": {"tenantRef": {"name": "acme"}}});
    let grants = json!({"grants": [{"integrationRef": {"name": "netbox"}, "groups": ["Lobby"]}]});
    [
        ("AccessGroup", "lobby", group),
        ("AccessPlan", "desk", grants),
        ("Occupant", "lise", person),
        ("PlanSubscription", "acme-desk", subscription),
        ("SelfRegistration", "emmy", registration),
    ]
}

#[tokio::test]
async fn an_object_that_nothing_acts_on_fails_a_wait_at_once_and_is_deleted_without_one() {
    // Objects from before the controller's start, and later ones.
    let mut testbed = Testbed::bare("unbuilt", MORNING, "America/New_York").await;
    let (early, late) = (objects(), objects());
    for (kind, name, spec) in early.iter().take(3) {
        testbed.apply(json!({"kind": kind, "metadata": {"name": name}, "spec": spec})).await;
    }
    testbed.start().await;
    for (kind, name, spec) in late.iter().skip(3) {
        testbed.apply(json!({"kind": kind, "metadata": {"name": name}, "spec": spec})).await;
    }
    for (kind, name, _) in objects() {
        let view = testbed.reads(kind, name, "NotSupported").await;
        assert_eq!(view.kstatus(), Kstatus::Failed, "{kind}");
        assert_eq!(view.status["observedGeneration"], view.generation, "{kind}");
        assert!(view.message().contains(&format!("does not act on {kind}s yet")), "{}", view.message());
        assert!(view.finalizers.is_empty(), "{kind}");
    }
    // A newer spec is answered too.
    testbed.patch("AccessPlan", "desk", json!({"spec": {"displayName": "Desk"}})).await;
    let desk = testbed.reads("AccessPlan", "desk", "NotSupported").await;
    assert_eq!((desk.generation, desk.kstatus()), (2, Kstatus::Failed));
    for (kind, name, _) in objects() {
        testbed.delete(kind, name).await;
        testbed.gone(kind, name).await;
    }
    testbed.agrees().await;
}
