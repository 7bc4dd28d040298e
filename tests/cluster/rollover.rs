//! Midnight, and what else the clock does to visitors.

use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::stage::{MORNING, Stage, View, property, visitor};

fn day(from: &str, to: &str) -> serde_json::Value {
    json!({"visit": {"from": from, "to": to, "startTime": null, "endTime": null}})
}

#[tokio::test]
async fn a_visitor_for_tomorrow_is_ready_and_absent_until_the_clock_jumps() {
    let stage = Stage::new("tomorrow").await;
    stage.netbox.forget_calls();
    stage.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    let eve = stage.reads("Visitor", "eve", "Scheduled").await;
    assert!(eve.is_ready() && !eve.has_record() && eve.finalizers.is_empty());
    assert_eq!(eve.kstatus(), Kstatus::Current);
    assert_eq!(stage.netbox.calls(), [].into());
    // A minute before his midnight nothing has happened yet.
    stage.set_clock("2026-12-02T04:59:00Z");
    stage.sync("before").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.set_clock("2026-12-02T05:00:00Z");
    stage.reads("Visitor", "eve", "Succeeded").await;
    let person = stage.netbox.person("eve@example.org").await;
    let window = (person.act_date.as_deref(), person.exp_date.as_deref());
    assert_eq!(window, (Some("2026-12-02 09:00:00"), Some("2026-12-02 17:00:00")));
    stage.agrees().await;
}

#[tokio::test]
async fn at_midnight_all_removals_come_before_the_first_addition() {
    let stage = Stage::new("order").await;
    for number in 0..8 {
        stage.apply(visitor(&format!("old-{number}"), json!({}))).await;
        stage.apply(visitor(&format!("new-{number}"), json!({"visit": {"from": "2026-12-02"}}))).await;
    }
    stage.netbox.until("today's are in", |people| people.len() == 8).await;
    for number in 0..8 {
        stage.reads("Visitor", &format!("old-{number}"), "Succeeded").await;
        stage.reads("Visitor", &format!("new-{number}"), "Scheduled").await;
    }
    stage.netbox.forget_calls();
    stage.set_clock("2026-12-02T05:00:00Z");
    for number in 0..8 {
        let old = stage.reads("Visitor", &format!("old-{number}"), "Expired").await;
        assert_eq!((old.kstatus(), old.has_record()), (Kstatus::Current, false));
        stage.reads("Visitor", &format!("new-{number}"), "Succeeded").await;
    }
    let order = stage.netbox.order();
    let calls =
        |name: &str| order.iter().enumerate().filter(|(_, (it, _))| it == name).map(|(at, _)| at).collect();
    let (removed, added): (Vec<usize>, Vec<usize>) = (calls("RemovePerson"), calls("AddPerson"));
    assert_eq!((removed.len(), added.len()), (8, 8), "{order:?}");
    assert!(removed.iter().max() < added.iter().min(), "{order:?}");
    let people = stage.netbox.people().await;
    assert!(people.iter().all(|person| person.email.starts_with("new-")), "{people:#?}");
    stage.agrees().await;
}

#[tokio::test]
async fn a_visitor_of_several_days_gets_a_fresh_record_each_day() {
    let stage = Stage::new("days").await;
    stage.apply(visitor("ada", json!({"visit": {"to": "2026-12-03"}}))).await;
    let first = stage.reads("Visitor", "ada", "Succeeded").await;
    stage.set_clock("2026-12-02T05:00:00Z");
    let other = |ada: &View| ada.is_ready() && ada.has_record() && ada.external_id() != first.external_id();
    let second = stage.until("Visitor", "ada", "has Wednesday's record", other).await;
    let person = stage.netbox.person("ada@example.org").await;
    assert_eq!(
        (person.id.as_str(), person.act_date.as_deref()),
        (second.external_id(), Some("2026-12-02 09:00:00"))
    );
    stage.set_clock("2026-12-04T05:00:00Z");
    let ada = stage.reads("Visitor", "ada", "Expired").await;
    assert!(!ada.has_record());
    assert!(stage.netbox.people().await.is_empty());
    stage.delete("Visitor", "ada").await;
    stage.gone("Visitor", "ada").await;
    stage.agrees().await;
}

