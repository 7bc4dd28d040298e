//! Faults between a client and a NetBox, and changes by hand meanwhile.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use vestibule::system::lenel_s2::{Config, Expiry, Wire};
use vestibule::system::{AccessSystem, Applied, Cursor, ErrorKind, Scope};
use vestibule_core::diff::Step;
use vestibule_core::model::{DesiredRecord, Field, Person};
use vestibule_core::schedule::Window;
use vestibule_sim::frame::Tls;

use crate::contract::{apply, assert_satisfied, at, living, settle, try_apply, visitor, walk, with_card};
use crate::testbed::{NetBox, client_of, config, options, testbed};

/// A list that is read page by page.
type Page = fn(Option<Cursor>) -> Scope;

fn create(record: &DesiredRecord) -> Step {
    Step::Create(Arc::new(record.clone()))
}

async fn people(testbed: &NetBox, count: usize) {
    for number in 0..count {
        apply(testbed, &create(&visitor(testbed, &format!("guest-{number}")))).await;
    }
}

// === sessions ===

#[tokio::test]
async fn a_session_that_ends_under_thirty_two_calls_costs_exactly_one_login() {
    let testbed = testbed().await;
    testbed.client.check().await.unwrap();
    testbed.tell("edit", json!({"action": "end_sessions"})).await;
    let before = testbed.calls("Login").await;
    let id = visitor(&testbed, "ada").id;
    let calls = join_all((0..32).map(|_| testbed.client.observe(Scope::Record(id)))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    assert_eq!(testbed.calls("Login").await, before + 1);
}

#[tokio::test]
async fn a_session_that_ends_during_a_walk_does_not_shorten_the_list() {
    let testbed = NetBox::with(&[("page.SearchPersonData", "10")], |config| config).await;
    people(&testbed, 45).await;
    let whole = living(&testbed).await;
    testbed.fault(json!({"kind": "session", "operation": "SearchPersonData", "skip": 2})).await;
    assert_eq!(living(&testbed).await, whole);
    assert_eq!(testbed.calls("Login").await, 2);
}

#[tokio::test]
async fn a_login_without_usable_sessions_is_reported_and_does_not_loop() {
    let testbed = NetBox::with(&[("login.mode", "trap")], |config| config).await;
    for _ in 0..3 {
        let error = testbed.client.check().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(
            error.message.contains("third checkbox") && error.message.contains("Data Integration"),
            "{error}"
        );
    }
    assert_eq!(testbed.calls("Login").await, 2);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let testbed = testbed().await;
    let wrong = client_of(&config(&testbed.running), "not it");
    let tries = join_all((0..8).map(|_| wrong.check())).await;
    assert!(tries.into_iter().all(|one| one.unwrap_err().kind == ErrorKind::Auth));
    assert_eq!(wrong.observe(Scope::People(None)).await.unwrap_err().kind, ErrorKind::Auth);
    assert_eq!(testbed.calls("Login").await, 1);
}

#[tokio::test]
async fn closing_leaves_no_session_behind() {
    let testbed = testbed().await;
    testbed.client.check().await.unwrap();
    assert_eq!(testbed.ask("state?people=none").await["sessions"].as_array().map(Vec::len), Some(1));
    testbed.client.close().await;
    assert_eq!(testbed.ask("state?people=none").await["sessions"].as_array().map(Vec::len), Some(0));
}

// === answers that do not come ===

#[tokio::test]
async fn a_write_with_a_lost_answer_succeeds_when_the_step_is_repeated() {
    let testbed = testbed().await;
    let record = with_card(&testbed, visitor(&testbed, "ada"), "4711");
    let (id, card, until) = (record.id, record.card.clone().unwrap(), record.window.until);
    let named = DesiredRecord {
        person: Person { last_name: "King".into(), ..record.person.clone() },
        ..record.clone()
    };
    let update = Step::Update { id, record: Arc::new(named), fields: vec![Field::Name] };
    let steps = [
        ("AddPerson", create(&record), Applied::Exists),
        ("AddCredential", Step::AssignCard { id, card: card.clone(), until }, Applied::Done),
        ("ModifyPerson", update, Applied::Done),
        ("RemoveCredential", Step::WithdrawCard { id, card }, Applied::Absent),
        ("RemovePerson", Step::Remove(id), Applied::Absent),
    ];
    for (command, step, again) in steps {
        testbed.fault(json!({"kind": "refuse", "when": "after", "operation": command})).await;
        assert_eq!(try_apply(&testbed, &step).await.unwrap_err().kind, ErrorKind::Transient, "{command}");
        assert_eq!(apply(&testbed, &step).await, again, "{command}");
    }
    assert!(!living(&testbed).await.contains(&id.to_string()));
}

#[tokio::test]
async fn an_answer_cut_short_is_transient_and_never_a_shorter_list() {
    let testbed = testbed().await;
    for clean in [false, true] {
        for keep in [0, 10, 50, 90, 99] {
            let fault =
                json!({"kind": "truncate", "operation": "SearchPersonData", "clean": clean, "keep": keep});
            testbed.fault(fault).await;
            let error = testbed.client.observe(Scope::People(None)).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Transient, "clean {clean}, {keep} percent");
        }
    }
}

