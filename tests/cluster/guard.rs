//! The guard of deletions from end to end: records without objects, more of them than the guard allows.

use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use crate::testbed::{Testbed, View, integration, visitor};

const RELEASE: &str = "access.vestibule.dev/release-deletions";

/// A building under this guard in the evening, after the visits of all its visitors.
async fn evening(name: &str, guard: Value, visitors: usize) -> Testbed {
    let testbed = Testbed::new(name).await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"deletionGuard": guard}))).await;
    for number in 0..visitors {
        testbed.apply(visitor(&format!("v{number}"), json!({}))).await;
    }
    for number in 0..visitors {
        testbed.reads("Visitor", &format!("v{number}"), "Succeeded").await;
    }
    testbed.set_clock("2026-12-01T23:00:00Z");
    testbed
}

/// Removes an object by force, so that its record is left. The controller would set its finalizer again.
async fn strip(testbed: &Testbed, name: &str) {
    testbed.patch("Visitor", name, json!({"metadata": {"finalizers": null}})).await;
    testbed.delete("Visitor", name).await;
    testbed.gone("Visitor", name).await;
}

/// Deletes objects in a mode that removes nothing, and then allows removals: their records are left without an object.
async fn leave_behind(testbed: &Testbed, guard: &Value, names: &[&str]) {
    let mode = |mode: &str| integration(&testbed.netbox.url(), json!({"mode": mode, "deletionGuard": guard}));
    testbed.apply(mode("Upsert")).await;
    testbed.until("AccessIntegration", "netbox", "takes the mode", View::ends_kubectl_wait).await;
    for name in names {
        testbed.delete("Visitor", name).await;
        testbed.gone("Visitor", name).await;
    }
    testbed.apply(mode("Enforce")).await;
}

fn held(netbox: &View) -> (i64, String) {
    let held = &netbox.status["heldDeletions"];
    (held["count"].as_i64().unwrap_or_default(), held["hash"].as_str().unwrap_or_default().to_owned())
}

/// The emails of the people in the NetBox.
async fn inside(testbed: &Testbed) -> Vec<String> {
    let mut inside: Vec<_> = testbed.netbox.people().await.into_iter().map(|person| person.email).collect();
    inside.sort();
    inside
}

#[tokio::test]
async fn more_orphans_than_the_guard_allows_are_held_as_a_set_until_its_hash_releases_them() {
    let mut testbed = evening("held", json!({"maxDeletions": 3, "maxPercent": 0}), 5).await;
    testbed.stop().await;
    for number in 0..4 {
        strip(&testbed, &format!("v{number}")).await;
    }
    testbed.start().await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    let (count, hash) = held(&netbox);
    assert_eq!((count, netbox.kstatus(), netbox.is_ready()), (4, Kstatus::Failed, false));
    let message = &netbox.condition("DeletionsHeld").unwrap().message;
    assert!(
        message.contains(&hash) && message.contains("held: v") && message.contains(" and 1 more."),
        "{netbox}"
    );
    // A sync changes nothing, and another hash releases nothing.
    testbed.sync("held").await;
    testbed.annotate("AccessIntegration", "netbox", RELEASE, "0123456789ab").await;
    testbed.sync("wrong").await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    assert_eq!(held(&netbox), (4, hash.clone()), "the set is the same, and so is its name");
    assert!(netbox.status["lastHandledRelease"].is_null(), "{netbox}");
    assert_eq!((testbed.netbox.called("RemovePerson"), inside(&testbed).await.len()), (0, 5));
    // The right hash releases exactly these, once.
    testbed.annotate("AccessIntegration", "netbox", RELEASE, &hash).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert_eq!(netbox.status["lastHandledRelease"], hash);
    assert_eq!((held(&netbox).0, netbox.condition("DeletionsHeld")), (0, None));
    testbed.netbox.until("the released are out", |people| people.len() == 1).await;
    assert_eq!(inside(&testbed).await, ["v4@example.org"]);
    testbed.agrees().await;
}

#[tokio::test]
async fn the_removals_that_the_guard_allows_are_counted_over_the_hour() {
    let guard = json!({"maxDeletions": 1, "maxPercent": 40});
    let testbed = evening("percent", guard.clone(), 5).await;
    leave_behind(&testbed, &guard, &["v0", "v1"]).await;
    testbed.sync("two").await;
    testbed.netbox.until("two of five are 40 percent", |people| people.len() == 3).await;
    // A third within the hour exceeds the limit, although it is only one.
    leave_behind(&testbed, &guard, &["v2"]).await;
    testbed.sync("three").await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    assert_eq!((held(&netbox).0, inside(&testbed).await.len()), (1, 3));
    assert_eq!(testbed.netbox.called("RemovePerson"), 2);
    testbed.agrees().await;
}
