use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

use super::visit::{FIRST_YEAR, Hours};
use super::{Day, Provision, Visit, Zone};

/// Day zero of a packed date.
const EPOCH: Date = Date::constant(FIRST_YEAR, 1, 1);

/// A [`Visit`] in eight bytes, without loss, for the rows of a hundred thousand visitors. An `Option` of it has eight
/// bytes too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PackedVisit {
    /// The first day, in days since 2000-01-01.
    from: u16,
    /// The number of days after the first.
    more: u8,
    /// Whether the visit has hours. A `bool` leaves room for the `None` of an `Option`; a special value of a minute would
    /// make the `Option` two bytes larger.
    has_hours: bool,
    /// Minute of the day; 0 if the visit has no hours.
    start: u16,
    /// Minute of the day; 0 if the visit has no hours.
    end: u16,
}

impl PackedVisit {
    /// [`Visit::day_at`] of the visit.
    pub fn day_at(self, now: Timestamp, zone: &Zone, provision: Provision) -> Day {
        Visit::from(self).day_at(now, zone, provision)
    }
}

impl From<Visit> for PackedVisit {
    fn from(visit: Visit) -> Self {
        let hours = visit.hours();
        let (start, end) = hours.map_or((0, 0), |Hours { start, end }| (minute_of(start), minute_of(end)));
        let days = visit.first_day().duration_since(EPOCH).as_hours() / 24;
        Self {
            from: u16::try_from(days).expect("a visit's years end before 65,536 days"),
            more: u8::try_from(visit.days() - 1).expect("a visit has at most 180 days"),
            has_hours: hours.is_some(),
            start,
            end,
        }
    }
}

impl From<PackedVisit> for Visit {
    fn from(packed: PackedVisit) -> Self {
        let day = |days: i64| EPOCH.saturating_add(SignedDuration::from_hours(days * 24));
        let from = i64::from(packed.from);
        let hours =
            packed.has_hours.then(|| Hours { start: time_of(packed.start), end: time_of(packed.end) });
        Self::new(day(from), day(from + i64::from(packed.more)), hours).expect("it was a visit when packed")
    }
}

fn minute_of(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

fn time_of(minute: u16) -> Time {
    let part = |value: u16| i8::try_from(value).expect("below 60");
    Time::constant(part(minute / 60), part(minute % 60), 0, 0)
}
