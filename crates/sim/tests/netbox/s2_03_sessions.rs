//! 2.3 Authentication and sessions.

use reqwest::Method;
use reqwest::header::SET_COOKIE;
use serde_json::json;

use crate::harness::{PATH, Sim, command, inside};

const LOGIN: &str = "<USERNAME>sim</USERNAME><PASSWORD>sim</PASSWORD>";

/// 2.3 [LIVE] Login returns a sessionid attribute of 64 characters, no DETAILS, and sets no cookie.
#[tokio::test]
async fn s2_3_login_gives_a_session_of_64_characters_and_no_cookie() {
    let sim = Sim::new().await;
    let response = sim.send(Method::POST, PATH, command("", "Login", LOGIN)).await;
    assert!(response.headers().get(SET_COOKIE).is_none());
    let answer = response.text().await.unwrap();
    let rest = answer.strip_prefix("<NETBOX sessionid=\"").unwrap();
    let (id, rest) = rest.split_once('"').unwrap();
    assert_eq!(id.len(), 64);
    assert_eq!(rest, "><RESPONSE command=\"Login\" num=\"1\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>");
}

/// 2.3 [LIVE] Old versions answer nine digits.
#[tokio::test]
async fn s2_3_old_versions_answer_nine_digits() {
    let sim = Sim::with(&[("login.session-id", "digits")]).await;
    assert_eq!(sim.session.len(), 9);
    assert!(sim.session.bytes().all(|b| b.is_ascii_digit()));
    sim.ok("PingApp", "").await;
}

/// 2.6 [LIVE] A refused login is APIERROR 5.
#[tokio::test]
async fn s2_6_a_refused_login_is_api_error_5() {
    let sim = Sim::new().await;
    for params in ["<USERNAME>sim</USERNAME><PASSWORD>wrong</PASSWORD>", "<USERNAME>unknown</USERNAME>", ""] {
        let answer = sim.post(&command("", "Login", params)).await;
        assert_eq!(answer, "<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>");
    }
}

/// 2.3 [INF] With Use Authentication off commands work without a session.
#[tokio::test]
async fn s2_3_without_authentication_commands_need_no_session() {
    let sim = Sim::with(&[("login.mode", "none")]).await;
    let answer = sim.post(&command("", "GetAPIVersion", "")).await;
    assert!(answer.contains("<APIVERSION>6.2.0</APIVERSION>"), "{answer}");
}

/// 2.3 [LIVE] The login trap: Login answers SUCCESS, then every command, PingApp and Logout included, is APIERROR 5.
#[tokio::test]
async fn s2_3_the_login_trap_accepts_the_login_and_refuses_every_command() {
    let sim = Sim::with(&[("login.mode", "trap")]).await;
    assert_eq!(sim.session.len(), 64);
    for name in ["GetAPIVersion", "PingApp", "Logout", "SearchPersonData", "Nonsense"] {
        assert_eq!(sim.run(name, "").await, "<APIERROR>5</APIERROR>", "{name}");
    }
}

/// 2.3 [CODE] An unknown, missing or ended session is APIERROR 5.
#[tokio::test]
async fn s2_3_an_unknown_missing_or_ended_session_is_api_error_5() {
    let sim = Sim::new().await;
    for session in ["", "0", &"F".repeat(64)] {
        assert!(sim.post(&command(session, "PingApp", "")).await.contains("<APIERROR>5</APIERROR>"));
    }
    sim.ok("Logout", "").await;
    assert_eq!(sim.run("PingApp", "").await, "<APIERROR>5</APIERROR>");
}

/// 2.3 [?] Idle timeout: none, or N seconds of the controller's clock (2.16 #1).
#[tokio::test]
async fn s2_3_a_session_has_no_end_or_ends_after_an_idle_time() {
    let sim = Sim::new().await;
    sim.order("clock", json!({ "advance": "P7D" })).await;
    sim.ok("PingApp", "").await;
    sim.switch("session.idle", "240").await;
    for _ in 0..3 {
        sim.order("clock", json!({ "advance": "PT3M" })).await;
        sim.ok("PingApp", "").await;
    }
    sim.order("clock", json!({ "advance": "PT4M" })).await;
    assert_eq!(sim.run("PingApp", "").await, "<APIERROR>5</APIERROR>");
}

