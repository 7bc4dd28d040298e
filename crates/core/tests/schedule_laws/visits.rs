//! The record that a visitor should have at each time.

use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;
use vestibule_core::schedule::{Day, PackedVisit, Provision, Visit, Zone};

use super::places::{
    NANOSECOND, any_minute, any_provision, any_visit, days_of, hours, hours_of_days, written,
};

/// All answers of a visit, from well before it until nothing changes any more.
fn story(visit: Visit, zone: &Zone, provision: Provision) -> Vec<(Timestamp, Day)> {
    let mut now = Some(zone.midnight(visit.first_day()) - hours(100));
    let mut answers = Vec::new();
    while let Some(instant) = now {
        let day = visit.day_at(instant, zone, provision);
        answers.push((instant, day));
        now = day.changes_at();
        assert!(now.is_none_or(|next| next > instant), "time goes forward: {answers:?}");
        assert!(answers.len() < 40, "it comes to an end: {answers:?}");
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

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
            // Since 2000 no clock was moved by more than a day, and outside Samoa by no more than two hours.
            let off = (window.until.duration_since(window.from).as_mins() - promised).abs();
            prop_assert!(off <= 24 * 60, "{} {day} off by {off}", place.zone.name());
        }
    }

    #[test]
    fn every_day_of_a_visit_is_current_once_and_in_order((place, visit) in any_visit(), provision in any_provision()) {
        let answers = story(visit, &place.zone, provision);
        let on: Vec<_> = answers.iter().filter_map(|(_, day)| if let Day::On { day, .. } = day { Some(*day) } else { None }).collect();
        let expected: Vec<_> = days_of(visit).filter(|day| place.zone.has_day(*day)).collect();
        prop_assert_eq!(on, expected);
        prop_assert_eq!(answers.last().map(|(_, day)| *day), Some(Day::Expired));
        prop_assert!(answers.iter().filter_map(|(_, day)| day.may_have()).is_sorted(), "no record comes back");
    }

    #[test]
    fn the_answer_changes_exactly_at_the_announced_time((place, visit) in any_visit(), provision in any_provision(), part in 0.0..1.0_f64) {
        let answers = story(visit, &place.zone, provision);
        for pair in answers.windows(2) {
            let ((from, day), (until, next)) = (pair[0], pair[1]);
            prop_assert_ne!(day, next);
            let between = from.saturating_add(until.duration_since(from).mul_f64(part)).unwrap();
            for instant in [from, between.min(until - NANOSECOND), until - NANOSECOND] {
                prop_assert_eq!(visit.day_at(instant, &place.zone, provision), day, "at {}", instant);
            }
        }
    }

    #[test]
    fn a_record_exists_before_its_window_begins_and_until_it_ends((place, visit) in any_visit(), provision in any_provision()) {
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
}
