use serde_json::{Value, json};

use super::super::stage::Stage;
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
