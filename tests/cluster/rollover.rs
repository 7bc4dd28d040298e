//! Midnight, and other effects of the clock on visitors.

use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::testbed::{MORNING, Testbed, View, property, visitor};

fn day(from: &str, to: &str) -> serde_json::Value {
    json!({"visit": {"from": from, "to": to, "startTime": null, "endTime": null}})
}

#[tokio::test]
async fn a_visitor_for_tomorrow_is_ready_and_absent_until_the_clock_jumps() {
    let testbed = Testbed::new("tomorrow").await;
    testbed.netbox.forget_calls();
    testbed.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    let eve = testbed.reads("Visitor", "eve", "Scheduled").await;
    assert!(eve.is_ready() && !eve.has_record() && eve.finalizers.is_empty());
    assert_eq!(eve.kstatus(), Kstatus::Current);
    assert_eq!(testbed.netbox.calls(), [].into());
    // A minute before midnight nothing has happened yet.
    testbed.set_clock("2026-12-02T04:59:00Z");
    testbed.sync("before").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.set_clock("2026-12-02T05:00:00Z");
    testbed.reads("Visitor", "eve", "Succeeded").await;
    let person = testbed.netbox.person("eve@example.org").await;
    let window = (person.act_date.as_deref(), person.exp_date.as_deref());
    assert_eq!(window, (Some("2026-12-02 09:00:00"), Some("2026-12-02 17:00:00")));
    testbed.agrees().await;
}

