//! A listing after a start that lacks a record must not remove a finalizer, or an id from a status.

use serde_json::{Value, json};

use super::life_tests::{DURING, deleting, inside, ours, record};
use super::testbed::Testbed;
use crate::reconcile::fixtures::{at, holding, jane, with};
use crate::system::memory::{Fault, Memory};
use crate::system::{ErrorKind, SystemError};

/// A NetBox with Jane's record, which its next listing lacks.
fn hiding() -> Memory {
    let memory = holding([&record()]);
    memory.omit_from_next_list(&record().id.to_string());
    memory
}

/// The same; its next reads by id are refused.
fn refusing(readings: usize) -> Memory {
    let memory = hiding();
    for _ in 0..readings {
        let error = SystemError::new(ErrorKind::Terminal, "GetPerson", "GetPerson failed: FAIL");
        memory.fail_next("record", Fault::Refuse(error));
    }
    memory
}

/// Jane's Visitor after an earlier process, with its record in its status.
fn named() -> Value {
    let record = json!({ "integration": "netbox", "externalId": record().id.to_string() });
    with(ours(jane()), &json!({ "status": { "observedGeneration": 1, "records": [record] } }))
}

fn names(testbed: &Testbed) -> usize {
    testbed.object().and_then(|object| object.status).map_or(0, |status| status.records.len())
}

async fn started(now: &str, memory: Memory, object: &Value) -> Testbed {
    let mut testbed = Testbed::at(at(now));
    testbed.integrate([("netbox", memory)]);
    testbed.tell(object);
    testbed.run("netbox").await;
    testbed
}

#[tokio::test]
async fn a_listing_without_the_record_and_refused_reads_remove_neither_finalizer_nor_id() {
    let testbed = started(DURING, refusing(2), &deleting(named())).await;
    testbed.until("reported", |testbed| testbed.ready() == "False DeletionFailed").await;
    assert_eq!((names(&testbed), testbed.object().unwrap().meta.is_ours()), (1, true));
    let status = testbed.object().unwrap().status.unwrap().status;
    let message = &status.condition("Ready").unwrap().message;
    assert!(
        message.contains("FAIL") && message.contains("access.vestibule.dev/abandon: \"true\""),
        "{message}"
    );
    testbed.sync("netbox").await;
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    testbed.sync("netbox").await;
    assert_eq!(inside(&testbed, "netbox"), 0, "and so is its record");
}

#[tokio::test]
async fn a_listing_without_the_record_removes_no_finalizer_where_no_status_names_a_record() {
    // The process was killed after it had created the record and before it wrote the status.
    let testbed = started(DURING, hiding(), &deleting(ours(jane()))).await;
    testbed.rest().await;
    assert!(testbed.object().is_some_and(|object| object.meta.is_ours()), "its record is there");
    testbed.sync("netbox").await;
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    testbed.sync("netbox").await;
    assert_eq!(inside(&testbed, "netbox"), 0);
}

#[tokio::test]
async fn a_deletion_requests_the_second_listing_itself() {
    let testbed = started(DURING, hiding(), &deleting(ours(jane()))).await;
    let engine = testbed.engine("netbox");
    let mut state = engine.state();
    let second = state.wait_for(|state| state.syncs == 2);
    tokio::time::timeout(std::time::Duration::from_mins(1), second).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_record_of_an_ended_visit_is_read_by_its_id_before_the_status_drops_it() {
    let testbed = started("2026-12-03T09:00:00Z", hiding(), &named()).await;
    testbed.sync("netbox").await;
    testbed.until("ended", |testbed| testbed.ready() == "True Expired" && names(testbed) == 0).await;
    assert_eq!(inside(&testbed, "netbox"), 0);
}

#[tokio::test]
async fn a_status_keeps_an_id_that_could_not_be_read_and_that_one_listing_lacks() {
    let testbed = started("2026-12-03T09:00:00Z", refusing(100), &named()).await;
    testbed.rest().await;
    assert_eq!(names(&testbed), 1);
    let gone = holding([]);
    let error =
        || Fault::Refuse(SystemError::new(ErrorKind::Terminal, "GetPerson", "GetPerson failed: FAIL"));
    (0..100).for_each(|_| gone.fail_next("record", error()));
    let testbed = started("2026-12-03T09:00:00Z", gone, &named()).await;
    testbed.rest().await;
    assert_eq!(names(&testbed), 1, "nothing was found, and nothing is proven");
}

#[tokio::test]
async fn records_left_in_a_system_that_was_not_listed_are_counted_by_the_status() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", hiding())]);
    let abandoned = json!({ "metadata": { "annotations": { "access.vestibule.dev/abandon": "true" } } });
    testbed.tell(&with(deleting(named()), &abandoned));
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert_eq!(testbed.engine("netbox").state().borrow().left_behind, 1);
}

#[tokio::test]
async fn an_annotation_that_abandons_nothing_is_mentioned_on_a_deletion() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", hiding())]);
    let misspelt = json!({ "metadata": { "annotations": { "access.vestibule.dev/abandon": "yes" } } });
    testbed.tell(&with(deleting(named()), &misspelt));
    testbed.until("reported", |testbed| testbed.ready() == "False Deleting").await;
    let status = testbed.object().unwrap().status.unwrap().status;
    assert!(status.condition("Ready").unwrap().message.ends_with("it must be \"true\""), "{status:?}");
}

/// Jane's Visitor with a record that an earlier process created and no status names. Its spec was changed in this way
/// while no process ran.
fn edited(spec: &Value) -> Value {
    let status = json!({ "observedGeneration": 1, "conditions": [] });
    let changed = json!({ "metadata": { "generation": 2 }, "spec": spec, "status": status });
    with(ours(jane()), &changed)
}

/// Starts with one list that lacks the record. Returns the first status about the new spec: Ready, the number of
/// records that it names, and the number of records in the system.
async fn first_status_of(spec: &Value) -> (String, usize, usize) {
    let testbed = started(DURING, hiding(), &edited(spec)).await;
    testbed.rest().await;
    let observes = |testbed: &Testbed| {
        let status = testbed.object().and_then(|object| object.status);
        status.is_some_and(|status| status.status.observed_generation == 2)
    };
    assert!(!observes(&testbed), "nothing is known after one list: {}", testbed.ready());
    testbed.sync("netbox").await;
    testbed.until("a status", observes).await;
    (testbed.ready(), names(&testbed), inside(&testbed, "netbox"))
}

#[tokio::test]
async fn a_visit_that_was_moved_meanwhile_is_scheduled_when_the_record_of_today_is_gone() {
    let next_week = json!({ "visit": { "from": "2026-12-08", "to": null } });
    assert_eq!(first_status_of(&next_week).await, ("True Scheduled".to_owned(), 0, 0));
}

#[tokio::test]
async fn a_visitor_that_was_edited_meanwhile_is_in_sync_when_its_former_record_is_gone() {
    assert_eq!(
        first_status_of(&json!({ "visit": { "endTime": "14:00" } })).await,
        ("True Succeeded".to_owned(), 1, 1)
    );
}

#[tokio::test]
async fn a_visitor_that_is_refused_since_names_the_record_that_is_still_there() {
    let (ready, names, there) = first_status_of(&json!({ "email": null })).await;
    assert_eq!((ready.as_str(), names, there), ("False InvalidSpec", 1, 1));
}
