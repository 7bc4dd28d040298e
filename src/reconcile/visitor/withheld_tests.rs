//! In modes that remove nothing, the status of a Visitor that has ended, moved or lost its access follows its record.

use jiff::SignedDuration;
use serde_json::{Value, json};
use vestibule_core::model::Mode;
use vestibule_core::status::{Truth, conditions};

use super::life_tests::{DURING, inside, ready};
use super::testbed::Testbed;
use crate::engine::Settings;
use crate::reconcile::declared::Doors;
use crate::reconcile::fixtures::{at, jane, says, settings, with};

const MODES: [Mode; 3] = [Mode::Observe, Mode::CreateOnly, Mode::Upsert];

/// The visit with another first day and end, as the second generation of Jane.
fn visit(from: &str, end: &str) -> Value {
    let visit = json!({ "from": from, "endTime": end, "startTime": "08:00" });
    with(jane(), &json!({ "metadata": { "generation": 2 }, "spec": { "visit": visit } }))
}

/// A testbed with Jane's record in the NetBox, from now on in a mode that does not remove it.
async fn ready_in(mode: Mode) -> Testbed {
    let testbed = ready().await;
    testbed.engine("netbox").set_settings(Settings { mode, ..settings() });
    testbed
}

fn condition(testbed: &Testbed, type_: &str) -> String {
    let said = testbed.object().and_then(|object| object.status).unwrap_or_default();
    says(&said.status, type_)
}

/// Waits until Synced reports that the record stays, and checks that Ready does not contradict it.
async fn says_that_it_stays(testbed: &Testbed, mode: Mode) {
    let synced = match mode {
        Mode::Observe => "False DriftDetected",
        _ => "False NotSupportedBySystem",
    };
    testbed.until("not in sync", |testbed| condition(testbed, "Synced") == synced).await;
    testbed.rest().await;
    assert_eq!(inside(testbed, "netbox"), 1, "the mode keeps it");
    let said = testbed.object().unwrap().status.unwrap();
    let ready = said.status.condition("Ready").unwrap();
    let untrue = [conditions::SUCCEEDED, conditions::SCHEDULED, conditions::EXPIRED];
    assert!(!untrue.contains(&&*ready.reason), "{mode:?}: {ready:?}");
    let synced = said.status.condition("Synced").unwrap();
    assert_eq!(synced.status, Truth::False);
    assert!(synced.message.contains("opens doors until its own end"), "{}", synced.message);
    assert!(synced.message.contains("set mode: Enforce"), "{}", synced.message);
    assert_eq!(said.records.len(), 1);
}

#[tokio::test]
async fn a_visit_that_ended_or_moved_is_not_over_while_a_mode_keeps_its_record_open() {
    for mode in MODES {
        for (from, end) in [("2026-11-01", "17:00"), ("2026-12-20", "17:00"), ("2026-12-01", "09:30")] {
            let testbed = ready_in(mode).await;
            testbed.tell(&visit(from, end));
            says_that_it_stays(&testbed, mode).await;
            testbed.sync("netbox").await;
            says_that_it_stays(&testbed, mode).await;
        }
    }
}

#[tokio::test]
async fn a_visit_of_a_tenant_that_lost_its_groups_is_not_in_sync_while_a_mode_keeps_its_record_open() {
    for mode in MODES {
        let testbed = ready_in(mode).await;
        testbed.refer(|references| {
            for tenant in references.tenants.values_mut() {
                tenant.access.clear();
                tenant.declared.doors = Doors::NoGroups("name a group".to_owned());
                tenant.hash += 1;
            }
        });
        says_that_it_stays(&testbed, mode).await;
        assert_eq!(testbed.ready(), "False InvalidSpec");
    }
}

#[tokio::test]
async fn a_visit_is_over_when_the_record_that_a_mode_keeps_has_ended() {
    for (mode, over) in
        [(Mode::Observe, "True Expired"), (Mode::CreateOnly, "True Expired"), (Mode::Upsert, "True Expired")]
    {
        let testbed = ready_in(mode).await;
        testbed.tell(&visit("2026-11-01", "17:00"));
        says_that_it_stays(&testbed, mode).await;
        // The record ends at five in the afternoon in Berlin.
        testbed.set(at(DURING) + SignedDuration::from_hours(7));
        testbed.sync("netbox").await;
        testbed.until("over", |testbed| testbed.ready() == over).await;
        assert_eq!(condition(&testbed, "Synced"), "True Succeeded");
        assert_eq!(inside(&testbed, "netbox"), 1, "the mode keeps it");
    }
}

#[tokio::test]
async fn a_second_day_is_in_sync_beside_the_closed_record_of_the_first_that_a_mode_keeps() {
    let testbed = ready().await;
    let two_days =
        json!({ "from": "2026-12-01", "to": "2026-12-02", "startTime": "09:00", "endTime": "17:00" });
    testbed.tell(&with(jane(), &json!({ "metadata": { "generation": 2 }, "spec": { "visit": two_days } })));
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    testbed.engine("netbox").set_settings(Settings { mode: Mode::Upsert, ..settings() });
    testbed.set(at(DURING) + SignedDuration::from_hours(24));
    testbed.until("made", |testbed| inside(testbed, "netbox") == 2).await;
    testbed.sync("netbox").await;
    testbed.rest().await;
    assert_eq!(
        (testbed.ready(), condition(&testbed, "Synced")),
        ("True Succeeded".into(), "True Succeeded".into())
    );
}