#[tokio::test]
async fn a_call_to_a_hanging_netbox_ends_with_the_timeout() {
    let testbed = NetBox::with(&[], |config| Config { timeout: Duration::from_millis(1500), ..config }).await;
    testbed.client.check().await.unwrap();
    testbed.fault(json!({"kind": "hang", "operation": "GetPerson"})).await;
    let error = testbed.client.observe(Scope::Record(visitor(&testbed, "ada").id)).await.unwrap_err();
    assert_eq!((error.kind, error.operation), (ErrorKind::Transient, "GetPerson"));
}

#[tokio::test]
async fn calls_are_throttled_for_as_long_as_the_netbox_says() {
    let testbed = testbed().await;
    testbed.client.check().await.unwrap();
    for status in [429, 503] {
        testbed.fault(json!({"kind": "http", "status": status, "retry_after": 7})).await;
        let error = testbed.client.observe(Scope::CardFormats).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Throttled(Some(Duration::from_secs(7))), "{status}");
    }
    testbed.fault(json!({"kind": "http", "status": 502})).await;
    assert_eq!(testbed.client.observe(Scope::CardFormats).await.unwrap_err().kind, ErrorKind::Transient);
}

#[tokio::test]
async fn the_old_path_on_a_new_netbox_is_reported_with_the_right_one() {
    let old = |config| Config { path: "/goforms/nbapi".to_owned(), ..config };
    let testbed = NetBox::with(&[], old).await;
    let error = testbed.client.check().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("/nbws/goforms/nbapi"), "{error}");
    let old_box = NetBox::with(&[("path.v1", "on"), ("path.v2", "410"), ("box.version", "5.4.1")], old).await;
    assert_eq!(old_box.client.check().await.unwrap().version, "5.4.1");
}

// === lists ===

#[tokio::test]
async fn a_walk_that_repeats_its_pages_is_an_error() {
    let testbed =
        NetBox::with(&[("page.SearchPersonData", "3"), ("page.GetAccessLevels", "3")], |config| config).await;
    people(&testbed, 10).await;
    for (command, scope) in [("SearchPersonData", Scope::People as Page), ("GetAccessLevels", Scope::Groups)]
    {
        testbed.fault(json!({"kind": "repeat", "operation": command, "times": 0})).await;
        let (mut cursor, mut pages) = (None, 0);
        let error = loop {
            match testbed.client.observe(scope(cursor)).await {
                Ok(page) => cursor = Some(page.next.expect("it says that there is more")),
                Err(error) => break error,
            }
            pages += 1;
            assert!(pages < 100, "the circle is noticed");
        };
        assert_eq!(error.kind, ErrorKind::Transient, "{command}");
    }
}

