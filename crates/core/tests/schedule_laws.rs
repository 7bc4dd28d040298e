//! The laws of time (style.md section 11, law 9), in every zone of the bundled database.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its own input has failed")]

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use vestibule_core::schedule::{Day, Nightly, PackedVisit, Provision, Visit, Zone};

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);
const PROVISIONS: [Provision; 3] = [Provision::AtMidnight, Provision::OnApply, Provision::WithinWindow];

/// A zone and the instants at which its clock was ever moved, or will be until 2040.
struct Place {
    zone: Zone,
    jumps: Vec<Timestamp>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.zone.name())
    }
}

static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let database = TimeZoneDatabase::bundled();
    let until = date(2040, 1, 1);
    let places: Vec<_> = database
        .available()
        .filter_map(|name| Some((Zone::parse(name.as_str()).ok()?, database.get(name.as_str()).ok()?)))
        .map(|(zone, known)| {
            let jumps = known.following(Timestamp::MIN).map(|jump| jump.timestamp());
            let jumps = jumps.take_while(|jump| zone.wall_clock(*jump).date() < until).collect();
            Place { zone, jumps }
        })
        .collect();
    assert!(places.len() > 590, "the whole database is there: {}", places.len());
    places
});

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

// === midnights, exhaustively ===

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
            // While the clock may show the old day again.
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

// === what the laws are tried on ===

fn any_place() -> impl Strategy<Value = &'static Place> {
    any::<Index>().prop_map(|index| index.get(&PLACES))
}

/// Any instant that there is.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    let (min, max) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    (min..=max, 0..1_000_000_000_i32).prop_map(|(second, nanosecond)| {
        Timestamp::new(second, nanosecond.min(999_999_998)).unwrap_or(Timestamp::MIN)
    })
}

fn any_date() -> impl Strategy<Value = Date> {
    let ends = [Date::MIN, Date::MAX, Date::MAX.yesterday().unwrap()];
    prop_oneof![
        9 => (0..7_304_484_i64).prop_map(|days| Date::MIN.saturating_add(hours(days * 24))),
        1 => proptest::sample::select(ends.to_vec()),
    ]
}

fn any_minute() -> impl Strategy<Value = Time> {
    // Half of them in the small hours, where clocks are moved.
    let time = |minute: i16| {
        Time::new(i8::try_from(minute / 60).unwrap(), i8::try_from(minute % 60).unwrap(), 0, 0).unwrap()
    };
    prop_oneof![(0..1440_i16).prop_map(time), (0..16_i16).prop_map(move |quarter| time(quarter * 15))]
}

/// A zone, and a visit of some days in it: two in three about a jump of its clock.
fn any_visit() -> impl Strategy<Value = (&'static Place, Visit)> {
    let hours = proptest::option::weighted(0.8, (any_minute(), any_minute()));
    (any_place(), any::<Index>(), 0..50_000_i64, 0..3_i64, 0..6_i64, hours).prop_map(
        |(place, jump, anywhere, lead, more, times)| {
            let recent: Vec<_> = place.jumps.iter().filter(|jump| jump.as_second() > 960_000_000).collect();
            let near = (anywhere % 3 > 0 && !recent.is_empty()).then(|| *jump.get(&recent));
            let first = near.map_or_else(
                || date(2000, 1, 1).saturating_add(hours_of_days(anywhere)),
                |jump| place.zone.wall_clock(*jump).date().saturating_sub(hours_of_days(lead)),
            );
            let last = first.saturating_add(hours_of_days(more));
            (place, written(first, last, times))
        },
    )
}

fn hours_of_days(days: i64) -> SignedDuration {
    hours(days * 24)
}

/// A visit as a person writes it: each one that is tried has been read from text.
fn written(first: Date, last: Date, times: Option<(Time, Time)>) -> Visit {
    let text = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
    let (start, end) = times.map(|(start, end)| (text(start), text(end))).unzip();
    let to = last.to_string();
    Visit::parse(&first.to_string(), Some(&to), start.as_deref(), end.as_deref()).unwrap()
}

fn any_provision() -> impl Strategy<Value = Provision> {
    proptest::sample::select(PROVISIONS.to_vec())
}

/// All answers of a visit, from well before it until nothing changes any more.
fn story(visit: Visit, zone: &Zone, provision: Provision) -> Vec<(Timestamp, Day)> {
    let mut now = Some(zone.midnight(visit.first_day()) - hours(100));
    let mut told = Vec::new();
    while let Some(instant) = now {
        let day = visit.day_at(instant, zone, provision);
        told.push((instant, day));
        now = day.changes_at();
        assert!(now.is_none_or(|next| next > instant), "time goes forward: {told:?}");
        assert!(told.len() < 40, "it comes to an end: {told:?}");
    }
    told
}

