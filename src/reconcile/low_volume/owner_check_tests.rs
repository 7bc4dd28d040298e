use serde_json::{Value, json};
use vestibule_core::identity::{ObjectId, RecordId};

use super::super::testbed::Testbed;
use super::*;
use crate::reconcile::fixtures::{jane, key, with};

const DEFAULT: &str = "cluster/hq/netbox";

/// Jane's Visitor, with a record under this owner id in its status.
fn with_record(owner_id: &str) -> Value {
    let id = RecordId::new(Owner::of(owner_id), ObjectId::of_visitor(&key("jane")), 7).to_string();
    let records = json!([{ "integration": "netbox", "externalId": id }]);
    with(jane(), &json!({ "status": { "observedGeneration": 1, "conditions": [], "records": records } }))
}

/// An integration with this owner id in its status.
fn named(owner_id: Option<&str>) -> Value {
    json!({ "status": { "observedGeneration": 1, "conditions": [], "ownerId": owner_id } })
}

/// After a pass over an integration with this owner id in its status, and a Visitor with a record under another.
async fn after_pass(status: Option<&str>, records: Option<&str>) -> Testbed {
    let mut testbed = Testbed::new();
    if let Some(owner_id) = records {
        testbed.pass.visitors.show(&with_record(owner_id));
    }
    testbed.integration("netbox", &named(status));
    testbed.pass.restore_statuses();
    testbed.pass.connect().await;
    testbed
}

fn recorded(testbed: &Testbed) -> Option<String> {
    testbed.pass.integrations.get(&key("netbox"))?.status.as_ref()?.owner_id.clone()
}

fn connected(testbed: &Testbed) -> Option<&str> {
    testbed.pass.connections.get(&key("netbox")).map(|connection| &*connection.owner_id)
}

#[tokio::test]
async fn an_owner_id_that_the_records_contradict_is_replaced_by_the_default_that_they_prove() {
    let mut testbed = after_pass(Some("evil/owner"), Some(DEFAULT)).await;
    assert_eq!((recorded(&testbed).as_deref(), connected(&testbed)), (Some(DEFAULT), Some(DEFAULT)));
    let object = testbed.pass.integrations.get(&key("netbox")).unwrap().clone();
    assert!(testbed.pass.ledgers.integrations.has_to_be_written(&object, false));
    // The watch shows the foreign status once more, before it is replaced in the API server.
    testbed.integration("netbox", &named(Some("evil/owner")));
    testbed.pass.restore_statuses();
    testbed.pass.connect().await;
    assert_eq!((recorded(&testbed).as_deref(), connected(&testbed)), (Some(DEFAULT), Some(DEFAULT)));
}

#[tokio::test]
async fn an_owner_id_that_the_records_carry_or_that_nothing_contradicts_is_used() {
    for (status, records, used) in [
        (Some("old/hq/netbox"), Some("old/hq/netbox"), "old/hq/netbox"),
        (Some("old/hq/netbox"), None, "old/hq/netbox"),
        (Some(DEFAULT), Some(DEFAULT), DEFAULT),
        (None, None, DEFAULT),
        (None, Some(DEFAULT), DEFAULT),
    ] {
        let testbed = after_pass(status, records).await;
        assert_eq!(connected(&testbed), Some(used), "{status:?} {records:?}");
        assert_eq!(recorded(&testbed).as_deref(), status);
    }
}

#[tokio::test]
async fn records_of_an_unknown_owner_stop_the_integration_until_the_owner_is_declared() {
    for status in [Some("evil/owner"), Some(DEFAULT), None] {
        let mut testbed = after_pass(status, Some("old/hq/netbox")).await;
        assert_eq!((connected(&testbed), recorded(&testbed)), (None, None), "{status:?}");
        let refusal = testbed.pass.refusals[&key("netbox")].clone();
        let prefix = Owner::of("old/hq/netbox").id_prefix();
        let says = |it: &str| it.contains("Set spec.ownerId") && it.contains(&prefix);
        assert!(matches!(&refusal, Refusal::Invalid(DUPLICATE_CLAIM, it) if says(it)), "{refusal:?}");
        testbed.integration("netbox", &json!({ "spec": { "ownerId": "old/hq/netbox" } }));
        testbed.pass.connect().await;
        assert_eq!(connected(&testbed), Some("old/hq/netbox"));
    }
}

#[tokio::test]
async fn an_owner_id_other_than_the_default_waits_for_the_list_of_visitors() {
    let mut testbed = Testbed::unlisted();
    testbed.integration("netbox", &named(Some("old/hq/netbox")));
    testbed.integration("beside", &json!({}));
    testbed.pass.connect().await;
    assert_eq!(connected(&testbed), None);
    assert!(testbed.pass.connections.contains_key(&key("beside")), "the default id waits for nothing");
    testbed.pass.visitors.end_first_list();
    testbed.pass.connect().await;
    assert_eq!(connected(&testbed), Some("old/hq/netbox"));
}

#[tokio::test]
async fn no_deletion_ends_under_an_uncertain_owner_id() {
    let going = json!({ "metadata": { "deletionTimestamp": "2026-12-01T08:30:00Z" } });
    let mut testbed = Testbed::unlisted();
    testbed.integration("netbox", &going);
    assert!(!testbed.pass.is_owner_certain(testbed.pass.integrations.get(&key("netbox")).unwrap()));
    let mut testbed = after_pass(None, Some("old/hq/netbox")).await;
    testbed.integration("netbox", &going);
    testbed.pass.connect().await;
    assert!(testbed.pass.connections.is_empty() && testbed.pass.refusals.contains_key(&key("netbox")));
}
