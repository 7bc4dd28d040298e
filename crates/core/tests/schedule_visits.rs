//! The record that a visitor should have at each time: complete sequences, in UTC.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own table has failed")]

use jiff::Timestamp;
use jiff::civil::date;
use vestibule_core::schedule::{Day, PackedVisit, Provision, Visit, Window, Zone};

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn window(from: &str, until: &str) -> Window {
    Window { from: at(from), until: at(until) }
}

fn hours(from: &str, to: &str, start: &str, end: &str) -> Visit {
    Visit::parse(from, Some(to), Some(start), Some(end)).unwrap()
}

fn whole(from: &str, to: &str) -> Visit {
    Visit::parse(from, Some(to), None, None).unwrap()
}

/// The answers in order, each with its first instant, from `now` until nothing changes any more.
fn story(visit: Visit, now: &str, zone: &Zone, provision: Provision) -> Vec<(Timestamp, Day)> {
    let mut now = Some(at(now));
    let mut answers = Vec::new();
    while let Some(instant) = now {
        let day = visit.day_at(instant, zone, provision);
        answers.push((instant, day));
        now = day.changes_at();
        assert!(now.is_none_or(|next| next > instant), "time goes forward: {answers:?}");
    }
    answers
}

// === windows ===

#[test]
fn windows_hold_on_both_nights() {
    let cases = [
        ("America/New_York", "2026-03-08", "09:00", "17:00", "2026-03-08T13:00:00Z", "2026-03-08T21:00:00Z"),
        ("America/New_York", "2026-03-07", "22:00", "02:30", "2026-03-08T03:00:00Z", "2026-03-08T07:30:00Z"),
        ("America/New_York", "2026-10-31", "22:00", "01:30", "2026-11-01T02:00:00Z", "2026-11-01T06:30:00Z"),
        ("Asia/Beirut", "2026-03-28", "22:00", "00:00", "2026-03-28T20:00:00Z", "2026-03-28T22:00:00Z"),
        ("Asia/Beirut", "2026-10-24", "23:15", "23:45", "2026-10-24T20:15:00Z", "2026-10-24T21:45:00Z"),
        (
            "Australia/Lord_Howe",
            "2026-04-05",
            "01:00",
            "01:45",
            "2026-04-04T14:00:00Z",
            "2026-04-04T15:15:00Z",
        ),
        // Inside the skipped hour, or across its end: the declared length, from the end of the skipped hour.
        ("America/New_York", "2026-03-08", "02:15", "02:45", "2026-03-08T07:15:00Z", "2026-03-08T07:45:00Z"),
        ("America/New_York", "2026-03-08", "02:30", "03:00", "2026-03-08T07:30:00Z", "2026-03-08T08:00:00Z"),
    ];
    for (name, day, start, end, from, until) in cases {
        let found = hours(day, day, start, end).window_on(day.parse().unwrap(), &zone(name));
        assert_eq!(found, Some(window(from, until)), "{name} {day} {start}-{end}");
    }
}

#[test]
fn in_the_repeated_hour_the_next_days_start_cuts_off_the_end() {
    let new_york = zone("America/New_York");
    let visit = hours("2026-10-31", "2026-11-01", "01:30", "01:30");
    let first = window("2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z");
    let last = window("2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z");
    assert_eq!(visit.window_on(date(2026, 10, 31), &new_york), Some(first));
    assert_eq!(visit.window_on(date(2026, 11, 1), &new_york), Some(last));
}

#[test]
fn days_outside_the_visit_have_no_window() {
    let (visit, apia) = (whole("2011-12-29", "2011-12-31"), zone("Pacific/Apia"));
    assert_eq!(visit.window_on(date(2011, 12, 28), &apia), None);
    assert_eq!(visit.window_on(date(2011, 12, 30), &apia), None, "Samoa skipped it");
    assert!(visit.window_on(date(2011, 12, 31), &apia).is_some());
    assert_eq!(visit.window_on(date(2012, 1, 1), &apia), None);
}

// === day_at ===

#[test]
fn a_visit_of_one_day_is_created_at_midnight_and_removed_at_the_next() {
    let (visit, day) = (hours("2026-12-01", "2026-12-01", "09:00", "17:00"), date(2026, 12, 1));
    let window = window("2026-12-01T09:00:00Z", "2026-12-01T17:00:00Z");
    let (midnight, next) = (at("2026-12-01T00:00:00Z"), at("2026-12-02T00:00:00Z"));
    let expected = [
        (at("2026-11-22T13:05:00Z"), Day::Scheduled { due: midnight }),
        (midnight, Day::On { day, window, next: window.until }),
        (window.until, Day::Ended { day, window, next, last: true }),
        (next, Day::Expired),
    ];
    assert_eq!(story(visit, "2026-11-22T13:05:00Z", &zone("Europe/London"), Provision::AtMidnight), expected);
}