#[tokio::test]
async fn every_api_error_keeps_its_class_over_the_wire() {
    let testbed = testbed().await;
    testbed.client.check().await.unwrap();
    for (code, kind) in [
        (1, ErrorKind::Transient),
        (2, ErrorKind::Terminal),
        (3, ErrorKind::Terminal),
        (4, ErrorKind::Terminal),
        (6, ErrorKind::Terminal),
    ] {
        testbed.fault(json!({"kind": "error", "operation": "GetCardFormats", "code": code})).await;
        let error = testbed.client.observe(Scope::CardFormats).await.unwrap_err();
        assert_eq!((error.kind, error.operation), (kind, "GetCardFormats"), "APIERROR {code}");
    }
    let disabled = NetBox::with(&[("login.api", "disabled")], |config| config).await;
    let error = disabled.client.check().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("Enable V2"), "{error}");
}

#[tokio::test]
async fn a_person_whose_card_fails_stays_and_the_card_is_assigned_later() {
    let testbed = testbed().await;
    let record = with_card(&testbed, visitor(&testbed, "ada"), "4711");
    apply(&testbed, &create(&record)).await;
    testbed
        .fault(
            json!({"kind": "fail", "operation": "AddCredential", "text": "Database error near Byron 4711"}),
        )
        .await;
    let (card, until) = (record.card.clone().unwrap(), record.window.until);
    let error = try_apply(&testbed, &Step::AssignCard { id: record.id, card, until }).await.unwrap_err();
    assert!(error.message.contains("Database error near ..."), "{error}");
    assert!(!error.message.contains("Byron") && !error.message.contains("4711"), "{error}");
    assert_eq!(settle(&testbed, &record).await, 1);
    assert_satisfied(&testbed, &record).await;
}

// === by hand ===

#[tokio::test]
async fn a_card_disabled_and_a_level_added_by_hand_are_repaired() {
    let testbed = testbed().await;
    let record = with_card(&testbed, visitor(&testbed, "ada"), "4711");
    settle(&testbed, &record).await;
    let id = record.id.to_string();
    let lost = json!({"CARDFORMAT": "26 bit Wiegand", "ENCODEDNUM": 4711, "HOTSTAMP": 4711, "CARDSTATUS": "Lost",
        "CARDEXPDATE": "2026-12-01 18:00"});
    testbed.tell("edit", json!([
        {"action": "remove_card", "id": id, "number": "4711"},
        {"action": "add_card", "id": id, "card": lost},
        {"action": "modify_person", "id": id, "set": {"EXPDATE": "2027-12-01 18:00"}, "add_levels": ["Facilities"]},
    ])).await;
    assert_eq!(settle(&testbed, &record).await, 2, "the person and the card");
    assert_satisfied(&testbed, &record).await;
    assert_eq!(settle(&testbed, &record).await, 0);
}

#[tokio::test]
async fn people_of_the_site_are_listed_as_foreign_with_their_levels_and_cards() {
    let testbed = testbed().await;
    let listed = walk(&testbed, Scope::People).await.remove(0).records;
    let grace = listed.iter().find(|one| one.external_id == "emp-0001").unwrap();
    assert_eq!((grace.id, grace.mark.as_ref(), grace.dead), (None, None, false));
    assert_eq!((grace.facts.tenant.as_str(), grace.facts.window), ("Acme Ltd", None));
    assert!(listed.iter().all(|one| one.external_id != "00399"), "removed people are not listed");
    let homer = listed.iter().find(|one| one.external_id == "00474").unwrap();
    assert!(homer.facts.cards.is_empty(), "the card is lost");
}

