use serde_json::{Value, json};

use super::super::testbed::{NOWHERE, Testbed};
use super::*;
use crate::reconcile::fixtures::{key, with};

const ELSEWHERE: &str = "http://127.0.0.1:10";

/// An integration at an address; its status counts two records, and one that was left behind in a former system.
fn at(url: &str, connected_to: &str) -> Value {
    json!({
        "spec": { "lenelS2": { "url": url } },
        "status": {
            "observedGeneration": 1, "conditions": [], "records": 2, "leftBehind": 1, "connectedTo": connected_to,
            "formerSystems": [{ "system": "old.example.org", "records": 1 }],
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
    testbed.pass.left_now(object, Some(&state)).unwrap().0
}

#[tokio::test]
async fn records_in_a_former_system_are_counted_even_if_this_process_has_not_listed_them() {
    let mut testbed = Testbed::new();
    declare(&mut testbed, &at(NOWHERE, "127.0.0.1:9")).await;
    assert_eq!(left(&testbed), 1);
    testbed.integration("netbox", &at(ELSEWHERE, "127.0.0.1:9"));
    testbed.pass.connect().await;
    let object = testbed.pass.integrations.get(&key("netbox")).unwrap();
    let (left_now, former) = testbed.pass.left_now(object, None).unwrap();
    let former: Vec<_> = former.iter().map(|one| (&*one.system, one.records)).collect();
    assert_eq!(
        (left_now, former),
        (3, vec![("127.0.0.1:9", 2), ("old.example.org", 1)]),
        "without a connection too"
    );
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

#[tokio::test]
async fn after_a_restart_a_system_that_comes_back_has_its_records_again() {
    let former = json!([{ "system": "127.0.0.1:9", "records": 2 }]);
    let change = json!({ "status": { "leftBehind": 2, "formerSystems": former } });
    for (connected_to, left_there) in [("127.0.0.1:10", 2), ("127.0.0.1:9", 0)] {
        let mut testbed = Testbed::new();
        declare(&mut testbed, &with(at(NOWHERE, connected_to), &change)).await;
        assert_eq!(left(&testbed), left_there, "only the records in the second system, after {connected_to}");
    }
}

#[tokio::test]
async fn records_left_behind_by_a_deletion_stay_counted_once_when_the_integration_moves() {
    let mut testbed = Testbed::new();
    declare(&mut testbed, &with(at(NOWHERE, "127.0.0.1:9"), &json!({ "status": { "leftBehind": 2 } }))).await;
    assert_eq!(left(&testbed), 2, "one here, one in the former system");
    declare(&mut testbed, &at(ELSEWHERE, "127.0.0.1:9")).await;
    assert_eq!(left(&testbed), 3, "the one left here is among the two records");
}

#[test]
fn of_very_many_former_systems_the_smallest_are_counted_together() {
    let mut left = LeftBehind::default();
    for number in 1..=40_i64 {
        left.leave(&format!("netbox-{number:02}"), number);
    }
    assert_eq!((left.total(), left.former_systems().len()), ((1..=40).sum(), MOST_SYSTEMS));
    let shown = left.former_systems();
    assert!(
        shown.iter().any(|one| one.system == EARLIER) && shown.iter().any(|one| one.system == "netbox-40")
    );
    let said = Said { left_behind: Some(left.total()), former_systems: shown, ..Said::default() };
    assert_eq!(LeftBehind::of(Some(&said)), left);
}
