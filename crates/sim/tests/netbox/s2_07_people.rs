//! 2.7 Person: AddPerson, ModifyPerson, GetPerson, GetPicture.

use serde_json::json;

use crate::harness::{Sim, all, bare_levels, first};

const A: &str = "<PERSONID>a</PERSONID>";

/// 2.7 [DOC2] AddPerson needs LASTNAME: `Missing Last Name`.
#[tokio::test]
async fn s2_7_add_person_needs_a_last_name() {
    let sim = Sim::new().await;
    for params in ["", "<FIRSTNAME>Ada</FIRSTNAME>", "<LASTNAME> </LASTNAME>"] {
        assert_eq!(sim.fail("AddPerson", params).await, "Missing Last Name");
    }
}

/// 2.7 [CODE] Without PERSONID NetBox assigns one like `_41`.
#[tokio::test]
async fn s2_7_netbox_assigns_ids_with_an_underscore() {
    let sim = Sim::new().await;
    let id = first(&sim.ok("AddPerson", "<LASTNAME>Byron</LASTNAME>").await, "PERSONID");
    let digits = id.strip_prefix('_').unwrap();
    assert!(!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()), "{id}");
    assert_ne!(first(&sim.ok("AddPerson", "<LASTNAME>Byron</LASTNAME>").await, "PERSONID"), id);
}

/// 2.7 [LIVE] Ids chosen by the caller are strings: free text, GUIDs, zero-padded numbers.
#[tokio::test]
async fn s2_7_the_caller_chooses_ids_that_are_strings() {
    let sim = Sim::new().await;
    for id in ["free text", "7d9b6d7c-1d0f-4d8e-9b57-5b2c9a5d2f10", "000123", "visit-0001"] {
        sim.add(id, "").await;
        let answer = sim.ok("GetPerson", &format!("<PERSONID>{id}</PERSONID>")).await;
        assert_eq!(first(&answer, "PERSONID"), id);
    }
    assert_eq!(sim.run("GetPerson", "<PERSONID>123</PERSONID>").await, "<CODE>NOT FOUND</CODE>");
}

/// 2.7 [DOC2] GetPerson answers every field of AddPerson as it was sent.
#[tokio::test]
async fn s2_7_all_fields_are_kept() {
    let sim = Sim::new().await;
    let mut names: Vec<String> = (1..=20).map(|n| format!("UDF{n}")).collect();
    let others = "FIRSTNAME MIDDLENAME NOTES PIN BADGELAYOUT PICTUREURL CONTACTPHONE CONTACTEMAIL CONTACTSMSEMAIL \
                  CONTACTLOCATION OTHERCONTACTNAME OTHERCONTACTPHONE1 OTHERCONTACTPHONE2 MOBILEPHONE";
    names.extend(others.split_whitespace().map(str::to_owned));
    let fields: String = names.iter().map(|name| format!("<{name}>{name} 1</{name}>")).collect();
    sim.add("a", &fields).await;
    let answer = sim.ok("GetPerson", A).await;
    for name in names {
        assert_eq!(first(&answer, &name), format!("{name} 1"));
    }
}

/// 2.7 [LIVE] USERNAME, ROLE and AUTHTYPE: all three or none; USERNAME alone is `Missing ROLE`.
#[tokio::test]
async fn s2_7_user_name_role_and_auth_type_go_together() {
    let sim = Sim::new().await;
    let add = |rest: &'static str| format!("<LASTNAME>Byron</LASTNAME>{rest}");
    assert_eq!(sim.fail("AddPerson", &add("<USERNAME>ada</USERNAME>")).await, "Missing ROLE");
    assert_eq!(sim.fail("AddPerson", &add("<ROLE>Guard</ROLE>")).await, "Missing USERNAME");
    let all = add("<USERNAME>ada</USERNAME><ROLE>Guard</ROLE><AUTHTYPE>SSO</AUTHTYPE>");
    let id = first(&sim.ok("AddPerson", &all).await, "PERSONID");
    let found = sim.ok("GetPerson", "<USERNAME>ada</USERNAME>").await;
    assert_eq!((first(&found, "PERSONID"), first(&found, "AUTHTYPE")), (id, "SSO".to_owned()));
}

/// 2.7 [DOC2][CODE] An existing PERSONID: FAIL with `Duplicate`, on older versions CODE DUPLICATE (2.16 #7).
#[tokio::test]
async fn s2_7_an_id_in_use_is_a_duplicate_in_two_forms() {
    let sim = Sim::new().await;
    sim.add("a", "<NOTES>first</NOTES>").await;
    let again = "<PERSONID>a</PERSONID><LASTNAME>Other</LASTNAME>";
    assert!(sim.fail("AddPerson", again).await.contains("Duplicate"));
    sim.switch("person.duplicate", "code").await;
    assert_eq!(sim.run("AddPerson", again).await, "<CODE>DUPLICATE</CODE>");
    assert_eq!(first(&sim.ok("GetPerson", A).await, "NOTES"), "first");
}

