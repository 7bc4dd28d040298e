use serde_json::{Value, json};

use super::super::testbed::{NOWHERE, Testbed};
use crate::reconcile::fixtures::{key, with};

const ELSEWHERE: &str = "http://127.0.0.1:10";

/// An integration at an address; its status counts two records, and one that was left behind.
fn at(url: &str, connected_to: &str) -> Value {
    json!({
        "spec": { "lenelS2": { "url": url } },
        "status": {
            "observedGeneration": 1, "conditions": [], "records": 2, "leftBehind": 1, "connectedTo": connected_to,
        },
    })
}

/// Declares the integration like this, and runs passes until it is connected.
async fn declare(testbed: &mut Testbed, integration: &Value) {
    testbed.integration("netbox", integration);
    testbed.pass.connect().await;
    while let Some(stopping) = testbed.pass.stopping.remove(&key("netbox")) {
        stopping.await.unwrap();
        testbed.pass.connect().await;
    }
}

fn left(testbed: &Testbed) -> i64 {
    let object = testbed.pass.integrations.get(&key("netbox")).unwrap();
    let state = testbed.engine("netbox").state().borrow().clone();
    let left = testbed.pass.left_now(object, Some(&state)).unwrap();
    assert_eq!(testbed.pass.left_before(object), left);
    left
}

#[tokio::test]
async fn records_in_a_former_system_are_counted_even_if_this_process_has_not_listed_them() {
    let mut testbed = Testbed::new();
    declare(&mut testbed, &at(NOWHERE, "127.0.0.1:9")).await;
    assert_eq!(left(&testbed), 1);
    testbed.integration("netbox", &at(ELSEWHERE, "127.0.0.1:9"));
    testbed.pass.connect().await;
    let object = testbed.pass.integrations.get(&key("netbox")).unwrap();
    assert_eq!(testbed.pass.left_now(object, None), Some(3), "at once, while there is no connection");
    declare(&mut testbed, &at(ELSEWHERE, "127.0.0.1:9")).await;
    assert_eq!(left(&testbed), 3);
}

#[tokio::test]
async fn records_are_no_longer_left_behind_after_a_return_to_their_system() {
    let mut testbed = Testbed::new();
    for url in [NOWHERE, ELSEWHERE, NOWHERE] {
        declare(&mut testbed, &at(url, "127.0.0.1:9")).await;
    }
    assert_eq!(left(&testbed), 1);
}

#[tokio::test]
async fn a_move_while_no_process_ran_is_counted_once() {
    let mut testbed = Testbed::new();
    for _ in 0..3 {
        declare(&mut testbed, &at(NOWHERE, "netbox.example.org")).await;
        assert_eq!(left(&testbed), 3);
    }
    // The next process reads the status that this one wrote.
    let mut testbed = Testbed::new();
    let written = json!({ "status": { "records": null, "connectedTo": null, "leftBehind": 3 } });
    declare(&mut testbed, &with(at(NOWHERE, ""), &written)).await;
    assert_eq!(left(&testbed), 3);
}

#[tokio::test]
async fn another_path_or_tls_makes_no_other_system() {
    let mut testbed = Testbed::new();
    declare(&mut testbed, &at("http://netbox.invalid", "netbox.invalid")).await;
    let path = json!({ "spec": { "lenelS2": { "path": "/goforms/nbapi" } } });
    declare(&mut testbed, &with(at("https://netbox.invalid:443", "netbox.invalid"), &path)).await;
    assert_eq!(left(&testbed), 1);
    let partition = json!({ "spec": { "lenelS2": { "partitionKey": 2 } } });
    declare(&mut testbed, &with(at("https://netbox.invalid", "netbox.invalid"), &partition)).await;
    assert_eq!(left(&testbed), 3, "a partition does");
}
