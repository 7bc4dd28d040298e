//! 2.15 The requirements on the simulator: the door, and changes by hand.

use serde_json::json;

use crate::harness::{Sim, all, first};

const CARD: &str =
    "<PERSONID>a</PERSONID><CARDFORMAT>26 bit Wiegand</CARDFORMAT><ENCODEDNUM>4711</ENCODEDNUM>";
const LOBBY: &str = "<ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>";

async fn visitor(fields: &str) -> Sim {
    let sim = Sim::new().await;
    sim.add("a", &format!("{fields}{LOBBY}")).await;
    sim.ok("AddCredential", CARD).await;
    sim
}

/// 2.15 [INF] A door opens by level: not without one, and no other door.
#[tokio::test]
async fn s2_15_a_door_opens_by_level() {
    let sim = visitor("").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "");
    assert_eq!(sim.door("a", "Garage gate").await, "LOCATION");
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><ACCESSLEVELS><ACCESSLEVEL><ACCESSLEVELNAME>Lobby</ACCESSLEVELNAME><DELETE>1</DELETE></ACCESSLEVEL></ACCESSLEVELS>").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "LOCATION");
}

/// 2.15 [INF] A door opens between ACTDATE and EXPDATE only.
#[tokio::test]
async fn s2_15_a_door_opens_between_the_dates_of_the_person_only() {
    let sim = visitor("<ACTDATE>2026-12-01 10:00</ACTDATE><EXPDATE>2026-12-01 12:00</EXPDATE>").await;
    for (at, reason) in [("14:59:59", "TIME"), ("15:00:00", ""), ("16:59:59", ""), ("17:00:00", "EXPIRED")] {
        sim.clock(&format!("2026-12-01T{at}Z")).await;
        assert_eq!(sim.door("a", "Lobby turnstile").await, reason, "{at}");
    }
}

/// 2.15 [INF] The card must exist, belong to the person, and be active and not expired.
#[tokio::test]
async fn s2_15_a_door_opens_to_an_active_card_only() {
    let sim = visitor("").await;
    for (change, reason) in [
        ("<DISABLED>1</DISABLED>", "DISABLED"),
        ("<CARDSTATUS>Lost</CARDSTATUS>", "DISABLED"),
        ("<CARDSTATUS>Expired</CARDSTATUS>", "EXPIRED"),
        ("<CARDSTATUS>Active</CARDSTATUS>", ""),
        ("<CARDEXPDATE>2026-12-01 09:00</CARDEXPDATE>", "EXPIRED"),
        ("<CARDEXPDATE>2026-12-01 09:01</CARDEXPDATE>", ""),
    ] {
        sim.ok("ModifyCredential", &format!("{CARD}{change}")).await;
        assert_eq!(sim.door("a", "Lobby turnstile").await, reason, "{change}");
    }
    let other = sim.order("door", json!({ "person": "a", "portal": 57, "card": "1101" })).await;
    assert_eq!(other["reason"], json!("UNKNOWN"));
    sim.ok("RemoveCredential", CARD).await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "UNKNOWN");
}

/// 2.15 [INF] The zone and the clock of the controller decide.
#[tokio::test]
async fn s2_15_the_controllers_own_clock_decides_at_the_door() {
    let sim = visitor("<EXPDATE>2026-12-01 12:00</EXPDATE>").await;
    sim.switch("box.clock-offset", "10800").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "EXPIRED");
    sim.switch("box.clock-offset", "0").await;
    sim.switch("box.zone", "Asia/Tokyo").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "EXPIRED");
    sim.switch("box.zone", "seed").await;
    assert_eq!(sim.door("a", "Lobby turnstile").await, "");
}

/// 2.15 [INF] A person is edited, deleted or given a level by hand; LASTEDITPERSONID names the operator.
#[tokio::test]
async fn s2_15_people_are_changed_by_hand() {
    let sim = visitor("").await;
    sim.edit(json!({ "action": "modify_person", "id": "a", "set": { "LASTNAME": "Hand" }, "add_levels": ["Facilities"] })).await;
    let answer = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert_eq!(all(&answer, "ACCESSLEVEL"), ["Lobby", "Facilities"]);
    assert_eq!(
        (first(&answer, "LASTNAME"), first(&answer, "LASTEDITPERSONID")),
        ("Hand".to_owned(), "desk".to_owned())
    );
    sim.edit(json!({ "action": "remove_person", "id": "a" })).await;
    assert_eq!(first(&sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await, "DELETED"), "TRUE");
}

/// 2.15 [INF] AddPerson succeeds but AddCredential fails.
#[tokio::test]
async fn s2_15_a_person_is_added_and_the_card_fails() {
    let sim = Sim::new().await;
    sim.fault(json!({ "kind": "fail", "operation": "AddCredential", "text": "Database error" })).await;
    sim.add("a", "").await;
    assert_eq!(sim.fail("AddCredential", CARD).await, "Database error");
    assert_eq!(sim.person("a").await["cards"], json!([]));
    sim.ok("AddCredential", CARD).await;
}

/// 2.15 [CODE] Raw XML with single or double quotes, any `num`, a STARTFROMKEY outside PARAMS, an additional cookie.
#[tokio::test]
async fn s2_15_documents_of_all_known_clients_are_accepted() {
    let sim = Sim::new().await;
    let s = &sim.session;
    for body in [
        format!("<NETBOX-API sessionid='{s}'><COMMAND name='GetReaders' num='1'></COMMAND></NETBOX-API>"),
        format!(
            "<NETBOX-API sessionid=\"{s}\"><COMMAND num=\"42\" name=\"GetReaders\" dateformat=\"tzoffset\"/></NETBOX-API>"
        ),
        format!(
            "APIcommand=<NETBOX-API sessionid=\"{s}\"><COMMAND name=\"GetReaders\"><PARAMS></PARAMS></COMMAND></NETBOX-API>"
        ),
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<NETBOX-API sessionid=\"{s}\">\r\n<COMMAND name=\"GetReaders\" num=\"1\"><PARAMS/></COMMAND>\r\n</NETBOX-API>\r\n"
        ),
        format!(
            "<NETBOX-API sessionid=\"{s}\"><COMMAND name=\"GetReaders\" num=\"1\"><STARTFROMKEY>194</STARTFROMKEY><PARAMS/></COMMAND></NETBOX-API>"
        ),
        format!(
            "<NETBOX-API sessionid=\"{s}\"><COMMAND name=\"GetReaders\" num=\"1\"><PARAMS><NUMTORETURN>1</NUMTORETURN></PARAMS></COMMAND></NETBOX-API>"
        ),
    ] {
        let answer = sim.post(&body).await;
        assert_eq!(all(&answer, "READERKEY").len(), 6, "{body}");
    }
}

/// 1 P22 [SITE] Delete and create anew needs a new PERSONID each time: the old one stays in use.
#[tokio::test]
async fn s2_1_p22_delete_and_create_anew_works_with_a_new_id() {
    let sim = visitor("").await;
    sim.ok("RemovePerson", "<PERSONID>a</PERSONID>").await;
    assert!(
        sim.fail("AddPerson", "<PERSONID>a</PERSONID><LASTNAME>Byron</LASTNAME>").await.contains("Duplicate")
    );
    sim.add("a-2", LOBBY).await;
    sim.ok("AddCredential", &CARD.replace(">a<", ">a-2<")).await;
    assert_eq!(sim.door("a-2", "Lobby turnstile").await, "");
}
