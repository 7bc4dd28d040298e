use std::cmp::Ordering;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::{Error, Window};

/// The clock on a property's wall.
///
/// Only the database that is compiled in is asked, never the host's: two replicas must agree on when midnight
/// is. A clone is one reference count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl From<TimeZone> for Zone {
    fn from(zone: TimeZone) -> Self {
        Self(zone)
    }
}

impl Zone {
    /// Finds a zone by its IANA name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        // "Etc/Unknown" is in the database as a mark for "nobody said": no property is there.
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) if !zone.is_unknown() => Ok(Self(zone)),
            _ => Err(Error::UnknownZone { name: name.to_owned() }),
        }
    }

    /// The IANA name in the database's own spelling.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What the wall clock shows at `instant`: for wires that want local time.
    pub fn wall_clock(&self, instant: Timestamp) -> DateTime {
        self.0.to_datetime(instant)
    }

    /// The instant at which something that starts at `wall` starts: of two the earlier, so that nobody stands
    /// before a closed door in the repeated hour. A skipped time moves forward by what was skipped.
    pub fn start_at(&self, wall: DateTime) -> Timestamp {
        self.0.to_ambiguous_timestamp(wall).compatible().unwrap_or_else(|_| saturated(wall.date()))
    }

    /// The instant at which something that ends at `wall` ends: of two the later, for the same reason.
    pub fn end_at(&self, wall: DateTime) -> Timestamp {
        self.0.to_ambiguous_timestamp(wall).later().unwrap_or_else(|_| saturated(wall.date()))
    }

    /// The first instant of a local day, also where the clock never shows 00:00 on it.
    ///
    /// Exactly: the first instant from which the wall has shown `date` or a later one. It is strictly
    /// increasing but for a day that the zone skipped altogether (Apia had no 2011-12-30): that one begins,
    /// and ends, where the day after it begins.
    pub fn midnight(&self, date: Date) -> Timestamp {
        let wall = date.to_datetime(Time::midnight());
        let ambiguous = self.0.to_ambiguous_timestamp(wall);
        let found = match ambiguous.offset() {
            AmbiguousOffset::Gap { after, .. } => self.end_of_gap(wall, after),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok(),
        };
        found.unwrap_or_else(|| saturated(date))
    }

    /// The local day at `now`: the last one whose [`midnight`](Self::midnight) has been.
    ///
    /// Almost always the date on the wall. Not where a clock was put back over midnight (St John's at 00:01,
    /// until 2011): the day had begun, and does not un-begin.
    pub fn day_of(&self, now: Timestamp) -> Date {
        let mut day = self.wall_clock(now).date();
        while let Ok(next) = day.tomorrow() {
            if self.midnight(next) > now {
                break;
            }
            day = next;
        }
        day
    }

    /// The first instant of the next local day after `now`: strictly later than it.
    pub fn next_midnight(&self, now: Timestamp) -> Timestamp {
        self.day_of(now).tomorrow().map_or(Timestamp::MAX, |day| self.midnight(day))
    }

    /// The first local midnight that is not before `instant`.
    pub fn midnight_from(&self, instant: Timestamp) -> Timestamp {
        instant
            .checked_sub(SignedDuration::from_nanos(1))
            .map_or(instant, |just_before| self.next_midnight(just_before))
    }

    /// Whole local days, both included: from 00:00 of the first to 24:00 of the last, as subscriptions have it.
    pub fn days(&self, first: Date, last: Date) -> Window {
        let until = last.tomorrow().map_or(Timestamp::MAX, |day| self.midnight(day));
        Window { from: self.midnight(first), until }
    }

    /// Whether the zone has this day at all.
    pub fn has_day(&self, date: Date) -> bool {
        // Only a gap can swallow a day, and then noon lies in it: the common case costs one look.
        let noon = self.0.to_ambiguous_timestamp(date.at(12, 0, 0, 0));
        !matches!(noon.offset(), AmbiguousOffset::Gap { .. }) || !self.days(date, date).is_empty()
    }

    /// The instant at which the clock jumped over `wall` to the offset `after`.
    fn end_of_gap(&self, wall: DateTime, after: Offset) -> Option<Timestamp> {
        // Read with the later offset, a skipped time names an instant just before the jump. Rows of the
        // database that change a name or a flag but not the offset are no jumps.
        self.jump_to(after.to_timestamp(wall).ok()?, after)
    }

    /// The first instant after `since` at which the clock jumps to an offset.
    pub(super) fn jump_to(&self, since: Timestamp, offset: Offset) -> Option<Timestamp> {
        self.0.following(since).find(|jump| jump.offset() == offset).map(|jump| jump.timestamp())
    }

    /// Which offset the clock has when it shows `wall`, or which two.
    pub(super) fn offset_of(&self, wall: DateTime) -> AmbiguousOffset {
        self.0.to_ambiguous_timestamp(wall).offset()
    }
}

/// The end of time in which a date lies that no instant can name (beyond the years -9999 to 9999).
fn saturated(date: Date) -> Timestamp {
    match date.year().cmp(&0) {
        Ordering::Less => Timestamp::MIN,
        Ordering::Equal | Ordering::Greater => Timestamp::MAX,
    }
}
