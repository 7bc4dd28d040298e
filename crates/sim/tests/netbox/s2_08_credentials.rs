//! 2.8 Credential.

use serde_json::json;

use crate::harness::{Sim, all, first};

const A: &str = "<PERSONID>a</PERSONID>";
const CARD: &str =
    "<PERSONID>a</PERSONID><CARDFORMAT>26 bit Wiegand</CARDFORMAT><ENCODEDNUM>4711</ENCODEDNUM>";

async fn with_card() -> Sim {
    let sim = Sim::new().await;
    sim.add("a", "<ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>").await;
    sim.ok("AddCredential", CARD).await;
    sim
}

/// 2.8 [DOC2] AddCredential answers CREDENTIALID only on request.
#[tokio::test]
async fn s2_8_add_credential_answers_an_id_only_on_request() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    assert_eq!(sim.ok("AddCredential", CARD).await, A);
    let wanted = "<PERSONID>a</PERSONID><CARDFORMAT>26 bit Wiegand</CARDFORMAT><HOTSTAMP>5</HOTSTAMP><WANTCREDENTIALID>1</WANTCREDENTIALID>";
    let id = first(&sim.ok("AddCredential", wanted).await, "CREDENTIALID");
    assert_eq!(sim.person("a").await["cards"][1]["id"].to_string(), id);
}

/// 2.8 [LIVE] `Encoded number ... is too large for selected format`: 26 bit Wiegand takes at most 65535.
#[tokio::test]
async fn s2_8_a_number_too_large_for_its_format_is_refused() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    let add =
        |number: &str| format!("{A}<CARDFORMAT>26 bit Wiegand</CARDFORMAT><ENCODEDNUM>{number}</ENCODEDNUM>");
    sim.ok("AddCredential", &add("65535")).await;
    let refused = sim.fail("AddCredential", &add("65536")).await;
    assert_eq!(refused, "Encoded number 65536 is too large for selected format");
    for number in ["99999999999999999999999999", "-1", "12a"] {
        sim.fail("AddCredential", &add(number)).await;
    }
    assert_eq!(sim.person("a").await["cards"].as_array().unwrap().len(), 1);
}

/// 2.8 [CODE] HOTSTAMP is the printed number, ENCODEDNUM the encoded one; one value may be both.
#[tokio::test]
async fn s2_8_one_number_may_be_both() {
    let sim = with_card().await;
    assert_eq!(sim.person("a").await["cards"][0]["hotstamp"], json!("4711"));
    let both = "<PERSONID>a</PERSONID><CARDFORMAT>Visitor 32 bit</CARDFORMAT><ENCODEDNUM>70000</ENCODEDNUM><HOTSTAMP>V-1</HOTSTAMP>";
    sim.ok("AddCredential", both).await;
    let card = &sim.person("a").await["cards"][1];
    assert_eq!((&card["number"], &card["hotstamp"]), (&json!("70000"), &json!("V-1")));
}

/// 2.8 [DOC2] The format is named by its name; unknown ones are refused.
#[tokio::test]
async fn s2_8_an_unknown_or_missing_format_is_refused() {
    let sim = with_card().await;
    let unknown = "<PERSONID>a</PERSONID><CARDFORMAT>99 bit</CARDFORMAT><ENCODEDNUM>1</ENCODEDNUM>";
    assert_eq!(sim.fail("AddCredential", unknown).await, "CARDFORMAT NOT FOUND");
    assert_eq!(
        sim.fail("AddCredential", "<PERSONID>a</PERSONID><ENCODEDNUM>1</ENCODEDNUM>").await,
        "Missing CARDFORMAT"
    );
    let none = "<PERSONID>a</PERSONID><CARDFORMAT>26 bit Wiegand</CARDFORMAT>";
    assert_eq!(sim.fail("AddCredential", none).await, "Missing ENCODEDNUM");
}

