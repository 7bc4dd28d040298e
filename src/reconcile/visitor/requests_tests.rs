use serde_json::{Value, json};
use vestibule_core::model::ObservedRecord;

use crate::reconcile::fixtures::{at, jane, with};
use crate::reconcile::visitor::life_tests::{inside, lobby, object_id, ours, ready};
use crate::reconcile::visitor::testbed::Testbed;
use crate::system::memory::Memory;

/// The present object with a sync request of this token.
fn asking(testbed: &Testbed, token: &str) -> Value {
    let status = testbed.object().unwrap().status.unwrap();
    let annotations = json!({ "access.vestibule.dev/sync-requested-at": token });
    with(ours(jane()), &json!({ "metadata": { "annotations": annotations }, "status": status }))
}

fn echo(testbed: &Testbed) -> Option<String> {
    testbed.object()?.status?.last_handled_sync_at
}

#[tokio::test]
async fn a_sync_of_a_visitor_finds_by_id_that_its_record_was_removed_and_says_when_it_is_done() {
    let testbed = ready().await;
    let system = testbed.system("netbox");
    remove_by_hand(&system);
    testbed.tell(&asking(&testbed, "one"));
    testbed.until("echoed", |testbed| echo(testbed).as_deref() == Some("one")).await;
    assert_eq!((living(&system), testbed.ready().as_str()), (1, "True Succeeded"));
    // Each token is handled once.
    testbed.rest().await;
    testbed.calls();
    testbed.tell(&asking(&testbed, "one"));
    testbed.rest().await;
    assert_eq!(testbed.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_sync_of_a_visitor_without_a_record_is_answered_at_once() {
    let mut testbed = Testbed::at(at("2026-11-30T20:00:00Z"));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    testbed.sync("netbox").await;
    testbed.tell(&jane());
    testbed.until("scheduled", |testbed| testbed.ready() == "True Scheduled").await;
    testbed.tell(&asking(&testbed, "one"));
    testbed.until("echoed", |testbed| echo(testbed).as_deref() == Some("one")).await;
}

#[tokio::test]
async fn a_sync_of_a_visitor_is_not_answered_before_its_system_has_answered() {
    let mut testbed = ready().await;
    testbed.stop().await;
    testbed.tell(&asking(&testbed, "one"));
    testbed.rest().await;
    assert_eq!((echo(&testbed), inside(&testbed, "netbox")), (None, 1));
    testbed.run("netbox").await;
    testbed.until("echoed", |testbed| echo(testbed).as_deref() == Some("one")).await;
}

fn remove_by_hand(system: &Memory) {
    for record in system.all_records() {
        system.put(ObservedRecord { dead: true, ..record });
    }
}

fn living(system: &Memory) -> usize {
    let of_jane = |record: &&ObservedRecord| record.id.is_some_and(|id| id.object_id == object_id());
    system.all_records().iter().filter(|record| !record.dead).filter(of_jane).count()
}
