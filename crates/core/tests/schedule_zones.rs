//! Nights with known results: every instant is written in UTC, and none is computed by the code under test.
#![allow(clippy::unwrap_used, reason = "a test that cannot read its own table has failed")]

use jiff::Timestamp;
use jiff::civil::{Date, date};
use vestibule_core::schedule::{Error, Nightly, Window, Zone};

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn window(from: &str, until: &str) -> Window {
    Window { from: at(from), until: at(until) }
}

// === midnights ===

#[test]
fn a_local_day_has_the_length_its_zone_gives_it() {
    let days: [(&str, Date, &str, &str); 13] = [
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        ("Europe/London", date(2026, 3, 29), "2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"),
        ("Europe/London", date(2026, 10, 25), "2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z"),
        // Half an hour of daylight saving: 24.5 hours in April, 23.5 in October.
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"),
        // The clock jumps from 24:00 to 01:00: the day starts at 01:00.
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"),
        // It goes back from 24:00 to 23:00: the day before has 25 hours.
        ("Asia/Beirut", date(2026, 10, 24), "2026-10-23T21:00:00Z", "2026-10-24T22:00:00Z"),
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        ("America/Sao_Paulo", date(2019, 2, 16), "2019-02-16T02:00:00Z", "2019-02-17T03:00:00Z"),
        // Back from 00:01 to 23:01 of the day before: the new day has begun already, and stays the local day.
        ("America/St_Johns", date(2010, 11, 7), "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"),
        // A gap from 23:30 to 00:30: the day starts at 00:30, not an hour after a skipped midnight.
        ("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00Z", "1919-04-01T04:00:00Z"),
        // The day that Samoa skipped.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
    ];
    for (name, day, from, until) in days {
        let zone = zone(name);
        assert_eq!(zone.days(day, day), window(from, until), "{name} {day}");
        assert_eq!(zone.has_day(day), from != until, "{name} {day}");
    }
}

#[test]
fn the_next_midnight_is_ahead_even_while_the_clock_shows_the_old_day_again() {
    let zone = zone("America/St_Johns");
    let showing_the_6th_again = at("2010-11-07T02:45:00Z");
    assert_eq!(zone.wall_clock(showing_the_6th_again).to_string(), "2010-11-06T23:15:00");
    assert_eq!(zone.day_of(showing_the_6th_again), date(2010, 11, 7));
    assert_eq!(zone.next_midnight(showing_the_6th_again), at("2010-11-08T03:30:00Z"));
}

#[test]
fn a_midnight_is_its_own_midnight_from_but_not_its_own_next() {
    let zone = zone("Europe/London");
    let midnight = at("2026-03-29T00:00:00Z");
    assert_eq!(zone.midnight_from(midnight), midnight);
    assert_eq!(zone.next_midnight(midnight), at("2026-03-29T23:00:00Z"));
}

// === wall clock to instant ===

#[test]
fn skipped_times_move_forward_and_repeated_times_favour_the_visitor() {
    let cases = [
        (
            "America/New_York",
            date(2026, 3, 8).at(2, 30, 0, 0),
            "2026-03-08T07:30:00Z",
            "2026-03-08T07:30:00Z",
        ),
        (
            "America/New_York",
            date(2026, 11, 1).at(1, 30, 0, 0),
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:30:00Z",
        ),
        ("Europe/London", date(2026, 3, 29).at(1, 30, 0, 0), "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"),
        ("Europe/London", date(2026, 10, 25).at(1, 30, 0, 0), "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        (
            "Australia/Lord_Howe",
            date(2026, 10, 4).at(2, 15, 0, 0),
            "2026-10-03T15:45:00Z",
            "2026-10-03T15:45:00Z",
        ),
        (
            "Australia/Lord_Howe",
            date(2026, 4, 5).at(1, 45, 0, 0),
            "2026-04-04T14:45:00Z",
            "2026-04-04T15:15:00Z",
        ),
        ("Asia/Beirut", date(2026, 3, 29).at(0, 30, 0, 0), "2026-03-28T22:30:00Z", "2026-03-28T22:30:00Z"),
        ("Asia/Beirut", date(2026, 10, 24).at(23, 30, 0, 0), "2026-10-24T20:30:00Z", "2026-10-24T21:30:00Z"),
        (
            "America/Sao_Paulo",
            date(2018, 11, 4).at(0, 30, 0, 0),
            "2018-11-04T03:30:00Z",
            "2018-11-04T03:30:00Z",
        ),
        (
            "America/Sao_Paulo",
            date(2019, 2, 16).at(23, 30, 0, 0),
            "2019-02-17T01:30:00Z",
            "2019-02-17T02:30:00Z",
        ),
    ];
    for (name, wall, start, end) in cases {
        let zone = zone(name);
        assert_eq!((zone.start_at(wall), zone.end_at(wall)), (at(start), at(end)), "{name} {wall}");
    }
}

