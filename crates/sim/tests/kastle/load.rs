//! Many people and many calls: the results and the counters are right.

use serde_json::json;
use vestibule_sim::frame::Options;
use vestibule_sim::kastle;

use crate::fuzz::good;
use crate::support::simulator::{Simulator, held_at, seeded};

const OWNER: &str = "{00000000-0000-0000-0000-000000000001}";
const TOWER: &str = include_str!("../../seeds/kastle-5000.yaml");

/// 2B.8 [inferred] Counters are exact under concurrency.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s2b8_counters_are_exact_under_concurrency() {
    let sim = Simulator::new(kastle::start(held_at("2026-12-01T14:00:00Z", &[])).await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let (http, url) = (sim.http.clone(), sim.url("/institutions/1/visits"));
        tasks.spawn(async move {
            for call in 0..25 {
                let mut body = good();
                // Two tasks send each GUID: the first call makes the visit, the second is refused because it exists.
                body["VisitGuid"] = json!(format!("00000000-0000-4000-8000-0000{:04}{call:04}", task / 2));
                let request = http.post(&url).basic_auth("sim", Some("sim")).header("OwnerGuid", OWNER);
                let status = request.json(&body).send().await.unwrap().status().as_u16();
                assert!(status == 200 || status == 409, "{status}");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let calls = sim.running.frame.counters.json();
    assert_eq!(calls["operations"]["PostVisit"], json!({ "ok": 200, "exists": 200 }));
    assert_eq!((&calls["total"], &calls["in_flight"]), (&json!(400), &json!(0)));
}

/// 2B.8 [inferred] 5,000 generated people are the same for the same number.
#[tokio::test]
async fn s2b8_generated_people_are_the_same_for_the_same_number() {
    let names = async || {
        let options = seeded(Options::default(), TOWER);
        let sim = Simulator::new(kastle::start(options).await.unwrap());
        let request = sim.http.get(sim.url("/institutions/1/cardholders?pageSize=5000"));
        let request = request.basic_auth("sim", Some("sim")).header("OwnerGuid", OWNER);
        request.send().await.unwrap().text().await.unwrap()
    };
    let first = names().await;
    assert!(first == names().await && first.contains("\"TotalCount\":5000"));
}
