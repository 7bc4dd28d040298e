//! 2.10 Access log and events.

use serde_json::json;

use crate::harness::{Sim, all, first};

/// A visitor with a level and a card.
pub async fn with_visitor(switches: &[(&str, &str)]) -> Sim {
    let sim = Sim::with(switches).await;
    sim.add("a", "<ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>").await;
    sim.add_card("a", 4711).await;
    sim
}

pub async fn walk(sim: &Sim, times: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    for _ in 0..times {
        let answer = sim.order("door", json!({ "person": "a", "portal": 57 })).await;
        ids.push(answer["logid"].as_u64().unwrap());
    }
    ids
}

fn numbers(texts: &[String]) -> Vec<u64> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub async fn history(sim: &Sim, params: &str) -> (Vec<u64>, String) {
    let answer = sim.ok("GetAccessHistory", params).await;
    (numbers(&all(&answer, "LOGID")), first(&answer, "NEXTLOGID"))
}

/// 2.10 [LIVE] Without AFTERLOGID newest first: MAXRECORDS=1 is the shortest call for the highest LOGID.
#[tokio::test]
async fn s2_10_without_a_cursor_the_newest_are_first() {
    let sim = with_visitor(&[]).await;
    let mut ids = walk(&sim, 5).await;
    ids.reverse();
    assert_eq!(history(&sim, "").await.0, ids);
    assert_eq!(history(&sim, "<MAXRECORDS>1</MAXRECORDS>").await.0, ids[..1]);
}

/// 2.10 [LIVE] With AFTERLOGID ascending, starting after it; NEXTLOGID is the highest LOGID of the page plus one.
#[tokio::test]
async fn s2_10_after_a_cursor_they_ascend_and_nextlogid_is_the_highest_plus_one() {
    let sim = with_visitor(&[]).await;
    let ids = walk(&sim, 5).await;
    let (page, next) =
        history(&sim, &format!("<AFTERLOGID>{}</AFTERLOGID><MAXRECORDS>2</MAXRECORDS>", ids[1])).await;
    assert_eq!(page, ids[2..4]);
    assert_eq!(next, (ids[3] + 1).to_string());
}

/// 2.10 [LIVE] NEXTLOGID as the next AFTERLOGID gives no gap and no duplicate: ids have holes. With dense ids one record is lost (the contradiction of 2.10).
#[tokio::test]
async fn s2_10_nextlogid_is_a_safe_cursor_where_ids_have_holes() {
    for (ids, complete) in [("holes", true), ("dense", false)] {
        let sim = with_visitor(&[("history.ids", ids)]).await;
        let walked = walk(&sim, 7).await;
        let (mut cursor, mut seen) = ("0".to_owned(), Vec::new());
        loop {
            let (page, next) =
                history(&sim, &format!("<AFTERLOGID>{cursor}</AFTERLOGID><MAXRECORDS>3</MAXRECORDS>")).await;
            if page.is_empty() {
                break;
            }
            seen.extend(page);
            cursor = next;
        }
        assert_eq!(seen == walked, complete, "{ids}: {seen:?}");
    }
}

/// 2.10 [INF] The highest LOGID of a page as the next AFTERLOGID is right under both readings.
#[tokio::test]
async fn s2_10_the_highest_logid_of_a_page_is_always_a_safe_cursor() {
    for (ids, edge) in
        [("holes", "after"), ("dense", "after"), ("holes", "at-or-after"), ("dense", "at-or-after")]
    {
        let sim = with_visitor(&[("history.ids", ids), ("history.edge", edge)]).await;
        let walked = walk(&sim, 7).await;
        let (mut cursor, mut seen) = (0, Vec::new());
        loop {
            let (page, _) =
                history(&sim, &format!("<AFTERLOGID>{cursor}</AFTERLOGID><MAXRECORDS>3</MAXRECORDS>")).await;
            let new: Vec<u64> = page.into_iter().filter(|id| *id > cursor).collect();
            let Some(last) = new.last() else { break };
            cursor = *last;
            seen.extend(new);
        }
        assert_eq!(seen, walked, "{ids} {edge}");
    }
}

/// 2.16 #9 [?] AFTERLOGID: strictly after, or at or after.
#[tokio::test]
async fn s2_16_afterlogid_itself_is_included_or_not() {
    let sim = with_visitor(&[]).await;
    let ids = walk(&sim, 3).await;
    let after = format!("<AFTERLOGID>{}</AFTERLOGID>", ids[1]);
    assert_eq!(history(&sim, &after).await.0, ids[2..]);
    sim.switch("history.edge", "at-or-after").await;
    assert_eq!(history(&sim, &after).await.0, ids[1..]);
}

