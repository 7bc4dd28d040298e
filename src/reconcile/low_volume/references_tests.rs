use serde_json::{Value, json};

use super::super::testbed::{NOWHERE, Testbed, netbox};
use super::*;
use crate::reconcile::declared::Doors;
use crate::reconcile::fixtures::key;

/// A mode that only a later version knows.
fn unreadable() -> Value {
    json!({ "spec": { "mode": "Sometimes" } })
}

fn frozen(testbed: &Testbed) -> Vec<String> {
    testbed.published.borrow().frozen.iter().map(|key| key.name.clone()).collect()
}

async fn pass(testbed: &mut Testbed) {
    testbed.pass.connect().await;
    testbed.pass.publish();
}

#[tokio::test]
async fn an_integration_freezes_while_its_engine_runs_and_its_spec_cannot_be_read() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &json!({}));
    testbed.integration("beside", &json!({}));
    pass(&mut testbed).await;
    assert_eq!(frozen(&testbed), [""; 0]);
    testbed.integration("netbox", &unreadable());
    pass(&mut testbed).await;
    assert_eq!(frozen(&testbed), ["netbox"], "and not the one beside it");
    assert!(testbed.engine("netbox").is_suspended());
    testbed.integration("netbox", &json!({}));
    pass(&mut testbed).await;
    assert_eq!(frozen(&testbed), [""; 0]);
    assert!(!testbed.engine("netbox").is_suspended());
}

#[tokio::test]
async fn without_an_engine_there_is_nothing_to_freeze() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &unreadable());
    pass(&mut testbed).await;
    assert_eq!(frozen(&testbed), [""; 0]);
}

#[test]
fn each_list_of_frozen_declining_or_orphaning_integrations_changes_the_signature() {
    let held = |name| References { integrations: [(key(name), None)].into(), ..References::default() };
    let frozen = |names: &[&str]| names.iter().map(|&name| key(name)).collect::<BTreeSet<_>>();
    let directories = [
        References::default(),
        held("netbox"),
        References { frozen: frozen(&["netbox"]), ..References::default() },
        References { frozen: frozen(&["netbox"]), ..held("netbox") },
        References { frozen: frozen(&["beside"]), ..held("netbox") },
        References { declining: frozen(&["netbox"]), ..References::default() },
        References { declining: frozen(&["netbox"]), ..held("netbox") },
        References { orphaning: frozen(&["netbox"]), ..References::default() },
        References { leaving: frozen(&["netbox"]), ..References::default() },
    ];
    let signatures: BTreeSet<u64> = directories.iter().map(sign).collect();
    assert_eq!(signatures.len(), directories.len());
}

/// The integrations that visitors of the tenant wait for.
fn unready(testbed: &Testbed) -> Vec<String> {
    let references = testbed.published.borrow();
    let awaited = references.tenant(tenant_id(&key("acme"))).unwrap().declared.unready.iter();
    let name = |sentence: &String| {
        sentence.strip_prefix("waits for AccessIntegration ")?.split(',').next().map(str::to_owned)
    };
    awaited.filter_map(name).collect()
}

#[tokio::test]
async fn a_tenant_waits_only_for_integrations_that_open_something_to_its_visitors() {
    let mut testbed = Testbed::new();
    testbed.integration("netbox", &json!({}));
    testbed.integration("annex", &json!({ "spec": { "credentialsSecretRef": { "name": "none" } } }));
    testbed.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut testbed).await;
    assert_eq!(unready(&testbed), [""; 0], "no tenant has access in the annex");
    testbed.tenant(&[("netbox", &["Lobby"]), ("annex", &["Shed"])]);
    pass(&mut testbed).await;
    assert_eq!(unready(&testbed), ["annex"]);
    testbed.tenant(&[("netbox", &["Lobby"]), ("annex", &[])]);
    pass(&mut testbed).await;
    assert_eq!(unready(&testbed), [""; 0]);
    let shed = json!({ "spec": { "credentialsSecretRef": { "name": "none" }, "visitorAccess": { "groups": ["Shed"] } } });
    testbed.integration("annex", &shed);
    pass(&mut testbed).await;
    assert_eq!(unready(&testbed), [""; 0], "an empty list means none");
    testbed.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut testbed).await;
    assert_eq!(
        unready(&testbed),
        ["annex"],
        "the integration's own groups count for a tenant that names none"
    );
}