fn days_of(visit: Visit) -> impl Iterator<Item = Date> {
    let days = std::iter::successors(Some(visit.first_day()), |day| day.tomorrow().ok());
    days.take_while(move |day| *day <= visit.last_day())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    // === wall clock ===

    #[test]
    fn wall_to_instant_is_total_and_an_end_is_never_before_its_start(place in any_place(), day in any_date(), time in any_minute()) {
        let wall = DateTime::from_parts(day, time);
        prop_assert!(place.zone.start_at(wall) <= place.zone.end_at(wall));
    }

    #[test]
    fn a_wall_clock_shows_what_was_asked_or_after_a_gap_a_later_time(place in any_place(), jump in any::<Index>(), minutes in -3000..3000_i64) {
        let jump = if place.jumps.is_empty() { Timestamp::UNIX_EPOCH } else { *jump.get(&place.jumps) };
        let near = jump.saturating_add(SignedDuration::from_mins(minutes)).unwrap();
        let wall = place.zone.wall_clock(near);
        // Whatever a wall has shown, some start and end show it again.
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
        let nightly = Nightly::parse(&format!("{:02}:{:02}", time.hour(), time.minute())).unwrap();
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

    // === visits ===

    #[test]
    fn windows_are_never_empty_and_those_of_different_days_never_overlap((place, visit) in any_visit()) {
        let windows: Vec<_> = days_of(visit).filter_map(|day| visit.window_on(day, &place.zone)).collect();
        prop_assert_eq!(windows.len(), days_of(visit).filter(|day| place.zone.has_day(*day)).count());
        prop_assert!(windows.iter().all(|window| !window.is_empty()));
        prop_assert!(windows.is_sorted_by(|earlier, later| earlier.until <= later.from && !earlier.overlaps(later)));
    }

    #[test]
    fn a_window_starts_on_its_day_and_has_the_promised_length_but_for_the_jump((place, visit) in any_visit()) {
        for day in days_of(visit) {
            let Some(window) = visit.window_on(day, &place.zone) else { continue };
            prop_assert!(place.zone.midnight(day) <= window.from);
            let promised = visit.hours().map_or(24 * 60, |hours| {
                let minutes = hours.end.duration_since(hours.start).as_mins();
                if hours.end_overnight() { minutes + 24 * 60 } else { minutes }
            });
            // No clock was moved by more than a day since 2000, and but for Samoa by no more than two hours.
            let off = (window.until.duration_since(window.from).as_mins() - promised).abs();
            prop_assert!(off <= 24 * 60, "{} {day} off by {off}", place.zone.name());
        }
    }

    #[test]
    fn every_day_of_a_visit_has_its_turn_once_and_in_order((place, visit) in any_visit(), provision in any_provision()) {
        let told = story(visit, &place.zone, provision);
        let on: Vec<_> = told.iter().filter_map(|(_, day)| if let Day::On { day, .. } = day { Some(*day) } else { None }).collect();
        let expected: Vec<_> = days_of(visit).filter(|day| place.zone.has_day(*day)).collect();
        prop_assert_eq!(on, expected);
        prop_assert_eq!(told.last().map(|(_, day)| *day), Some(Day::Expired));
        prop_assert!(told.iter().filter_map(|(_, day)| day.may_have()).is_sorted(), "no record comes back");
    }

    #[test]
    fn the_answer_changes_exactly_when_it_says((place, visit) in any_visit(), provision in any_provision(), part in 0.0..1.0_f64) {
        let told = story(visit, &place.zone, provision);
        for pair in told.windows(2) {
            let ((from, day), (until, next)) = (pair[0], pair[1]);
            prop_assert_ne!(day, next);
            let between = from.saturating_add(until.duration_since(from).mul_f64(part)).unwrap();
            for instant in [from, between.min(until - NANOSECOND), until - NANOSECOND] {
                prop_assert_eq!(visit.day_at(instant, &place.zone, provision), day, "at {}", instant);
            }
        }
    }

    #[test]
    fn a_record_is_there_before_its_window_opens_and_until_it_has_closed((place, visit) in any_visit(), provision in any_provision()) {
        for (since, answer) in story(visit, &place.zone, provision) {
            match answer {
                Day::On { day, window, next } => {
                    prop_assert!(since <= window.from && next == window.until);
                    prop_assert_eq!(visit.window_on(day, &place.zone), Some(window));
                    prop_assert!(provision != Provision::AtMidnight || place.zone.midnight(day) <= since);
                    prop_assert!(provision != Provision::WithinWindow || since == window.from);
                }
                Day::Ended { window, next, last, .. } => {
                    prop_assert!(window.until == since && since < next);
                    prop_assert!(place.zone.midnight_from(next) == next, "rollover is at midnight");
                    prop_assert!(last || provision == Provision::AtMidnight);
                }
                Day::Scheduled { due } => prop_assert!(since < due && provision != Provision::OnApply),
                Day::Expired => {}
            }
        }
    }

    #[test]
    fn inside_a_window_its_record_is_wanted_whatever_the_provision((place, visit) in any_visit(), provision in any_provision(), part in 0.0..1.0_f64) {
        for day in days_of(visit) {
            let Some(window) = visit.window_on(day, &place.zone) else { continue };
            let inside = window.from.saturating_add(window.until.duration_since(window.from).mul_f64(part)).unwrap();
            let inside = inside.min(window.until - NANOSECOND);
            let expected = Day::On { day, window, next: window.until };
            prop_assert_eq!(visit.day_at(inside, &place.zone, provision), expected);
        }
    }

    #[test]
    fn packing_loses_nothing((place, visit) in any_visit(), provision in any_provision(), ahead in 0..200_i64) {
        let packed = PackedVisit::from(visit);
        prop_assert_eq!(Visit::from(packed), visit);
        let now = place.zone.midnight(visit.first_day()) - hours(50) + hours(ahead);
        prop_assert_eq!(packed.day_at(now, &place.zone, provision), visit.day_at(now, &place.zone, provision));
    }

    #[test]
    fn the_longest_and_latest_visits_pack(first in 0..54_788_i64, more in 0..180_i64, times in proptest::option::of((any_minute(), any_minute()))) {
        let first = date(2000, 1, 1).saturating_add(hours_of_days(first));
        let visit = written(first, first.saturating_add(hours_of_days(more)).min(date(2150, 12, 31)), times);
        prop_assert_eq!(Visit::from(PackedVisit::from(visit)), visit);
    }

    // === nightly ===

    #[test]
    fn a_nightly_time_comes_once_for_each_day((place, visit) in any_visit(), time in any_minute()) {
        let (zone, nightly) = (&place.zone, Nightly::parse(&format!("{:02}:{:02}", time.hour(), time.minute())).unwrap());
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
