//! Every unknown of systems/lenel-s2.md 2.16 that a visitor meets, in each position of the simulator's switches. With
//! the option that covers it, a whole life cycle succeeds. Without such an option, the error says so.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use vestibule::system::lenel_s2::{BodyForm, Config, DateFormat, Expiry, Letters, Wire};
use vestibule::system::{AccessSystem, Applied, ErrorKind, Scope};
use vestibule_core::adapt::{Loss, RequestedAccess, adapt};
use vestibule_core::diff::Step;
use vestibule_core::model::{DesiredRecord, Misnamed, Person};

use crate::contract::scenarios::a_used_id_shows_whether_its_record_lives_or_is_dead;
use crate::contract::{
    apply, assert_satisfied, at, living, look, settle, try_apply, visitor, walk, with_card,
};
use crate::testbed::NetBox;

/// The whole life cycle of a visitor, from the first lookup to a second visit.
async fn life(testbed: &NetBox) {
    let mut record = with_card(testbed, visitor(testbed, "ada"), "4711");
    let card = record.card.clone().unwrap();
    let holders = async || testbed.client.observe(Scope::Card(card.clone())).await.unwrap().records;
    assert!(holders().await.is_empty());
    assert_eq!(settle(testbed, &record).await, 2);
    assert_satisfied(testbed, &record).await;
    assert_eq!(look(testbed, record.id).await.unwrap().mark.as_ref(), Some(&record.mark));
    assert_eq!(apply(testbed, &Step::Create(Arc::new(record.clone()))).await, Applied::Exists);
    assert_eq!(holders().await.len(), 1);
    record.person.last_name = "King".into();
    record.window.until = at("2026-12-01T20:00:00Z");
    settle(testbed, &record).await;
    assert_satisfied(testbed, &record).await;
    record.groups.clear();
    settle(testbed, &record).await;
    assert_satisfied(testbed, &record).await;
    assert!(living(testbed).await.contains(&record.id.to_string()));
    walk(testbed, Scope::Groups).await;
    gone_and_come_again(testbed, record).await;
}

async fn gone_and_come_again(testbed: &NetBox, record: DesiredRecord) {
    assert_eq!(apply(testbed, &Step::Remove(record.id)).await, Applied::Done);
    assert_eq!(apply(testbed, &Step::Remove(record.id)).await, Applied::Absent);
    assert!(look(testbed, record.id).await.is_none_or(|found| found.dead));
    assert!(!living(testbed).await.contains(&record.id.to_string()));
    let next = with_card(testbed, DesiredRecord { id: record.id.next(), ..visitor(testbed, "ada") }, "4711");
    settle(testbed, &next).await;
    assert_satisfied(testbed, &next).await;
    testbed.client.close().await;
}

/// A life cycle on a NetBox with one switch in each of these positions, with the default options.
async fn lives(switch: &str, positions: &[&str]) {
    for position in positions {
        eprintln!("{switch}={position}");
        life(&NetBox::with(&[(switch, position)], |config| config).await).await;
    }
}

fn wired(wire: Wire) -> impl FnOnce(Config) -> Config {
    move |config| Config { wire, ..config }
}

#[tokio::test]
async fn no_1_sessions_that_idle_out_are_renewed_or_kept() {
    let testbed = NetBox::with(&[("session.idle", "60")], |config| config).await;
    life(&testbed).await;
    testbed.client.check().await.unwrap();
    let before = testbed.calls("Login").await;
    testbed.set_clock("2026-12-01T15:00:00Z").await;
    testbed.client.check().await.unwrap();
    assert_eq!(testbed.calls("Login").await, before + 1);
    let wire = Wire { ping_interval: Some(Duration::from_millis(10)), ..Wire::default() };
    let kept = NetBox::with(&[("session.idle", "60")], wired(wire)).await;
    kept.client.check().await.unwrap();
    for seconds in (45..300).step_by(45) {
        let pings = kept.calls("PingApp").await;
        kept.tell("clock", json!({"advance": "PT45S"})).await;
        // The second ping from here was sent after the clock had moved.
        while kept.calls("PingApp").await < pings + 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(kept.calls("Login").await, 1, "after {seconds} seconds without a call");
    }
}

#[tokio::test]
async fn no_2_one_session_is_enough_however_few_there_are() {
    lives("session.limit", &["unlimited", "1", "newest-wins"]).await;
    lives("session.parallel", &["free", "serialise"]).await;
    let taken = NetBox::with(&[("session.limit", "newest-wins")], |config| config).await;
    taken.client.check().await.unwrap();
    let other = crate::testbed::client(&crate::testbed::config(&taken.running));
    other.check().await.unwrap();
    taken.client.check().await.unwrap();
    assert_eq!(taken.calls("Login").await, 3, "the first is logged in again, and the second not at all");
}

