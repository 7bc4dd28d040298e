//! Addendum, row A3: the key of a credential.

use serde_json::json;

use crate::harness::Sim;

const A: &str = "<PERSONID>a</PERSONID>";
const FORMAT: &str = "<CARDFORMAT>26 bit Wiegand</CARDFORMAT>";
const OTHER_FORMAT: &str = "<CARDFORMAT>Visitor 32 bit</CARDFORMAT>";
const NUMBER: &str = "<ENCODEDNUM>4711</ENCODEDNUM>";
const STAMP: &str = "<HOTSTAMP>V-1</HOTSTAMP>";

/// A visitor with a card, and its CREDENTIALID.
async fn with_card(switches: &[(&str, &str)]) -> (Sim, String) {
    let sim = Sim::with(switches).await;
    sim.add("a", "").await;
    sim.ok("AddCredential", &format!("{A}{FORMAT}{NUMBER}{STAMP}")).await;
    let id = sim.person("a").await["cards"][0]["id"].to_string();
    (sim, format!("<CREDENTIALID>{id}</CREDENTIALID>"))
}

/// A3 [CODE] ModifyCredential takes a key without PERSONID: CREDENTIALID, or ENCODEDNUM and CARDFORMAT.
#[tokio::test]
async fn a3_a_credential_is_modified_without_its_holder() {
    let (sim, id) = with_card(&[]).await;
    for (key, status) in [(id, "Lost"), (format!("{NUMBER}{FORMAT}"), "Damaged")] {
        sim.ok("ModifyCredential", &format!("{key}<CARDSTATUS>{status}</CARDSTATUS>")).await;
        assert_eq!(sim.person("a").await["cards"][0]["status"], json!(status));
    }
    assert_eq!(sim.look("calls").await["recent"][0]["subject"], json!("a"));
    let change = format!("{NUMBER}<CARDSTATUS>Lost</CARDSTATUS>");
    assert_eq!(sim.fail("ModifyCredential", &change).await, "Missing CARDFORMAT");
    let unknown = format!("<ENCODEDNUM>4712</ENCODEDNUM>{FORMAT}<CARDSTATUS>Lost</CARDSTATUS>");
    assert_eq!(sim.run("ModifyCredential", &unknown).await, "<CODE>NOT FOUND</CODE>");
}

/// A3 [CODE] RemoveCredential takes ENCODEDNUM alone, and PERSONID with ENCODEDNUM or HOTSTAMP but no CARDFORMAT.
#[tokio::test]
async fn a3_a_credential_is_removed_by_less_than_its_whole_key() {
    for key in [
        NUMBER.to_owned(),
        format!("{A}{NUMBER}"),
        format!("{A}{STAMP}"),
        format!("{NUMBER}{FORMAT}"),
        with_card(&[]).await.1,
    ] {
        let (sim, _) = with_card(&[]).await;
        assert_eq!(sim.run("RemoveCredential", &key).await, "<CODE>SUCCESS</CODE>", "{key}");
        assert_eq!(sim.person("a").await["cards"], json!([]), "{key}");
        assert_eq!(sim.run("RemoveCredential", &key).await, "<CODE>NOT FOUND</CODE>", "{key}");
    }
}

/// A3 [INF] A key of two credentials removes neither, and the printed number of a card is no key without its holder.
#[tokio::test]
async fn a3_a_key_that_is_not_of_one_credential_removes_none() {
    let (sim, _) = with_card(&[]).await;
    sim.add("b", "").await;
    sim.ok("AddCredential", &format!("<PERSONID>b</PERSONID>{OTHER_FORMAT}{NUMBER}{STAMP}")).await;
    assert_eq!(sim.fail("RemoveCredential", NUMBER).await, "More than one credential has this number");
    assert_eq!(sim.fail("RemoveCredential", STAMP).await, "Missing PERSONID");
    for person in ["a", "b"] {
        assert_eq!(sim.person(person).await["cards"].as_array().unwrap().len(), 1);
    }
    sim.ok("RemoveCredential", &format!("{NUMBER}{OTHER_FORMAT}")).await;
    sim.ok("RemoveCredential", NUMBER).await;
    assert_eq!(sim.person("a").await["cards"], json!([]));
}

/// A3 [INF] A credential of a person in another partition is not found.
#[tokio::test]
async fn a3_a_credential_of_another_partition_is_not_found() {
    let (sim, id) = with_card(&[]).await;
    let other = sim.ok("AddPartition", "<NAME>East</NAME><TIMEZONE>UTC</TIMEZONE>").await;
    sim.ok("SwitchPartition", &other).await;
    for key in [NUMBER, &id] {
        assert_eq!(sim.run("RemoveCredential", key).await, "<CODE>NOT FOUND</CODE>", "{key}");
    }
}

/// A3 [DOC2] By switch the whole key of 2.8 is required: PERSONID and CREDENTIALID, or PERSONID, CARDFORMAT and a number.
#[tokio::test]
async fn a3_by_switch_a_credential_needs_its_whole_key() {
    let (sim, id) = with_card(&[("card.key", "strict")]).await;
    for (key, refused) in [
        (id.clone(), "Missing PERSONID"),
        (format!("{NUMBER}{FORMAT}"), "Missing PERSONID"),
        (NUMBER.to_owned(), "Missing PERSONID"),
        (format!("{A}{NUMBER}"), "Missing CARDFORMAT"),
        (format!("{A}{FORMAT}"), "Missing ENCODEDNUM"),
    ] {
        assert_eq!(sim.fail("RemoveCredential", &key).await, refused, "{key}");
        assert_eq!(
            sim.fail("ModifyCredential", &format!("{key}<DISABLED>1</DISABLED>")).await,
            refused,
            "{key}"
        );
    }
    sim.ok("ModifyCredential", &format!("{A}{id}<DISABLED>1</DISABLED>")).await;
    sim.ok("RemoveCredential", &format!("{A}{FORMAT}{NUMBER}")).await;
    sim.switch("card.key", "lenient").await;
    assert_eq!(sim.run("RemoveCredential", NUMBER).await, "<CODE>NOT FOUND</CODE>");
}
