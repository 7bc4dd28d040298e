//! Messages that say what was tried, what the system said and what to do.

use serde_json::{Value, json};
use vestibule_core::status::Truth;

use crate::testbed::{Testbed, View, integration, visitor};

#[tokio::test]
async fn mode_observe_names_the_fields_that_differ_and_nothing_of_what_they_hold() {
    let testbed = Testbed::new("observe-fields").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"mode": "Observe"}))).await;
    testbed.until("AccessIntegration", "netbox", "takes the mode", View::ends_kubectl_wait).await;
    testbed.apply(visitor("ada", json!({"lastName": "King", "visit": {"endTime": "18:00"}}))).await;
    let ada = testbed.reads("Visitor", "ada", "ObserveOnly").await;
    let synced = ada.condition("Synced").unwrap();
    assert_eq!((synced.status, synced.message.as_str()), (Truth::False, ada.message()));
    assert!(
        ada.message().ends_with("Different: spec.firstName or spec.lastName; spec.visit"),
        "{}",
        ada.message()
    );
    assert!(!ada.message().contains("King") && !ada.message().contains("Byron"), "{}", ada.message());
    testbed.agrees().await;
}

/// An integration at an address where no NetBox answers, after it has said so.
async fn lost(name: &str, url: &str) -> (Testbed, View) {
    let testbed = Testbed::new(name).await;
    testbed.apply(integration(url, json!({}))).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "ProgressingWithRetry").await;
    let aspects = ["Accepted", "ResolvedRefs"].map(|type_| netbox.condition(type_).map(|it| it.status));
    assert_eq!(aspects, [Some(Truth::True); 2], "nothing is wrong with the spec as such: {netbox}");
    (testbed, netbox)
}

#[tokio::test]
async fn a_refused_connection_names_host_and_port_and_what_to_check() {
    let (testbed, netbox) = lost("refused-port", "http://127.0.0.1:9").await;
    for words in ["127.0.0.1:9", "check scheme, host and port of spec.lenelS2.url"] {
        assert!(netbox.message().contains(words), "{}", netbox.message());
    }
    testbed.agrees().await;
}

#[tokio::test]
async fn https_at_a_port_that_speaks_http_is_not_cured_by_an_authority() {
    let plain = Testbed::new("plain-port").await;
    let url = plain.netbox.url().replace("http://", "https://");
    let (testbed, netbox) = lost("tls-on-plain", &url).await;
    assert!(netbox.message().contains("does not speak TLS at this port"), "{}", netbox.message());
    assert!(!netbox.message().contains("caBundle"), "{}", netbox.message());
    testbed.agrees().await;
    plain.agrees().await;
}

#[tokio::test]
async fn a_release_of_another_set_or_of_none_is_answered() {
    let testbed = Testbed::new("wrong-release").await;
    let release = "access.vestibule.dev/release-deletions";
    testbed.annotate("AccessIntegration", "netbox", release, "0123456789ab").await;
    let idle = |view: &View| view.message().contains("No removals are held") && view.is_ready();
    testbed.until("AccessIntegration", "netbox", "says that it releases nothing", idle).await;
    testbed
        .patch("AccessIntegration", "netbox", json!({"metadata": {"annotations": {release: Value::Null}}}))
        .await;
    let forgets = |view: &View| !view.message().contains("No removals are held");
    testbed.until("AccessIntegration", "netbox", "says so no more", forgets).await;
    testbed.agrees().await;
}