#[tokio::test]
async fn no_3_dates_with_and_without_the_attribute() {
    lives("dates.tzoffset", &["ignored", "appended"]).await;
    for position in ["ignored", "appended"] {
        let wire = Wire { date_format_attribute: DateFormat::TzOffset, ..Wire::default() };
        life(&NetBox::with(&[("dates.tzoffset", position)], wired(wire)).await).await;
    }
}

#[tokio::test]
async fn no_4_expiry_in_both_meanings_and_bare_dates_never_sent() {
    lives("dates.bare", &["start", "end-of-day"]).await;
    for (position, expiry) in [("exclusive", Expiry::Exclusive), ("inclusive", Expiry::InclusiveMinute)] {
        let wire = Wire { expiry, ..Wire::default() };
        life(&NetBox::with(&[("dates.expiry", position)], wired(wire)).await).await;
    }
}

#[tokio::test]
async fn no_5_and_6_levels_survive_every_meaning_of_an_absent_or_empty_list() {
    lives("levels.empty", &["no-change", "clears"]).await;
    lives("levels.absent", &["no-change", "clears"]).await;
    lives("levels.autoremove", &["ignored", "removes"]).await;
    lives("levels.details", &["blocks", "names"]).await;
}

#[tokio::test]
async fn no_7_repeated_steps_and_removed_people_in_every_wording() {
    lives("person.duplicate", &["fail", "code"]).await;
    lives("person.deleted-id", &["fail", "code", "revives"]).await;
    lives("card.duplicate", &["fail", "code"]).await;
    lives("card.key", &["lenient", "strict"]).await;
    lives("card.identity", &["number-and-format", "number"]).await;
    lives("person.after-removal", &["record", "not-found"]).await;
    lives("absence", &["documented", "code", "fail"]).await;
    for position in ["fail", "code"] {
        let testbed = NetBox::with(&[("person.deleted-id", position)], |config| config).await;
        let record = visitor(&testbed, "ada");
        settle(&testbed, &record).await;
        apply(&testbed, &Step::Remove(record.id)).await;
        assert_eq!(apply(&testbed, &Step::Create(Arc::new(record))).await, Applied::Exists, "{position}");
    }
}

#[tokio::test]
async fn no_8_pages_of_every_size_hold_together() {
    lives("page.SearchPersonData", &["1", "7"]).await;
    lives("page.GetAccessLevels", &["1", "2"]).await;
    lives("answer.limit", &["2000"]).await;
}

#[tokio::test]
async fn no_11_only_documented_forms_are_sent() {
    lives("params.flags", &["tolerant", "strict"]).await;
    lives("params.unknown", &["tolerant", "fail"]).await;
    lives("search.wildcard", &["none", "*", "%"]).await;
    let strict = [("params.flags", "strict"), ("params.unknown", "fail")];
    let one = |config| Config { partition_key: Some("1".to_owned()), ..config };
    life(&NetBox::with(&strict, one).await).await;
}

#[tokio::test]
async fn no_12_netboxes_with_few_letters_get_transliterated_names() {
    lives("text.non-ascii", &["utf-8", "latin-1", "fail"]).await;
    lives("text.max", &["128"]).await;
    for position in ["latin-1", "fail"] {
        let wire = Wire { names: Letters::Ascii, ..Wire::default() };
        let testbed = NetBox::with(&[("text.non-ascii", position)], wired(wire)).await;
        let model = visitor(&testbed, "zoe");
        let requested = RequestedAccess {
            person: Person { first_name: "Zoë".into(), last_name: "Łukasz".into(), ..model.person.clone() },
            tenant: "Bäcker & Søn".to_owned(),
            window: model.window,
            groups: model.groups.clone(),
            credential_number: None,
        };
        let (facts, losses) = adapt(&requested, testbed.client.capabilities()).unwrap();
        assert_eq!(losses, [Loss::Name]);
        let record = DesiredRecord { person: facts.person, tenant: facts.tenant, ..model };
        settle(&testbed, &record).await;
        assert_satisfied(&testbed, &record).await;
    }
}

