use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Value, json};

use super::super::testbed::{NOWHERE, Testbed};
use super::*;
use crate::reconcile::fixtures::key;

/// An integration with the same owner id as all others here, created on this day of December.
fn claiming(day: u8, secret: &str) -> Value {
    json!({
        "metadata": { "creationTimestamp": format!("2026-12-{day:02}T12:00:00Z") },
        "spec": { "ownerId": "ours", "credentialsSecretRef": { "name": secret } },
    })
}

fn connected(testbed: &Testbed) -> Vec<&str> {
    testbed.pass.connections.keys().map(|key| &*key.name).collect()
}

#[tokio::test]
async fn an_older_claim_counts_although_it_cannot_be_connected_now() {
    let mut testbed = Testbed::new();
    testbed.integration("a-younger", &claiming(2, "login"));
    testbed.integration("b-older", &claiming(1, "none"));
    testbed.pass.connect().await;
    assert_eq!(connected(&testbed), [""; 0]);
    let refusal = testbed.pass.refusals[&key("a-younger")].clone();
    assert!(
        matches!(&refusal, Refusal::Invalid(DUPLICATE_CLAIM, it) if it.contains("b-older")),
        "{refusal:?}"
    );
    testbed.integration("b-older", &claiming(1, "login"));
    testbed.pass.connect().await;
    assert_eq!(connected(&testbed), ["b-older"]);
}

#[tokio::test]
async fn a_connected_integration_keeps_its_owner_id_when_an_older_claim_comes_later() {
    let mut testbed = Testbed::new();
    testbed.integration("a-younger", &claiming(2, "login"));
    testbed.pass.connect().await;
    for secret in ["none", "login"] {
        testbed.integration("b-older", &claiming(1, secret));
        testbed.pass.connect().await;
        assert_eq!(connected(&testbed), ["a-younger"]);
        assert!(!testbed.pass.refusals.contains_key(&key("a-younger")));
    }
    testbed.lose("a-younger");
    testbed.pass.connect().await;
    assert_eq!(connected(&testbed), ["b-older"]);
}

fn at(url: &str, secret: &str) -> Value {
    json!({ "spec": { "lenelS2": { "url": url }, "credentialsSecretRef": { "name": secret } } })
}

#[tokio::test]
async fn a_login_that_cannot_be_read_again_is_sent_only_to_the_address_it_was_read_for() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &at(NOWHERE, "login"));
    testbed.pass.connect().await;
    let engine = testbed.engine("netbox");
    testbed.deaf.store(true, Relaxed);
    for (url, secret) in
        [("http://127.0.0.1:10", "other"), (NOWHERE, "other"), ("http://127.0.0.1:10", "login")]
    {
        testbed.integration("netbox", &at(url, secret));
        testbed.pass.connect().await;
        let refusal = testbed.pass.refusals[&key("netbox")].clone();
        assert!(matches!(&refusal, Refusal::Missing(it) if it.contains("could not be read")), "{refusal:?}");
        assert!(
            Arc::ptr_eq(&engine, &testbed.engine("netbox")),
            "existing access is removed through the former login"
        );
        assert!(engine.is_suspended());
    }
    testbed.integration("netbox", &at(NOWHERE, "login"));
    testbed.pass.connect().await;
    assert_eq!(
        (testbed.pass.refusals.len(), engine.is_suspended()),
        (0, false),
        "the login was read for this address"
    );
}

/// Addresses that no client can be made for.
const REFUSED: [&str; 4] =
    ["http://127.0.0.1:9/x", "http://169.254.169.254", "no address", "http://sim:sim@127.0.0.1:9"];

#[tokio::test]
async fn a_refused_address_keeps_the_session_that_was_accepted_last_and_opens_nothing_through_it() {
    for url in REFUSED {
        let mut testbed = Testbed::new();
        testbed.integration("netbox", &at(NOWHERE, "login"));
        testbed.pass.connect().await;
        let engine = testbed.engine("netbox");
        testbed.integration("netbox", &at(url, "login"));
        testbed.pass.connect().await;
        let refusal = testbed.pass.refusals[&key("netbox")].clone();
        assert!(
            matches!(&refusal, Refusal::Invalid(INVALID_SPEC, it) if it.contains("lenelS2.url")),
            "{refusal:?}"
        );
        assert!(Arc::ptr_eq(&engine, &testbed.engine("netbox")), "{url}");
        assert!(engine.is_suspended() && testbed.pass.moved.is_empty(), "{url}");
        testbed.integration("netbox", &at(NOWHERE, "login"));
        testbed.pass.connect().await;
        assert!(Arc::ptr_eq(&engine, &testbed.engine("netbox")) && !engine.is_suspended(), "{url}");
    }
}

#[tokio::test]
async fn an_integration_deleted_with_a_refused_address_removes_its_records_through_its_session() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &at(NOWHERE, "login"));
    testbed.pass.connect().await;
    let mut going = at(REFUSED[0], "login");
    going["metadata"] = json!({ "deletionTimestamp": "2026-12-01T08:30:00Z" });
    testbed.integration("netbox", &going);
    testbed.pass.connect().await;
    assert_eq!(testbed.engine("netbox").diagnostics()["draining"], true);
}

#[tokio::test]
async fn after_a_restart_a_refused_address_is_no_move_and_leaves_nothing_behind() {
    for url in REFUSED {
        let mut testbed = Testbed::new();
        let status = json!({ "conditions": [], "records": 2, "connectedTo": "netbox.example.org" });
        let mut integration = at(url, "login");
        integration["status"] = status;
        testbed.integration("netbox", &integration);
        testbed.pass.connect().await;
        assert!(testbed.pass.connections.is_empty() && testbed.pass.refusals.contains_key(&key("netbox")));
        assert!(testbed.pass.moved.is_empty(), "{url}");
    }
}