/// 2.7 [INF] ModifyPerson: an absent field keeps its value, an empty one clears it.
#[tokio::test]
async fn s2_7_modify_person_keeps_absent_fields() {
    let sim = Sim::new().await;
    sim.add("a", "<FIRSTNAME>Ada</FIRSTNAME><UDF1>Acme Ltd</UDF1><EXPDATE>2026-12-05 10:00</EXPDATE>").await;
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><UDF1></UDF1><CONTACTEMAIL>a@b.example</CONTACTEMAIL>")
        .await;
    let answer = sim.ok("GetPerson", A).await;
    assert_eq!(first(&answer, "FIRSTNAME"), "Ada");
    assert_eq!(first(&answer, "UDF1"), "");
    assert_eq!(first(&answer, "CONTACTEMAIL"), "a@b.example");
    assert_eq!(first(&answer, "EXPDATE"), "2026-12-05 10:00:00");
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><EXPDATE></EXPDATE>").await;
    assert_eq!(first(&sim.ok("GetPerson", A).await, "EXPDATE"), "");
}

/// 2.7 [INF] A call that fails has changed nothing.
#[tokio::test]
async fn s2_7_a_refused_change_changes_nothing() {
    let sim = Sim::new().await;
    sim.add("a", "<FIRSTNAME>Ada</FIRSTNAME>").await;
    let before = sim.person("a").await;
    let params =
        format!("<PERSONID>a</PERSONID><FIRSTNAME>Eve</FIRSTNAME>{}", bare_levels(&["Lobby", "Nowhere"]));
    assert_eq!(sim.fail("ModifyPerson", &params).await, "Access Level does not exist: Nowhere");
    assert_eq!(sim.person("a").await, before);
    let params = format!("<PERSONID>b</PERSONID><LASTNAME>Byron</LASTNAME>{}", bare_levels(&["Nowhere"]));
    sim.fail("AddPerson", &params).await;
    assert_eq!(sim.person("b").await, json!(null));
}

/// 2.7 [CODE] GetPerson: fields are directly in DETAILS, without a PERSON around them.
#[tokio::test]
async fn s2_7_get_person_has_no_wrapper() {
    let sim = Sim::new().await;
    let answer = sim.run("GetPerson", "<PERSONID>emp-0001</PERSONID>").await;
    assert!(answer.starts_with(
        "<CODE>SUCCESS</CODE><DETAILS><PERSONID>emp-0001</PERSONID><FIRSTNAME>Grace</FIRSTNAME>"
    ));
    assert!(!answer.contains("<PERSON>"));
}

/// 2.7 [CODE][DOC2] All documented fields are returned, also empty ones.
#[tokio::test]
async fn s2_7_get_person_returns_every_documented_field() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    let answer = sim.ok("GetPerson", A).await;
    let names = "PERSONID FIRSTNAME MIDDLENAME LASTNAME USERNAME ROLE AUTHTYPE PARTITION ACTDATE EXPDATE PIN NOTES \
                 DELETED PICTUREURL BADGELAYOUT LASTMOD LASTEDIT LASTEDITPERSONID CONTACTPHONE MOBILEPHONE CONTACTEMAIL \
                 CONTACTSMSEMAIL CONTACTLOCATION OTHERCONTACTNAME OTHERCONTACTPHONE1 OTHERCONTACTPHONE2 VEHICLES \
                 ACCESSLEVELS ACCESSCARDS UDF1 UDF20";
    for name in names.split_whitespace() {
        assert_eq!(all(&answer, name).len(), 1, "{name}");
    }
    assert_eq!(first(&answer, "PARTITION"), "Master");
    assert!(!answer.contains("PASSWORD"), "a password is shown");
}

/// 2.7 [DOC2] GetPerson of an unknown id: CODE `NOT FOUND`.
#[tokio::test]
async fn s2_7_an_unknown_id_is_not_found() {
    let sim = Sim::new().await;
    for name in ["GetPerson", "ModifyPerson", "RemovePerson"] {
        assert_eq!(sim.run(name, "<PERSONID>unknown</PERSONID>").await, "<CODE>NOT FOUND</CODE>", "{name}");
        assert_eq!(sim.fail(name, "").await, "Missing PERSONID");
    }
}