#[tokio::test]
async fn a_number_encoded_in_a_staff_card_is_refused_although_another_is_printed_on_it() {
    let testbed = testbed().await;
    let record = with_card(&testbed, visitor(&testbed, "ada"), "1101");
    apply(&testbed, &create(&record)).await;
    let (card, until) = (record.card.clone().unwrap(), record.window.until);
    let error = try_apply(&testbed, &Step::AssignCard { id: record.id, card, until }).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("belongs to another person"), "{error}");
}

// === doors ===

/// A visitor with a card, and attempts to open a door at instants given as local times of New York.
async fn doors(testbed: &NetBox, window: Window, tries: &[(&str, bool)]) {
    let mut record = with_card(testbed, visitor(testbed, "ada"), "4711");
    record.window = window;
    settle(testbed, &record).await;
    assert_satisfied(testbed, &record).await;
    for (now, opens) in tries {
        testbed.set_clock(now).await;
        assert_eq!(testbed.opens(&record.id.to_string(), "Lobby turnstile").await, *opens, "{now}");
    }
    apply(testbed, &Step::Remove(record.id)).await;
    testbed.set_clock(tries[1].0).await;
    assert!(!testbed.opens(&record.id.to_string(), "Lobby turnstile").await, "removed");
}

#[tokio::test]
async fn the_door_opens_from_the_first_minute_to_the_last_and_not_a_second_longer() {
    let tries = [
        ("2026-12-01T12:59:59Z", false),
        ("2026-12-01T13:00:00Z", true),
        ("2026-12-01T22:59:59Z", true),
        ("2026-12-01T23:00:00Z", false),
    ];
    let window = Window { from: at("2026-12-01T13:00:00Z"), until: at("2026-12-01T23:00:00Z") };
    doors(&testbed().await, window, &tries).await;
    let inclusive =
        |config| Config { wire: Wire { expiry: Expiry::InclusiveMinute, ..Wire::default() }, ..config };
    doors(&NetBox::with(&[("dates.expiry", "inclusive")], inclusive).await, window, &tries).await;
}

#[tokio::test]
async fn visits_through_both_clock_change_nights_read_back_and_open() {
    // 2026-11-01: 02:00 summer time becomes 01:00. From 00:30 to 02:30, three hours.
    let fold = Window { from: at("2026-11-01T04:30:00Z"), until: at("2026-11-01T07:30:00Z") };
    let tries = [
        ("2026-11-01T04:29:59Z", false),
        ("2026-11-01T05:45:00Z", true),
        ("2026-11-01T06:45:00Z", true),
        ("2026-11-01T07:30:00Z", false),
    ];
    doors(&testbed().await, fold, &tries).await;
    // From the first 01:30 to the second: the same text twice on the wire, and both instants read back correctly.
    let same_wall = testbed().await;
    let mut record = visitor(&same_wall, "ada");
    record.window = Window { from: at("2026-11-01T05:30:00Z"), until: at("2026-11-01T06:30:00Z") };
    settle(&same_wall, &record).await;
    assert_satisfied(&same_wall, &record).await;
    // 2026-03-08: 02:00 becomes 03:00. From 01:30 to 03:30, one hour that looks like two.
    let gap = Window { from: at("2026-03-08T06:30:00Z"), until: at("2026-03-08T07:30:00Z") };
    doors(
        &testbed().await,
        gap,
        &[("2026-03-08T06:29:00Z", false), ("2026-03-08T07:15:00Z", true), ("2026-03-08T07:31:00Z", false)],
    )
    .await;
}

// === TLS ===

#[tokio::test]
async fn a_netbox_with_a_private_authority_is_reached_only_if_the_integration_names_it() {
    let tls = || vestibule_sim::frame::Options { tls: Some(Tls::OwnAuthority), ..options() };
    let testbed = NetBox::started(tls(), |config| config).await;
    assert!(testbed.running.url.starts_with("https://"));
    testbed.client.check().await.unwrap();
    let unnamed = NetBox::started(tls(), |config| Config { ca_pem: None, ..config }).await;
    let error = unnamed.client.check().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.contains("lenelS2.caBundle"), "{error}");
}
