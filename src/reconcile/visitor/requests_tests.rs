use serde_json::{Value, json};
use vestibule_core::model::ObservedRecord;

use crate::reconcile::fixtures::{at, jane, with};
use crate::reconcile::visitor::life_tests::{inside, lobby, ours, ready, slot};
use crate::reconcile::visitor::stage::Stage;
use crate::system::memory::Memory;

/// The object as it stands, with a sync asked for by this token.
fn asking(stage: &Stage, token: &str) -> Value {
    let status = stage.object().unwrap().status.unwrap();
    let annotations = json!({ "access.vestibule.dev/sync-requested-at": token });
    with(ours(jane()), &json!({ "metadata": { "annotations": annotations }, "status": status }))
}

fn echo(stage: &Stage) -> Option<String> {
    stage.object()?.status?.last_handled_sync_at
}

#[tokio::test]
async fn a_sync_of_a_visitor_finds_by_id_that_its_record_was_removed_and_says_when_it_is_done() {
    let stage = ready().await;
    let system = stage.system("netbox");
    remove_by_hand(&system);
    stage.tell(&asking(&stage, "one"));
    stage.until("echoed", |stage| echo(stage).as_deref() == Some("one")).await;
    assert_eq!((living(&system), stage.ready().as_str()), (1, "True Succeeded"));
    // Each token once.
    stage.rest().await;
    stage.calls();
    stage.tell(&asking(&stage, "one"));
    stage.rest().await;
    assert_eq!(stage.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_sync_of_a_visitor_without_a_record_is_answered_at_once() {
    let stage = Stage::at(at("2026-11-30T20:00:00Z"));
    stage.integrate([("netbox", lobby())]);
    stage.tell(&jane());
    stage.until("scheduled", |stage| stage.ready() == "True Scheduled").await;
    stage.tell(&asking(&stage, "one"));
    stage.until("echoed", |stage| echo(stage).as_deref() == Some("one")).await;
}

#[tokio::test]
async fn a_sync_of_a_visitor_is_not_answered_before_its_system_has_answered() {
    let mut stage = ready().await;
    stage.stop().await;
    stage.tell(&asking(&stage, "one"));
    stage.rest().await;
    assert_eq!((echo(&stage), inside(&stage, "netbox")), (None, 1));
    stage.run("netbox").await;
    stage.until("echoed", |stage| echo(stage).as_deref() == Some("one")).await;
}

fn remove_by_hand(system: &Memory) {
    for record in system.everybody() {
        system.put(ObservedRecord { dead: true, ..record });
    }
}

fn living(system: &Memory) -> usize {
    let of_jane = |record: &&ObservedRecord| record.id.is_some_and(|id| id.slot == slot());
    system.everybody().iter().filter(|record| !record.dead).filter(of_jane).count()
}
