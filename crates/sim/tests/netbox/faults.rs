//! The faults of the frame except those that take time (see `late.rs`), and the clock.

use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use serde_json::json;

use crate::harness::{PATH, Sim, all, command, first};

pub const ADD: &str = "<PERSONID>late</PERSONID><LASTNAME>Byron</LASTNAME>";

/// Sends a command and returns the HTTP response.
pub async fn try_run(sim: &Sim, name: &str, params: &str) -> reqwest::Result<Response> {
    let url = format!("{}{PATH}", sim.running.url);
    sim.http.post(url).body(command(&sim.session, name, params)).send().await
}

pub fn retry_after(response: &Response) -> Option<&str> {
    response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap())
}

/// 2.15 [INF] A refused call has had no effect; an answer lost after the write has.
#[tokio::test]
async fn s2_15_an_answer_is_refused_before_or_lost_after_the_write() {
    let sim = Sim::new().await;
    sim.fault(json!({ "kind": "refuse", "operation": "AddPerson" })).await;
    assert!(try_run(&sim, "AddPerson", ADD).await.is_err());
    assert_eq!(sim.person("late").await, json!(null));
    sim.fault(json!({ "kind": "refuse", "when": "after", "operation": "AddPerson" })).await;
    assert!(try_run(&sim, "AddPerson", ADD).await.is_err());
    assert_eq!(sim.person("late").await["id"], json!("late"));
    assert!(sim.fail("AddPerson", ADD).await.contains("Duplicate"));
    assert_eq!((sim.count("AddPerson", "refused").await, sim.count("AddPerson", "lost").await), (1, 1));
}

/// 2.15 [INF] 5xx and 429, with and without Retry-After, before and after the effect.
#[tokio::test]
async fn s2_15_http_answers_replace_those_of_netbox() {
    let sim = Sim::new().await;
    for (order, status, retry) in [
        (json!({ "kind": "http" }), 503, None),
        (json!({ "kind": "http", "status": 500 }), 500, None),
        (json!({ "kind": "http", "status": 502, "retry_after": 7 }), 502, Some("7")),
        (json!({ "kind": "http", "status": 429 }), 429, None),
        (json!({ "kind": "http", "status": 429, "retry_after": 30 }), 429, Some("30")),
    ] {
        sim.fault(order).await;
        let response = try_run(&sim, "PingApp", "").await.unwrap();
        assert_eq!((response.status().as_u16(), retry_after(&response)), (status, retry));
    }
    sim.fault(json!({ "kind": "http", "when": "after", "operation": "AddPerson" })).await;
    assert_eq!(try_run(&sim, "AddPerson", ADD).await.unwrap().status(), 503);
    assert_eq!(sim.person("late").await["id"], json!("late"));
    assert_eq!(sim.count("AddPerson", "http_503_after_effect").await, 1);
}

/// 2.15 [INF] The session expires during a listing: APIERROR 5, and after a new login the listing continues.
#[tokio::test]
async fn s2_15_a_session_expires_during_a_listing() {
    let mut sim = Sim::with(&[("page.SearchPersonData", "1")]).await;
    sim.fault(json!({ "kind": "session", "operation": "SearchPersonData", "skip": 2 })).await;
    let (mut cursor, mut seen) = ("0".to_owned(), Vec::new());
    while cursor != "-1" {
        let answer = sim.run("SearchPersonData", &format!("<STARTFROMKEY>{cursor}</STARTFROMKEY>")).await;
        if answer == "<APIERROR>5</APIERROR>" {
            assert_eq!(seen.len(), 2);
            assert_eq!(sim.run("PingApp", "").await, "<APIERROR>5</APIERROR>", "the session has ended");
            sim.session = sim.login("sim", "sim").await.unwrap();
            continue;
        }
        seen.extend(all(&answer, "PERSONID"));
        cursor = first(&answer, "NEXTKEY");
    }
    assert_eq!(seen.len(), 5);
}

