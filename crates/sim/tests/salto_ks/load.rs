//! 10,000 people, many at a time, counters exact.

use std::sync::Arc;

use serde_json::json;
use vestibule_sim::frame::Options;

use crate::harness::{NOTHING, sim, text, with};

const LARGE: &str = include_str!("../../seeds/salto-ks-5000.yaml");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_are_exact_under_concurrency() {
    let sim = Arc::new(sim(&[]).await);
    sim.clear("calls").await;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let sim = Arc::clone(&sim);
            tokio::spawn(async move {
                for number in 0..25 {
                    let name = json!({ "customer_reference": format!("{task}-{number}") });
                    sim.s("POST", "/access_groups", name).await.is(200);
                    sim.s("GET", "/users/x", NOTHING).await.error(400, "1100");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let calls = sim.look("calls").await;
    assert_eq!(calls["operations"]["groups.create"], json!({ "ok": 200 }));
    assert_eq!(calls["operations"]["users.get"], json!({ "error_1100": 200 }));
    assert_eq!((&calls["total"], &calls["in_flight"]), (&json!(400), &json!(0)));
    let groups = sim.s("GET", "/access_groups?$top=1000&$inlinecount=allpages", NOTHING).await;
    assert_eq!(groups.json["count"], json!(204));
}

#[tokio::test]
async fn the_generated_seed_holds_5000_people_in_40_companies_and_is_the_same_each_time() {
    let read = async || {
        let sim = with(Options { seed: Some(LARGE.to_owned()), ..Options::default() }).await;
        let sites = sim.get("/v1.2/sites").await.items();
        let site = format!("/v1.2/sites/{}", text(&sites[0]["id"]));
        let users = sim.get(&format!("{site}/users?$top=100&$skip=4900&$inlinecount=allpages")).await;
        let groups = sim.get(&format!("{site}/access_groups?$top=100")).await;
        assert_eq!((&users.json["count"], groups.items().len()), (&json!(5001), 40));
        (users.items(), groups.items())
    };
    assert_eq!(read().await, read().await);
}

#[tokio::test]
async fn each_of_ten_thousand_people_is_found_by_e_mail() {
    let seed = LARGE.replace("people: 5000", "people: 10000").replace("amount: 6000", "amount: 12000");
    let sim = with(Options { seed: Some(seed), ..Options::default() }).await;
    let sites = sim.get("/v1.2/sites").await.items();
    let site = format!("/v1.2/sites/{}", text(&sites[0]["id"]));
    let mut missing = 0;
    for number in (0..10_000).step_by(200) {
        let email = format!("person{number}@tenants.example");
        let found = sim.get(&format!("{site}/users?$filter=user/email eq '{email}'")).await.items();
        assert!(
            found.len() <= 1 && found.iter().all(|user| user["user"]["email"] == json!(email)),
            "{found:?}"
        );
        missing += usize::from(found.is_empty());
    }
    assert!(missing < 8, "three of a hundred have no e-mail: {missing}");
}
