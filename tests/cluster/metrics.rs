//! The metrics over a day, and those left after an integration is deleted.

use serde_json::json;
use vestibule::metrics::catalogue;

use crate::harness::wait_until;
use crate::testbed::{Testbed, visitor};

/// Recorded when `/metrics` is read, which these tests do not do: see `tests/admin_run.rs`.
const OF_THE_PAGE: &str = "leader_election_master_status";

fn text(testbed: &Testbed) -> String {
    testbed.controller.as_ref().unwrap().metrics()
}

fn samples(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

fn objects(testbed: &Testbed, kind: &str) -> (u64, u64) {
    let text = text(testbed);
    let number = |status: &str| {
        let start = format!("vestibule_objects{{kind=\"{kind}\",condition=\"Ready\",status=\"{status}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap_or_default()
    };
    (number("True"), number("False"))
}

#[tokio::test]
async fn every_family_is_recorded_and_described_and_the_series_of_an_integration_are_removed_with_it() {
    let testbed = Testbed::new("metrics").await;
    testbed.apply(visitor("ada", json!({"visit": {"to": "2026-12-02"}}))).await;
    testbed.apply(visitor("bob", json!({"visit": {"from": "2026-12-02"}, "lastName": "Babbage"}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.reads("Visitor", "bob", "Scheduled").await;
    testbed.set_clock("2026-12-02T05:00:00Z");
    testbed.reads("Visitor", "bob", "Succeeded").await;
    wait_until("the rollover is over", || async {
        text(&testbed).contains("vestibule_rollover_seconds_count")
    })
    .await;

    let counted = text(&testbed);
    let families = catalogue();
    for sample in samples(&counted) {
        assert!(families.iter().any(|family| family.has_sample(sample)), "{sample} is not in the catalogue");
    }
    for family in families.iter().filter(|family| family.name != OF_THE_PAGE) {
        let help = format!("# HELP {} {}", family.name, family.help);
        assert!(counted.lines().any(|line| line == help), "{} has no help", family.name);
        assert!(samples(&counted).any(|line| family.has_sample(line)), "{} is never recorded", family.name);
    }
    for (kind, numbers) in
        [("Property", (1, 0)), ("AccessIntegration", (1, 0)), ("Tenant", (1, 0)), ("Visitor", (2, 0))]
    {
        wait_until(kind, || async { objects(&testbed, kind) == numbers }).await;
    }

    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    wait_until("the series are gone", || async { !text(&testbed).contains("integration=") }).await;
    for kind in ["AccessIntegration", "Tenant"] {
        wait_until(kind, || async { objects(&testbed, kind).0 == 0 }).await;
    }
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert!(!text(&testbed).contains("integration="), "they came back: {}", text(&testbed));
    testbed.agrees().await;
}
