//! 2.17 Worked examples: literal requests, literal answers.

use serde_json::json;

use crate::harness::{Sim, command};

const ADD_PERSON: &str = "<PERSONID>visit-0001</PERSONID><FIRSTNAME>Ada</FIRSTNAME><LASTNAME>Byron</LASTNAME><ACTDATE>2026-12-01 08:00</ACTDATE>
  <EXPDATE>2026-12-01 18:00</EXPDATE><CONTACTEMAIL>ada@example.org</CONTACTEMAIL><UDF1>Acme Ltd</UDF1>
  <ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>";
const MODIFY_PERSON: &str = "<PERSONID>visit-0001</PERSONID><ACCESSLEVELS>
  <ACCESSLEVEL><ACCESSLEVELNAME>Floor 4</ACCESSLEVELNAME><DELETE>0</DELETE><ACTDATE>2026-12-01 09:00</ACTDATE><EXPDATE>2026-12-01 12:00</EXPDATE></ACCESSLEVEL>
  <ACCESSLEVEL><ACCESSLEVELNAME>Lobby</ACCESSLEVELNAME><DELETE>1</DELETE></ACCESSLEVEL></ACCESSLEVELS>";
const ADD_CREDENTIAL: &str = "<PERSONID>visit-0001</PERSONID><CARDFORMAT>26 bit Wiegand</CARDFORMAT><ENCODEDNUM>4711</ENCODEDNUM><HOTSTAMP>4711</HOTSTAMP>
  <CARDEXPDATE>2026-12-01 18:00</CARDEXPDATE><WANTCREDENTIALID>1</WANTCREDENTIALID>";

/// Whether the text has these fragments in this order, with other text between them.
fn in_order(text: &str, fragments: &[&str]) {
    let mut rest = text;
    for fragment in fragments {
        let (_, after) = rest.split_once(fragment).unwrap_or_else(|| panic!("{fragment} is not in {text}"));
        rest = after;
    }
}

async fn whole_visit() -> Sim {
    let sim = Sim::new().await;
    sim.ok("AddPerson", ADD_PERSON).await;
    sim.ok("ModifyPerson", MODIFY_PERSON).await;
    sim.ok("AddCredential", ADD_CREDENTIAL).await;
    sim
}

/// 2.17 [LIVE] Login, and the answer to any later call when expired or in the wrong mode, byte by byte.
#[tokio::test]
async fn s2_17_login() {
    let sim = Sim::with(&[("login.mode", "trap")]).await;
    let login = "<NETBOX-API><COMMAND name=\"Login\" num=\"1\"><PARAMS><USERNAME>sim</USERNAME><PASSWORD>sim</PASSWORD></PARAMS></COMMAND></NETBOX-API>";
    let answer = sim.post(login).await;
    let session = answer.split('"').nth(1).unwrap();
    assert_eq!(session.len(), 64);
    assert_eq!(
        answer,
        format!(
            "<NETBOX sessionid=\"{session}\"><RESPONSE command=\"Login\" num=\"1\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>"
        )
    );
    assert_eq!(
        sim.post(&command(session, "PingApp", "")).await,
        "<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>"
    );
}

/// 2.17 [DOC2] AddPerson (visitor).
#[tokio::test]
async fn s2_17_add_person() {
    let sim = Sim::new().await;
    assert_eq!(sim.ok("AddPerson", ADD_PERSON).await, "<PERSONID>visit-0001</PERSONID>");
}

/// 2.17 [DOC2] ModifyPerson, additive: one temporary level added, one level removed.
#[tokio::test]
async fn s2_17_modify_person() {
    let sim = Sim::new().await;
    sim.ok("AddPerson", ADD_PERSON).await;
    assert_eq!(sim.ok("ModifyPerson", MODIFY_PERSON).await, "<PERSONID>visit-0001</PERSONID>");
    assert_eq!(sim.person("visit-0001").await["levels"], json!(["Floor 4"]));
}

/// 2.17 [DOC2] AddCredential answers CREDENTIALID, after the PERSONID of A10.
#[tokio::test]
async fn s2_17_add_credential() {
    let sim = Sim::new().await;
    sim.ok("AddPerson", ADD_PERSON).await;
    let answer = sim.ok("AddCredential", ADD_CREDENTIAL).await;
    let id = answer.strip_prefix("<PERSONID>visit-0001</PERSONID><CREDENTIALID>");
    let id = id.and_then(|rest| rest.strip_suffix("</CREDENTIALID>")).unwrap();
    assert!(id.bytes().all(|b| b.is_ascii_digit()), "{answer}");
}

/// 2.17 [CODE] GetPerson: fields directly in DETAILS, in the order of the example.
#[tokio::test]
async fn s2_17_get_person() {
    let sim = whole_visit().await;
    let answer =
        sim.ok("GetPerson", "<PERSONID>visit-0001</PERSONID><WANTCREDENTIALID>1</WANTCREDENTIALID>").await;
    let id = sim.person("visit-0001").await["cards"][0]["id"].to_string();
    in_order(
        &answer,
        &[
            "<PERSONID>visit-0001</PERSONID><FIRSTNAME>Ada</FIRSTNAME><MIDDLENAME></MIDDLENAME><LASTNAME>Byron</LASTNAME>",
            "<ACTDATE>2026-12-01 08:00:00</ACTDATE><EXPDATE>2026-12-01 18:00:00</EXPDATE><UDF1>Acme Ltd</UDF1>",
            "<DELETED>FALSE</DELETED>",
            "<VEHICLES></VEHICLES><ACCESSLEVELS><ACCESSLEVEL>Floor 4</ACCESSLEVEL></ACCESSLEVELS><ACCESSCARDS><ACCESSCARD>\
             <ENCODEDNUM>4711</ENCODEDNUM><HOTSTAMP>4711</HOTSTAMP><CARDFORMAT>26 bit Wiegand</CARDFORMAT><DISABLED>0</DISABLED>\
             <CARDSTATUS>Active</CARDSTATUS><CARDEXPDATE>2026-12-01 18:00:00</CARDEXPDATE>",
            &format!("<CREDENTIALID>{id}</CREDENTIALID></ACCESSCARD></ACCESSCARDS>"),
        ],
    );
}

