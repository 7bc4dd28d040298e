//! 2.7 SearchPersonData.

use serde_json::json;

use crate::harness::{Sim, all, first};

/// The ids that a search finds, in the order of NetBox; none for NOT FOUND.
async fn ids(sim: &Sim, filters: &str) -> Vec<String> {
    let answer = sim.run("SearchPersonData", filters).await;
    if answer == "<CODE>NOT FOUND</CODE>" {
        return Vec::new();
    }
    assert!(answer.starts_with("<CODE>SUCCESS</CODE><DETAILS><PEOPLE>"), "{answer}");
    all(&answer, "PERSONID")
}

/// Three people that differ in every field of the search.
async fn three() -> Sim {
    let sim = Sim::new().await;
    let levels = "<ACCESSLEVELS><ACCESSLEVEL>Floor 4</ACCESSLEVEL></ACCESSLEVELS>";
    sim.add("t1", &format!("<FIRSTNAME>Ada</FIRSTNAME><UDF7>x</UDF7><NOTES>n1</NOTES>{levels}")).await;
    let vehicle = "<VEHICLES><VEHICLE><VEHICLELICNUM>ABC 1</VEHICLELICNUM><VEHICLETAGNUM>T1</VEHICLETAGNUM></VEHICLE></VEHICLES>";
    sim.add(
        "t2",
        &format!(
            "<FIRSTNAME>ada</FIRSTNAME><UDF7>y</UDF7><CONTACTEMAIL>two@x.example</CONTACTEMAIL>{vehicle}"
        ),
    )
    .await;
    sim.add("t3", "<FIRSTNAME>Eve</FIRSTNAME><UDF7>xy</UDF7><MOBILEPHONE>+1 555</MOBILEPHONE>").await;
    sim.ok("AddCredential", "<PERSONID>t2</PERSONID><CARDFORMAT>Visitor 32 bit</CARDFORMAT><ENCODEDNUM>77</ENCODEDNUM><HOTSTAMP>88</HOTSTAMP><CARDSTATUS>Lost</CARDSTATUS>").await;
    sim
}

/// 2.7 [DOC2] Without any filter the search finds all people.
#[tokio::test]
async fn s2_7_a_search_without_filters_finds_all_people() {
    let sim = Sim::new().await;
    let live = sim.look("state?people=none").await["live"].as_u64().unwrap();
    assert_eq!(ids(&sim, "").await.len() as u64, live);
}

/// 2.7 [DOC2] Every documented filter narrows the search.
#[tokio::test]
async fn s2_7_every_filter_narrows_the_search() {
    let sim = three().await;
    let cases: [(&str, &[&str]); 15] = [
        ("<PERSONID>t2</PERSONID>", &["t2"]),
        ("<LASTNAME>Byron</LASTNAME>", &["t1", "t2", "t3"]),
        ("<FIRSTNAME>Ada</FIRSTNAME>", &["t1"]),
        ("<UDF7>x</UDF7>", &["t1"]),
        ("<UDF7>x</UDF7><FIRSTNAME>Eve</FIRSTNAME>", &[]),
        ("<NOTES>n1</NOTES>", &["t1"]),
        ("<ACCESSLEVEL>Floor 4</ACCESSLEVEL>", &["t1"]),
        ("<ACCESSLEVEL>Nowhere</ACCESSLEVEL>", &[]),
        ("<HOTSTAMP>88</HOTSTAMP>", &["t2"]),
        ("<RAWCARDNUMBER>77</RAWCARDNUMBER>", &["t2"]),
        ("<CARDFORMAT>Visitor 32 bit</CARDFORMAT>", &["t2"]),
        ("<CONTACTEMAIL>two@x.example</CONTACTEMAIL>", &["t2"]),
        ("<MOBILEPHONE>+1 555</MOBILEPHONE>", &["t3"]),
        ("<VEHICLELICNUM>ABC 1</VEHICLELICNUM>", &["t2"]),
        ("<VEHICLETAGNUM>T1</VEHICLETAGNUM>", &["t2"]),
    ];
    for (filter, wanted) in cases {
        assert_eq!(ids(&sim, filter).await, wanted, "{filter}");
    }
}

/// 2.7 [CODE] No match: CODE `NOT FOUND`.
#[tokio::test]
async fn s2_7_a_search_without_a_match_is_not_found() {
    let sim = Sim::new().await;
    assert_eq!(sim.run("SearchPersonData", "<LASTNAME>Unknown</LASTNAME>").await, "<CODE>NOT FOUND</CODE>");
}

