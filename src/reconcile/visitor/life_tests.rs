//! The life of a Visitor from event to status, with everything but the wire.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestibule_core::identity::Slot;
use vestibule_core::model::Record;
use vestibule_core::plan::Want;

use super::plan;
use super::stage::Stage;
use super::validate::validate;
use crate::cluster::FINALIZER;
use crate::engine::{Outcome, Report, Source};
use crate::reconcile::fixtures::{at, engine, facts, holding, integration, jane, key, read, with};
use crate::system::memory::{Fault, Memory};
use crate::system::{Class, SystemError};

/// Ten in the morning in Berlin, during Jane's visit.
pub(super) const DURING: &str = "2026-12-01T09:00:00Z";

/// The record that Jane gets through the NetBox.
pub(super) fn record() -> Record {
    let tenant = facts([integration(&engine("netbox", Memory::default()), 0)]);
    let visitor = validate(&read(&jane())).unwrap();
    match plan::record(&visitor, &key("jane"), &tenant, &tenant.access[0], at(DURING)) {
        Ok(Want::Record(record)) => (*record).clone(),
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

pub(super) fn slot() -> Slot {
    Slot::of_visitor(&key("jane"))
}

pub(super) fn inside(stage: &Stage, name: &str) -> usize {
    stage.engine(name).held(slot()).map_or(0, |held| held.len())
}

/// Jane in the NetBox and told so.
pub(super) async fn ready() -> Stage {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby())]);
    stage.run("netbox").await;
    stage.tell(&jane());
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    stage.rest().await;
    stage
}

#[tokio::test]
async fn a_status_whose_writer_panics_is_written_by_another() {
    let stage = Stage::at(at(DURING));
    stage.integrate([]);
    stage.panic_at_the_next_call();
    stage.tell(&jane());
    stage.rest().await;
    assert_eq!(stage.calls(), [""; 0]);
    stage.set(at(DURING) + SignedDuration::from_secs(5));
    stage.until("written", |stage| stage.calls().contains(&"PATCH status".to_owned())).await;
}

#[tokio::test]
async fn a_visitor_is_made_told_and_removed_again() {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby())]);
    stage.run("netbox").await;
    stage.tell(&jane());
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    let object = stage.object().unwrap();
    assert!(object.meta.is_ours());
    assert_eq!(object.status.unwrap().records[0].external_id, record().id.to_string());
    stage.rest().await;
    assert_eq!(stage.calls(), ["PATCH object", "PATCH status"], "the finalizer and one status, no look-up");
    let going =
        json!({ "metadata": { "deletionTimestamp": DURING, "generation": 2, "finalizers": [FINALIZER] } });
    stage.tell(&with(jane(), &going));
    stage.until("gone", |stage| stage.object().is_none()).await;
    assert_eq!(inside(&stage, "netbox"), 0);
}

#[tokio::test]
async fn a_deletion_waits_for_an_engine_that_has_not_looked_yet_although_no_status_names_a_record() {
    // Made by a process that was killed before it could write the status.
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", holding([&record()]))]);
    stage.tell(&deleting(ours(jane())));
    stage.rest().await;
    assert!(stage.object().is_some_and(|object| object.meta.is_ours()), "its record may be there");
    stage.run("netbox").await;
    stage.sync("netbox").await;
    stage.until("gone", |stage| stage.object().is_none()).await;
    assert_eq!(inside(&stage, "netbox"), 0);
}

#[tokio::test]
async fn a_deletion_waits_for_an_integration_of_its_property_that_is_not_connected() {
    let stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby())]);
    stage.refer(|directory| {
        directory.engines.clear();
    });
    stage.tell(&deleting(ours(jane())));
    stage.rest().await;
    assert!(stage.object().is_some());
    stage.refer(|directory| directory.integrations.clear());
    stage.until("gone", |stage| stage.object().is_none()).await;
}

#[tokio::test]
async fn a_record_that_no_status_names_is_removed_when_its_day_is_over() {
    let mut stage = Stage::at(at("2026-12-03T09:00:00Z"));
    stage.integrate([("netbox", holding([&record()]))]);
    stage.tell(&ours(jane()));
    stage.run("netbox").await;
    stage.until("expired", |stage| stage.ready() == "True Expired" && inside(stage, "netbox") == 0).await;
}

#[tokio::test]
async fn a_record_that_is_taken_over_gets_its_finalizer_without_a_call_to_the_system() {
    // A cluster that was moved: the object is new, the record is not.
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", holding([&record()]))]);
    stage.tell(&jane());
    stage.run("netbox").await;
    stage
        .until("ours and ready", |stage| {
            stage.ready() == "True Succeeded" && stage.object().is_some_and(|object| object.meta.is_ours())
        })
        .await;
    assert_eq!(inside(&stage, "netbox"), 1);
}

#[tokio::test]
async fn a_finalizer_that_somebody_took_away_is_put_on_again_while_there_is_a_record() {
    let stage = ready().await;
    stage.tell(&jane());
    stage.until("ours again", |stage| stage.object().is_some_and(|object| object.meta.is_ours())).await;
}

