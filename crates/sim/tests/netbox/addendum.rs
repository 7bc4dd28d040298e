//! Addendum: the behaviour that clients in use show. Rows A1, A2, A4 to A7, A10 and A11.

use reqwest::Method;
use serde_json::json;

use crate::harness::{PATH, Sim, all, command, first};
use crate::s2_10_history::{history, walk, with_visitor};

/// Calls a list again from each NEXTKEY until it is -1, as clients do, with a limit on the number of calls.
async fn keys_until_the_end(sim: &Sim, name: &str, most: usize) -> Vec<String> {
    let (mut keys, mut cursor) = (Vec::new(), "0".to_owned());
    while cursor != "-1" && keys.len() < most {
        cursor = first(&sim.ok(name, &format!("<STARTFROMKEY>{cursor}</STARTFROMKEY>")).await, "NEXTKEY");
        keys.push(cursor.clone());
    }
    keys
}

/// A1 [CODE] ListEvents answers NEXTKEY, -1 at the end: a client that reads on until -1 ends.
#[tokio::test]
async fn a1_list_events_answers_nextkey_until_it_is_minus_one() {
    let sim = Sim::new().await;
    // One client sends no STARTFROMKEY: its first page must be the last.
    assert!(sim.ok("ListEvents", "").await.ends_with("</EVENTS><NEXTKEY>-1</NEXTKEY>"));
    assert_eq!(keys_until_the_end(&sim, "ListEvents", 5).await, ["-1"]);
    sim.switch("page.ListEvents", "1").await;
    assert_eq!(keys_until_the_end(&sim, "ListEvents", 5).await, ["2", "-1"]);
    assert_eq!(sim.ok("ListEvents", "<STARTFROMKEY>-1</STARTFROMKEY>").await, "<EVENTS></EVENTS>");
}

/// A1 [CODE] Without events NEXTKEY is -1 too.
#[tokio::test]
async fn a1_list_events_without_events_ends_too() {
    let seed = "users: [{ username: sim, password: sim }]".to_owned();
    let sim = Sim::of(vestibule_sim::frame::Options { seed: Some(seed), ..crate::harness::at_nine() }).await;
    assert_eq!(sim.ok("ListEvents", "").await, "<EVENTS></EVENTS><NEXTKEY>-1</NEXTKEY>");
}

async fn types_and_reasons(sim: &Sim, params: &str) -> Vec<(String, String)> {
    let answer = sim.ok("GetAccessHistory", params).await;
    all(&answer, "TYPE").into_iter().zip(all(&answer, "REASON")).collect()
}

/// A2 [CODE] TYPE and REASON of the access history are integers; texts and the seed's table by switch (2.16 #10); a
/// change of the switch changes how stored records are read.
#[tokio::test]
async fn a2_type_and_reason_follow_the_switch_for_stored_records_too() {
    let sim = with_visitor(&[]).await;
    sim.door("a", "Lobby turnstile").await;
    sim.door("a", "Acme suite").await;
    for (position, denied, granted) in [
        ("numbers", ("2", "1"), ("1", "")),
        ("text", ("2", "LOCATION"), ("1", "")),
        ("custom", ("3", "101"), ("1", "0")),
    ] {
        sim.switch("history.reasons", position).await;
        let wanted = [denied, granted].map(|(kind, reason)| (kind.to_owned(), reason.to_owned()));
        assert_eq!(types_and_reasons(&sim, "").await, wanted, "{position}");
    }
}

/// A2 [CODE] Every reason that InsertActivity takes has its own number in REASON.
#[tokio::test]
async fn a2_every_word_of_insert_activity_has_its_number() {
    let sim = Sim::new().await;
    let mut numbers = std::collections::BTreeSet::new();
    for word in ["DISABLED", "EXPIRED", "LOCATION", "PIN", "TIME", "UNKNOWN"] {
        let denied = format!("<ACTIVITYTYPE>ACCESSDENIED</ACTIVITYTYPE><DETAILS>{word}</DETAILS>");
        sim.ok("InsertActivity", &denied).await;
        let newest = types_and_reasons(&sim, "<MAXRECORDS>1</MAXRECORDS>").await;
        assert_eq!(newest[0].0, "2");
        numbers.insert(newest[0].1.parse::<u32>().unwrap());
    }
    assert_eq!(numbers.len(), 6);
}