#[test]
fn with_on_apply_the_record_is_created_before_its_day() {
    let (visit, day) = (hours("2026-12-01", "2026-12-01", "09:00", "17:00"), date(2026, 12, 1));
    let window = window("2026-12-01T09:00:00Z", "2026-12-01T17:00:00Z");
    let next = at("2026-12-02T00:00:00Z");
    let expected = [
        (at("2026-11-22T13:05:00Z"), Day::On { day, window, next: window.until }),
        (window.until, Day::Ended { day, window, next, last: true }),
        (next, Day::Expired),
    ];
    assert_eq!(story(visit, "2026-11-22T13:05:00Z", &zone("Europe/London"), Provision::OnApply), expected);
}

#[test]
fn a_visit_across_midnight_keeps_yesterdays_record_until_it_ends() {
    let visit = hours("2026-12-01", "2026-12-02", "22:00", "02:00");
    let (first, last) = (date(2026, 12, 1), date(2026, 12, 2));
    let one = window("2026-12-02T03:00:00Z", "2026-12-02T07:00:00Z");
    let two = window("2026-12-03T03:00:00Z", "2026-12-03T07:00:00Z");
    let over = at("2026-12-04T05:00:00Z");
    let expected = [
        (at("2026-12-01T05:00:00Z"), Day::On { day: first, window: one, next: one.until }),
        // Not at 05:00Z, midnight of the 2nd, but at 07:00Z, since the first night's window had not ended.
        (one.until, Day::On { day: last, window: two, next: two.until }),
        (two.until, Day::Ended { day: last, window: two, next: over, last: true }),
        (over, Day::Expired),
    ];
    let new_york = zone("America/New_York");
    assert_eq!(story(visit, "2026-12-01T05:00:00Z", &new_york, Provision::AtMidnight), expected);
    assert_eq!(story(visit, "2026-12-01T05:00:00Z", &new_york, Provision::OnApply), expected);
}

#[test]
fn between_two_days_the_old_record_stays_but_none_is_created() {
    let visit = hours("2026-12-01", "2026-12-02", "09:00", "17:00");
    let (first, last) = (date(2026, 12, 1), date(2026, 12, 2));
    let one = window("2026-12-01T14:00:00Z", "2026-12-01T22:00:00Z");
    let two = window("2026-12-02T14:00:00Z", "2026-12-02T22:00:00Z");
    let (second_midnight, over) = (at("2026-12-02T05:00:00Z"), at("2026-12-03T05:00:00Z"));
    let at_midnight = [
        (at("2026-12-01T12:00:00Z"), Day::On { day: first, window: one, next: one.until }),
        (one.until, Day::Ended { day: first, window: one, next: second_midnight, last: false }),
        (second_midnight, Day::On { day: last, window: two, next: two.until }),
        (two.until, Day::Ended { day: last, window: two, next: over, last: true }),
        (over, Day::Expired),
    ];
    let within_window = [
        (at("2026-12-01T12:00:00Z"), Day::Scheduled { due: one.from }),
        (one.from, Day::On { day: first, window: one, next: one.until }),
        (one.until, Day::Scheduled { due: two.from }),
        (two.from, Day::On { day: last, window: two, next: two.until }),
        (two.until, Day::Expired),
    ];
    let new_york = zone("America/New_York");
    assert_eq!(story(visit, "2026-12-01T12:00:00Z", &new_york, Provision::AtMidnight), at_midnight);
    assert_eq!(story(visit, "2026-12-01T12:00:00Z", &new_york, Provision::WithinWindow), within_window);
}

#[test]
fn whole_days_follow_each_other_without_a_gap_over_a_missing_midnight() {
    let visit = whole("2026-03-28", "2026-03-29");
    let (first, last) = (date(2026, 3, 28), date(2026, 3, 29));
    let one = window("2026-03-27T22:00:00Z", "2026-03-28T22:00:00Z");
    let two = window("2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z");
    let expected = [
        (at("2026-03-01T00:00:00Z"), Day::Scheduled { due: one.from }),
        (one.from, Day::On { day: first, window: one, next: one.until }),
        (one.until, Day::On { day: last, window: two, next: two.until }),
        (two.until, Day::Expired),
    ];
    assert_eq!(story(visit, "2026-03-01T00:00:00Z", &zone("Asia/Beirut"), Provision::AtMidnight), expected);
}

