//! Midnights and wall clocks.

use jiff::civil::{Date, DateTime, date};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use vestibule_core::schedule::{Nightly, Visit, Zone};

use super::places::{
    NANOSECOND, PLACES, PROVISIONS, Place, any_date, any_instant, any_minute, any_place, hours, text, written,
};

#[test]
fn the_next_midnight_is_strictly_increasing_over_every_jump_of_every_zone() {
    for Place { zone, jumps } in PLACES.iter() {
        for jump in jumps {
            let mut now = *jump - hours(60);
            for _ in 0..6 {
                let next = zone.next_midnight(now);
                assert!(now < next, "{} {now} {next}", zone.name());
                assert!(zone.day_of(now) < zone.day_of(next), "{} {now} {next}", zone.name());
                assert_eq!(zone.midnight(zone.day_of(next)), next, "{}", zone.name());
                assert_eq!(zone.midnight_from(next), next, "{}", zone.name());
                assert_eq!(zone.next_midnight(next - NANOSECOND), next, "{}", zone.name());
                now = next;
            }
            // During this time the clock may show the old day again.
            for minutes in [0, 15, 45] {
                let now = *jump + SignedDuration::from_mins(minutes);
                assert!(now < zone.next_midnight(now), "{} {now}", zone.name());
                assert!(zone.midnight(zone.day_of(now)) <= now, "{} {now}", zone.name());
            }
        }
    }
}

#[test]
fn a_midnight_is_the_first_instant_of_its_day_at_every_jump_of_every_zone() {
    for Place { zone, jumps } in PLACES.iter() {
        for jump in jumps {
            let today = zone.wall_clock(*jump).date();
            for day in [today.yesterday().unwrap(), today, today.tomorrow().unwrap()] {
                let midnight = zone.midnight(day);
                let place = (zone.name(), day, midnight);
                assert!(zone.wall_clock(midnight).date() >= day, "{place:?}");
                assert!(zone.wall_clock(midnight - NANOSECOND).date() < day, "{place:?}");
                assert_eq!(zone.midnight(day.tomorrow().unwrap()) > midnight, zone.has_day(day), "{place:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wall_to_instant_is_total_and_an_end_is_never_before_its_start(place in any_place(), day in any_date(), time in any_minute()) {
        let wall = DateTime::from_parts(day, time);
        prop_assert!(place.zone.start_at(wall) <= place.zone.end_at(wall));
    }

    #[test]
    fn an_instant_shows_the_requested_wall_time_or_after_a_gap_a_later_one(place in any_place(), jump in any::<Index>(), minutes in -3000..3000_i64) {
        let jump = if place.jumps.is_empty() { Timestamp::UNIX_EPOCH } else { *jump.get(&place.jumps) };
        let near = jump.saturating_add(SignedDuration::from_mins(minutes)).unwrap();
        let wall = place.zone.wall_clock(near);
        // For every time that a wall clock has shown, a start and an end show it again.
        prop_assert_eq!(place.zone.wall_clock(place.zone.start_at(wall)), wall);
        prop_assert_eq!(place.zone.wall_clock(place.zone.end_at(wall)), wall);
        prop_assert!(place.zone.start_at(wall) <= near && near <= place.zone.end_at(wall));
        let skipped = wall.saturating_add(SignedDuration::from_mins(61));
        prop_assert!(place.zone.wall_clock(place.zone.start_at(skipped)) >= skipped);
    }

    #[test]
    fn no_instant_and_no_date_is_too_far(place in any_place(), now in any_instant(), day in any_date(), time in any_minute()) {
        let zone = &place.zone;
        prop_assert!(zone.midnight(day) <= zone.days(day, day).until);
        prop_assert!(zone.next_midnight(now) > now);
        prop_assert!(zone.midnight_from(now) >= now);
        prop_assert!(zone.midnight(zone.day_of(now)) <= now);
        let nightly = Nightly::parse(&text(time)).unwrap();
        prop_assert!(nightly.last_due(now, zone) <= now && now < nightly.next_at(now, zone));
        let visit = written(date(2026, 12, 1), date(2026, 12, 3), Some((time, time)));
        for provision in PROVISIONS {
            visit.day_at(now, zone, provision);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(from in "\\PC{0,12}", to in "[0-9]{4}-[0-9]{2}-[0-9]{2}", start in "[0-9:]{0,6}", end in ".{0,6}") {
        let _ = Zone::parse(&from);
        let _ = Nightly::parse(&start);
        let _ = Visit::parse(&from, Some(&to), Some(&start), Some(&end));
        let _ = Visit::parse(&to, None, Some(&start), Some(&end));
    }
}

#[test]
fn at_the_ends_of_time_everything_still_has_an_answer() {
    let visit = written(date(2026, 12, 1), date(2026, 12, 3), None);
    let nightly = Nightly::parse("02:00").unwrap();
    for Place { zone, .. } in PLACES.iter() {
        for now in [Timestamp::MIN, Timestamp::MIN + NANOSECOND, Timestamp::MAX - NANOSECOND, Timestamp::MAX]
        {
            assert!(zone.next_midnight(now) > now || now >= Timestamp::MAX - hours(50), "{}", zone.name());
            assert!(zone.midnight_from(now) >= now, "{}", zone.name());
            assert!(
                nightly.last_due(now, zone) <= now && now <= nightly.next_at(now, zone),
                "{}",
                zone.name()
            );
            let _ = PROVISIONS.map(|provision| visit.day_at(now, zone, provision));
        }
        assert!(zone.midnight(Date::MIN) < zone.midnight(Date::MAX), "{}", zone.name());
    }
}