/// 2.17 [LIVE] Absent, both forms.
#[tokio::test]
async fn s2_17_absent() {
    let sim = Sim::new().await;
    assert_eq!(sim.run("GetPerson", "<PERSONID>no</PERSONID>").await, "<CODE>NOT FOUND</CODE>");
    let answer = sim.run("GetTimeSpecGroup", "<TIMESPECGROUPKEY>9</TIMESPECGROUPKEY>").await;
    assert_eq!(answer, "<CODE>FAIL</CODE><DETAILS><ERRMSG>NOT FOUND</ERRMSG></DETAILS>");
}

/// 2.17 [DOC2] SearchPersonData, last page.
#[tokio::test]
async fn s2_17_search_person_data_last_page() {
    let sim = Sim::with(&[("page.SearchPersonData", "1")]).await;
    let filters = "<UDF1>Acme Ltd</UDF1><DELETED>FALSE</DELETED>";
    let first = sim.ok("SearchPersonData", &format!("{filters}<STARTFROMKEY>0</STARTFROMKEY>")).await;
    let next = crate::harness::first(&first, "NEXTKEY");
    sim.switch("page.SearchPersonData", "100").await;
    let answer = sim.ok("SearchPersonData", &format!("{filters}<STARTFROMKEY>{next}</STARTFROMKEY>")).await;
    assert!(answer.starts_with("<PEOPLE><PERSON><PERSONID>emp-0002</PERSONID>"), "{answer}");
    assert!(answer.ends_with("</PERSON></PEOPLE><NEXTKEY>-1</NEXTKEY>"), "{answer}");
}

/// 2.17 [LIVE] GetAccessLevels: names (last page); with WANTKEY=TRUE keys.
#[tokio::test]
async fn s2_17_get_access_levels() {
    let mut options = crate::harness::at_nine();
    options.seed = Some(
        "users: [{ username: sim, password: sim }]\naccess_levels: [{ key: 7, name: Floor 4 }, { key: 9, name: Lobby }]".to_owned(),
    );
    let sim = Sim::of(options).await;
    assert_eq!(
        sim.ok("GetAccessLevels", "").await,
        "<ACCESSLEVELS><ACCESSLEVEL>Floor 4</ACCESSLEVEL><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS><NEXTNAME></NEXTNAME>"
    );
    assert_eq!(
        sim.ok("GetAccessLevels", "<WANTKEY>TRUE</WANTKEY>").await,
        "<ACCESSLEVELS><ACCESSLEVEL>7</ACCESSLEVEL><ACCESSLEVEL>9</ACCESSLEVEL></ACCESSLEVELS><NEXTKEY>-1</NEXTKEY>"
    );
}

/// 2.17 [LIVE] GetAccessHistory forward, byte by byte.
#[tokio::test]
async fn s2_17_get_access_history_forward() {
    let mut options = crate::harness::at_nine();
    let seed = vestibule_sim::netbox::SMALL_BUILDING
        .replace("name: Lobby turnstile", "name: P1")
        .replace("{ key: 190, name: Lobby in, description: Ground floor }", "{ key: 190, name: R1 }")
        .replace("Lobby in,", "R1,");
    options.seed = Some(seed);
    let sim = Sim::of(options.with("history.ids", "dense")).await;
    sim.ok("AddPerson", ADD_PERSON).await;
    sim.ok("AddCredential", ADD_CREDENTIAL).await;
    sim.clock("2026-12-01T14:12:03Z").await;
    let log =
        sim.order("door", json!({ "person": "visit-0001", "portal": "P1" })).await["logid"].as_u64().unwrap();
    let answer = sim
        .ok("GetAccessHistory", &format!("<AFTERLOGID>{}</AFTERLOGID><MAXRECORDS>200</MAXRECORDS>", log - 1))
        .await;
    let wanted = format!(
        "<ACCESSES><ACCESS><LOGID>{log}</LOGID><PERSONID>visit-0001</PERSONID><READER>R1</READER><DTTM>2026-12-01 09:12:03</DTTM>\
         <NODEDTTM>2026-12-01 09:12:03</NODEDTTM><TYPE>1</TYPE><REASON></REASON><READERKEY>190</READERKEY><PORTALKEY>57</PORTALKEY>\
         <PORTALNAME>P1</PORTALNAME></ACCESS></ACCESSES><NEXTLOGID>{}</NEXTLOGID>",
        log + 1
    );
    assert_eq!(answer, wanted);
}

/// 2.17 [LIVE] RemovePerson; GetPerson then shows DELETED TRUE, no cards, no levels.
#[tokio::test]
async fn s2_17_remove_person() {
    let sim = whole_visit().await;
    assert_eq!(sim.run("RemovePerson", "<PERSONID>visit-0001</PERSONID>").await, "<CODE>SUCCESS</CODE>");
    let answer = sim.ok("GetPerson", "<PERSONID>visit-0001</PERSONID>").await;
    in_order(
        &answer,
        &["<DELETED>TRUE</DELETED>", "<ACCESSLEVELS></ACCESSLEVELS><ACCESSCARDS></ACCESSCARDS>"],
    );
}