#[test]
fn an_unknown_zone_is_refused_in_a_sentence() {
    for name in ["Europe/Lodnon", "", "EST5EDT4,M3.2.0", "Etc/Unknown", "../../etc/passwd", "+02:00"] {
        let error = Zone::parse(name).unwrap_err();
        assert_eq!(error, Error::UnknownZone { name: name.to_owned() });
        assert!(
            error
                .to_string()
                .ends_with("write an Area/City name of the IANA database such as \"Europe/London\""),
            "{error}"
        );
    }
    assert_eq!(zone("america/new_york").name(), "America/New_York");
}

// === nightly ===

#[test]
fn the_nightly_sync_runs_once_on_both_nights() {
    let cases = [
        // Skipped: half past two becomes half past three.
        ("America/New_York", "02:30", "2026-03-08T05:00:00Z", "2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z"),
        // Repeated: only the first time counts.
        ("America/New_York", "01:30", "2026-11-01T05:00:00Z", "2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z"),
        ("America/New_York", "01:30", "2026-11-01T06:00:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"),
        ("Europe/London", "01:15", "2026-10-25T00:30:00Z", "2026-10-25T00:15:00Z", "2026-10-26T01:15:00Z"),
        (
            "Australia/Lord_Howe",
            "02:00",
            "2026-10-03T15:00:00Z",
            "2026-10-02T15:30:00Z",
            "2026-10-03T15:30:00Z",
        ),
        // Just after the day that Samoa skipped, the night before it is the last.
        ("Pacific/Apia", "02:00", "2011-12-30T10:10:00Z", "2011-12-29T12:00:00Z", "2011-12-30T12:00:00Z"),
        // While the clock shows the 6th again, the midnight of the 7th has passed.
        ("America/St_Johns", "00:00", "2010-11-07T02:45:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"),
        ("Asia/Beirut", "00:00", "2026-03-28T21:59:59Z", "2026-03-27T22:00:00Z", "2026-03-28T22:00:00Z"),
        (
            "America/Sao_Paulo",
            "23:30",
            "2019-02-17T02:00:00Z",
            "2019-02-17T01:30:00Z",
            "2019-02-18T02:30:00Z",
        ),
    ];
    for (name, time, now, last, next) in cases {
        let (nightly, zone, now) = (Nightly::parse(time).unwrap(), zone(name), at(now));
        let found = (nightly.last_due(now, &zone), nightly.next_at(now, &zone));
        assert_eq!(found, (at(last), at(next)), "{name} {time} {now}");
    }
}

#[test]
fn an_occurrence_is_due_at_its_own_instant_and_next_is_the_one_after() {
    let (nightly, zone) = (Nightly::parse("02:00").unwrap(), zone("Europe/London"));
    let now = at("2026-12-01T02:00:00Z");
    assert_eq!(nightly.last_due(now, &zone), now);
    assert_eq!(nightly.next_at(now, &zone), at("2026-12-02T02:00:00Z"));
}

#[test]
fn an_invalid_nightly_time_is_refused_in_a_sentence() {
    let said = Nightly::parse("2am").unwrap_err().to_string();
    assert_eq!(
        said,
        "spec.schedule.occupantSync \"2am\" is not a time of day: write \"00:00\" to \"23:59\", in quotes"
    );
}