#[tokio::test]
async fn what_fails_in_one_system_is_told_although_another_one_holds_the_visitor() {
    let stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby()), ("annex", lobby())]);
    stage.tell(&jane());
    let error = SystemError::new(Class::Terminal, "AddPerson", "NetBox refuses this name: change it");
    let outcomes =
        [("netbox", Outcome::Failed { error, retried: false }), ("annex", Outcome::Present(record().id))];
    for (name, outcome) in outcomes {
        stage
            .visitors
            .report(Report {
                integration: key(name),
                slot: slot(),
                class: crate::engine::Class::UserChange,
                outcome,
            })
            .await;
    }
    stage.until("refused", |stage| stage.ready() == "False NotSupportedBySystem").await;
    let said = stage.object().unwrap().status.unwrap().status;
    assert_eq!(said.condition("Ready").unwrap().message, "NetBox refuses this name: change it");
}

#[tokio::test]
async fn after_a_restart_nothing_is_looked_up_and_nothing_written_for_a_visitor_who_is_as_wanted() {
    let mut before = Stage::at(at(DURING));
    before.integrate([("netbox", lobby())]);
    before.run("netbox").await;
    before.tell(&jane());
    before.until("ready", |stage| stage.ready() == "True Succeeded").await;
    before.rest().await;
    let status = before.object().unwrap().status.unwrap();
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", holding([&record()]))]);
    stage.tell(&with(ours(jane()), &json!({ "status": status })));
    stage.visitors.at_hand.lock().drop_object(slot());
    stage.run("netbox").await;
    stage.set(at("2026-12-01T09:01:00Z"));
    stage.rest().await;
    assert_eq!((stage.calls(), stage.ready().as_str()), (Vec::<String>::new(), "True Succeeded"));
}

#[tokio::test]
async fn a_suspended_integration_closes_all_the_same() {
    let stage = ready().await;
    stage.engine("netbox").suspend();
    stage.refer(|directory| {
        for tenant in directory.tenants.values_mut() {
            tenant.hash += 1;
        }
    });
    stage.rest().await;
    let object = stage.object().unwrap();
    let going = json!({
        "metadata": { "deletionTimestamp": DURING, "generation": 2, "finalizers": [FINALIZER] },
        "status": object.status.unwrap(),
    });
    stage.tell(&with(jane(), &going));
    stage.until("gone", |stage| stage.object().is_none()).await;
    assert_eq!(inside(&stage, "netbox"), 0);
}

#[tokio::test]
async fn a_plan_that_was_under_way_when_the_deletion_came_changes_nothing_any_more() {
    let stage = ready().await;
    let object = stage.object().unwrap();
    let going =
        json!({ "metadata": { "deletionTimestamp": DURING, "generation": 2, "finalizers": [FINALIZER] } });
    stage.tell(&with(jane(), &going));
    assert_eq!(stage.visitors.plan_record(&key("netbox"), slot(), &object), Want::Keep);
    stage.until("gone", |stage| stage.object().is_none()).await;
    assert_eq!(inside(&stage, "netbox"), 0);
}

#[tokio::test]
async fn a_visitor_who_could_not_be_let_in_is_not_missed_when_his_time_is_over() {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", Memory::with_groups(["Another"]))]);
    stage.run("netbox").await;
    stage.tell(&jane());
    stage.until("waits for its group", |stage| stage.ready() == "False DependencyNotReady").await;
    stage.set(at("2026-12-01T17:00:00Z"));
    stage.until("over", |stage| stage.ready() == "True Expired").await;
}

#[tokio::test]
async fn what_was_refused_for_good_is_tried_again_by_the_next_sync() {
    let system = lobby();
    let refused = SystemError::new(Class::Terminal, "AddPerson", "NetBox refuses this name: change it");
    system.fail_next("create", Fault::Refuse(refused));
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", system)]);
    stage.run("netbox").await;
    stage.tell(&jane());
    stage.until("refused", |stage| stage.ready() == "False NotSupportedBySystem").await;
    stage.visitors.after_sync(&stage.engine("netbox"));
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
}

#[tokio::test]
async fn a_change_elsewhere_queues_nothing_here() {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby()), ("annex", lobby())]);
    stage.run("netbox").await;
    stage.run("annex").await;
    stage.tell(&jane());
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    stage.rest().await;
    stage.calls();
    // At rest no engine takes a turn: whatever is queued stays in the queue and can be seen.
    stage.stop().await;
    stage.refer(|directory| {
        for tenant in directory.tenants.values_mut() {
            tenant.access[1].hash += 1;
            tenant.hash += 1;
        }
    });
    let queued = |name| stage.engine(name).diagnostics()["queued"]["rollover_addition"].as_u64();
    assert_eq!((queued("netbox"), queued("annex")), (Some(0), Some(1)));
}

