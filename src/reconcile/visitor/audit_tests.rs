//! The audit gives the reason of each step, which does not follow from its priority. There is a test for each reason.

use std::fmt::Debug;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::life_tests::{DURING, deleting, inside, lobby, ours, ready, record};
use super::testbed::Testbed;
use crate::api::annotation::SYNC_REQUESTED_AT;
use crate::reconcile::fixtures::{at, holding, jane, key, with};
use crate::reconcile::references::tenant_id;
use crate::system::memory::{Fault, Memory};
use crate::system::{self, SystemError};

/// Step and reason of each line of the audit.
#[derive(Clone, Default)]
struct Audit(Arc<Mutex<Vec<String>>>);

#[derive(Default)]
struct Line {
    step: String,
    reason: String,
}

impl Visit for Line {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "step" => value.clone_into(&mut self.step),
            "reason" => value.clone_into(&mut self.reason),
            _ => {}
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Audit {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "vestibule::audit" {
            let mut line = Line::default();
            event.record(&mut line);
            self.0.lock().push(format!("{} {}", line.step, line.reason));
        }
    }
}

impl Audit {
    /// Records the audit of this thread, in which all tasks of a test run.
    fn begin() -> (Self, DefaultGuard) {
        let audit = Self::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(audit.clone()));
        (audit, guard)
    }

    /// The lines since the last call.
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

/// Jane's Visitor after an earlier process: its record was created, and its status says so.
async fn handled_before() -> Value {
    let testbed = ready().await;
    with(ours(jane()), &json!({ "status": testbed.object().unwrap().status.unwrap() }))
}

#[tokio::test]
async fn a_first_record_has_the_reason_user_however_late_its_references_come() {
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at(DURING));
    testbed.tell(&jane());
    testbed.rest().await;
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    testbed.until("in", |testbed| inside(testbed, "netbox") == 1).await;
    assert_eq!(audit.lines(), ["create user"]);
}

#[tokio::test]
async fn a_record_has_the_reason_user_when_its_tenant_comes_later() {
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    let mut tenants = std::collections::HashMap::default();
    testbed.refer(|references| std::mem::swap(&mut references.tenants, &mut tenants));
    testbed.tell(&jane());
    testbed.rest().await;
    testbed.refer(|references| std::mem::swap(&mut references.tenants, &mut tenants));
    testbed.until("in", |testbed| inside(testbed, "netbox") == 1).await;
    assert_eq!(audit.lines(), ["create user"]);
}

#[tokio::test]
async fn a_first_record_that_fails_at_first_still_has_the_reason_user() {
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    let busy = SystemError::new(system::ErrorKind::Transient, "create", "HTTP 503");
    testbed.system("netbox").fail_next("create", Fault::Refuse(busy));
    testbed.tell(&jane());
    testbed.until("refused", |testbed| testbed.system("netbox").calls("create") == 1).await;
    testbed.rest().await;
    testbed.set(at(DURING) + jiff::SignedDuration::from_mins(5));
    testbed.until("in", |testbed| testbed.living("netbox").len() == 1).await;
    assert_eq!(audit.lines(), ["create user"]);
}

#[tokio::test]
async fn a_changed_spec_a_changed_tenant_and_a_deletion_each_give_their_own_reason() {
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", Memory::with_groups(["Lobby", "Lab"]))]);
    testbed.run("netbox").await;
    testbed.tell(&jane());
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    testbed.rest().await;
    assert_eq!(audit.lines(), ["create user"]);
    let status = testbed.object().unwrap().status.unwrap();
    let change = json!({ "metadata": { "generation": 2 }, "spec": { "visit": { "endTime": "16:00" } }, "status": status });
    testbed.tell(&with(ours(jane()), &change));
    testbed.until("changed", |testbed| observed(testbed) == 2 && testbed.ready() == "True Succeeded").await;
    testbed.rest().await;
    assert_eq!(audit.lines(), ["remove user", "create user"]);
    testbed.refer(|references| {
        let tenant = references.tenants.get_mut(&tenant_id(&key("acme"))).unwrap();
        tenant.access[0].groups = ["Lab".to_owned()].into();
        (tenant.access[0].hash, tenant.hash) = (1, 1);
    });
    testbed
        .until("replaced", |testbed| testbed.ready() == "True Succeeded" && inside(testbed, "netbox") == 1)
        .await;
    testbed.rest().await;
    assert_eq!(audit.lines(), ["remove reference", "create reference"]);
    testbed.tell(&deleting(ours(jane())));
    testbed.until("gone", |testbed| testbed.object().is_none()).await;
    assert_eq!(audit.lines(), ["remove deletion"]);
}