/// 2.8 [?] One card on two persons: FAIL or CODE DUPLICATE (2.16 #7); the same number in another format is another card.
#[tokio::test]
async fn s2_8_a_card_in_use_is_refused_in_two_forms() {
    let sim = with_card().await;
    sim.add("b", "").await;
    let add = |format: &str| {
        format!("<PERSONID>b</PERSONID><CARDFORMAT>{format}</CARDFORMAT><ENCODEDNUM>4711</ENCODEDNUM>")
    };
    assert_eq!(sim.fail("AddCredential", &add("26 bit Wiegand")).await, "Duplicate Credential");
    sim.switch("card.duplicate", "code").await;
    assert_eq!(sim.run("AddCredential", &add("26 bit Wiegand")).await, "<CODE>DUPLICATE</CODE>");
    sim.switch("card.identity", "number").await;
    assert_eq!(sim.run("AddCredential", &add("Visitor 32 bit")).await, "<CODE>DUPLICATE</CODE>");
    sim.switch("card.identity", "number-and-format").await;
    sim.ok("AddCredential", &add("Visitor 32 bit")).await;
    sim.ok("RemovePerson", A).await;
    sim.ok("AddCredential", &add("26 bit Wiegand")).await;
}

/// 2.8 [DOC2] ModifyCredential without a change is refused with NetBox's own sentence.
#[tokio::test]
async fn s2_8_modify_credential_needs_a_change() {
    let sim = with_card().await;
    let wanted = "At least one of Disabled, Hotstamp, Card Status or Card Expiration date parameters must be specified.";
    assert_eq!(sim.fail("ModifyCredential", CARD).await, wanted);
}

/// 2.8 [DOC2] DISABLED 1/0 xor CARDSTATUS.
#[tokio::test]
async fn s2_8_disabled_and_card_status_exclude_each_other() {
    let sim = with_card().await;
    sim.fail("ModifyCredential", &format!("{CARD}<DISABLED>1</DISABLED><CARDSTATUS>Lost</CARDSTATUS>")).await;
    for (change, disabled, status) in [
        ("<DISABLED>1</DISABLED>", "1", "Disabled"),
        ("<DISABLED>0</DISABLED>", "0", "Active"),
        ("<CARDSTATUS>Lost</CARDSTATUS>", "1", "Lost"),
        ("<CARDSTATUS>Active</CARDSTATUS>", "0", "Active"),
    ] {
        assert_eq!(sim.run("ModifyCredential", &format!("{CARD}{change}")).await, "<CODE>SUCCESS</CODE>");
        let answer = sim.ok("GetPerson", A).await;
        assert_eq!(
            (first(&answer, "DISABLED"), first(&answer, "CARDSTATUS")),
            (disabled.to_owned(), status.to_owned())
        );
    }
}

/// 2.8 [CODE] The eight card statuses, Active being the default; others do not exist.
#[tokio::test]
async fn s2_8_there_are_eight_card_statuses() {
    let sim = with_card().await;
    assert_eq!(sim.person("a").await["cards"][0]["status"], json!("Active"));
    for status in ["Active", "Damaged", "Disabled", "Expired", "Lost", "Not Returned", "Not Used", "Returned"]
    {
        sim.ok("ModifyCredential", &format!("{CARD}<CARDSTATUS>{status}</CARDSTATUS>")).await;
    }
    let refused = sim.fail("ModifyCredential", &format!("{CARD}<CARDSTATUS>Stolen</CARDSTATUS>")).await;
    assert_eq!(refused, "Card status does not exist: Stolen");
}

/// 2.8 [DOC2] A credential is found by CREDENTIALID, or by format and one of its numbers.
#[tokio::test]
async fn s2_8_a_credential_is_found_by_id_or_by_number() {
    let sim = with_card().await;
    let id = sim.person("a").await["cards"][0]["id"].to_string();
    for (key, status) in [
        (format!("{A}<CREDENTIALID>{id}</CREDENTIALID>"), "Lost"),
        (CARD.to_owned(), "Damaged"),
        (format!("{A}<CARDFORMAT>26 bit Wiegand</CARDFORMAT><HOTSTAMP>4711</HOTSTAMP>"), "Returned"),
    ] {
        sim.ok("ModifyCredential", &format!("{key}<CARDSTATUS>{status}</CARDSTATUS>")).await;
        assert_eq!(sim.person("a").await["cards"][0]["status"], json!(status));
    }
}

