//! What runs once a night.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use proptest::prelude::*;
use vestibule_core::schedule::{Nightly, Window, Zone};

use super::places::{NANOSECOND, PLACES, Place, any_minute, any_visit, days, hours, text};

/// The start of the year 2010: after it clocks were moved in every way there is, over midnight and by a whole day too.
const SINCE: i64 = 1_262_304_000;

fn nightly(time: Time) -> Nightly {
    Nightly::parse(&text(time)).unwrap()
}

/// All runs from the first of these days to the last, both included.
fn runs(nightly: Nightly, zone: &Zone, days: Window) -> Vec<Timestamp> {
    let next = |now: &Timestamp| Some(nightly.next_at(*now, zone));
    let runs = std::iter::successors(next(&(days.from - NANOSECOND)), next);
    runs.take_while(|run| *run < days.until).collect()
}

/// As many runs as days, and at its time each that the clock shows on its day.
fn one_a_day(zone: &Zone, first: Date, last: Date, time: Time) {
    let runs = runs(nightly(time), zone, zone.days(first, last));
    let place = (zone.name(), first, time, &runs);
    assert_eq!(runs.len(), days(first, last).filter(|day| zone.has_day(*day)).count(), "{place:?}");
    for wall in days(first, last).map(|day| day.to_datetime(time)) {
        let shown = zone.wall_clock(zone.start_at(wall)) == wall;
        let at_its_time = runs.iter().filter(|run| zone.wall_clock(**run) == wall).count();
        assert_eq!(at_its_time, usize::from(shown), "{wall} {place:?}");
    }
}

#[test]
fn about_every_jump_of_every_zone_each_local_day_has_exactly_one_nightly_run() {
    let times = [(0, 0), (1, 30), (2, 30), (23, 0), (23, 30)];
    for Place { zone, jumps } in PLACES.iter() {
        for jump in jumps.iter().filter(|jump| jump.as_second() > SINCE) {
            let today = zone.wall_clock(*jump).date();
            let (first, last) = (today.saturating_sub(hours(48)), today.saturating_add(hours(48)));
            for (hour, minute) in times {
                one_a_day(zone, first, last, Time::constant(hour, minute, 0, 0));
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
