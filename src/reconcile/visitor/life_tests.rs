//! The life of a Visitor from event to status, with everything except the network.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestibule_core::identity::ObjectId;
use vestibule_core::model::DesiredRecord;
use vestibule_core::plan::DesiredState;

use super::plan;
use super::testbed::Testbed;
use super::validate::validate;
use crate::cluster::FINALIZER;
use crate::engine::{DesiredStateSource, Outcome, Report};
use crate::reconcile::fixtures::{at, engine, facts, holding, integration, jane, key, read, with};
use crate::system::memory::{Fault, Memory};
use crate::system::{ErrorKind, SystemError};

/// Ten in the morning in Berlin, during Jane's visit.
pub(super) const DURING: &str = "2026-12-01T09:00:00Z";

/// The record that Jane gets through the NetBox.
pub(super) fn record() -> DesiredRecord {
    let tenant = facts([integration(&engine("netbox", Memory::default()), 0)]);
    let visitor = validate(&read(&jane())).unwrap();
    match plan::record(&visitor, &key("jane"), &tenant, &tenant.access[0], at(DURING)) {
        Ok(DesiredState::Record(record)) => (*record).clone(),
        other => panic!("{other:?}"),
    }
}

pub(super) fn ours(object: Value) -> Value {
    with(object, &json!({ "metadata": { "finalizers": [FINALIZER] } }))
}

pub(super) fn deleting(object: Value) -> Value {
    with(object, &json!({ "metadata": { "deletionTimestamp": "2026-12-01T08:30:00Z", "generation": 2 } }))
}

pub(super) fn lobby() -> Memory {
    Memory::with_groups(["Lobby"])
}

pub(super) fn object_id() -> ObjectId {
    ObjectId::of_visitor(&key("jane"))
}

pub(super) fn inside(testbed: &Testbed, name: &str) -> usize {
    testbed.engine(name).existing(object_id()).map_or(0, |existing| existing.len())
}

/// A testbed in which Jane's record is in the NetBox and her Visitor is Ready.
pub(super) async fn ready() -> Testbed {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    testbed.tell(&jane());
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    testbed.rest().await;
    testbed
}

#[tokio::test]
async fn a_status_whose_writer_panics_is_written_by_another() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([]);
    testbed.panic_at_the_next_call();
    testbed.tell(&jane());
    testbed.rest().await;
    assert_eq!(testbed.calls(), [""; 0]);
    testbed.set(at(DURING) + SignedDuration::from_secs(5));
    testbed.until("written", |testbed| testbed.calls().contains(&"PATCH status".to_owned())).await;
}

#[tokio::test]
async fn a_visitor_gets_a_record_and_a_status_and_is_removed_again() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    testbed.tell(&jane());
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    let object = testbed.object().unwrap();
    assert!(object.meta.is_ours());
    assert_eq!(object.status.unwrap().records[0].external_id, record().id.to_string());
    testbed.rest().await;
    assert_eq!(testbed.calls(), ["PATCH object", "PATCH status"], "the finalizer and one status, no look-up");
    let going =
        json!({ "metadata": { "deletionTimestamp": DURING, "generation": 2, "finalizers": [FINALIZER] } });
    testbed.tell(&with(jane(), &going));
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert_eq!(inside(&testbed, "netbox"), 0);
}

#[tokio::test]
async fn a_deletion_waits_for_an_engine_that_has_not_synced_yet_although_no_status_names_a_record() {
    // The record was created by a process that was killed before it wrote the status.
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.tell(&deleting(ours(jane())));
    testbed.rest().await;
    assert!(testbed.object().is_some_and(|object| object.meta.is_ours()), "its record may be there");
    testbed.run("netbox").await;
    testbed.sync("netbox").await;
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert_eq!(inside(&testbed, "netbox"), 0);
}

#[tokio::test]
async fn a_deletion_waits_for_an_integration_of_its_property_that_is_not_connected() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.refer(|references| {
        references.engines.clear();
    });
    testbed.tell(&deleting(ours(jane())));
    testbed.rest().await;
    assert!(testbed.object().is_some());
    testbed.refer(|references| references.integrations.clear());
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
}

#[tokio::test]
async fn a_record_that_no_status_names_is_removed_when_its_day_is_over() {
    let mut testbed = Testbed::at(at("2026-12-03T09:00:00Z"));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.tell(&ours(jane()));
    testbed.run("netbox").await;
    testbed.rest().await;
    assert_ne!(testbed.ready(), "True Expired", "one list does not prove that nothing else is there");
    testbed.sync("netbox").await;
    testbed
        .until("expired", |testbed| testbed.ready() == "True Expired" && inside(testbed, "netbox") == 0)
        .await;
}

#[tokio::test]
async fn a_record_that_is_taken_over_gets_its_finalizer_without_a_call_to_the_system() {
    // After a move to another cluster the object is new and the record is not.
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.tell(&jane());
    testbed.run("netbox").await;
    testbed
        .until("ours and ready", |testbed| {
            testbed.ready() == "True Succeeded"
                && testbed.object().is_some_and(|object| object.meta.is_ours())
        })
        .await;
    assert_eq!(inside(&testbed, "netbox"), 1);
}

