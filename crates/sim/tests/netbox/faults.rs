//! What the frame does to calls: every kind of fault but those that take time (see `late.rs`), and the clock.

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{PATH, Sim, all, command, first};

pub const ADD: &str = "<PERSONID>late</PERSONID><LASTNAME>Byron</LASTNAME>";

pub async fn fault(sim: &Sim, order: Value) {
    sim.tell("faults", order).await;
}

/// Sends a command and returns whatever HTTP made of it.
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
    fault(&sim, json!({ "kind": "refuse", "operation": "AddPerson" })).await;
    assert!(try_run(&sim, "AddPerson", ADD).await.is_err());
    assert_eq!(sim.person("late").await, json!(null));
    fault(&sim, json!({ "kind": "refuse", "when": "after", "operation": "AddPerson" })).await;
    assert!(try_run(&sim, "AddPerson", ADD).await.is_err());
    assert_eq!(sim.person("late").await["id"], json!("late"));
    assert!(sim.fail("AddPerson", ADD).await.contains("Duplicate"));
    assert_eq!((sim.count("AddPerson", "refused").await, sim.count("AddPerson", "lost").await), (1, 1));
}

/// 2.15 [INF] 5xx and 429, with and without Retry-After, before and after the effect.
#[tokio::test]
async fn s2_15_http_answers_in_the_boxs_place() {
    let sim = Sim::new().await;
    for (order, status, retry) in [
        (json!({ "kind": "http" }), 503, None),
        (json!({ "kind": "http", "status": 500 }), 500, None),
        (json!({ "kind": "http", "status": 502, "retry_after": 7 }), 502, Some("7")),
        (json!({ "kind": "http", "status": 429 }), 429, None),
        (json!({ "kind": "http", "status": 429, "retry_after": 30 }), 429, Some("30")),
    ] {
        fault(&sim, order).await;
        let response = try_run(&sim, "PingApp", "").await.unwrap();
        assert_eq!((response.status().as_u16(), retry_after(&response)), (status, retry));
    }
    fault(&sim, json!({ "kind": "http", "when": "after", "operation": "AddPerson" })).await;
    assert_eq!(try_run(&sim, "AddPerson", ADD).await.unwrap().status(), 503);
    assert_eq!(sim.person("late").await["id"], json!("late"));
    assert_eq!(sim.count("AddPerson", "http_503_after_effect").await, 1);
}

/// 2.15 [INF] The session expires in mid-walk: APIERROR 5, and after a new login the walk goes on.
#[tokio::test]
async fn s2_15_a_session_expires_in_mid_walk() {
    let mut sim = Sim::with(&[("page.SearchPersonData", "1")]).await;
    fault(&sim, json!({ "kind": "session", "operation": "SearchPersonData", "skip": 2 })).await;
    let (mut cursor, mut seen) = ("0".to_owned(), Vec::new());
    while cursor != "-1" {
        let answer = sim.run("SearchPersonData", &format!("<STARTFROMKEY>{cursor}</STARTFROMKEY>")).await;
        if answer == "<APIERROR>5</APIERROR>" {
            assert_eq!(seen.len(), 2);
            assert_eq!(
                sim.run("PingApp", "").await,
                "<APIERROR>5</APIERROR>",
                "the session is over for good"
            );
            sim.session = sim.login("sim", "sim").await.unwrap();
            continue;
        }
        seen.extend(all(&answer, "PERSONID"));
        cursor = first(&answer, "NEXTKEY");
    }
    assert_eq!(seen.len(), 5);
}

/// 2.15 [INF] Truncated XML: the connection breaks off, or the document ends early in a proper answer.
#[tokio::test]
async fn s2_15_xml_is_truncated_roughly_or_cleanly() {
    let sim = Sim::new().await;
    let whole = sim.post(&command(&sim.session, "GetReaders", "")).await;
    fault(&sim, json!({ "kind": "truncate", "clean": true, "keep": 30 })).await;
    assert_eq!(sim.post(&command(&sim.session, "GetReaders", "")).await, whole[..whole.len() * 30 / 100]);
    fault(&sim, json!({ "kind": "truncate" })).await;
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

/// 2.15 [INF] Faults strike one operation, the next N calls, after some, or by a chance that a seed repeats.
#[tokio::test]
async fn s2_15_faults_strike_whom_and_how_often_they_are_told() {
    let sim = Sim::new().await;
    let struck = async |calls: usize| {
        let mut struck = String::new();
        for _ in 0..calls {
            let fine = sim.run("PingApp", "").await.contains("SUCCESS");
            struck.push(if fine { '.' } else { 'x' });
        }
        sim.side(Method::DELETE, "faults", Value::Null).await;
        struck
    };
    fault(&sim, json!({ "kind": "error", "code": 1, "operation": "GetReaders", "times": 0 })).await;
    assert_eq!(struck(3).await, "...");
    fault(&sim, json!({ "kind": "error", "code": 1, "skip": 1, "times": 2 })).await;
    assert_eq!(struck(5).await, ".xx..");
    fault(&sim, json!([{ "kind": "error", "code": 1 }, { "kind": "fail", "text": "x", "skip": 2 }])).await;
    assert_eq!(struck(4).await, "x.x.");
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        fault(&sim, json!({ "kind": "error", "code": 1, "probability": 0.5, "seed": seed })).await;
        runs.push(struck(40).await);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!((8..32).contains(&runs[0].matches('x').count()), "{}", runs[0]);
}

/// 2.15 [INF] A held clock moves only when told; a jump keeps it held, and follow sets it free.
#[tokio::test]
async fn s2_15_the_clock_moves_only_when_told() {
    let sim = Sim::new().await;
    let held = json!({ "now": crate::harness::NINE, "follow": "hold" });
    assert_eq!(sim.look("clock").await, held);
    assert_eq!(sim.look("clock").await, held, "a clock that goes shows nanoseconds");
    let moved = sim.tell("clock", json!({ "advance": "P1D" })).await;
    assert_eq!(moved, json!({ "now": "2026-12-02T14:00:00Z", "follow": "hold" }));
    assert_eq!(sim.tell("clock", json!({ "follow": "run" })).await["follow"], json!("run"));
    assert_eq!(sim.tell("clock", json!({ "follow": "real" })).await["follow"], json!("real"));
    assert_eq!(sim.tell("clock", json!({ "follow": "hold" })).await["follow"], json!("hold"));
}

#[tokio::test]
async fn counters_are_exact_under_concurrency() {
    let sim = std::sync::Arc::new(Sim::new().await);
    sim.side(Method::DELETE, "calls", Value::Null).await;
    fault(
        &sim,
        json!({ "kind": "fail", "text": "x", "operation": "GetReaders", "probability": 0.5, "seed": 3 }),
    )
    .await;
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let sim = std::sync::Arc::clone(&sim);
            tokio::spawn(async move {
                for n in 0..25 {
                    sim.run("GetReaders", "").await;
                    sim.run("GetPerson", "<PERSONID>nobody</PERSONID>").await;
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
