use serde_json::{Value, json};

use super::super::stage::{NOWHERE, Stage, netbox};
use super::*;
use crate::reconcile::declared::Doors;
use crate::reconcile::fixtures::key;

/// A mode that only a later version knows.
fn unreadable() -> Value {
    json!({ "spec": { "mode": "Sometimes" } })
}

fn frozen(stage: &Stage) -> Vec<String> {
    stage.published.borrow().frozen.iter().map(|key| key.name.clone()).collect()
}

async fn pass(stage: &mut Stage) {
    stage.pass.connect().await;
    stage.pass.publish();
}

#[tokio::test]
async fn an_integration_freezes_while_its_engine_runs_and_its_spec_cannot_be_read() {
    let mut stage = Stage::new();
    stage.integration("netbox", &json!({}));
    stage.integration("beside", &json!({}));
    pass(&mut stage).await;
    assert_eq!(frozen(&stage), [""; 0]);
    stage.integration("netbox", &unreadable());
    pass(&mut stage).await;
    assert_eq!(frozen(&stage), ["netbox"], "and not the one beside it");
    assert!(stage.engine("netbox").is_suspended());
    stage.integration("netbox", &json!({}));
    pass(&mut stage).await;
    assert_eq!(frozen(&stage), [""; 0]);
    assert!(!stage.engine("netbox").is_suspended());
}

#[tokio::test]
async fn without_an_engine_there_is_nothing_to_freeze() {
    let mut stage = Stage::new();
    stage.integration("netbox", &unreadable());
    pass(&mut stage).await;
    assert_eq!(frozen(&stage), [""; 0]);
}

#[test]
fn an_integration_that_freezes_declines_or_orphans_is_news_and_where_a_name_stands_matters() {
    let held = |name| Directory { integrations: [(key(name), None)].into(), ..Directory::default() };
    let frozen = |names: &[&str]| names.iter().map(|&name| key(name)).collect::<BTreeSet<_>>();
    let directories = [
        Directory::default(),
        held("netbox"),
        Directory { frozen: frozen(&["netbox"]), ..Directory::default() },
        Directory { frozen: frozen(&["netbox"]), ..held("netbox") },
        Directory { frozen: frozen(&["beside"]), ..held("netbox") },
        Directory { declining: frozen(&["netbox"]), ..Directory::default() },
        Directory { declining: frozen(&["netbox"]), ..held("netbox") },
        Directory { orphaning: frozen(&["netbox"]), ..Directory::default() },
    ];
    let signatures: BTreeSet<u64> = directories.iter().map(sign).collect();
    assert_eq!(signatures.len(), directories.len());
}

/// The integrations that visitors of the tenant wait for.
fn unready(stage: &Stage) -> Vec<String> {
    let directory = stage.published.borrow();
    let awaited = directory.tenant(tenant_id(&key("acme"))).unwrap().declared.unready.iter();
    let name = |sentence: &String| {
        sentence.strip_prefix("waits for AccessIntegration ")?.split(',').next().map(str::to_owned)
    };
    awaited.filter_map(name).collect()
}

#[tokio::test]
async fn a_tenant_waits_only_for_integrations_that_open_something_to_its_visitors() {
    let mut stage = Stage::new();
    stage.integration("netbox", &json!({}));
    stage.integration("annex", &json!({ "spec": { "credentialsSecretRef": { "name": "none" } } }));
    stage.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut stage).await;
    assert_eq!(unready(&stage), [""; 0], "nobody gets anything in the annex");
    stage.tenant(&[("netbox", &["Lobby"]), ("annex", &["Shed"])]);
    pass(&mut stage).await;
    assert_eq!(unready(&stage), ["annex"]);
    stage.tenant(&[("netbox", &["Lobby"]), ("annex", &[])]);
    pass(&mut stage).await;
    assert_eq!(unready(&stage), [""; 0]);
    let shed = json!({ "spec": { "credentialsSecretRef": { "name": "none" }, "visitorAccess": { "groups": ["Shed"] } } });
    stage.integration("annex", &shed);
    pass(&mut stage).await;
    assert_eq!(unready(&stage), [""; 0], "an empty list means none");
    stage.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut stage).await;
    assert_eq!(unready(&stage), ["annex"], "the integration's own groups count for who names none");
}

#[tokio::test]
async fn a_new_account_is_not_ready_before_somebody_has_looked_into_it() {
    let (mut stage, old) = (Stage::new(), netbox().await);
    let at = |url: &str| json!({ "spec": { "lenelS2": { "url": url } } });
    stage.tenant(&[("netbox", &["Lobby"])]);
    stage.integration("netbox", &at(&old.url));
    pass(&mut stage).await;
    assert_eq!(unready(&stage), [""; 0], "a start is no news");
    stage.integration("netbox", &at(NOWHERE));
    pass(&mut stage).await;
    assert_eq!(unready(&stage), ["netbox"], "the former one is being left");
    let connected = async |stage: &mut Stage| {
        while !stage.pass.connections.contains_key(&key("netbox")) {
            tokio::task::yield_now().await;
            pass(stage).await;
        }
    };
    connected(&mut stage).await;
    assert_eq!(unready(&stage), ["netbox"]);
    stage.integration("netbox", &at(&old.url));
    pass(&mut stage).await;
    connected(&mut stage).await;
    stage.engine("netbox").state().wait_for(|state| state.syncs > 0).await.unwrap();
    pass(&mut stage).await;
    assert_eq!(unready(&stage), [""; 0]);
}

/// What visitors of the tenant are told to be missing, and whether their spec counts as valid.
fn declared(stage: &Stage) -> (bool, Vec<String>) {
    let directory = stage.published.borrow();
    let declared = &directory.tenant(tenant_id(&key("acme"))).unwrap().declared;
    let awaited = declared.missing.iter().chain(&declared.unready).cloned();
    (declared.doors == Doors::Declared, awaited.collect())
}

#[tokio::test]
async fn an_integration_that_moves_is_waited_for_though_another_one_is_connected_that_opens_nothing() {
    let mut stage = Stage::new();
    stage.integration("annex", &json!({}));
    stage.integration("netbox", &json!({}));
    stage.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut stage).await;
    assert_eq!(declared(&stage), (true, Vec::new()));
    stage.integration("netbox", &json!({ "spec": { "lenelS2": { "url": "http://127.0.0.1:10" } } }));
    pass(&mut stage).await;
    assert!(!stage.pass.connections.contains_key(&key("netbox")), "the former one is being left");
    assert_eq!((declared(&stage).0, unready(&stage)), (true, vec!["netbox".to_owned()]));
    stage.integration("netbox", &unreadable());
    pass(&mut stage).await;
    assert_eq!((declared(&stage).0, unready(&stage)), (true, vec!["netbox".to_owned()]));
}

#[tokio::test]
async fn an_integration_that_is_applied_after_its_tenant_is_waited_for_from_the_start() {
    let mut stage = Stage::new();
    stage.integration("annex", &json!({}));
    stage.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut stage).await;
    let (valid, awaited) = declared(&stage);
    assert!(valid && awaited.len() == 1 && awaited[0].contains("does not exist"), "{awaited:?}");
    stage.integration("netbox", &json!({ "spec": { "credentialsSecretRef": { "name": "none" } } }));
    pass(&mut stage).await;
    assert_eq!((declared(&stage).0, unready(&stage)), (true, vec!["netbox".to_owned()]));
    stage.integration("netbox", &json!({}));
    pass(&mut stage).await;
    assert_eq!(declared(&stage), (true, Vec::new()));
}