#[tokio::test]
async fn a_finalizer_that_another_client_removed_is_set_again_while_there_is_a_record() {
    let testbed = ready().await;
    testbed.tell(&jane());
    testbed.until("ours again", |testbed| testbed.object().is_some_and(|object| object.meta.is_ours())).await;
}

#[tokio::test]
async fn a_failure_in_one_system_is_reported_although_another_one_holds_the_visitor() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby()), ("annex", lobby())]);
    testbed.tell(&jane());
    let error = SystemError::new(ErrorKind::Terminal, "AddPerson", "NetBox refuses this name: change it");
    let outcomes =
        [("netbox", Outcome::Failed { error, retried: false }), ("annex", Outcome::Present(record().id))];
    for (name, outcome) in outcomes {
        testbed
            .visitors
            .report(Report {
                integration: key(name),
                object_id: object_id(),
                priority: crate::engine::Priority::UserChange,
                outcome,
            })
            .await;
    }
    testbed.until("refused", |testbed| testbed.ready() == "False NotSupportedBySystem").await;
    let said = testbed.object().unwrap().status.unwrap().status;
    assert_eq!(said.condition("Ready").unwrap().message, "NetBox refuses this name: change it");
}

#[tokio::test]
async fn after_a_restart_nothing_is_looked_up_and_nothing_written_for_a_visitor_that_is_in_sync() {
    let mut before = Testbed::at(at(DURING));
    before.integrate([("netbox", lobby())]);
    before.run("netbox").await;
    before.tell(&jane());
    before.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    before.rest().await;
    let status = before.object().unwrap().status.unwrap();
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.tell(&with(ours(jane()), &json!({ "status": status })));
    testbed.visitors.object_cache.lock().drop_object(object_id());
    testbed.run("netbox").await;
    testbed.set(at("2026-12-01T09:01:00Z"));
    testbed.rest().await;
    assert_eq!((testbed.calls(), testbed.ready().as_str()), (Vec::<String>::new(), "True Succeeded"));
}

#[tokio::test]
async fn a_suspended_integration_still_removes_access() {
    let testbed = ready().await;
    testbed.engine("netbox").suspend();
    testbed.refer(|references| {
        for tenant in references.tenants.values_mut() {
            tenant.hash += 1;
        }
    });
    testbed.rest().await;
    let object = testbed.object().unwrap();
    let going = json!({
        "metadata": { "deletionTimestamp": DURING, "generation": 2, "finalizers": [FINALIZER] },
        "status": object.status.unwrap(),
    });
    testbed.tell(&with(jane(), &going));
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert_eq!(inside(&testbed, "netbox"), 0);
}

#[tokio::test]
async fn a_plan_that_was_under_way_when_the_deletion_came_changes_nothing_any_more() {
    let testbed = ready().await;
    let object = testbed.object().unwrap();
    let going =
        json!({ "metadata": { "deletionTimestamp": DURING, "generation": 2, "finalizers": [FINALIZER] } });
    testbed.tell(&with(jane(), &going));
    assert_eq!(testbed.visitors.plan_record(&key("netbox"), object_id(), &object), DesiredState::Keep);
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert_eq!(inside(&testbed, "netbox"), 0);
}

#[tokio::test]
async fn a_record_that_could_not_be_created_is_not_missing_when_the_visit_is_over() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", Memory::with_groups(["Another"]))]);
    testbed.run("netbox").await;
    testbed.tell(&jane());
    testbed.until("waits for its group", |testbed| testbed.ready() == "False DependencyNotReady").await;
    testbed.set(at("2026-12-01T17:00:00Z"));
    testbed.until("over", |testbed| testbed.ready() == "True Expired").await;
}

#[tokio::test]
async fn a_terminal_failure_is_tried_again_by_the_next_sync() {
    let system = lobby();
    let refused = SystemError::new(ErrorKind::Terminal, "AddPerson", "NetBox refuses this name: change it");
    system.fail_next("create", Fault::Refuse(refused));
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", system)]);
    testbed.run("netbox").await;
    testbed.tell(&jane());
    testbed.until("refused", |testbed| testbed.ready() == "False NotSupportedBySystem").await;
    testbed.visitors.after_sync(&testbed.engine("netbox"));
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
}

#[tokio::test]
async fn a_change_elsewhere_queues_nothing_here() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby()), ("annex", lobby())]);
    testbed.run("netbox").await;
    testbed.run("annex").await;
    testbed.tell(&jane());
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    testbed.rest().await;
    testbed.calls();
    // An idle engine takes no turn: queued work stays in the queue and can be seen.
    testbed.stop().await;
    testbed.refer(|references| {
        for tenant in references.tenants.values_mut() {
            tenant.access[1].hash += 1;
            tenant.hash += 1;
        }
    });
    let queued = |name| testbed.engine(name).diagnostics()["queued"]["rollover_addition"].as_u64();
    assert_eq!((queued("netbox"), queued("annex")), (Some(0), Some(1)));
}