/// 2.10 [LIVE] No -1 terminator: the listing ends with an empty page and SUCCESS.
#[tokio::test]
async fn s2_10_the_end_of_the_log_is_an_empty_page() {
    let sim = with_visitor(&[]).await;
    let ids = walk(&sim, 2).await;
    let (page, next) = history(&sim, &format!("<AFTERLOGID>{}</AFTERLOGID>", ids[1])).await;
    assert!(page.is_empty());
    assert_ne!(next, "-1");
}

/// 2.10 [LIVE] Date filters are ignored silently, under the guide's names and under STARTDATE and ENDDATE.
#[tokio::test]
async fn s2_10_date_filters_are_ignored_silently() {
    let sim = with_visitor(&[]).await;
    let ids = walk(&sim, 2).await;
    for names in [("OLDESTDTTM", "NEWESTDTTM"), ("STARTDATE", "ENDDATE")] {
        let dates = format!("<{0}>2030-01-01 00:00</{0}><{1}>2030-01-02 00:00</{1}>", names.0, names.1);
        assert_eq!(history(&sim, &dates).await.0.len(), ids.len());
    }
}

/// 2.10 [LIVE] Without MAXRECORDS 999 records; [INF] the limit is a switch (2.16 #8).
#[tokio::test]
async fn s2_10_without_maxrecords_a_page_has_999_records() {
    let sim = with_visitor(&[("walk.per-hour", "3600")]).await;
    sim.order("clock", json!({ "advance": "PT20M" })).await;
    sim.switch("walk.per-hour", "0").await;
    assert_eq!(history(&sim, "").await.0.len(), 999);
    assert_eq!(history(&sim, "<MAXRECORDS>1100</MAXRECORDS>").await.0.len(), 1100);
    sim.switch("history.default", "10").await;
    assert_eq!(history(&sim, "").await.0.len(), 10);
    sim.switch("history.max", "5").await;
    assert_eq!(history(&sim, "<MAXRECORDS>1100</MAXRECORDS>").await.0.len(), 5);
    assert_eq!(sim.fail("GetAccessHistory", "<MAXRECORDS>many</MAXRECORDS>").await, "Invalid MAXRECORDS");
}

/// 2.10 [DOC2] Filters by card: ENCODEDNUM, HOTSTAMP, CARDFORMAT; STARTLOGID bounds the newest-first page.
#[tokio::test]
async fn s2_10_the_log_is_filtered_by_card() {
    let sim = with_visitor(&[]).await;
    let ids = walk(&sim, 2).await;
    sim.door("emp-0001", "Acme suite").await;
    for filter in ["<ENCODEDNUM>4711</ENCODEDNUM>", "<HOTSTAMP>4711</HOTSTAMP>"] {
        assert_eq!(history(&sim, filter).await.0, [ids[1], ids[0]]);
    }
    assert_eq!(history(&sim, "<CARDFORMAT>26 bit Wiegand</CARDFORMAT>").await.0.len(), 3);
    assert!(history(&sim, "<CARDFORMAT>Visitor 32 bit</CARDFORMAT>").await.0.is_empty());
    assert_eq!(history(&sim, &format!("<STARTLOGID>{}</STARTLOGID>", ids[0])).await.0, ids[..1]);
}

/// 2.10 [LIVE] TYPE 1 with an empty REASON is an ordinary grant.
#[tokio::test]
async fn s2_10_an_ordinary_grant_is_type_1_without_a_reason() {
    for reasons in ["numbers", "text"] {
        let sim = with_visitor(&[("history.reasons", reasons)]).await;
        sim.door("a", "Lobby turnstile").await;
        let answer = sim.ok("GetAccessHistory", "").await;
        assert_eq!((first(&answer, "TYPE"), first(&answer, "REASON")), ("1".to_owned(), String::new()));
    }
}

/// 2.10 [DOC2] InsertActivity writes to the log; its reasons and its text are checked.
#[tokio::test]
async fn s2_10_insert_activity_writes_to_the_log() {
    let sim = with_visitor(&[("history.reasons", "text")]).await;
    let denied = "<ACTIVITYTYPE>ACCESSDENIED</ACTIVITYTYPE><DETAILS>PIN</DETAILS><PERSONID>a</PERSONID><PORTALKEY>57</PORTALKEY><READERKEY>190</READERKEY>";
    sim.ok("InsertActivity", denied).await;
    let newest = sim.ok("GetAccessHistory", "<MAXRECORDS>1</MAXRECORDS>").await;
    assert_eq!(
        (first(&newest, "REASON"), first(&newest, "PORTALNAME")),
        ("PIN".to_owned(), "Lobby turnstile".to_owned())
    );
    for (params, refused) in [
        ("", "Missing ACTIVITYTYPE"),
        ("<ACTIVITYTYPE>DANCE</ACTIVITYTYPE>", "Invalid ACTIVITYTYPE"),
        ("<ACTIVITYTYPE>ACCESSDENIED</ACTIVITYTYPE><DETAILS>TIRED</DETAILS>", "Invalid DETAILS"),
        ("<ACTIVITYTYPE>ACCESSDENIED</ACTIVITYTYPE><PORTALKEY>1</PORTALKEY>", "Invalid PORTALKEY"),
    ] {
        assert_eq!(sim.fail("InsertActivity", params).await, refused);
    }
    let text = |n: usize| {
        format!("<ACTIVITYTYPE>USERACTIVITY</ACTIVITYTYPE><ACTIVITYTEXT>{}</ACTIVITYTEXT>", "x".repeat(n))
    };
    sim.ok("InsertActivity", &text(255)).await;
    sim.fail("InsertActivity", &text(256)).await;
    sim.fail(
        "InsertActivity",
        "<ACTIVITYTYPE>ACCESSDENIED</ACTIVITYTYPE><PORTALKEY>57</PORTALKEY><ELEVATORKEY>1</ELEVATORKEY>",
    )
    .await;
}