#[tokio::test]
async fn no_12_a_refusal_of_letters_is_reported_without_the_name() {
    let testbed = NetBox::with(&[("text.non-ascii", "fail")], |config| config).await;
    let mut record = visitor(&testbed, "zoe");
    record.person.last_name = "Łukasz".into();
    let error = try_apply(&testbed, &Step::Create(Arc::new(record))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(!error.message.contains("ukasz"), "{error}");
}

#[tokio::test]
async fn no_12_a_truncated_id_is_reported_at_the_first_record_which_is_removed_by_that_id() {
    for length in [8, 20, 32, 35] {
        let testbed = NetBox::with(&[("text.max", &length.to_string())], |config| config).await;
        let record = DesiredRecord { groups: ["Lobby".to_owned()].into(), ..visitor(&testbed, "ada") };
        let whole = record.id.to_string();
        let cut = whole[..length].to_owned();
        let create = Step::Create(Arc::new(record.clone()));
        assert_eq!(apply(&testbed, &create).await, Applied::Misnamed(cut.clone()), "{length}");
        assert_eq!(look(&testbed, record.id).await, None);
        assert!(living(&testbed).await.contains(&cut), "it exists only under that id");
        let misnamed = Misnamed { external_id: cut.clone(), id: record.id };
        assert_eq!(apply(&testbed, &Step::RemoveMisnamed(misnamed.clone())).await, Applied::Done);
        assert!(!living(&testbed).await.contains(&cut));
        assert_eq!(apply(&testbed, &Step::RemoveMisnamed(misnamed)).await, Applied::Absent);
        // The answer to the next attempt, and the record that it shows.
        assert_eq!(apply(&testbed, &create).await, Applied::Exists);
        assert!(testbed.client.observe(Scope::UsedId(record.id)).await.unwrap().records.is_empty());
        let dead = testbed.client.observe(Scope::ExternalId(cut)).await.unwrap().records;
        assert!(dead.iter().all(|person| person.dead) && dead.len() == 1);
    }
}

#[tokio::test]
async fn no_12_a_netbox_that_refuses_long_ids_creates_nothing() {
    let testbed = NetBox::with(&[("text.max", "20"), ("text.over", "fail")], |config| config).await;
    let record = visitor(&testbed, "ada");
    let error = try_apply(&testbed, &Step::Create(Arc::new(record.clone()))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("too long"), "{error}");
    assert!(
        testbed
            .client
            .observe(Scope::ExternalId(record.id.to_string()[..20].to_owned()))
            .await
            .unwrap()
            .records
            .is_empty()
    );
}

#[tokio::test]
async fn no_7_a_used_id_is_recognised_in_every_position() {
    for (switch, position) in [
        ("person.after-removal", "record"),
        ("person.after-removal", "not-found"),
        ("absence", "code"),
        ("absence", "fail"),
        ("search.deleted", "ALL"),
        ("params.flags", "strict"),
        ("params.unknown", "fail"),
    ] {
        let one = |config| Config { partition_key: Some("1".to_owned()), ..config };
        let testbed = NetBox::with(&[(switch, position)], one).await;
        a_used_id_shows_whether_its_record_lives_or_is_dead(&testbed).await;
    }
}

#[tokio::test]
async fn no_13_both_body_forms_and_a_sentence_where_the_old_one_is_not_taken() {
    lives("body.apicommand", &["accepted", "apierror-3"]).await;
    let old = || Wire { body_form: BodyForm::ApiCommand, ..Wire::default() };
    life(&NetBox::with(&[("body.apicommand", "accepted")], wired(old())).await).await;
    let testbed = NetBox::with(&[("body.apicommand", "apierror-3")], wired(old())).await;
    let error = testbed.client.check().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("bodyForm"), "{error}");
}

#[tokio::test]
async fn no_14_removed_people_and_other_partitions_are_excluded_explicitly() {
    lives("search.deleted", &["FALSE", "ALL"]).await;
    lives("search.partitions", &["own", "all"]).await;
}

#[tokio::test]
async fn no_16_one_command_a_document_and_limits_in_every_form() {
    lives("commands.several", &["apierror-4", "all"]).await;
    for (over, retry_after, throttled) in [
        ("429", "none", ErrorKind::Throttled(None)),
        ("503", "5", ErrorKind::Throttled(Some(Duration::from_secs(5)))),
    ] {
        let switches = [
            ("limits.rate", "0.001"),
            ("limits.burst", "2"),
            ("limits.over", over),
            ("limits.retry-after", retry_after),
        ];
        let testbed = NetBox::with(&switches, |config| config).await;
        let error = testbed.client.check().await.unwrap_err();
        assert_eq!(error.kind, throttled, "{over}");
    }
    let slow = [("limits.rate", "200"), ("limits.over", "slow")];
    life(&NetBox::with(&slow, |config| config).await).await;
}

#[tokio::test]
async fn differences_between_versions_and_sites() {
    lives("login.mode", &["session", "none"]).await;
    lives("login.session-id", &["64", "digits"]).await;
    lives("dates.none", &["empty", "null"]).await;
    lives("box.version", &["5.6.0", "6.2.0"]).await;
    lives("box.clock-offset", &["16500"]).await;
    let berlin = |config| Config { zone: jiff::tz::TimeZone::get("Europe/Berlin").unwrap(), ..config };
    life(&NetBox::with(&[("box.zone", "Europe/Berlin")], berlin).await).await;
}
