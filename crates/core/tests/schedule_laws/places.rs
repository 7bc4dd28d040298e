//! The inputs of the laws: all zones with their clock changes, and visits around those nights.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, date};
use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use vestibule_core::schedule::{Provision, Visit, Zone};

pub(crate) const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);
pub(crate) const PROVISIONS: [Provision; 3] =
    [Provision::AtMidnight, Provision::OnApply, Provision::WithinWindow];

/// A zone and the instants of all its clock changes until 2040.
pub(crate) struct Place {
    pub(crate) zone: Zone,
    pub(crate) jumps: Vec<Timestamp>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.zone.name())
    }
}

pub(crate) static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
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
    assert!(places.len() > 590, "the whole database is present: {}", places.len());
    places
});

pub(crate) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub(crate) fn any_place() -> impl Strategy<Value = &'static Place> {
    any::<Index>().prop_map(|index| index.get(&PLACES))
}

/// Any instant.
pub(crate) fn any_instant() -> impl Strategy<Value = Timestamp> {
    let (min, max) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    (min..=max, 0..1_000_000_000_i32).prop_map(|(second, nanosecond)| {
        Timestamp::new(second, nanosecond.min(999_999_998)).unwrap_or(Timestamp::MIN)
    })
}

pub(crate) fn any_date() -> impl Strategy<Value = Date> {
    let ends = [Date::MIN, Date::MAX, Date::MAX.yesterday().unwrap()];
    prop_oneof![
        9 => (0..7_304_484_i64).prop_map(|days| Date::MIN.saturating_add(hours(days * 24))),
        1 => proptest::sample::select(ends.to_vec()),
    ]
}

pub(crate) fn any_minute() -> impl Strategy<Value = Time> {
    // Half of them are in the early morning, when clocks are changed.
    let time = |minute: i16| {
        Time::new(i8::try_from(minute / 60).unwrap(), i8::try_from(minute % 60).unwrap(), 0, 0).unwrap()
    };
    prop_oneof![(0..1440_i16).prop_map(time), (0..16_i16).prop_map(move |quarter| time(quarter * 15))]
}

/// A zone, and a visit of some days in it. Two in three visits are around a clock change.
pub(crate) fn any_visit() -> impl Strategy<Value = (&'static Place, Visit)> {
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

pub(crate) fn hours_of_days(days: i64) -> SignedDuration {
    hours(days * 24)
}

/// A time as a person writes it.
pub(crate) fn text(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// A visit parsed from text as a person writes it, so that parsing is tested too.
pub(crate) fn written(first: Date, last: Date, times: Option<(Time, Time)>) -> Visit {
    let (start, end) = times.map(|(start, end)| (text(start), text(end))).unzip();
    let to = last.to_string();
    Visit::parse(&first.to_string(), Some(&to), start.as_deref(), end.as_deref()).unwrap()
}

pub(crate) fn any_provision() -> impl Strategy<Value = Provision> {
    proptest::sample::select(PROVISIONS.to_vec())
}

pub(crate) fn days_of(visit: Visit) -> impl Iterator<Item = Date> {
    days(visit.first_day(), visit.last_day())
}

/// The days from one to another, both included.
pub(crate) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
}
