//! 2B.8: everything that can be injected.

use serde_json::{Value, json};

use crate::harness::{VISIT, example, seeded, small, visits};

const TOWER: &str = include_str!("../../seeds/kastle-5000.yaml");

/// 2B.8 [inferred] Inject: IsSuccess false on 200.
#[tokio::test]
async fn s2b8_is_success_false_on_200() {
    let sim = example(&[]).await;
    sim.fault(json!({ "kind": "fail", "text": "Database error" })).await;
    assert_eq!(sim.visit(json!({})).await.verdict(), (200, false, "Database error".to_owned()));
    assert_eq!(visits(&sim).await, 0, "before the effect");
    sim.fault(json!({ "kind": "fail", "text": "Database error", "when": "after" })).await;
    assert!(!sim.visit(json!({})).await.verdict().1);
    assert_eq!(visits(&sim).await, 1, "after the effect");
    sim.fault(json!({ "kind": "error", "code": 60134 })).await;
    assert_eq!(sim.get("/institutions/4711").await.json()["ErrorCode"], 60134);
}

/// 2B.8 [inferred] Inject: TokenStatus INVALID.
#[tokio::test]
async fn s2b8_token_status_invalid() {
    for (position, status) in [("401", 401), ("200", 200)] {
        let sim = example(&[("auth.refusal", position)]).await;
        sim.fault(json!({ "kind": "session" })).await;
        let answer = sim.get("/institutions/4711").await;
        assert_eq!((answer.status, &answer.json()["TokenStatus"]), (status, &json!("INVALID")));
        assert_eq!(sim.get("/institutions/4711").await.status, 200, "once");
    }
}

/// 2A.6 [confirmed] Some answers are HTML instead of JSON.
#[tokio::test]
async fn s2b8_html_instead_of_json_with_any_status() {
    let sim = example(&[]).await;
    for status in [200, 503] {
        sim.fault(json!({ "kind": "own", "text": "html", "status": status })).await;
        let answer = sim.get("/institutions/4711/companies").await;
        assert_eq!(answer.status, status);
        assert!(
            answer.text.starts_with("<!DOCTYPE html>")
                && answer.headers["content-type"] == "text/html; charset=utf-8"
        );
    }
    sim.fault(json!({ "kind": "own", "text": "html", "when": "after" })).await;
    sim.visit(json!({})).await;
    assert_eq!(visits(&sim).await, 1, "after the write");
}

/// 2B.8 [inferred] Inject: 429 with and without Retry-After; 5xx then success.
#[tokio::test]
async fn s2b8_429_with_and_without_retry_after_and_5xx_then_success() {
    let sim = example(&[]).await;
    sim.fault(json!([{ "kind": "http", "status": 429, "retry_after": 3 }])).await;
    let answer = sim.get("/institutions/4711").await;
    assert_eq!((answer.status, &answer.headers["retry-after"]), (429, &"3".parse().unwrap()));
    sim.fault(json!({ "kind": "http", "status": 429 })).await;
    assert_eq!(sim.get("/institutions/4711").await.headers.get("retry-after"), None);
    sim.fault(json!({ "kind": "http", "status": 502, "times": 2 })).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(sim.get("/institutions/4711").await.status);
    }
    assert_eq!(statuses, [502, 502, 200]);
}

/// 2B.8 [inferred] Inject: answer lost after the write.
#[tokio::test]
async fn s2b8_the_answer_is_lost_after_the_write() {
    let sim = example(&[]).await;
    sim.fault(json!({ "kind": "refuse", "when": "after", "operation": "PostVisit" })).await;
    let request = sim.request("POST", "/institutions/4711/visits").header("OwnerGuid", crate::harness::OWNER);
    let request = request.basic_auth("visitor", Some("open-to-visitors"));
    assert!(request.json(&crate::harness::visit(json!({}))).send().await.is_err());
    assert_eq!(visits(&sim).await, 1);
    assert_eq!(sim.look("calls").await["operations"]["PostVisit"], json!({ "lost": 1 }));
}

