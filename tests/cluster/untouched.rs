//! An integration that has written nothing has nothing to remove: it is removed at once, and so are its Property and
//! namespace.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use crate::harness::wait_for;
use crate::testbed::{MORNING, Testbed, View, integration, secret, visitor};

const FINALIZER: &str = "access.vestibule.dev/records";

fn has_finalizer(view: &View) -> bool {
    view.finalizers.iter().any(|one| one == FINALIZER)
}

/// A building with this integration, after its status has reported that it cannot be connected.
async fn unconnected(name: &str, change: Value, password: &str) -> Testbed {
    let mut testbed = Testbed::declared(name, MORNING, "America/New_York").await;
    testbed.apply(secret(password)).await;
    testbed.apply(integration(&testbed.netbox.url(), change)).await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.start().await;
    let refused = |it: &View| it.is_of_now() && !it.is_ready() && !["", "Progressing"].contains(&it.reason());
    testbed.until("AccessIntegration", "netbox", "cannot be connected", refused).await;
    testbed
}

/// Deletes the integration, its Property and the namespace, in this order. Each is removed at once.
async fn goes(testbed: Testbed) {
    assert!(!has_finalizer(&testbed.view("AccessIntegration", "netbox")));
    assert!(!has_finalizer(&testbed.view("Property", "tower")));
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    testbed.delete("Property", "tower").await;
    testbed.gone("Property", "tower").await;
    let (name, client) = (testbed.namespace.name().to_owned(), testbed.namespace.client());
    let namespaces: Api<Namespace> = Api::all(client);
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    wait_for(namespaces, &name, "the namespace is gone", |it: Option<&Namespace>| it.is_none()).await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_with_a_refused_login_is_removed_at_once() {
    goes(unconnected("never-login", json!({}), "wrong").await).await;
}

#[tokio::test]
async fn an_integration_with_a_dead_port_is_removed_at_once() {
    goes(unconnected("never-port", json!({"lenelS2": {"url": "http://127.0.0.1:9"}}), "sim").await).await;
}

#[tokio::test]
async fn an_integration_with_a_wrong_path_is_removed_at_once() {
    goes(unconnected("never-path", json!({"lenelS2": {"path": "/wrong"}}), "sim").await).await;
}

#[tokio::test]
async fn an_integration_with_tls_to_a_system_without_it_is_removed_at_once() {
    let testbed = Testbed::bare("never-tls-probe", MORNING, "America/New_York").await;
    let url = testbed.netbox.url().replace("http://", "https://");
    testbed.agrees().await;
    goes(unconnected("never-tls", json!({"lenelS2": {"url": url}}), "sim").await).await;
}

#[tokio::test]
async fn an_integration_with_a_refused_address_is_removed_at_once() {
    for (name, url) in [("never-local", "http://169.254.169.254"), ("never-url", "http://127.0.0.1:9/path")] {
        goes(unconnected(name, json!({"lenelS2": {"url": url}}), "sim").await).await;
    }
}

#[tokio::test]
async fn a_connected_integration_that_wrote_nothing_is_removed_at_once_while_its_system_is_down() {
    let testbed = Testbed::new("never-written").await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    goes(testbed).await;
}

#[tokio::test]
async fn the_finalizers_are_there_before_the_first_record_and_not_earlier() {
    let testbed = Testbed::new("first-write").await;
    testbed.sync("before").await;
    for (kind, name) in [("AccessIntegration", "netbox"), ("Property", "tower")] {
        assert!(!has_finalizer(&testbed.view(kind, name)), "{kind}");
    }
    // The first write hangs. If the record were created before the finalizers, it would exist now without them.
    testbed.netbox.fault(json!({"kind": "hang", "operation": "AddPerson", "seconds": 3, "times": 1}));
    testbed.apply(visitor("ada", json!({}))).await;
    crate::harness::wait_until("the first write", || async { testbed.netbox.called("AddPerson") > 0 }).await;
    for (kind, name) in [("AccessIntegration", "netbox"), ("Property", "tower"), ("Visitor", "ada")] {
        let api = testbed.api(kind);
        let finalizers = api.get(name).await.unwrap().metadata.finalizers.unwrap_or_default();
        assert!(finalizers.iter().any(|one| one == FINALIZER), "{kind}");
    }
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_list_with_own_records_sets_the_finalizers_too() {
    let testbed = Testbed::new("taken-up").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"deletionPolicy": "Orphan"}))).await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    testbed.netbox.forget_calls();
    testbed.apply(integration(&testbed.netbox.url(), json!({"mode": "Observe"}))).await;
    testbed.until("AccessIntegration", "netbox", "has its finalizer", has_finalizer).await;
    assert_eq!(testbed.netbox.writes(), [].into());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_waits_for_no_integration_that_never_wrote() {
    let testbed = Testbed::new("neighbour").await;
    let mut other = integration("http://127.0.0.1:9", json!({}));
    other["metadata"]["name"] = json!("other");
    testbed.apply(other).await;
    let down = |it: &View| it.reason() == "ProgressingWithRetry";
    testbed.until("AccessIntegration", "other", "is down", down).await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.netbox.until("she is in", |people| people.len() == 1).await;
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn an_invalid_abandon_value_is_reported_while_the_integration_is_deleted() {
    let testbed = Testbed::new("misspelt").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.annotate("AccessIntegration", "netbox", "access.vestibule.dev/abandon", "yes").await;
    testbed.sync("living").await;
    assert!(
        !testbed.view("AccessIntegration", "netbox").message().contains("abandon"),
        "on a living object nothing"
    );
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.delete("AccessIntegration", "netbox").await;
    let said = |it: &View| it.message().contains("it must be \"true\"");
    testbed.until("AccessIntegration", "netbox", "says which value it must have", said).await;
    testbed.annotate("AccessIntegration", "netbox", "access.vestibule.dev/abandon", "true").await;
    testbed.gone("AccessIntegration", "netbox").await;
    testbed.agrees().await;
}