/// A4 [CODE] Dates as MM/DD/YYYY, which versions before 5.0 may have accepted: refused, or accepted by switch.
#[tokio::test]
async fn a4_us_dates_are_refused_or_accepted() {
    let sim = Sim::new().await;
    let dates = "<ACTDATE>12/01/2026</ACTDATE><EXPDATE>12/02/2026 18:30</EXPDATE>";
    let person = format!("<PERSONID>a</PERSONID><LASTNAME>Byron</LASTNAME>{dates}");
    assert_eq!(sim.fail("AddPerson", &person).await, "Invalid ACTDATE");
    sim.switch("dates.us", "accepted").await;
    sim.ok("AddPerson", &person).await;
    let held = sim.person("a").await;
    assert_eq!(held["act_date"], json!("2026-12-01 00:00:00"));
    assert_eq!(held["exp_date"], json!("2026-12-02 18:30:00"));
    let wrong = "<PERSONID>b</PERSONID><LASTNAME>B</LASTNAME><ACTDATE>31/12/2026</ACTDATE>";
    assert_eq!(sim.fail("AddPerson", wrong).await, "Invalid ACTDATE");
    sim.switch("dates.us", "refused").await;
    assert_eq!(sim.fail("AddPerson", &person.replace(">a<", ">c<")).await, "Invalid ACTDATE");
}

/// A5 [CODE] GetNetworkNodes, GetMercuryPanels and GetSios are commands of v2: known, and refused like other hardware.
#[tokio::test]
async fn a5_lists_of_hardware_are_known_and_refused() {
    let sim = Sim::new().await;
    for name in ["GetNetworkNodes", "GetMercuryPanels", "GetSios"] {
        assert_eq!(sim.fail(name, "").await, "Command not supported for this device type", "{name}");
    }
}

/// A6 [LIVE] GetElevators and GetFloors without elevators: FAIL with the text NOT FOUND.
#[tokio::test]
async fn a6_elevators_and_floors_are_not_found() {
    let sim = Sim::new().await;
    for name in ["GetElevators", "GetFloors"] {
        for params in ["", "<STARTFROMKEY>0</STARTFROMKEY>"] {
            assert_eq!(sim.fail(name, params).await, "NOT FOUND", "{name}");
        }
    }
}

/// The LOGIDs of a listing that goes on from each NEXTLOGID until it is -1, as clients for older versions do.
async fn list_until_minus_one(sim: &Sim, pages: usize) -> Vec<u64> {
    let (mut seen, mut cursor) = (Vec::new(), "0".to_owned());
    for _ in 0..pages {
        let params = format!("<AFTERLOGID>{cursor}</AFTERLOGID><MAXRECORDS>2</MAXRECORDS>");
        let (page, next) = history(sim, &params).await;
        seen.extend(page);
        if next == "-1" {
            return seen;
        }
        cursor = next;
    }
    panic!("NEXTLOGID does not end the walk: {seen:?}");
}

/// A7 [CODE] NEXTLOGID -1 ends the listing on older versions but not on 6.2.0: by switch, and with the old path.
#[tokio::test]
async fn a7_nextlogid_of_the_last_page_is_minus_one_on_older_versions() {
    let sim = with_visitor(&[]).await;
    let ids = walk(&sim, 4).await;
    let last = format!("<AFTERLOGID>{}</AFTERLOGID>", ids[2]);
    assert_eq!(history(&sim, &last).await.1, (ids[3] + 1).to_string());
    for (switch, old, new) in [("history.end", "minus-one", "next"), ("path.v1", "on", "410")] {
        sim.switch(switch, old).await;
        assert_eq!(list_until_minus_one(&sim, 2).await, ids, "{switch}");
        assert_eq!(
            history(&sim, &format!("<AFTERLOGID>{}</AFTERLOGID>", ids[3])).await,
            (vec![], "-1".to_owned())
        );
        assert_eq!(
            history(&sim, "<MAXRECORDS>3</MAXRECORDS>").await.1,
            (ids[3] + 1).to_string(),
            "more are older"
        );
        assert_eq!(history(&sim, "<MAXRECORDS>4</MAXRECORDS>").await.1, "-1", "these are all");
        sim.switch(switch, new).await;
        assert_eq!(history(&sim, &last).await.1, (ids[3] + 1).to_string(), "{switch}");
    }
}