#[tokio::test]
async fn at_midnight_all_removals_come_before_the_first_addition() {
    let testbed = Testbed::new("order").await;
    for number in 0..8 {
        testbed.apply(visitor(&format!("old-{number}"), json!({}))).await;
        testbed.apply(visitor(&format!("new-{number}"), json!({"visit": {"from": "2026-12-02"}}))).await;
    }
    testbed.netbox.until("today's are in", |people| people.len() == 8).await;
    for number in 0..8 {
        testbed.reads("Visitor", &format!("old-{number}"), "Succeeded").await;
        testbed.reads("Visitor", &format!("new-{number}"), "Scheduled").await;
    }
    testbed.netbox.forget_calls();
    testbed.set_clock("2026-12-02T05:00:00Z");
    for number in 0..8 {
        let old = testbed.reads("Visitor", &format!("old-{number}"), "Expired").await;
        assert_eq!((old.kstatus(), old.has_record()), (Kstatus::Current, false));
        testbed.reads("Visitor", &format!("new-{number}"), "Succeeded").await;
    }
    let order = testbed.netbox.order();
    let calls =
        |name: &str| order.iter().enumerate().filter(|(_, (it, _))| it == name).map(|(at, _)| at).collect();
    let (removed, added): (Vec<usize>, Vec<usize>) = (calls("RemovePerson"), calls("AddPerson"));
    assert_eq!((removed.len(), added.len()), (8, 8), "{order:?}");
    assert!(removed.iter().max() < added.iter().min(), "{order:?}");
    let people = testbed.netbox.people().await;
    assert!(people.iter().all(|person| person.email.starts_with("new-")), "{people:#?}");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_of_several_days_gets_a_fresh_record_each_day() {
    let testbed = Testbed::new("days").await;
    testbed.apply(visitor("ada", json!({"visit": {"to": "2026-12-03"}}))).await;
    let first = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.set_clock("2026-12-02T05:00:00Z");
    let other = |ada: &View| ada.is_ready() && ada.has_record() && ada.external_id() != first.external_id();
    let second = testbed.until("Visitor", "ada", "has Wednesday's record", other).await;
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(
        (person.id.as_str(), person.act_date.as_deref()),
        (second.external_id(), Some("2026-12-02 09:00:00"))
    );
    testbed.set_clock("2026-12-04T05:00:00Z");
    let ada = testbed.reads("Visitor", "ada", "Expired").await;
    assert!(!ada.has_record());
    assert!(testbed.netbox.people().await.is_empty());
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn an_overnight_visitor_stays_until_the_end_of_the_visit() {
    let testbed = Testbed::new("overnight").await;
    let night = json!({"visit": {"startTime": "22:00", "endTime": "02:00"}, "credentialNumber": "4711"});
    testbed.apply(visitor("mary", night)).await;
    let before = testbed.reads("Visitor", "mary", "Succeeded").await;
    let person = testbed.netbox.person("mary@example.org").await;
    assert_eq!(person.exp_date.as_deref(), Some("2026-12-02 02:00:00"));
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    // Midnight: the daytime visitor's record is removed, the overnight one stays.
    testbed.set_clock("2026-12-02T05:00:00Z");
    testbed.reads("Visitor", "ada", "Expired").await;
    testbed.sync("midnight").await;
    assert_eq!(testbed.netbox.person("mary@example.org").await.id, before.external_id());
    assert!(testbed.netbox.opens(before.external_id(), "Lobby turnstile").await);
    assert!(testbed.view("Visitor", "mary").is_ready());
    // Two o'clock: the NetBox does not let the visitor in any more, and the next midnight removes the record.
    testbed.set_clock("2026-12-02T07:00:00Z");
    testbed.sync("two").await;
    assert!(!testbed.netbox.opens(before.external_id(), "Lobby turnstile").await);
    testbed.set_clock("2026-12-03T05:00:00Z");
    let mary = testbed.reads("Visitor", "mary", "Expired").await;
    assert!(!mary.has_record() && testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn days_that_meet_in_the_repeated_hour_are_written_once_and_repaired_by_no_sync() {
    let testbed = Testbed::at("fold", "2027-11-06T14:00:00Z", "America/New_York").await;
    let visit = json!({"from": "2027-11-06", "to": "2027-11-07", "startTime": "01:30", "endTime": "01:30"});
    testbed.apply(visitor("ada", json!({"visit": visit, "credentialNumber": "4711"}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(person.exp_date.as_deref(), Some("2027-11-07 00:59:00"));
    testbed.netbox.forget_calls();
    testbed.sync("one").await;
    testbed.sync("two").await;
    assert_eq!(testbed.netbox.changes(), [].into());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_day_that_is_over_stays_ready_until_midnight_removes_it() {
    let testbed = Testbed::new("evening").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.netbox.forget_calls();
    testbed.set_clock("2026-12-01T23:00:00Z");
    testbed.sync("evening").await;
    assert!(testbed.view("Visitor", "ada").is_ready());
    assert_eq!(testbed.netbox.changes(), [].into(), "the NetBox closes the window by itself");
    // A visit that is declared only now never had a record.
    testbed.apply(visitor("late", json!({}))).await;
    let late = testbed.reads("Visitor", "late", "Expired").await;
    assert_eq!((late.kstatus(), late.has_record()), (Kstatus::Current, false));
    assert_eq!(testbed.netbox.changes(), [].into());
    testbed.set_clock("2026-12-02T05:00:00Z");
    testbed.reads("Visitor", "ada", "Expired").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_missed_midnight_is_caught_up_at_the_start() {
    let mut testbed = Testbed::new("missed").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    testbed.apply(visitor("charles", day("2026-12-01", "2026-12-05"))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let before = testbed.reads("Visitor", "charles", "Succeeded").await;
    testbed.reads("Visitor", "eve", "Scheduled").await;
    testbed.stop().await;
    testbed.netbox.forget_calls();
    testbed.set_clock("2026-12-02T14:00:00Z");
    testbed.start().await;
    testbed.reads("Visitor", "ada", "Expired").await;
    testbed.reads("Visitor", "eve", "Succeeded").await;
    let renewed = |it: &View| it.is_ready() && it.has_record() && it.external_id() != before.external_id();
    testbed.until("Visitor", "charles", "has Wednesday's record", renewed).await;
    let mut mails: Vec<String> =
        testbed.netbox.people().await.into_iter().map(|person| person.email).collect();
    mails.sort();
    assert_eq!(mails, ["charles@example.org", "eve@example.org"]);
    assert_eq!(
        testbed.netbox.changes(),
        [("AddPerson".to_owned(), 2), ("RemovePerson".to_owned(), 2)].into()
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_of_the_day_changes_nothing() {
    let mut testbed = Testbed::new("restart").await;
    for name in ["ada", "bob"] {
        testbed.apply(visitor(name, json!({}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed.stop().await;
    testbed.netbox.forget_calls();
    let before = ["ada", "bob"].map(|name| testbed.view("Visitor", name).resource_version);
    testbed.start().await;
    testbed.sync("again").await;
    assert_eq!(testbed.netbox.changes(), [].into());
    assert_eq!(["ada", "bob"].map(|name| testbed.view("Visitor", name).resource_version), before);
    testbed.agrees().await;
}

#[tokio::test]
async fn on_apply_creates_tomorrows_record_today_and_the_netbox_keeps_the_doors_closed() {
    let testbed = Testbed::declared("onapply", MORNING, "America/New_York").await;
    testbed.apply(property(json!({"visitors": {"provision": "OnApply"}}))).await;
    let testbed = testbed.opened().await;
    let tomorrow = json!({"visit": {"from": "2026-12-02"}, "credentialNumber": "4711"});
    testbed.apply(visitor("eve", tomorrow)).await;
    let eve = testbed.reads("Visitor", "eve", "Succeeded").await;
    let person = testbed.netbox.person("eve@example.org").await;
    assert_eq!(
        (person.id.as_str(), person.act_date.as_deref()),
        (eve.external_id(), Some("2026-12-02 09:00:00"))
    );
    assert!(!testbed.netbox.opens(&person.id, "Lobby turnstile").await);
    testbed.netbox.forget_calls();
    testbed.set_clock("2026-12-02T14:00:00Z");
    testbed.sync("midnight").await;
    assert!(testbed.netbox.opens(&person.id, "Lobby turnstile").await);
    assert_eq!(testbed.netbox.changes(), [].into(), "nothing is left to do at midnight");
    assert_eq!(testbed.view("Visitor", "eve").external_id(), person.id);
    testbed.agrees().await;
}

#[tokio::test]
async fn changing_to_at_midnight_removes_tomorrows_record() {
    let testbed = Testbed::declared("provision", MORNING, "America/New_York").await;
    testbed.apply(property(json!({"visitors": {"provision": "OnApply"}}))).await;
    let testbed = testbed.opened().await;
    testbed.apply(visitor("eve", json!({"visit": {"from": "2026-12-02"}}))).await;
    testbed.reads("Visitor", "eve", "Succeeded").await;
    testbed.apply(property(json!({}))).await;
    let eve = testbed.reads("Visitor", "eve", "Scheduled").await;
    assert!(!eve.has_record());
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn another_zone_of_the_property_moves_the_days_of_its_visitors() {
    let testbed = Testbed::new("moved").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    // The NetBox keeps its own zone, so the same local time is another time there.
    testbed
        .apply(crate::testbed::integration(
            &testbed.netbox.url(),
            json!({"lenelS2": {"timeZone": "America/New_York"}}),
        ))
        .await;
    testbed.apply(property(json!({"timeZone": "America/Chicago"}))).await;
    let moved = |ada: &View| ada.is_ready() && ada.has_record() && ada.external_id() != before.external_id();
    testbed.until("Visitor", "ada", "has moved", moved).await;
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(person.act_date.as_deref(), Some("2026-12-01 10:00:00"));
    testbed.agrees().await;
}

/// A night in which the clock changes, or without a midnight: the day before and the day itself, each with a visitor
/// for the whole day and one for certain hours.
struct Night {
    zone: &'static str,
    /// The day that begins in that night.
    day: &'static str,
    /// Its first instant.
    begins: &'static str,
    /// The window of the whole day as the NetBox writes it.
    whole: (&'static str, &'static str),
    /// Hours on that day, and their form in the NetBox.
    hours: [&'static str; 2],
    window: (&'static str, &'static str),
}

async fn plays(night: Night) {
    let Night { zone, day, begins, whole, hours, window } = night;
    let begins: jiff::Timestamp = begins.parse().unwrap();
    let before = begins.checked_sub(jiff::SignedDuration::from_mins(1)).unwrap();
    let testbed = Testbed::at("night", &before.to_string(), zone).await;
    let visit = json!({"visit": {"from": day, "startTime": hours[0], "endTime": hours[1]}});
    testbed.apply(visitor("hours", visit)).await;
    testbed.apply(visitor("whole", self::day(day, day))).await;
    testbed.reads("Visitor", "hours", "Scheduled").await;
    testbed.reads("Visitor", "whole", "Scheduled").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.set_clock(&begins.to_string());
    testbed.reads("Visitor", "hours", "Succeeded").await;
    testbed.reads("Visitor", "whole", "Succeeded").await;
    for (name, (from, until)) in [("whole", whole), ("hours", window)] {
        let person = testbed.netbox.person(&format!("{name}@example.org")).await;
        let found = (person.act_date.as_deref(), person.exp_date.as_deref());
        assert_eq!(found, (Some(from), Some(until)), "{name}");
    }
    // The values read back are those written: the next sync finds nothing to do.
    testbed.netbox.forget_calls();
    testbed.sync("compare").await;
    assert_eq!(testbed.netbox.changes(), [].into());
    let next = begins.checked_add(jiff::SignedDuration::from_hours(27)).unwrap();
    testbed.set_clock(&next.to_string());
    testbed.reads("Visitor", "hours", "Expired").await;
    testbed.reads("Visitor", "whole", "Expired").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn the_night_of_spring_in_new_york_loses_an_hour() {
    plays(Night {
        zone: "America/New_York",
        day: "2027-03-14",
        begins: "2027-03-14T05:00:00Z",
        whole: ("2027-03-14 00:00:00", "2027-03-15 00:00:00"),
        // 02:30 does not exist: it moves forward by the lost hour.
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
        // The end lies in the repeated hour. The NetBox gets the last minute that occurs once.
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