#[tokio::test]
async fn who_stays_overnight_stays_until_his_end() {
    let stage = Stage::new("overnight").await;
    let night = json!({"visit": {"startTime": "22:00", "endTime": "02:00"}, "credentialNumber": "4711"});
    stage.apply(visitor("mary", night)).await;
    let before = stage.reads("Visitor", "mary", "Succeeded").await;
    let person = stage.netbox.person("mary@example.org").await;
    assert_eq!(person.exp_date.as_deref(), Some("2026-12-02 02:00:00"));
    stage.apply(visitor("ada", json!({}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    // Midnight: who was here by day is out, she is not.
    stage.set_clock("2026-12-02T05:00:00Z");
    stage.reads("Visitor", "ada", "Expired").await;
    stage.sync("midnight").await;
    assert_eq!(stage.netbox.person("mary@example.org").await.id, before.external_id());
    assert!(stage.netbox.opens(before.external_id(), "Lobby turnstile").await);
    assert!(stage.view("Visitor", "mary").is_ready());
    // Two o'clock: the NetBox lets her in no more, and the next midnight cleans up.
    stage.set_clock("2026-12-02T07:00:00Z");
    stage.sync("two").await;
    assert!(!stage.netbox.opens(before.external_id(), "Lobby turnstile").await);
    stage.set_clock("2026-12-03T05:00:00Z");
    let mary = stage.reads("Visitor", "mary", "Expired").await;
    assert!(!mary.has_record() && stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn days_that_meet_in_the_repeated_hour_are_written_once_and_repaired_by_no_sync() {
    let stage = Stage::at("fold", "2027-11-06T14:00:00Z", "America/New_York").await;
    let visit = json!({"from": "2027-11-06", "to": "2027-11-07", "startTime": "01:30", "endTime": "01:30"});
    stage.apply(visitor("ada", json!({"visit": visit, "credentialNumber": "4711"}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    let person = stage.netbox.person("ada@example.org").await;
    assert_eq!(person.exp_date.as_deref(), Some("2027-11-07 00:59:00"));
    stage.netbox.forget_calls();
    stage.sync("one").await;
    stage.sync("two").await;
    assert_eq!(stage.netbox.writes(), [].into());
    stage.agrees().await;
}

#[tokio::test]
async fn a_day_that_is_over_stays_ready_until_midnight_removes_it() {
    let stage = Stage::new("evening").await;
    stage.apply(visitor("ada", json!({}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    stage.netbox.forget_calls();
    stage.set_clock("2026-12-01T23:00:00Z");
    stage.sync("evening").await;
    assert!(stage.view("Visitor", "ada").is_ready());
    assert_eq!(stage.netbox.writes(), [].into(), "the NetBox lets nobody in by itself");
    // Who is only declared now was never in.
    stage.apply(visitor("late", json!({}))).await;
    let late = stage.reads("Visitor", "late", "Expired").await;
    assert_eq!((late.kstatus(), late.has_record()), (Kstatus::Current, false));
    assert_eq!(stage.netbox.writes(), [].into());
    stage.set_clock("2026-12-02T05:00:00Z");
    stage.reads("Visitor", "ada", "Expired").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn a_missed_midnight_is_made_good_at_the_start() {
    let mut stage = Stage::new("missed").await;
    stage.apply(visitor("ada", json!({}))).await;
    stage.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    stage.apply(visitor("charles", day("2026-12-01", "2026-12-05"))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    let before = stage.reads("Visitor", "charles", "Succeeded").await;
    stage.reads("Visitor", "eve", "Scheduled").await;
    stage.stop().await;
    stage.netbox.forget_calls();
    stage.set_clock("2026-12-02T14:00:00Z");
    stage.start().await;
    stage.reads("Visitor", "ada", "Expired").await;
    stage.reads("Visitor", "eve", "Succeeded").await;
    let renewed = |it: &View| it.is_ready() && it.has_record() && it.external_id() != before.external_id();
    stage.until("Visitor", "charles", "has Wednesday's record", renewed).await;
    let mut mails: Vec<String> = stage.netbox.people().await.into_iter().map(|person| person.email).collect();
    mails.sort();
    assert_eq!(mails, ["charles@example.org", "eve@example.org"]);
    assert_eq!(stage.netbox.writes(), [("AddPerson".to_owned(), 2), ("RemovePerson".to_owned(), 2)].into());
    stage.agrees().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_of_the_day_changes_nothing() {
    let mut stage = Stage::new("restart").await;
    for name in ["ada", "bob"] {
        stage.apply(visitor(name, json!({}))).await;
        stage.reads("Visitor", name, "Succeeded").await;
    }
    stage.stop().await;
    stage.netbox.forget_calls();
    let before = ["ada", "bob"].map(|name| stage.view("Visitor", name).resource_version);
    stage.start().await;
    stage.sync("again").await;
    assert_eq!(stage.netbox.writes(), [].into());
    assert_eq!(["ada", "bob"].map(|name| stage.view("Visitor", name).resource_version), before);
    stage.agrees().await;
}

#[tokio::test]
async fn on_apply_sends_tomorrows_visitor_today_and_the_netbox_keeps_him_out() {
    let stage = Stage::declared("onapply", MORNING, "America/New_York").await;
    stage.apply(property(json!({"visitors": {"provision": "OnApply"}}))).await;
    let stage = stage.opened().await;
    let tomorrow = json!({"visit": {"from": "2026-12-02"}, "credentialNumber": "4711"});
    stage.apply(visitor("eve", tomorrow)).await;
    let eve = stage.reads("Visitor", "eve", "Succeeded").await;
    let person = stage.netbox.person("eve@example.org").await;
    assert_eq!(
        (person.id.as_str(), person.act_date.as_deref()),
        (eve.external_id(), Some("2026-12-02 09:00:00"))
    );
    assert!(!stage.netbox.opens(&person.id, "Lobby turnstile").await);
    stage.netbox.forget_calls();
    stage.set_clock("2026-12-02T14:00:00Z");
    stage.sync("midnight").await;
    assert!(stage.netbox.opens(&person.id, "Lobby turnstile").await);
    assert_eq!(stage.netbox.writes(), [].into(), "nothing is left to do at midnight");
    assert_eq!(stage.view("Visitor", "eve").external_id(), person.id);
    stage.agrees().await;
}

#[tokio::test]
async fn changing_to_at_midnight_takes_tomorrows_visitor_back() {
    let stage = Stage::declared("provision", MORNING, "America/New_York").await;
    stage.apply(property(json!({"visitors": {"provision": "OnApply"}}))).await;
    let stage = stage.opened().await;
    stage.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    stage.reads("Visitor", "eve", "Succeeded").await;
    stage.apply(property(json!({}))).await;
    let eve = stage.reads("Visitor", "eve", "Scheduled").await;
    assert!(!eve.has_record());
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn another_zone_of_the_property_moves_the_days_of_its_visitors() {
    let stage = Stage::new("moved").await;
    stage.apply(visitor("ada", json!({}))).await;
    let before = stage.reads("Visitor", "ada", "Succeeded").await;
    // The NetBox keeps its own zone, so the same wall clock is another time there.
    stage
        .apply(crate::stage::integration(
            &stage.netbox.url(),
            json!({"lenelS2": {"timeZone": "America/New_York"}}),
        ))
        .await;
    stage.apply(property(json!({"timeZone": "America/Chicago"}))).await;
    let moved = |ada: &View| ada.is_ready() && ada.has_record() && ada.external_id() != before.external_id();
    stage.until("Visitor", "ada", "has moved", moved).await;
    let person = stage.netbox.person("ada@example.org").await;
    assert_eq!(person.act_date.as_deref(), Some("2026-12-01 10:00:00"));
    stage.agrees().await;
}

/// A night in which the clock changes, or a midnight that is none: the day before and the day itself, each with a
/// visitor for the whole day and one for certain hours.
struct Night {
    zone: &'static str,
    /// The day that begins with it.
    day: &'static str,
    /// Its first instant.
    begins: &'static str,
    /// How the NetBox writes the window of the whole day.
    whole: (&'static str, &'static str),
    /// Hours on that day, and how the NetBox writes them.
    hours: [&'static str; 2],
    window: (&'static str, &'static str),
}

async fn plays(night: Night) {
    let Night { zone, day, begins, whole, hours, window } = night;
    let begins: jiff::Timestamp = begins.parse().unwrap();
    let before = begins.checked_sub(jiff::SignedDuration::from_mins(1)).unwrap();
    let stage = Stage::at("night", &before.to_string(), zone).await;
    let visit = json!({"visit": {"from": day, "startTime": hours[0], "endTime": hours[1]}});
    stage.apply(visitor("hours", visit)).await;
    stage.apply(visitor("whole", self::day(day, day))).await;
    stage.reads("Visitor", "hours", "Scheduled").await;
    stage.reads("Visitor", "whole", "Scheduled").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.set_clock(&begins.to_string());
    stage.reads("Visitor", "hours", "Succeeded").await;
    stage.reads("Visitor", "whole", "Succeeded").await;
    for (name, (from, until)) in [("whole", whole), ("hours", window)] {
        let person = stage.netbox.person(&format!("{name}@example.org")).await;
        let found = (person.act_date.as_deref(), person.exp_date.as_deref());
        assert_eq!(found, (Some(from), Some(until)), "{name}");
    }
    // What was written reads back as the same: the next sync finds nothing to do.
    stage.netbox.forget_calls();
    stage.sync("compare").await;
    assert_eq!(stage.netbox.writes(), [].into());
    let next = begins.checked_add(jiff::SignedDuration::from_hours(27)).unwrap();
    stage.set_clock(&next.to_string());
    stage.reads("Visitor", "hours", "Expired").await;
    stage.reads("Visitor", "whole", "Expired").await;
    assert!(stage.netbox.people().await.is_empty());
    stage.agrees().await;
}

#[tokio::test]
async fn the_night_of_spring_in_new_york_loses_an_hour() {
    plays(Night {
        zone: "America/New_York",
        day: "2027-03-14",
        begins: "2027-03-14T05:00:00Z",
        whole: ("2027-03-14 00:00:00", "2027-03-15 00:00:00"),
        // 02:30 does not exist: forward by the hour that is lost.
        hours: ["02:30", "06:00"],
        window: ("2027-03-14 03:30:00", "2027-03-14 06:00:00"),
    })
    .await;
}

#[tokio::test]
async fn the_night_of_autumn_in_new_york_has_an_hour_twice() {
    plays(Night {
        zone: "America/New_York",
        day: "2027-11-07",
        begins: "2027-11-07T04:00:00Z",
        whole: ("2027-11-07 00:00:00", "2027-11-08 00:00:00"),
        // The end lies in the hour that the clock shows twice: the NetBox is given the last minute that it shows once.
        hours: ["00:15", "01:45"],
        window: ("2027-11-07 00:15:00", "2027-11-07 00:59:00"),
    })
    .await;
}

#[tokio::test]
async fn both_nights_of_lord_howe_move_by_half_an_hour() {
    let spring = Night {
        zone: "Australia/Lord_Howe",
        day: "2027-10-03",
        begins: "2027-10-02T13:30:00Z",
        whole: ("2027-10-03 00:00:00", "2027-10-04 00:00:00"),
        hours: ["02:15", "09:00"],
        window: ("2027-10-03 02:45:00", "2027-10-03 09:00:00"),
    };
    let autumn = Night {
        zone: "Australia/Lord_Howe",
        day: "2027-04-04",
        begins: "2027-04-03T13:00:00Z",
        whole: ("2027-04-04 00:00:00", "2027-04-05 00:00:00"),
        hours: ["01:45", "09:00"],
        window: ("2027-04-04 02:00:00", "2027-04-04 09:00:00"),
    };
    tokio::join!(plays(spring), plays(autumn));
}

#[tokio::test]
async fn a_day_whose_midnight_does_not_exist_begins_at_one() {
    plays(Night {
        zone: "Asia/Beirut",
        day: "2027-03-28",
        begins: "2027-03-27T22:00:00Z",
        whole: ("2027-03-28 01:00:00", "2027-03-29 00:00:00"),
        hours: ["00:30", "09:00"],
        window: ("2027-03-28 01:30:00", "2027-03-28 09:00:00"),
    })
    .await;
}