/// 2.7 [LIVE] A bad CARDSTATUS: FAIL `Card status does not exist: ...`.
#[tokio::test]
async fn s2_7_a_bad_card_status_is_refused() {
    let sim = three().await;
    assert_eq!(
        sim.fail("SearchPersonData", "<CARDSTATUS>Eaten</CARDSTATUS>").await,
        "Card status does not exist: Eaten"
    );
    assert!(ids(&sim, "<CARDSTATUS>Lost</CARDSTATUS>").await.contains(&"t2".to_owned()));
}

/// 2.7 [DOC2] CASEINSENSITIVE compares without case.
#[tokio::test]
async fn s2_7_a_search_is_case_sensitive_by_default() {
    let sim = three().await;
    assert_eq!(ids(&sim, "<FIRSTNAME>ADA</FIRSTNAME>").await, Vec::<String>::new());
    assert_eq!(
        ids(&sim, "<FIRSTNAME>ADA</FIRSTNAME><CASEINSENSITIVE>TRUE</CASEINSENSITIVE>").await,
        ["t1", "t2"]
    );
}

/// 2.7 [?] The syntax of WILDCARDSEARCH: none, `*` or `%` (2.16 #11).
#[tokio::test]
async fn s2_7_wildcards_are_none_a_star_or_a_percent_sign() {
    let sim = three().await;
    let find = |pattern: &str| format!("<UDF7>{pattern}</UDF7><WILDCARDSEARCH>TRUE</WILDCARDSEARCH>");
    assert!(ids(&sim, &find("x*")).await.is_empty() && ids(&sim, &find("x%")).await.is_empty());
    sim.switch("search.wildcard", "*").await;
    assert_eq!(ids(&sim, &find("x*")).await, ["t1", "t3"]);
    assert!(ids(&sim, &find("x%")).await.is_empty());
    assert!(ids(&sim, "<UDF7>x*</UDF7>").await.is_empty(), "WILDCARDSEARCH was not asked for");
    sim.switch("search.wildcard", "%").await;
    assert_eq!(ids(&sim, &find("%y")).await, ["t2", "t3"]);
    assert!(ids(&sim, &find("x*")).await.is_empty());
}

/// 2.7 [DOC2] DELETED is ALL, TRUE or FALSE.
#[tokio::test]
async fn s2_7_deleted_selects_the_living_the_deleted_or_all() {
    let sim = three().await;
    sim.ok("RemovePerson", "<PERSONID>t2</PERSONID>").await;
    let find = |deleted: &str| format!("<LASTNAME>Byron</LASTNAME><DELETED>{deleted}</DELETED>");
    assert_eq!(ids(&sim, &find("FALSE")).await, ["t1", "t3"]);
    assert_eq!(ids(&sim, &find("TRUE")).await, ["t2"]);
    assert_eq!(ids(&sim, &find("ALL")).await, ["t1", "t2", "t3"]);
}

/// 2.7 [?] Without DELETED: living people, or all (2.16 #14).
#[tokio::test]
async fn s2_7_without_deleted_the_living_or_all_are_found() {
    let sim = three().await;
    sim.ok("RemovePerson", "<PERSONID>t2</PERSONID>").await;
    assert_eq!(ids(&sim, "<LASTNAME>Byron</LASTNAME>").await, ["t1", "t3"]);
    sim.switch("search.deleted", "ALL").await;
    assert_eq!(ids(&sim, "<LASTNAME>Byron</LASTNAME>").await, ["t1", "t2", "t3"]);
    assert_eq!(ids(&sim, "<LASTNAME>Byron</LASTNAME><DELETED>FALSE</DELETED>").await, ["t1", "t3"]);
}

/// 2.7 [?] Without ALLPARTITIONS: the session's own partition, or all (2.16 #14).
#[tokio::test]
async fn s2_7_a_search_sees_its_own_partition_or_all() {
    let sim = three().await;
    sim.ok("AddPartition", "<NAME>East</NAME><TIMEZONE>UTC</TIMEZONE>").await;
    sim.ok("SwitchPartition", "<PARTITIONKEY>2</PARTITIONKEY>").await;
    sim.add("e1", "").await;
    let byron = "<LASTNAME>Byron</LASTNAME>";
    assert_eq!(ids(&sim, byron).await, ["e1"]);
    assert_eq!(ids(&sim, &format!("{byron}<ALLPARTITIONS>TRUE</ALLPARTITIONS>")).await.len(), 4);
    sim.switch("search.partitions", "all").await;
    assert_eq!(ids(&sim, byron).await.len(), 4);
    assert_eq!(ids(&sim, &format!("{byron}<ALLPARTITIONS>FALSE</ALLPARTITIONS>")).await, ["e1"]);
}