/// 2.7 [INF] GetPerson does not see other partitions without ALLPARTITIONS (2.13).
#[tokio::test]
async fn s2_7_other_partitions_are_seen_with_allpartitions_only() {
    let sim = Sim::new().await;
    sim.ok("AddPartition", "<NAME>East</NAME><TIMEZONE>UTC</TIMEZONE>").await;
    sim.ok("SwitchPartition", "<PARTITIONKEY>2</PARTITIONKEY>").await;
    assert_eq!(sim.run("GetPerson", "<PERSONID>emp-0001</PERSONID>").await, "<CODE>NOT FOUND</CODE>");
    let found = sim.ok("GetPerson", "<PERSONID>emp-0001</PERSONID><ALLPARTITIONS>TRUE</ALLPARTITIONS>").await;
    assert_eq!(first(&found, "PARTITION"), "Master");
    let change = "<PERSONID>emp-0001</PERSONID><NOTES>seen</NOTES>";
    assert_eq!(sim.run("ModifyPerson", change).await, "<CODE>NOT FOUND</CODE>");
    sim.ok("ModifyPerson", &format!("{change}<ALLPARTITIONS>TRUE</ALLPARTITIONS>")).await;
    assert_eq!(sim.person("emp-0001").await["notes"], json!("seen"));
}

/// 2.11 [LIVE] GetPicture: `No picture URL for this person ID`, `Picture file does not exist`.
#[tokio::test]
async fn s2_11_get_picture_names_the_missing_part() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    assert_eq!(sim.fail("GetPicture", A).await, "No picture URL for this person ID");
    sim.ok("ModifyPerson", "<PERSONID>a</PERSONID><PICTUREURL>a.jpg</PICTUREURL>").await;
    assert_eq!(sim.fail("GetPicture", A).await, "Picture file does not exist");
}

/// 2.7 [DOC2] GetPicture: PICTURE, PICTUREURL, LASTNAME, FIRSTNAME, LASTMOD.
#[tokio::test]
async fn s2_7_get_picture_returns_the_given_picture() {
    let sim = Sim::new().await;
    sim.add("a", "<FIRSTNAME>Ada</FIRSTNAME><PICTURE>/9j/4AA=</PICTURE><PICTUREEXT>jpg</PICTUREEXT>").await;
    let answer = sim.ok("GetPicture", A).await;
    assert_eq!(
        (first(&answer, "PICTURE"), first(&answer, "LASTNAME")),
        ("/9j/4AA=".to_owned(), "Byron".to_owned())
    );
    assert_eq!(
        (first(&answer, "FIRSTNAME"), first(&answer, "LASTMOD")),
        ("Ada".to_owned(), "2026-12-01".to_owned())
    );
    assert!(!first(&answer, "PICTUREURL").is_empty());
}

/// 2.16 #12 [?] Lengths: no limit, cut at N characters, or FAIL.
#[tokio::test]
async fn s2_16_long_texts_are_kept_cut_or_refused() {
    let sim = Sim::new().await;
    let long = "x".repeat(300);
    sim.add("a", &format!("<NOTES>{long}</NOTES>")).await;
    assert_eq!(first(&sim.ok("GetPerson", A).await, "NOTES"), long);
    sim.switch("text.max", "64").await;
    sim.ok("ModifyPerson", &format!("{A}<NOTES>{long}</NOTES>")).await;
    assert_eq!(first(&sim.ok("GetPerson", A).await, "NOTES"), "x".repeat(64));
    sim.switch("text.over", "fail").await;
    assert_eq!(sim.fail("ModifyPerson", &format!("{A}<NOTES>{long}</NOTES>")).await, "NOTES is too long");
    sim.switch("text.max", "none").await;
    sim.ok("ModifyPerson", &format!("{A}<NOTES>{long}</NOTES>")).await;
}

/// 2.7 [DOC2] Vehicles are added one by one; DELETE=1 removes one.
#[tokio::test]
async fn s2_7_vehicles_are_added_and_deleted_one_by_one() {
    let sim = Sim::new().await;
    let vehicle = |plate: &str, rest: &str| {
        format!("<VEHICLES><VEHICLE><VEHICLELICNUM>{plate}</VEHICLELICNUM>{rest}</VEHICLE></VEHICLES>")
    };
    sim.add("a", &vehicle("ABC 1", "<VEHICLECOLOR>red</VEHICLECOLOR>")).await;
    sim.ok("ModifyPerson", &format!("{A}{}", vehicle("ABC 2", ""))).await;
    assert_eq!(all(&sim.ok("GetPerson", A).await, "VEHICLELICNUM"), ["ABC 1", "ABC 2"]);
    sim.ok("ModifyPerson", &format!("{A}{}", vehicle("ABC 1", "<DELETE>1</DELETE>"))).await;
    assert_eq!(all(&sim.ok("GetPerson", A).await, "VEHICLELICNUM"), ["ABC 2"]);
}