/// 2.15 [INF] Truncated XML: the connection is closed early, or the document ends early in a complete answer.
#[tokio::test]
async fn s2_15_xml_is_truncated_with_or_without_the_connection() {
    let sim = Sim::new().await;
    let whole = sim.post(&command(&sim.session, "GetReaders", "")).await;
    sim.fault(json!({ "kind": "truncate", "clean": true, "keep": 30 })).await;
    assert_eq!(sim.post(&command(&sim.session, "GetReaders", "")).await, whole[..whole.len() * 30 / 100]);
    sim.fault(json!({ "kind": "truncate" })).await;
    let mut response = try_run(&sim, "GetReaders", "").await.unwrap();
    assert_eq!(response.content_length(), Some(whole.len() as u64));
    let mut got = Vec::new();
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got.extend(chunk),
            end => break end,
        }
    };
    assert!(end.is_err(), "the answer ended as if it were whole");
    assert_eq!(got, whole.as_bytes()[..whole.len() / 2]);
    assert_eq!(sim.count("GetReaders", "truncated").await, 2);
}

/// 2.15 [INF] Faults apply to one operation, the next N calls, after some calls, or with a probability that a seed repeats.
#[tokio::test]
async fn s2_15_faults_apply_to_the_given_operation_and_number_of_calls() {
    let sim = Sim::new().await;
    let struck = async |calls: usize| {
        let mut struck = String::new();
        for _ in 0..calls {
            let fine = sim.run("PingApp", "").await.contains("SUCCESS");
            struck.push(if fine { '.' } else { 'x' });
        }
        sim.clear("faults").await;
        struck
    };
    sim.fault(json!({ "kind": "error", "code": 1, "operation": "GetReaders", "times": 0 })).await;
    assert_eq!(struck(3).await, "...");
    sim.fault(json!({ "kind": "error", "code": 1, "skip": 1, "times": 2 })).await;
    assert_eq!(struck(5).await, ".xx..");
    sim.fault(json!([{ "kind": "error", "code": 1 }, { "kind": "fail", "text": "x", "skip": 2 }])).await;
    assert_eq!(struck(4).await, "x.x.");
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        sim.fault(json!({ "kind": "error", "code": 1, "probability": 0.5, "seed": seed })).await;
        runs.push(struck(40).await);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!((8..32).contains(&runs[0].matches('x').count()), "{}", runs[0]);
}

/// 2.15 [INF] A held clock changes only by order; a change keeps it held, and `follow` lets it run.
#[tokio::test]
async fn s2_15_a_held_clock_changes_only_by_order() {
    let sim = Sim::new().await;
    let held = json!({ "now": crate::harness::NINE, "follow": "hold" });
    assert_eq!(sim.look("clock").await, held);
    assert_eq!(sim.look("clock").await, held, "a running clock shows nanoseconds");
    let moved = sim.order("clock", json!({ "advance": "P1D" })).await;
    assert_eq!(moved, json!({ "now": "2026-12-02T14:00:00Z", "follow": "hold" }));
    assert_eq!(sim.order("clock", json!({ "follow": "run" })).await["follow"], json!("run"));
    assert_eq!(sim.order("clock", json!({ "follow": "real" })).await["follow"], json!("real"));
    assert_eq!(sim.order("clock", json!({ "follow": "hold" })).await["follow"], json!("hold"));
}

#[tokio::test]
async fn counters_are_exact_under_concurrency() {
    let sim = std::sync::Arc::new(Sim::new().await);
    sim.clear("calls").await;
    sim.fault(
        json!({ "kind": "fail", "text": "x", "operation": "GetReaders", "probability": 0.5, "seed": 3 }),
    )
    .await;
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let sim = std::sync::Arc::clone(&sim);
            tokio::spawn(async move {
                for n in 0..25 {
                    sim.run("GetReaders", "").await;
                    sim.run("GetPerson", "<PERSONID>unknown</PERSONID>").await;
                    sim.add(&format!("t{task}-{n}"), "").await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let calls = sim.look("calls").await;
    assert_eq!(calls["total"], json!(1200));
    assert_eq!(calls["operations"]["GetPerson"], json!({ "not_found": 400 }));
    assert_eq!(calls["operations"]["AddPerson"], json!({ "ok": 400 }));
    let readers = &calls["operations"]["GetReaders"];
    assert_eq!(readers["ok"].as_u64().unwrap() + readers["fail"].as_u64().unwrap(), 400);
    let struck = sim.look("faults").await[0]["struck"].clone();
    assert_eq!(readers["fail"], struck);
    assert_eq!((&calls["in_flight"], &calls["throttled"]), (&json!(0), &json!(0)));
}
