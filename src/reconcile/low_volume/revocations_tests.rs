use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::testbed::{NOWHERE, Testbed};
use crate::reconcile::fixtures::{key, with};

const DELETED: &str = "2026-12-01T08:30:00Z";

/// The number of pending revocations in the metrics, and the age of the oldest in seconds.
fn pending(testbed: &Testbed) -> Option<(i64, f64)> {
    let text = testbed
        .pass
        .parts
        .metrics
        .encode(DELETED.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(1));
    let value = |family: &str| {
        let start = format!("vestibule_{family}{{integration=\"hq/netbox\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&start)?.parse::<f64>().ok())
    };
    let count = value("pending_revocations")?;
    #[allow(clippy::cast_possible_truncation, reason = "a small whole number")]
    Some((count as i64, value("oldest_pending_revocation_seconds")?))
}

/// An integration with two records in its status.
fn with_records(change: &Value) -> Value {
    let status =
        json!({ "observedGeneration": 1, "conditions": [], "records": 2, "connectedTo": "127.0.0.1:9" });
    with(json!({ "status": status }), change)
}

async fn pass(testbed: &mut Testbed) {
    testbed.pass.connect().await;
    testbed.pass.publish();
    testbed.pass.count_revocations();
}

fn deleting(change: &Value) -> Value {
    with(with_records(change), &json!({ "metadata": { "deletionTimestamp": DELETED } }))
}

/// Three specs without a connection, and one whose system does not answer.
fn unconnected() -> [Value; 4] {
    [
        json!({ "spec": { "credentialsSecretRef": { "name": "none" } } }),
        json!({ "spec": { "lenelS2": { "url": format!("{NOWHERE}/x") } } }),
        json!({ "spec": { "mode": "Sometimes" } }),
        json!({}),
    ]
}

#[tokio::test]
async fn revocations_are_counted_whether_or_not_there_is_a_connection() {
    for spec in unconnected() {
        let mut testbed = Testbed::new();
        testbed.integration("netbox", &with_records(&spec));
        pass(&mut testbed).await;
        assert_eq!(pending(&testbed), Some((0, 0.0)), "{spec}");
        testbed.integration("netbox", &deleting(&spec));
        pass(&mut testbed).await;
        if let Some(connection) = testbed.pass.connections.get(&key("netbox")) {
            let mut state = connection.engine.state();
            state.wait_for(|state| !state.condition.message().is_empty()).await.unwrap();
        }
        assert_eq!(pending(&testbed), Some((2, 60.0)), "{spec}");
    }
}

#[tokio::test]
async fn records_that_are_to_stay_are_no_pending_revocations() {
    let abandoned = json!({ "metadata": { "annotations": { crate::api::annotation::ABANDON: "true" } } });
    for change in [json!({ "spec": { "deletionPolicy": "Orphan" } }), abandoned] {
        let mut testbed = Testbed::new();
        testbed.integration("netbox", &with(deleting(&unconnected()[0]), &change));
        assert!(!testbed.pass.is_leaving(testbed.pass.integrations.get(&key("netbox")).unwrap()));
    }
}

#[tokio::test]
async fn the_deletion_of_a_property_makes_every_record_of_its_integrations_pending() {
    let mut testbed = Testbed::new();
    testbed.property(&json!({ "metadata": { "deletionTimestamp": DELETED } }));
    testbed.integration("netbox", &with_records(&unconnected()[0]));
    pass(&mut testbed).await;
    assert_eq!(pending(&testbed), Some((2, 60.0)));
    assert!(testbed.published.borrow().leaving.contains(&key("netbox")));
}

#[tokio::test]
async fn the_series_of_an_integration_that_was_never_connected_are_removed_with_it() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &unconnected()[0]);
    pass(&mut testbed).await;
    assert!(pending(&testbed).is_some());
    testbed.lose("netbox");
    pass(&mut testbed).await;
    assert_eq!(pending(&testbed), None);
}