/// 2B.8 [inferred] Inject: short page.
#[tokio::test]
async fn s2b8_a_short_page_does_not_agree_with_its_total() {
    let sim = small(&[]).await;
    sim.fault(json!({ "kind": "own", "text": "short-page" })).await;
    let answer = sim.get("/institutions/1/cardholders").await;
    assert_eq!(answer.each("CardholderId").len(), 4);
    assert_eq!(answer.json()["Page"]["TotalCount"], 8);
}

/// 2B.8 [inferred] Inject: empty list with 200.
#[tokio::test]
async fn s2b8_an_empty_list_with_200_says_it_is_complete() {
    let sim = small(&[]).await;
    sim.fault(json!([{ "kind": "short" }, { "kind": "short", "keep": 3, "skip": 1 }])).await;
    let empty = sim.get("/institutions/1/cardholders").await;
    assert_eq!((empty.data(), &empty.json()["Page"]["TotalCount"]), (json!([]), &json!(0)));
    let short = sim.get("/institutions/1/cardholders").await;
    assert_eq!((short.each("CardholderId").len(), &short.json()["Page"]["TotalCount"]), (3, &json!(3)));
}

/// 2B.8 [inferred] Inject: TotalCount changes during a listing.
#[tokio::test]
async fn s2b8_the_total_changes_during_a_listing() {
    let sim = seeded(TOWER, &[]).await;
    sim.fault(json!({ "kind": "own", "text": "total-changes", "skip": 1 })).await;
    let mut totals = Vec::new();
    for page in 1..=3 {
        let answer = sim.get(&format!("/institutions/1/cardholders?page={page}")).await;
        totals.push(answer.json()["Page"]["TotalCount"].as_u64().unwrap());
    }
    assert_eq!(totals, [5000, 5001, 5000]);
}

/// 2B.8 [inferred] Inject: Data null, IsSuccess absent.
#[tokio::test]
async fn s2b8_data_is_null_or_is_success_absent() {
    let sim = example(&[]).await;
    sim.fault(json!({ "kind": "own", "text": "data-null" })).await;
    let answer = sim.get("/institutions/4711/companies").await.json();
    assert_eq!((&answer["IsSuccess"], &answer["Data"]), (&json!(true), &Value::Null));
    sim.fault(json!({ "kind": "own", "text": "no-is-success" })).await;
    assert_eq!(sim.get("/institutions/4711/companies").await.json().get("IsSuccess"), None);
}

/// 2B.8 [inferred] Inject: a page that repeats the previous one.
#[tokio::test]
async fn s2b8_a_page_repeats() {
    let sim = small(&[]).await;
    sim.fault(json!({ "kind": "repeat", "skip": 1 })).await;
    let first = sim.get("/institutions/1/cardholders?page=1&pageSize=3").await.each("CardholderId");
    assert_eq!(sim.get("/institutions/1/cardholders?page=2&pageSize=3").await.each("CardholderId"), first);
}

/// 2B.8 [inferred] An unknown fault is refused.
#[tokio::test]
async fn s2b8_an_unknown_fault_is_refused_with_a_sentence() {
    let sim = example(&[]).await;
    let order = json!([{ "kind": "refuse" }, { "kind": "own", "text": "fire" }]);
    let refused = sim.refused("faults", order).await;
    assert!(refused.starts_with("there is no fault `fire`"), "{refused}");
    assert_eq!(sim.look("faults").await, json!([]));
}

/// 2B.8 [inferred] Reset restores the seed.
#[tokio::test]
async fn s2b8_reset_restores_the_seed() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    sim.order("reset", json!({})).await;
    assert_eq!(sim.look(&format!("state?visit={VISIT}")).await, Value::Null);
    assert_eq!(sim.look("calls").await["total"], 0);
}