/// Jane in an integration that says `Orphan` and in one that does not, under deletion.
async fn leaving(namespace: Option<bool>) -> Stage {
    let mut stage = Stage::at(at(DURING));
    stage.namespace(namespace);
    stage.integrate([("netbox", lobby()), ("annex", lobby())]);
    stage.refer(|directory| directory.orphaning.extend([key("netbox")]));
    stage.run("netbox").await;
    stage.run("annex").await;
    stage.tell(&jane());
    stage.until("in both", |stage| inside(stage, "netbox") + inside(stage, "annex") == 2).await;
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    stage.rest().await;
    let status = stage.object().unwrap().status.unwrap();
    stage.calls();
    stage.tell(&with(deleting(ours(jane())), &json!({ "status": status })));
    stage
}

#[tokio::test]
async fn at_the_end_of_a_namespace_records_stay_where_the_integration_says_so_and_nowhere_else() {
    let stage = leaving(Some(true)).await;
    stage.until("gone", |stage| stage.object().is_none()).await;
    stage.rest().await;
    assert_eq!((inside(&stage, "netbox"), inside(&stage, "annex")), (1, 0));
    assert_eq!(stage.engine("netbox").state().borrow().left_behind, 1);
}

#[tokio::test]
async fn somebody_who_is_deleted_alone_is_removed_whatever_the_integration_says() {
    let stage = leaving(Some(false)).await;
    stage.until("gone", |stage| stage.object().is_none()).await;
    assert_eq!(inside(&stage, "netbox") + inside(&stage, "annex"), 0);
}

#[tokio::test]
async fn while_it_is_not_known_whether_the_namespace_goes_nothing_is_removed_that_may_be_meant_to_stay() {
    let stage = leaving(None).await;
    stage.until("out of the other", |stage| inside(stage, "annex") == 0).await;
    stage.rest().await;
    assert!(stage.object().is_some());
    assert_eq!(inside(&stage, "netbox"), 1);
}

#[tokio::test]
async fn nobody_asks_for_the_namespace_where_no_integration_says_orphan() {
    let stage = ready().await;
    stage.tell(&deleting(ours(jane())));
    stage.until("gone", |stage| stage.object().is_none()).await;
    assert!(!stage.calls().iter().any(|call| call.ends_with("namespace")));
}

/// Jane in both of two integrations; then the NetBox takes no visitors any more, for the reason that is given.
async fn without_the_netbox(why: impl FnOnce(&mut crate::reconcile::directory::Directory)) -> Stage {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby()), ("annex", lobby())]);
    stage.run("netbox").await;
    stage.run("annex").await;
    stage.tell(&jane());
    stage.until("in both", |stage| inside(stage, "netbox") + inside(stage, "annex") == 2).await;
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    stage.refer(|directory| {
        for tenant in directory.tenants.values_mut() {
            tenant.access.remove(0);
            tenant.hash += 1;
        }
        why(directory);
    });
    stage
}

#[tokio::test]
async fn an_integration_whose_spec_cannot_be_read_keeps_whom_it_holds_until_the_visit_is_over() {
    let stage = without_the_netbox(|directory| directory.frozen.extend([key("netbox")])).await;
    stage.rest().await;
    assert_eq!((inside(&stage, "netbox"), inside(&stage, "annex")), (1, 1));
    stage.set(at("2026-12-02T09:00:00Z"));
    stage.until("out of both", |stage| inside(stage, "netbox") + inside(stage, "annex") == 0).await;
}

#[tokio::test]
async fn an_integration_that_declines_visitors_gives_up_whom_it_holds() {
    let stage = without_the_netbox(|directory| directory.declining.extend([key("netbox")])).await;
    stage.until("out of the one", |stage| inside(stage, "netbox") == 0).await;
    assert_eq!(inside(&stage, "annex"), 1);
}

#[tokio::test]
async fn an_integration_that_declines_visitors_after_it_could_not_be_read_gives_up_whom_it_holds() {
    let stage = without_the_netbox(|directory| directory.frozen.extend([key("netbox")])).await;
    stage.rest().await;
    stage.refer(|directory| {
        directory.frozen.clear();
        directory.declining.extend([key("netbox")]);
    });
    stage.until("out of the one", |stage| inside(stage, "netbox") == 0).await;
    assert_eq!(inside(&stage, "annex"), 1);
}

#[tokio::test]
async fn the_only_integration_gives_up_whom_it_holds_if_it_declines_visitors_and_not_if_it_is_not_ready() {
    for (declines, left) in [(true, 0), (false, 1)] {
        let mut stage = Stage::at(at(DURING));
        stage.integrate([("netbox", lobby())]);
        stage.run("netbox").await;
        stage.tell(&jane());
        stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
        stage.refer(|directory| {
            for tenant in directory.tenants.values_mut() {
                tenant.access.clear();
                tenant.hash += 1;
                let declared = facts([]).declared;
                tenant.declared = if declines { declared } else { tenant.declared.clone() };
                tenant.declared.unready.push("waits for AccessIntegration netbox".to_owned());
            }
            directory.declining.extend(declines.then(|| key("netbox")));
        });
        stage.until("told", |stage| stage.ready() == "False DependencyNotReady").await;
        stage.rest().await;
        assert_eq!(inside(&stage, "netbox"), left, "declines: {declines}");
    }
}
