//! The status of a Visitor before its day.

use serde_json::{Value, json};
use vestibule_core::model::Hasher;

use super::life_tests::{lobby, object_id};
use super::testbed::Testbed;
use crate::api::{Grant, TenantSpec};
use crate::engine::catalogue::{Catalogue, Name};
use crate::reconcile::declared::{Declared, DeclaredIntegrations, DeclaredTenant};
use crate::reconcile::fixtures::{acme, at, declared_integration, integration, jane, key, with};
use crate::reconcile::references::tenant_id;

/// The week before Jane's visit.
const BEFORE: &str = "2026-11-24T09:00:00Z";

/// A testbed in the week before, with a NetBox that has these names and may lack a card format.
fn before(catalogue: Catalogue, has_format: bool) -> Testbed {
    let testbed = Testbed::at(at(BEFORE));
    testbed.integrate([("netbox", lobby())]);
    look_into(&testbed, catalogue, has_format, &acme());
    testbed
}

/// Declares the tenant anew, with the present knowledge about the NetBox.
fn look_into(testbed: &Testbed, catalogue: Catalogue, has_format: bool, spec: &TenantSpec) {
    let mut netbox = integration(&testbed.engine("netbox"), 0);
    if !has_format {
        netbox.capabilities.card_format = None;
    }
    let takers = vec![declared_integration(&netbox, catalogue)];
    let tenant = DeclaredTenant { name: "acme", property: "tower", spec, records: &[] };
    let declared = Declared::of(tenant, &DeclaredIntegrations { takers, ..Default::default() });
    testbed.refer(|references| {
        let facts = references.tenants.get_mut(&tenant_id(&key("acme"))).unwrap();
        let mut hash = Hasher::new("changed");
        hash.number(facts.hash);
        declared.sign(&mut hash);
        facts.hash = if declared.doors == facts.declared.doors { facts.hash } else { hash.finish() };
        facts.declared = declared;
    });
}

fn complete() -> Catalogue {
    Catalogue::lacking([])
}

fn without_lobby() -> Catalogue {
    Catalogue::lacking([Name::Group("Lobby".to_owned())])
}

fn message(testbed: &Testbed) -> String {
    let said = testbed.object().unwrap().status.unwrap().status;
    said.condition("Ready").unwrap().message.clone()
}

async fn reads(testbed: &Testbed, ready: &str) {
    testbed.until(ready, |testbed| testbed.ready() == ready).await;
}

#[tokio::test]
async fn a_visitor_of_next_week_that_cannot_work_is_refused_when_it_is_applied() {
    let rows = [
        (json!({ "email": null }), "spec.email or spec.phone"),
        (json!({ "credentialNumber": "4711" }), "spec.lenelS2.visitorCardFormat"),
    ];
    for (spec, words) in rows {
        let testbed = before(complete(), false);
        testbed.tell(&with(jane(), &json!({ "spec": spec })));
        reads(&testbed, "False InvalidSpec").await;
        assert!(message(&testbed).contains(words), "{}", message(&testbed));
    }
}

#[tokio::test]
async fn a_visitor_of_next_week_whose_tenant_opens_nothing_is_refused_until_groups_are_named() {
    let testbed = before(complete(), true);
    let grant = Grant { integration_ref: "netbox".into(), groups: Vec::new() };
    look_into(&testbed, complete(), true, &TenantSpec { visitor_access: vec![grant], ..acme() });
    testbed.tell(&jane());
    reads(&testbed, "False InvalidSpec").await;
    assert!(message(&testbed).contains("Tenant acme opens no door"), "{}", message(&testbed));
    look_into(&testbed, complete(), true, &acme());
    reads(&testbed, "True Scheduled").await;
}

#[tokio::test]
async fn a_group_that_the_system_lacks_is_waited_for_long_before_the_visit() {
    let testbed = before(without_lobby(), true);
    testbed.tell(&jane());
    reads(&testbed, "False DependencyNotReady").await;
    assert!(message(&testbed).contains("access group \"Lobby\""), "{}", message(&testbed));
    look_into(&testbed, complete(), true, &acme());
    reads(&testbed, "True Scheduled").await;
    look_into(&testbed, without_lobby(), true, &acme());
    reads(&testbed, "False DependencyNotReady").await;
}

#[tokio::test]
async fn while_the_names_of_a_system_are_not_known_only_a_new_visitor_reports_a_wait() {
    let testbed = before(complete(), true);
    testbed.tell(&jane());
    reads(&testbed, "True Scheduled").await;
    testbed.rest().await;
    testbed.calls();
    look_into(&testbed, Catalogue::default(), true, &acme());
    for seconds in [11, 25] {
        testbed.set(at(BEFORE) + jiff::SignedDuration::from_secs(seconds));
        testbed.rest().await;
    }
    assert_eq!((testbed.calls(), testbed.ready().as_str()), (Vec::<String>::new(), "True Scheduled"));

    let testbed = before(Catalogue::default(), true);
    testbed.tell(&jane());
    testbed.rest().await;
    assert_eq!(testbed.ready(), "", "the first answer may come at any moment");
    testbed.set(at(BEFORE) + jiff::SignedDuration::from_secs(11));
    reads(&testbed, "False DependencyNotReady").await;
    assert!(message(&testbed).contains("AccessIntegration netbox"), "{}", message(&testbed));
    look_into(&testbed, complete(), true, &acme());
    reads(&testbed, "True Scheduled").await;
}

/// The calls that a restarted process makes for a Visitor with this status, also when its day has come.
async fn calls_after_a_restart(object: &Value, has_format: bool) -> Vec<String> {
    let said = before(complete(), has_format);
    said.tell(object);
    said.until("reported", |testbed| !testbed.ready().is_empty()).await;
    let status = said.object().unwrap().status.unwrap();
    let testbed = before(Catalogue::default(), has_format);
    testbed.tell(&with(object.clone(), &json!({ "status": status })));
    testbed.visitors.object_cache.lock().drop_object(object_id());
    look_into(&testbed, complete(), has_format, &acme());
    testbed.rest().await;
    testbed.set(at("2026-11-25T09:00:00Z"));
    testbed.rest().await;
    assert_eq!(testbed.ready(), said.ready());
    testbed.calls()
}

#[tokio::test]
async fn a_restart_and_a_midnight_look_up_no_object_whatever_it_says() {
    let with_card = with(jane(), &json!({ "spec": { "credentialNumber": "4711" } }));
    assert_eq!(calls_after_a_restart(&jane(), true).await, Vec::<String>::new());
    assert_eq!(calls_after_a_restart(&with_card, false).await, Vec::<String>::new(), "refused");
}
