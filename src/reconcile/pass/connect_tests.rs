use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Value, json};

use super::super::stage::{NOWHERE, Stage};
use super::*;
use crate::reconcile::fixtures::key;

/// An integration with the owner id of all others here, made on this day of December.
fn claiming(day: u8, secret: &str) -> Value {
    json!({
        "metadata": { "creationTimestamp": format!("2026-12-{day:02}T12:00:00Z") },
        "spec": { "ownerId": "ours", "credentialsSecretRef": { "name": secret } },
    })
}

fn connected(stage: &Stage) -> Vec<&str> {
    stage.pass.connections.keys().map(|key| &*key.name).collect()
}

#[tokio::test]
async fn an_older_claim_stands_though_it_cannot_be_connected_now() {
    let mut stage = Stage::new();
    stage.integration("a-younger", &claiming(2, "login"));
    stage.integration("b-older", &claiming(1, "none"));
    stage.pass.connect().await;
    assert_eq!(connected(&stage), [""; 0]);
    let refusal = stage.pass.refusals[&key("a-younger")].clone();
    assert!(
        matches!(&refusal, Refusal::Invalid(DUPLICATE_CLAIM, it) if it.contains("b-older")),
        "{refusal:?}"
    );
    stage.integration("b-older", &claiming(1, "login"));
    stage.pass.connect().await;
    assert_eq!(connected(&stage), ["b-older"]);
}

#[tokio::test]
async fn who_is_connected_loses_nothing_to_an_older_claim_that_comes_later() {
    let mut stage = Stage::new();
    stage.integration("a-younger", &claiming(2, "login"));
    stage.pass.connect().await;
    for secret in ["none", "login"] {
        stage.integration("b-older", &claiming(1, secret));
        stage.pass.connect().await;
        assert_eq!(connected(&stage), ["a-younger"]);
        assert!(!stage.pass.refusals.contains_key(&key("a-younger")));
    }
    stage.lose("a-younger");
    stage.pass.connect().await;
    assert_eq!(connected(&stage), ["b-older"]);
}

fn at(url: &str, secret: &str) -> Value {
    json!({ "spec": { "lenelS2": { "url": url }, "credentialsSecretRef": { "name": secret } } })
}

#[tokio::test]
async fn a_login_that_cannot_be_read_again_goes_nowhere_but_where_it_was_read_for() {
    let mut stage = Stage::new();
    stage.integration("netbox", &at(NOWHERE, "login"));
    stage.pass.connect().await;
    let engine = stage.engine("netbox");
    stage.deaf.store(true, Relaxed);
    for (url, secret) in
        [("http://127.0.0.1:10", "other"), (NOWHERE, "other"), ("http://127.0.0.1:10", "login")]
    {
        stage.integration("netbox", &at(url, secret));
        stage.pass.connect().await;
        let refusal = stage.pass.refusals[&key("netbox")].clone();
        assert!(matches!(&refusal, Refusal::Missing(it) if it.contains("could not be read")), "{refusal:?}");
        assert!(
            Arc::ptr_eq(&engine, &stage.engine("netbox")),
            "what is there is closed through the former login"
        );
        assert!(engine.is_suspended());
    }
    stage.integration("netbox", &at(NOWHERE, "login"));
    stage.pass.connect().await;
    assert_eq!(
        (stage.pass.refusals.len(), engine.is_suspended()),
        (0, false),
        "what was read for it is known"
    );
}