#[test]
fn a_visitor_applied_after_the_window_gets_no_record_and_expires_at_midnight() {
    let visit = hours("2026-12-01", "2026-12-01", "09:00", "17:00");
    let now = at("2026-12-01T18:00:00Z");
    for provision in [Provision::AtMidnight, Provision::OnApply] {
        let day = visit.day_at(now, &zone("Europe/London"), provision);
        assert!(
            matches!(day, Day::Ended { last: true, next, .. } if next == at("2026-12-02T00:00:00Z")),
            "{day:?}"
        );
    }
}

#[test]
fn a_day_that_the_zone_skipped_is_never_wanted() {
    let apia = zone("Pacific/Apia");
    let provisions = [Provision::AtMidnight, Provision::OnApply, Provision::WithinWindow];
    for provision in provisions {
        assert_eq!(
            story(whole("2011-12-30", "2011-12-30"), "2011-12-01T00:00:00Z", &apia, provision).len(),
            1
        );
    }
    let days: Vec<_> = story(whole("2011-12-29", "2011-12-31"), "2011-12-29T12:00:00Z", &apia, provisions[0])
        .into_iter()
        .filter_map(|(_, day)| day.may_have())
        .collect();
    assert_eq!(days, [date(2011, 12, 29), date(2011, 12, 31)]);
}

#[test]
fn a_packed_visit_has_eight_bytes_and_answers_alike() {
    assert_eq!((size_of::<PackedVisit>(), size_of::<Option<PackedVisit>>()), (8, 8));
    let (visit, now) = (hours("2026-12-01", "2026-12-02", "22:00", "02:00"), at("2026-12-02T06:00:00Z"));
    let new_york = zone("America/New_York");
    assert_eq!(
        PackedVisit::from(visit).day_at(now, &new_york, Provision::AtMidnight),
        visit.day_at(now, &new_york, Provision::AtMidnight)
    );
}

// === parsing ===

#[test]
fn a_visit_without_to_has_one_day_and_without_times_whole_days() {
    let visit = Visit::parse("2026-12-01", None, None, None).unwrap();
    assert_eq!(
        (visit.first_day(), visit.last_day(), visit.days()),
        (date(2026, 12, 1), date(2026, 12, 1), 1)
    );
    assert_eq!(visit.hours(), None);
    let longest = whole("2026-01-01", "2026-06-29");
    assert_eq!(longest.days(), 180);
}

#[test]
fn invalid_dates_and_times_are_refused_in_a_sentence_that_names_the_field() {
    type Written = (&'static str, Option<&'static str>, Option<&'static str>, Option<&'static str>);
    let day = Some("2026-12-01");
    let cases: [(Written, &str); 13] = [
        (("tomorrow", None, None, None), "spec.visit.from \"tomorrow\" is not a date: write year"),
        (("20261201", None, None, None), "spec.visit.from \"20261201\" is not a date"),
        (("2026-12-01T09:00", None, None, None), "spec.visit.from \"2026-12-01T09:00\" is not a date"),
        (("2026-02-29", None, None, None), "spec.visit.from \"2026-02-29\" is not a date"),
        (("2026-12-01", Some("2026-13-01"), None, None), "spec.visit.to \"2026-13-01\" is not a date"),
        (
            ("0206-12-01", None, None, None),
            "spec.visit.from \"0206-12-01\" is not between the years 2000 and 2150",
        ),
        (("2026-12-01", Some("2151-01-01"), None, None), "spec.visit.to \"2151-01-01\" is not between"),
        (("2026-12-02", day, None, None), "spec.visit.to is 2026-12-01, before spec.visit.from 2026-12-02"),
        (
            ("2026-01-01", Some("2026-06-30"), None, None),
            "the visit has 181 days, but at most 180 are allowed",
        ),
        (
            ("2026-12-01", day, Some("9:00"), Some("17:00")),
            "spec.visit.startTime \"9:00\" is not a time of day",
        ),
        (
            ("2026-12-01", day, Some("09:00"), Some("24:00")),
            "spec.visit.endTime \"24:00\" is not a time of day",
        ),
        (("2026-12-01", day, Some("09:00"), None), "spec.visit.endTime is missing: write both"),
        (("2026-12-01", day, None, Some("17:00")), "spec.visit.startTime is missing: write both"),
    ];
    for ((from, to, start, end), sentence) in cases {
        let said = Visit::parse(from, to, start, end).unwrap_err().to_string();
        assert!(said.starts_with(sentence), "{said}");
    }
}