/// Jane's records in an integration with `Orphan` and in one without, while her Visitor is being deleted.
async fn leaving(namespace: Option<bool>) -> Testbed {
    let mut testbed = Testbed::at(at(DURING));
    testbed.namespace(namespace);
    testbed.integrate([("netbox", lobby()), ("annex", lobby())]);
    testbed.refer(|references| references.orphaning.extend([key("netbox")]));
    testbed.run("netbox").await;
    testbed.run("annex").await;
    testbed.tell(&jane());
    testbed.until("in both", |testbed| inside(testbed, "netbox") + inside(testbed, "annex") == 2).await;
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    testbed.rest().await;
    let status = testbed.object().unwrap().status.unwrap();
    testbed.calls();
    testbed.tell(&with(deleting(ours(jane())), &json!({ "status": status })));
    testbed
}

#[tokio::test]
async fn at_the_end_of_a_namespace_records_stay_where_the_integration_says_so_and_nowhere_else() {
    let testbed = leaving(Some(true)).await;
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    testbed.rest().await;
    assert_eq!((inside(&testbed, "netbox"), inside(&testbed, "annex")), (1, 0));
    assert_eq!(testbed.engine("netbox").state().borrow().left_behind, 1);
}

#[tokio::test]
async fn the_record_of_a_visitor_that_is_deleted_alone_is_removed_whatever_the_deletion_policy() {
    let testbed = leaving(Some(false)).await;
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert_eq!(inside(&testbed, "netbox") + inside(&testbed, "annex"), 0);
}

#[tokio::test]
async fn while_the_namespace_cannot_be_read_no_record_under_orphan_is_removed() {
    let testbed = leaving(None).await;
    testbed.until("out of the other", |testbed| inside(testbed, "annex") == 0).await;
    testbed.rest().await;
    assert!(testbed.object().is_some());
    assert_eq!(inside(&testbed, "netbox"), 1);
}

#[tokio::test]
async fn the_namespace_is_not_read_where_no_integration_has_orphan() {
    let testbed = ready().await;
    testbed.tell(&deleting(ours(jane())));
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert!(!testbed.calls().iter().any(|call| call.ends_with("namespace")));
}

/// Jane's records in two integrations; then the NetBox takes no visitors any more, for the given reason.
async fn without_the_netbox(why: impl FnOnce(&mut crate::reconcile::references::References)) -> Testbed {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby()), ("annex", lobby())]);
    testbed.run("netbox").await;
    testbed.run("annex").await;
    testbed.tell(&jane());
    testbed.until("in both", |testbed| inside(testbed, "netbox") + inside(testbed, "annex") == 2).await;
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    testbed.refer(|references| {
        for tenant in references.tenants.values_mut() {
            tenant.access.remove(0);
            tenant.hash += 1;
        }
        why(references);
    });
    testbed
}

#[tokio::test]
async fn an_integration_with_an_unreadable_spec_keeps_its_records_until_the_visit_is_over() {
    let testbed = without_the_netbox(|references| references.frozen.extend([key("netbox")])).await;
    testbed.rest().await;
    assert_eq!((inside(&testbed, "netbox"), inside(&testbed, "annex")), (1, 1));
    testbed.set(at("2026-12-02T09:00:00Z"));
    testbed.until("out of both", |testbed| inside(testbed, "netbox") + inside(testbed, "annex") == 0).await;
}

#[tokio::test]
async fn an_integration_that_declines_visitors_removes_its_records() {
    let testbed = without_the_netbox(|references| references.declining.extend([key("netbox")])).await;
    testbed.until("out of the one", |testbed| inside(testbed, "netbox") == 0).await;
    assert_eq!(inside(&testbed, "annex"), 1);
}

#[tokio::test]
async fn an_integration_that_declines_visitors_after_it_was_unreadable_removes_its_records() {
    let testbed = without_the_netbox(|references| references.frozen.extend([key("netbox")])).await;
    testbed.rest().await;
    testbed.refer(|references| {
        references.frozen.clear();
        references.declining.extend([key("netbox")]);
    });
    testbed.until("out of the one", |testbed| inside(testbed, "netbox") == 0).await;
    assert_eq!(inside(&testbed, "annex"), 1);
}

#[tokio::test]
async fn the_only_integration_removes_its_records_if_it_declines_visitors_and_not_if_it_is_not_ready() {
    for (declines, left) in [(true, 0), (false, 1)] {
        let mut testbed = Testbed::at(at(DURING));
        testbed.integrate([("netbox", lobby())]);
        testbed.run("netbox").await;
        testbed.tell(&jane());
        testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
        testbed.refer(|references| {
            for tenant in references.tenants.values_mut() {
                tenant.access.clear();
                tenant.hash += 1;
                let declared = facts([]).declared;
                tenant.declared = if declines { declared } else { tenant.declared.clone() };
                tenant.declared.unready.push("waits for AccessIntegration netbox".to_owned());
            }
            references.declining.extend(declines.then(|| key("netbox")));
        });
        testbed.until("reported", |testbed| testbed.ready() == "False DependencyNotReady").await;
        testbed.rest().await;
        assert_eq!(inside(&testbed, "netbox"), left, "declines: {declines}");
    }
}