/// A7 [CODE] GetCardAccessDetails has no cursor: where -1 ends a listing, its only page has -1.
#[tokio::test]
async fn a7_the_accesses_of_a_card_end_with_minus_one_too() {
    let sim = with_visitor(&[("history.end", "minus-one")]).await;
    walk(&sim, 2).await;
    let card = "<ENCODEDNUM>4711</ENCODEDNUM><CARDFORMAT>26 bit Wiegand</CARDFORMAT>";
    assert_eq!(first(&sim.ok("GetCardAccessDetails", card).await, "NEXTLOGID"), "-1");
    let part = format!("{card}<MAXRECORDS>1</MAXRECORDS>");
    assert_ne!(first(&sim.ok("GetCardAccessDetails", &part).await, "NEXTLOGID"), "-1");
}

/// A10 [CODE] ActivateOutput and DeactivateOutput answer OUTPUTKEY; ModifyPerson and AddCredential answer PERSONID.
#[tokio::test]
async fn a10_the_key_of_a_command_is_in_its_answer() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    let (output, person) = ("<OUTPUTKEY>1</OUTPUTKEY>", "<PERSONID>a</PERSONID>");
    assert_eq!(sim.ok("ActivateOutput", output).await, output);
    assert_eq!(sim.ok("DeactivateOutput", output).await, output);
    let card = "<CARDFORMAT>26 bit Wiegand</CARDFORMAT><ENCODEDNUM>7</ENCODEDNUM>";
    assert_eq!(sim.ok("AddCredential", &format!("{person}{card}")).await, person);
    for change in [
        "<NOTES>x</NOTES>",
        "<DELETED>TRUE</DELETED>",
        "<DELETED>FALSE</DELETED>",
        "<PERSONPURGE>TRUE</PERSONPURGE>",
    ] {
        assert_eq!(sim.ok("ModifyPerson", &format!("{person}{change}")).await, person, "{change}");
    }
}

/// A10 [CODE] InsertActivity of ACCESSGRANTED needs a PERSONID; a denial may have an unknown card.
#[tokio::test]
async fn a10_an_access_is_granted_to_a_person_only() {
    let sim = Sim::new().await;
    let activity = |kind: &str| format!("<ACTIVITYTYPE>{kind}</ACTIVITYTYPE><PORTALKEY>57</PORTALKEY>");
    assert_eq!(sim.fail("InsertActivity", &activity("ACCESSGRANTED")).await, "Missing PERSONID");
    sim.ok("InsertActivity", &activity("ACCESSDENIED")).await;
    sim.ok("InsertActivity", &activity("USERACTIVITY")).await;
    sim.ok("InsertActivity", &(activity("ACCESSGRANTED") + "<PERSONID>emp-0001</PERSONID>")).await;
    assert_eq!(all(&sim.ok("GetAccessHistory", "").await, "PERSONID"), ["emp-0001", ""]);
}

/// A11 [CODE] A client for older versions gets 410 from a new one; in it the simulator names the switch that enables the path.
#[tokio::test]
async fn a11_the_410_of_an_old_path_names_the_switch_that_enables_it() {
    let sim = Sim::new().await;
    sim.order("switches", json!({ "path.v2": "410", "path.appd": "410" })).await;
    for (path, order) in
        [("/goforms/nbapi", "path.v1=on"), (PATH, "path.v2=on"), ("/appd/nbapi", "path.appd=accepted")]
    {
        let refused = sim.send(Method::POST, path, command("", "PingApp", "")).await;
        assert_eq!(refused.status(), 410);
        assert_eq!(refused.headers()["content-type"], "text/plain");
        let hint = refused.text().await.unwrap();
        assert!(
            hint.contains(&format!("`--set {order}`")) && hint.contains(path) && hint.contains("simulator"),
            "{hint}"
        );
        let (switch, position) = order.split_once('=').unwrap();
        sim.switch(switch, position).await;
        assert_eq!(sim.send(Method::POST, path, command("", "PingApp", "")).await.status(), 200);
    }
    assert_eq!(sim.count("PingApp", "http_410").await, 3);
}