/// 2.13 [SITE] Polling changes with OLDESTLASTMOD is possible; it is a date only, so the answer has the whole day.
#[tokio::test]
async fn s2_13_changes_can_be_polled_by_day() {
    let sim = three().await;
    sim.clock("2026-12-03T14:00:00Z").await;
    sim.ok("ModifyPerson", "<PERSONID>t3</PERSONID><NOTES>x</NOTES>").await;
    assert_eq!(ids(&sim, "<OLDESTLASTMOD>2026-12-02</OLDESTLASTMOD>").await, ["t3"]);
    assert_eq!(ids(&sim, "<OLDESTLASTMOD>2026-12-03 23:59</OLDESTLASTMOD>").await, ["t3"]);
    assert!(!ids(&sim, "<NEWESTLASTMOD>2026-12-02</NEWESTLASTMOD>").await.contains(&"t3".to_owned()));
    assert_eq!(
        sim.fail("SearchPersonData", "<OLDESTLASTMOD>soon</OLDESTLASTMOD>").await,
        "Invalid OLDESTLASTMOD"
    );
}

/// 2.7 [DOC2] ACCESSCARD has CREDENTIALID on request.
#[tokio::test]
async fn s2_7_credential_ids_are_shown_on_request() {
    let sim = three().await;
    let find = "<PERSONID>t2</PERSONID>";
    assert!(all(&sim.ok("SearchPersonData", find).await, "CREDENTIALID").is_empty());
    let answer = sim.ok("SearchPersonData", &format!("{find}<WANTCREDENTIALID>1</WANTCREDENTIALID>")).await;
    let id = sim.person("t2").await["cards"][0]["id"].to_string();
    assert_eq!(first(&answer, "CREDENTIALID"), id);
}

/// 2.7 [CODE] ACCESSCARD has ENCODEDNUM, HOTSTAMP, CARDFORMAT, DISABLED, CARDSTATUS and CARDEXPDATE.
#[tokio::test]
async fn s2_7_cards_are_shown_with_all_their_fields() {
    let sim = three().await;
    let answer = sim.ok("SearchPersonData", "<PERSONID>t2</PERSONID>").await;
    let wanted = "<ACCESSCARDS><ACCESSCARD><ENCODEDNUM>77</ENCODEDNUM><HOTSTAMP>88</HOTSTAMP><CARDFORMAT>Visitor 32 bit</CARDFORMAT>\
                  <DISABLED>1</DISABLED><CARDSTATUS>Lost</CARDSTATUS><CARDEXPDATE></CARDEXPDATE></ACCESSCARD></ACCESSCARDS>";
    assert!(answer.contains(wanted), "{answer}");
}

/// 2.14 [INF] A tenant is a UDF value (default), a value list, or a partition: generated seeds do all three (2.16 #15).
#[tokio::test]
async fn s2_14_tenants_of_a_generated_seed_are_udfs_a_list_or_partitions() {
    let seed = "generate: { seed: 3, people: 30, companies: 4 }\nusers: [{ username: sim, password: sim }]";
    for (position, lists, partitions) in [("udf", 0, 1), ("list", 1, 1), ("partition", 0, 5)] {
        let mut options = crate::harness::at_nine().with("seed.tenants", position);
        options.seed = Some(seed.to_owned());
        let sim = Sim::of(options).await;
        let state = sim.look("state?people=none").await;
        assert_eq!(state["udf_lists"].as_array().unwrap().len(), lists, "{position}");
        assert_eq!(state["partitions"].as_array().unwrap().len(), partitions, "{position}");
        if lists == 1 {
            assert_eq!(state["udf_lists"][0]["items"].as_array().unwrap().len(), 4);
        }
        let all = "<ALLPARTITIONS>TRUE</ALLPARTITIONS>";
        let udfs = all_udfs(&sim, all).await;
        assert_eq!(udfs.len(), 30);
        assert!(udfs.iter().all(|udf| !udf.is_empty()));
        assert_eq!(state["live"], json!(30));
    }
}

async fn all_udfs(sim: &Sim, filters: &str) -> Vec<String> {
    all(&sim.ok("SearchPersonData", filters).await, "UDF1")
}