/// 2.16 #2 [?] Sessions per user: unlimited, at most N, or the newest ends the others.
#[tokio::test]
async fn s2_16_sessions_of_a_user_are_unlimited_or_limited_or_only_the_newest() {
    let sim = Sim::new().await;
    for _ in 0..20 {
        assert!(sim.login("sim", "sim").await.is_some());
    }
    sim.order("reset", json!({})).await;
    sim.switch("session.limit", "2").await;
    let first = sim.login("sim", "sim").await.unwrap();
    assert!(sim.login("sim", "sim").await.is_some());
    assert_eq!(sim.login("sim", "sim").await, None);
    assert!(sim.login("reader", "reader").await.is_some());
    sim.switch("session.limit", "newest-wins").await;
    let newest = sim.login("sim", "sim").await.unwrap();
    assert!(sim.post(&command(&first, "PingApp", "")).await.contains("<APIERROR>5</APIERROR>"));
    assert!(sim.post(&command(&newest, "PingApp", "")).await.contains("SUCCESS"));
}

/// 2.16 #2 [?] Calls at a time in one session: free, or one after the other.
#[tokio::test]
async fn s2_16_calls_of_one_session_run_in_parallel_or_in_turn() {
    let sim = Sim::new().await;
    // The first of two calls is late: the order of the answers shows whether the second waited.
    let first_answered = async |late_ms: u64| {
        sim.fault(json!({ "kind": "latency", "operation": "GetPartitions", "ms": late_ms })).await;
        let before = sim.look("calls").await["total"].as_u64();
        let slow = sim.run("GetPartitions", "");
        let quick = async {
            while sim.look("calls").await["total"].as_u64() == before {}
            sim.run("PingApp", "").await
        };
        tokio::select! {
            biased;
            _ = slow => "slow",
            _ = quick => "quick",
        }
    };
    assert_eq!(first_answered(20_000).await, "quick");
    sim.switch("session.parallel", "serialise").await;
    assert_eq!(first_answered(300).await, "slow");
}

/// 2.3 [DOC2][LIVE] SwitchPartition changes the partition for the whole session, and for that session only.
#[tokio::test]
async fn s2_3_switch_partition_lasts_for_the_whole_session() {
    let sim = Sim::new().await;
    let added = sim.ok("AddPartition", "<NAME>East</NAME><TIMEZONE>UTC</TIMEZONE>").await;
    assert_eq!(added, "<PARTITIONKEY>2</PARTITIONKEY>");
    let other = sim.login("sim", "sim").await.unwrap();
    assert_eq!(sim.run("SwitchPartition", "<PARTITIONKEY>2</PARTITIONKEY>").await, "<CODE>SUCCESS</CODE>");
    sim.add("east-1", "").await;
    assert_eq!(sim.person("east-1").await["partition"], json!(2));
    assert_eq!(sim.run("GetPerson", "<PERSONID>emp-0001</PERSONID>").await, "<CODE>NOT FOUND</CODE>");
    let answer = sim.post(&command(&other, "GetPerson", "<PERSONID>emp-0001</PERSONID>")).await;
    assert!(answer.contains("<LASTNAME>Hopper</LASTNAME>"));
    assert_eq!(sim.fail("SwitchPartition", "<PARTITIONKEY>9</PARTITIONKEY>").await, "Invalid PARTITIONKEY");
}

/// 2.3 [DOC2] A role with read-only right reads; [INF] its writes are APIERROR 5.
#[tokio::test]
async fn s2_3_a_read_only_user_reads_and_cannot_write() {
    let sim = Sim::new().await;
    let session = sim.login("reader", "reader").await.unwrap();
    let answer = sim.post(&command(&session, "GetPerson", "<PERSONID>emp-0001</PERSONID>")).await;
    assert!(answer.contains("Hopper"));
    let write = command(&session, "AddPerson", "<LASTNAME>Byron</LASTNAME>");
    assert_eq!(inside(&sim.post(&write).await, "AddPerson"), "<APIERROR>5</APIERROR>");
}

/// 2.3 [DOC2] Sessions of logins without a logout remain: the side door shows them.
#[tokio::test]
async fn s2_3_sessions_without_a_logout_remain() {
    let sim = Sim::new().await;
    let left = sim.login("sim", "sim").await.unwrap();
    assert_eq!(sim.look("state?people=none").await["sessions"].as_array().unwrap().len(), 2);
    sim.post(&command(&left, "Logout", "")).await;
    assert_eq!(sim.look("state?people=none").await["sessions"].as_array().unwrap().len(), 1);
}

/// 2.3 [SITE] Enforce unique person IDs off: duplicate persons are possible.
#[tokio::test]
async fn s2_3_without_enforced_unique_ids_duplicates_are_possible() {
    let sim = Sim::with(&[("person.unique-ids", "off")]).await;
    sim.add("a", "").await;
    sim.add("a", "").await;
    let found = sim.look("state?people=live").await;
    let same = found["people"].as_array().unwrap().iter().filter(|p| p["id"] == "a").count();
    assert_eq!(same, 2);
}