/// 2.8 [DOC2] RemoveCredential: the same key, CODE only; the number is free again.
#[tokio::test]
async fn s2_8_remove_credential_frees_the_number() {
    let sim = with_card().await;
    assert_eq!(sim.run("RemoveCredential", CARD).await, "<CODE>SUCCESS</CODE>");
    assert_eq!(sim.run("RemoveCredential", CARD).await, "<CODE>NOT FOUND</CODE>");
    sim.add("b", "").await;
    sim.ok("AddCredential", &CARD.replace(">a<", ">b<")).await;
}

/// 2.8 [LIVE] GetCardFormats lists plain names and does not say which are enabled.
#[tokio::test]
async fn s2_8_card_formats_are_plain_names() {
    let sim = with_card().await;
    let wanted = "<CARDFORMATS><CARDFORMAT>26 bit Wiegand</CARDFORMAT><CARDFORMAT>Visitor 32 bit</CARDFORMAT>\
                  <CARDFORMAT>37 bit HID</CARDFORMAT></CARDFORMATS>";
    assert_eq!(sim.ok("GetCardFormats", "").await, wanted);
    let disabled = "<PERSONID>a</PERSONID><CARDFORMAT>37 bit HID</CARDFORMAT><ENCODEDNUM>1</ENCODEDNUM>";
    assert_eq!(sim.fail("AddCredential", disabled).await, "Card format is not enabled");
}

/// 2.8 [DOC2] GetCardAccessDetails: holder, DISABLED, EXPDATE and the card's accesses.
#[tokio::test]
async fn s2_8_card_access_details_show_holder_and_accesses() {
    let sim = with_card().await;
    sim.door("a", "Lobby turnstile").await;
    sim.door("a", "Acme suite").await;
    let key = "<ENCODEDNUM>4711</ENCODEDNUM><CARDFORMAT>26 bit Wiegand</CARDFORMAT>";
    let answer = sim.ok("GetCardAccessDetails", key).await;
    assert!(answer.starts_with(
        "<PERSONID>a</PERSONID><DISABLED>0</DISABLED><EXPDATE></EXPDATE><ACCESSES><ACCESS><LOGID>"
    ));
    assert_eq!(all(&answer, "REASON"), ["1", ""]);
    assert_eq!(
        all(&sim.ok("GetCardAccessDetails", &format!("{key}<MAXRECORDS>1</MAXRECORDS>")).await, "REASON"),
        ["1"]
    );
    let later = format!("{key}<OLDESTDTTM>2026-12-02</OLDESTDTTM>");
    assert!(sim.ok("GetCardAccessDetails", &later).await.contains("<ACCESSES></ACCESSES>"));
    let unknown = "<ENCODEDNUM>1</ENCODEDNUM><CARDFORMAT>26 bit Wiegand</CARDFORMAT>";
    assert_eq!(sim.run("GetCardAccessDetails", unknown).await, "<CODE>NOT FOUND</CODE>");
}

/// 2.8 [DOC2] Requests for mobile credentials; FAIL `CARDFORMAT NOT FOUND`.
#[tokio::test]
async fn s2_8_virtual_credential_requests_are_added_and_removed() {
    let sim = with_card().await;
    let (good, bad) =
        (format!("{A}<CARDFORMAT>Visitor 32 bit</CARDFORMAT>"), format!("{A}<CARDFORMAT>x</CARDFORMAT>"));
    assert_eq!(sim.fail("AddVirtualCredentialRequest", &bad).await, "CARDFORMAT NOT FOUND");
    sim.ok("AddVirtualCredentialRequest", &good).await;
    assert!(
        sim.ok("GetVirtualCredentialRequest", &good)
            .await
            .contains("<CARDFORMAT>Visitor 32 bit</CARDFORMAT>")
    );
    sim.ok("RemoveVirtualCredentialRequest", &good).await;
    assert_eq!(sim.run("RemoveVirtualCredentialRequest", &good).await, "<CODE>NOT FOUND</CODE>");
}

/// 2.8 [INF] Credentials of an unknown or a deleted person are not found.
#[tokio::test]
async fn s2_8_a_credential_needs_a_living_holder() {
    let sim = with_card().await;
    assert_eq!(sim.run("AddCredential", &CARD.replace(">a<", ">unknown<")).await, "<CODE>NOT FOUND</CODE>");
    sim.ok("RemovePerson", A).await;
    assert_eq!(sim.run("AddCredential", CARD).await, "<CODE>NOT FOUND</CODE>");
}
