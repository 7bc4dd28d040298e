//! Bounds in the hour that a clock shows twice.

use std::ops::Range;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use vestibule_core::schedule::{Window, Zone};

use super::places::{PLACES, Place, hours};

/// The years 2020 to 2039: offsets have whole minutes there.
const YEARS: Range<i64> = 1_577_836_800..2_208_988_800;

/// The duration by which the clock is put back at a jump; zero if it is not put back.
fn put_back(zone: &Zone, jump: Timestamp) -> SignedDuration {
    let just_before = jump - SignedDuration::from_secs(1);
    let shown = zone.wall_clock(jump).duration_since(zone.wall_clock(just_before));
    (SignedDuration::from_secs(1) - shown).max(SignedDuration::ZERO)
}

fn is_ambiguous(known: &TimeZone, at: Timestamp) -> bool {
    known.to_ambiguous_timestamp(known.to_datetime(at)).is_ambiguous()
}

/// Checks both bounds at every instant around a jump: no bound is ambiguous, opens more, or loses more than the repeated
/// time.
fn bounds_about(Place { zone, .. }: &Place, known: &TimeZone, jump: Timestamp) {
    let fold = put_back(zone, jump);
    for minutes in (-160..160).step_by(20).chain([-61, -59, -30, -1, 1, 29, 59, 61]) {
        let at = jump + SignedDuration::from_mins(minutes);
        let (before, after) = (at - hours(48), at + hours(48));
        let start = zone.without_ambiguous_bounds(Window { from: at, until: after }).from;
        let end = zone.without_ambiguous_bounds(Window { from: before, until: at }).until;
        let place = (zone.name(), at, start, end);
        assert!(!is_ambiguous(known, start) && !is_ambiguous(known, end), "{place:?}");
        assert_eq!(zone.start_at(zone.wall_clock(start)), start, "{place:?}");
        assert_eq!(zone.end_at(zone.wall_clock(end)), end, "{place:?}");
        assert!(start >= at && end <= at, "{place:?}");
        if is_ambiguous(known, at) {
            // The database has one fold without a clock that was put back (Godthab, 2023).
            let fold = if fold.is_zero() { hours(1) } else { fold };
            assert!(start.duration_since(at) <= fold * 2, "{place:?}");
            assert!(at.duration_since(end) <= fold * 2 + SignedDuration::from_mins(1), "{place:?}");
        } else {
            assert_eq!((start, end), (at, at), "{place:?}");
        }
    }
}

#[test]
fn about_every_jump_of_every_zone_a_bound_is_moved_out_of_the_repeated_time_and_no_further() {
    let database = TimeZoneDatabase::bundled();
    for place in PLACES.iter() {
        let known = database.get(place.zone.name()).unwrap();
        for jump in place.jumps.iter().filter(|jump| YEARS.contains(&jump.as_second())) {
            bounds_about(place, &known, *jump);
        }
    }
}

#[test]
fn a_window_inside_the_repeated_time_is_empty() {
    let zone = Zone::parse("America/New_York").unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let inside = Window { from: at("2027-11-07T05:10:00Z"), until: at("2027-11-07T06:50:00Z") };
    assert!(zone.without_ambiguous_bounds(inside).is_empty());
    let across = Window { from: at("2027-11-07T04:00:00Z"), until: at("2027-11-07T08:00:00Z") };
    assert_eq!(zone.without_ambiguous_bounds(across), across);
}
