//! What is said today of a visitor whose day has not come.

use serde_json::{Value, json};
use vestibule_core::model::Hasher;

use super::life_tests::{lobby, slot};
use super::stage::Stage;
use crate::api::{Grant, TenantSpec};
use crate::engine::catalogue::{Catalogue, Name};
use crate::reconcile::declared::{Declared, DeclaredIntegrations, DeclaredTenant};
use crate::reconcile::directory::tenant_id;
use crate::reconcile::fixtures::{acme, at, declared_integration, integration, jane, key, with};

/// The week before Jane's visit.
const BEFORE: &str = "2026-11-24T09:00:00Z";

/// A stage in the week before, with a NetBox whose system has these names and which may do without a card format.
fn before(catalogue: Catalogue, has_format: bool) -> Stage {
    let stage = Stage::at(at(BEFORE));
    stage.integrate([("netbox", lobby())]);
    look_into(&stage, catalogue, has_format, &acme());
    stage
}

/// Declares the tenant anew, with what is known of the NetBox now.
fn look_into(stage: &Stage, catalogue: Catalogue, has_format: bool, spec: &TenantSpec) {
    let mut netbox = integration(&stage.engine("netbox"), 0);
    if !has_format {
        netbox.capabilities.card_format = None;
    }
    let takers = vec![declared_integration(&netbox, catalogue)];
    let tenant = DeclaredTenant { name: "acme", property: "tower", spec, records: &[] };
    let declared = Declared::of(tenant, &DeclaredIntegrations { takers, ..Default::default() });
    stage.refer(|directory| {
        let facts = directory.tenants.get_mut(&tenant_id(&key("acme"))).unwrap();
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

fn message(stage: &Stage) -> String {
    let said = stage.object().unwrap().status.unwrap().status;
    said.condition("Ready").unwrap().message.clone()
}

async fn reads(stage: &Stage, ready: &str) {
    stage.until(ready, |stage| stage.ready() == ready).await;
}

#[tokio::test]
async fn a_visitor_of_next_week_that_cannot_work_is_refused_when_it_is_applied() {
    let rows = [
        (json!({ "email": null }), "spec.email or spec.phone"),
        (json!({ "credentialNumber": "4711" }), "spec.lenelS2.visitorCardFormat"),
    ];
    for (spec, words) in rows {
        let stage = before(complete(), false);
        stage.tell(&with(jane(), &json!({ "spec": spec })));
        reads(&stage, "False InvalidSpec").await;
        assert!(message(&stage).contains(words), "{}", message(&stage));
    }
}

#[tokio::test]
async fn a_visitor_of_next_week_whose_tenant_opens_nothing_is_refused_until_groups_are_named() {
    let stage = before(complete(), true);
    let grant = Grant { integration_ref: "netbox".into(), groups: Vec::new() };
    look_into(&stage, complete(), true, &TenantSpec { visitor_access: vec![grant], ..acme() });
    stage.tell(&jane());
    reads(&stage, "False InvalidSpec").await;
    assert!(message(&stage).contains("Tenant acme opens no door"), "{}", message(&stage));
    look_into(&stage, complete(), true, &acme());
    reads(&stage, "True Scheduled").await;
}

#[tokio::test]
async fn a_group_that_the_system_lacks_is_waited_for_long_before_the_visit() {
    let stage = before(without_lobby(), true);
    stage.tell(&jane());
    reads(&stage, "False DependencyNotReady").await;
    assert!(message(&stage).contains("access group \"Lobby\""), "{}", message(&stage));
    look_into(&stage, complete(), true, &acme());
    reads(&stage, "True Scheduled").await;
    look_into(&stage, without_lobby(), true, &acme());
    reads(&stage, "False DependencyNotReady").await;
}

#[tokio::test]
async fn while_the_names_of_a_system_are_not_known_only_a_new_visitor_says_what_it_waits_for() {
    let stage = before(complete(), true);
    stage.tell(&jane());
    reads(&stage, "True Scheduled").await;
    stage.rest().await;
    stage.calls();
    look_into(&stage, Catalogue::default(), true, &acme());
    for seconds in [11, 25] {
        stage.set(at(BEFORE) + jiff::SignedDuration::from_secs(seconds));
        stage.rest().await;
    }
    assert_eq!((stage.calls(), stage.ready().as_str()), (Vec::<String>::new(), "True Scheduled"));

    let stage = before(Catalogue::default(), true);
    stage.tell(&jane());
    stage.rest().await;
    assert_eq!(stage.ready(), "", "the first look may come at any moment");
    stage.set(at(BEFORE) + jiff::SignedDuration::from_secs(11));
    reads(&stage, "False DependencyNotReady").await;
    assert!(message(&stage).contains("AccessIntegration netbox"), "{}", message(&stage));
    look_into(&stage, complete(), true, &acme());
    reads(&stage, "True Scheduled").await;
}

/// What a process that is started anew asks and writes for a Visitor that says this, when the day has come as well.
async fn calls_after_a_restart(object: &Value, has_format: bool) -> Vec<String> {
    let said = before(complete(), has_format);
    said.tell(object);
    said.until("told", |stage| !stage.ready().is_empty()).await;
    let status = said.object().unwrap().status.unwrap();
    let stage = before(Catalogue::default(), has_format);
    stage.tell(&with(object.clone(), &json!({ "status": status })));
    stage.visitors.at_hand.lock().drop_object(slot());
    look_into(&stage, complete(), has_format, &acme());
    stage.rest().await;
    stage.set(at("2026-11-25T09:00:00Z"));
    stage.rest().await;
    assert_eq!(stage.ready(), said.ready());
    stage.calls()
}

#[tokio::test]
async fn a_restart_and_a_midnight_look_up_no_object_whatever_it_says() {
    let with_card = with(jane(), &json!({ "spec": { "credentialNumber": "4711" } }));
    assert_eq!(calls_after_a_restart(&jane(), true).await, Vec::<String>::new());
    assert_eq!(calls_after_a_restart(&with_card, false).await, Vec::<String>::new(), "refused");
}