/// 2.10 [DOC2] ListEvents: events with their actions.
#[tokio::test]
async fn s2_10_events_are_listed_with_their_actions() {
    let sim = Sim::new().await;
    let wanted = "<EVENTS><EVENT><ID>1</ID><NAME>Evacuation</NAME><PARTITIONID>1</PARTITIONID><ACTIONS><ACTION>Unlock all doors</ACTION></ACTIONS></EVENT>\
                  <EVENT><ID>2</ID><NAME>Fire drill</NAME><PARTITIONID>1</PARTITIONID><ACTIONS></ACTIONS></EVENT></EVENTS><NEXTKEY>-1</NEXTKEY>";
    assert_eq!(sim.ok("ListEvents", "").await, wanted);
}

/// 2.10 [LIVE] GetEventHistory is CSV text of configured events only; TriggerEvent makes them.
#[tokio::test]
async fn s2_10_event_history_is_text_with_commas() {
    let sim = with_visitor(&[]).await;
    walk(&sim, 1).await;
    assert_eq!(
        sim.fail("TriggerEvent", "<EVENTNAME>Party</EVENTNAME><EVENTACTION>ACTIVATE</EVENTACTION>").await,
        "Invalid EVENTNAME"
    );
    assert_eq!(
        sim.fail("TriggerEvent", "<EVENTNAME>Evacuation</EVENTNAME><EVENTACTION>ON</EVENTACTION>").await,
        "Invalid EVENTACTION"
    );
    sim.ok("TriggerEvent", "<EVENTNAME>Evacuation</EVENTNAME><EVENTACTION>ACTIVATE</EVENTACTION>").await;
    sim.ok(
        "TriggerEvent",
        "<EVENTNAME>Evacuation</EVENTNAME><EVENTACTION>DEACTIVATE</EVENTACTION><PARTITIONID>1</PARTITIONID>",
    )
    .await;
    let answer = sim.ok("GetEventHistory", "").await;
    let text = first(&answer, "EVENTHISTORY");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "LogID,Time,EventName,Type,Reason,AlarmCause");
    assert!(lines[1].ends_with(",2026-12-01 09:00:00,Evacuation,Activated,,"), "{text}");
    assert_eq!((lines.len(), first(&answer, "NEXTKEY")), (3, "-1".to_owned()));
    assert_eq!(
        first(&sim.ok("GetEventHistory", "<STARTDTTM>2026-12-02</STARTDTTM>").await, "EVENTHISTORY")
            .lines()
            .count(),
        1
    );
    sim.switch("page.GetEventHistory", "1").await;
    let next = first(&sim.ok("GetEventHistory", "").await, "NEXTKEY");
    let rest = sim.ok("GetEventHistory", &format!("<NEXTKEY>{next}</NEXTKEY>")).await;
    assert!(first(&rest, "EVENTHISTORY").contains("Deactivated") && rest.ends_with("<NEXTKEY>-1</NEXTKEY>"));
}

/// 2.15 [INF] LOGIDs increase, and generated accesses are the same for the same seed.
#[tokio::test]
async fn s2_15_generated_accesses_are_repeatable_from_a_seed() {
    let accesses = async |seed: &str| {
        let sim = Sim::with(&[("walk.per-hour", "120"), ("walk.seed", seed)]).await;
        sim.order("clock", json!({ "advance": "PT2H" })).await;
        sim.ok("GetAccessHistory", "<AFTERLOGID>0</AFTERLOGID>").await
    };
    let one = accesses("1").await;
    let ids = numbers(&all(&one, "LOGID"));
    assert_eq!(ids.len(), 240);
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(one, accesses("1").await);
    assert_ne!(one, accesses("2").await);
    let reasons = all(&one, "REASON");
    assert!(reasons.iter().any(String::is_empty) && reasons.iter().any(|reason| !reason.is_empty()));
}
