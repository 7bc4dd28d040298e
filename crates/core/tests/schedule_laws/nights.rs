//! Jobs that run once a night.

use std::ops::Range;

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use vestibule_core::schedule::{Nightly, Window, Zone};

use super::places::{NANOSECOND, PLACES, Place, any_minute, any_visit, days, hours, text};

/// The years 2010 to 2026: they have every kind of clock change, over midnight and by a whole day too. Later years repeat
/// the last one.
const YEARS: Range<i64> = 1_262_304_000..1_798_761_600;

fn nightly(time: Time) -> Nightly {
    Nightly::parse(&text(time)).unwrap()
}

/// All runs from the first of these days to the last, both included.
fn runs(nightly: Nightly, zone: &Zone, days: Window) -> Vec<Timestamp> {
    let next = |now: &Timestamp| Some(nightly.next_at(*now, zone));
    let runs = std::iter::successors(next(&(days.from - NANOSECOND)), next);
    runs.take_while(|run| *run < days.until).collect()
}

/// Checks that there is one run for each day, at its time if the clock shows that time on the day.
fn one_a_day(zone: &Zone, jump: Timestamp, time: Time) {
    let today = zone.wall_clock(jump).date();
    let (first, last) = (today.saturating_sub(hours(48)), today.saturating_add(hours(48)));
    let runs = runs(nightly(time), zone, zone.days(first, last));
    let place = (zone.name(), today, time, &runs);
    assert_eq!(runs.len(), days(first, last).filter(|day| zone.has_day(*day)).count(), "{place:?}");
    for wall in days(first, last).map(|day| day.to_datetime(time)) {
        let shown = zone.wall_clock(zone.start_at(wall)) == wall;
        let at_its_time = runs.iter().filter(|run| zone.wall_clock(**run) == wall).count();
        assert_eq!(at_its_time, usize::from(shown), "{wall} {place:?}");
    }
    for (due, next) in runs.windows(2).map(|pair| (pair[0], pair[1])) {
        // This holds while the clock shows the old day again, and just after a skipped day.
        for now in [due, jump, jump + SignedDuration::from_mins(5), next - NANOSECOND] {
            let found = (nightly(time).last_due(now, zone), nightly(time).next_at(now, zone));
            assert!(found == (due, next) || now < due || next <= now, "{found:?} at {now} {place:?}");
        }
    }
}

#[test]
fn about_every_jump_of_every_zone_each_local_day_has_exactly_one_nightly_run() {
    for Place { zone, jumps } in PLACES.iter() {
        for jump in jumps.iter().filter(|jump| YEARS.contains(&jump.as_second())) {
            for (hour, minute) in [(0, 0), (2, 30), (23, 30)] {
                one_a_day(zone, *jump, Time::constant(hour, minute, 0, 0));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_nightly_time_comes_once_for_each_day((place, visit) in any_visit(), time in any_minute()) {
        let (zone, nightly) = (&place.zone, nightly(time));
        let mut now = zone.midnight(visit.first_day());
        for _ in 0..5 {
            let next = nightly.next_at(now, zone);
            prop_assert_eq!(nightly.last_due(next, zone), next);
            prop_assert!(nightly.last_due(next - NANOSECOND, zone) <= now, "none between");
            let day = zone.wall_clock(next).date();
            let meant = [day, day.yesterday().unwrap()].map(|day| zone.start_at(day.to_datetime(time)));
            prop_assert!(meant.contains(&next), "it is that time on some day");
            let after = nightly.next_at(next, zone).duration_since(next);
            prop_assert!(hours(21) <= after && after <= hours(27), "{} {next} {after}", zone.name());
            now = next;
        }
    }
}