#[tokio::test]
async fn a_new_account_is_not_ready_before_its_first_sync() {
    let (mut testbed, old) = (Testbed::new(), netbox().await);
    let at = |url: &str| json!({ "spec": { "lenelS2": { "url": url } } });
    testbed.tenant(&[("netbox", &["Lobby"])]);
    testbed.integration("netbox", &at(&old.url));
    pass(&mut testbed).await;
    assert_eq!(unready(&testbed), [""; 0], "a start is no move");
    testbed.integration("netbox", &at(NOWHERE));
    pass(&mut testbed).await;
    assert_eq!(unready(&testbed), ["netbox"], "the former connection is being closed");
    let connected = async |testbed: &mut Testbed| {
        while !testbed.pass.connections.contains_key(&key("netbox")) {
            tokio::task::yield_now().await;
            pass(testbed).await;
        }
    };
    connected(&mut testbed).await;
    assert_eq!(unready(&testbed), ["netbox"]);
    testbed.integration("netbox", &at(&old.url));
    pass(&mut testbed).await;
    connected(&mut testbed).await;
    testbed.engine("netbox").state().wait_for(|state| state.syncs > 0).await.unwrap();
    pass(&mut testbed).await;
    assert_eq!(unready(&testbed), [""; 0]);
}

/// Whether the spec of the tenant's visitors counts as valid, and the references that are reported as missing.
fn declared(testbed: &Testbed) -> (bool, Vec<String>) {
    let references = testbed.published.borrow();
    let declared = &references.tenant(tenant_id(&key("acme"))).unwrap().declared;
    let awaited = declared.missing.iter().chain(&declared.unready).cloned();
    (declared.doors == Doors::Declared, awaited.collect())
}

#[tokio::test]
async fn an_integration_that_moves_is_waited_for_although_another_one_without_groups_is_connected() {
    let mut testbed = Testbed::new();
    testbed.integration("annex", &json!({}));
    testbed.integration("netbox", &json!({}));
    testbed.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut testbed).await;
    assert_eq!(declared(&testbed), (true, Vec::new()));
    testbed.integration("netbox", &json!({ "spec": { "lenelS2": { "url": "http://127.0.0.1:10" } } }));
    pass(&mut testbed).await;
    assert!(!testbed.pass.connections.contains_key(&key("netbox")), "the former connection is being closed");
    assert_eq!((declared(&testbed).0, unready(&testbed)), (true, vec!["netbox".to_owned()]));
    testbed.integration("netbox", &unreadable());
    pass(&mut testbed).await;
    assert_eq!((declared(&testbed).0, unready(&testbed)), (true, vec!["netbox".to_owned()]));
}

#[tokio::test]
async fn an_integration_that_is_applied_after_its_tenant_is_waited_for_from_the_start() {
    let mut testbed = Testbed::new();
    testbed.integration("annex", &json!({}));
    testbed.tenant(&[("netbox", &["Lobby"])]);
    pass(&mut testbed).await;
    let (valid, awaited) = declared(&testbed);
    assert!(valid && awaited.len() == 1 && awaited[0].contains("does not exist"), "{awaited:?}");
    testbed.integration("netbox", &json!({ "spec": { "credentialsSecretRef": { "name": "none" } } }));
    pass(&mut testbed).await;
    assert_eq!((declared(&testbed).0, unready(&testbed)), (true, vec!["netbox".to_owned()]));
    testbed.integration("netbox", &json!({}));
    pass(&mut testbed).await;
    assert_eq!(declared(&testbed), (true, Vec::new()));
}