fn observed(testbed: &Testbed) -> i64 {
    testbed.object().unwrap().status.unwrap().status.observed_generation
}

#[tokio::test]
async fn a_midnight_creates_and_removes_records_with_the_reason_rollover() {
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at("2026-11-30T09:00:00Z"));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    testbed.tell(&jane());
    testbed.until("scheduled", |testbed| testbed.ready() == "True Scheduled").await;
    testbed.set(at("2026-11-30T23:00:00Z"));
    testbed.until("in", |testbed| inside(testbed, "netbox") == 1).await;
    assert_eq!(audit.lines(), ["create rollover"]);
    testbed.rest().await;
    testbed.set(at("2026-12-01T23:00:00Z"));
    testbed.until("out", |testbed| inside(testbed, "netbox") == 0).await;
    assert_eq!(audit.lines(), ["remove rollover"]);
}

#[tokio::test]
async fn a_change_or_removal_in_the_system_is_drift() {
    let (audit, _guard) = Audit::begin();
    let testbed = ready().await;
    audit.lines();
    let id = record().id.to_string();
    assert!(testbed.system("netbox").edit(&id, |facts| facts.tenant = "Umbrella".to_owned()));
    testbed.sync("netbox").await;
    testbed.until("repaired", |testbed| testbed.living("netbox")[0].tenant != "Umbrella").await;
    assert_eq!(audit.lines(), ["update drift"]);
    testbed.rest().await;
    assert!(testbed.system("netbox").edit(&id, |facts| facts.tenant = "Umbrella".to_owned()));
    let known = json!({ "status": testbed.object().unwrap().status.unwrap() });
    let now = json!({ "metadata": { "annotations": { SYNC_REQUESTED_AT: "now" } } });
    testbed.tell(&with(with(ours(jane()), &known), &now));
    testbed.until("repaired", |testbed| testbed.living("netbox")[0].tenant != "Umbrella").await;
    assert_eq!(audit.lines(), ["update drift"]);
    testbed.rest().await;
    let mut person = testbed.system("netbox").all_records().remove(0);
    person.dead = true;
    testbed.system("netbox").put(person);
    testbed.sync("netbox").await;
    testbed.until("made again", |testbed| testbed.living("netbox").len() == 1).await;
    // The first attempt finds that the id of the removed record cannot be used again.
    assert_eq!(audit.lines(), ["create drift", "create drift"]);
}

#[tokio::test]
async fn unfinished_work_of_an_earlier_process_is_caught_up_with() {
    let known = handled_before().await;
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.tell(&known);
    testbed.run("netbox").await;
    testbed.until("in", |testbed| inside(testbed, "netbox") == 1).await;
    assert_eq!(audit.lines(), ["create catch_up"]);
}

#[tokio::test]
async fn a_change_made_while_no_process_ran_has_the_reason_user() {
    let known = handled_before().await;
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.tell(&with(
        known,
        &json!({ "metadata": { "generation": 2 }, "spec": { "visit": { "endTime": "16:00" } } }),
    ));
    testbed.run("netbox").await;
    testbed.until("changed", |testbed| observed(testbed) == 2 && testbed.ready() == "True Succeeded").await;
    assert_eq!(audit.lines(), ["remove user", "create user"]);
}

#[tokio::test]
async fn a_record_without_an_object_is_removed_by_the_guard() {
    let (audit, _guard) = Audit::begin();
    let mut testbed = Testbed::at(at("2026-12-03T09:00:00Z"));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.list_all();
    testbed.run("netbox").await;
    testbed.until("removed", |testbed| testbed.living("netbox").is_empty()).await;
    assert_eq!(audit.lines(), ["remove guard"]);
}

#[tokio::test]
async fn the_records_of_a_deleted_integration_are_removed_by_its_deletion() {
    let (audit, _guard) = Audit::begin();
    let testbed = ready().await;
    audit.lines();
    testbed.engine("netbox").drain();
    testbed.until("removed", |testbed| testbed.living("netbox").is_empty()).await;
    assert_eq!(audit.lines(), ["remove deletion"]);
}
