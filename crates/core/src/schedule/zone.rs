use std::cmp::Ordering;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use super::{Error, Window};

/// The time zone of a property.
///
/// Only the compiled-in database is used, never the host's: two replicas must agree on the time of midnight. A clone
/// costs one reference count.
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
        // The database has "Etc/Unknown" for an unspecified zone. No property is there.
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) if !zone.is_unknown() => Ok(Self(zone)),
            _ => Err(Error::UnknownZone { name: name.to_owned() }),
        }
    }

    /// The IANA name in the database's own spelling.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The wall-clock time at `instant`, for protocols with local time.
    pub fn wall_clock(&self, instant: Timestamp) -> DateTime {
        self.0.to_datetime(instant)
    }

    /// The instant of a start at `wall`. Of two instants it is the earlier, so that a visitor has access in the whole
    /// repeated hour. A skipped time moves forward by the skipped duration.
    pub fn start_at(&self, wall: DateTime) -> Timestamp {
        self.0.to_ambiguous_timestamp(wall).compatible().unwrap_or_else(|_| saturated(wall.date()))
    }

    /// The instant of an end at `wall`. Of two instants it is the later, for the same reason.
    pub fn end_at(&self, wall: DateTime) -> Timestamp {
        self.0.to_ambiguous_timestamp(wall).later().unwrap_or_else(|_| saturated(wall.date()))
    }

    /// The first instant of a local day, even if the clock never shows 00:00 on that day.
    ///
    /// Exactly: the first instant at which the wall clock has shown `date` or a later date. It is strictly increasing,
    /// except for a day that the zone skips entirely (Apia had no 2011-12-30): such a day begins and ends at the start of
    /// the day after it.
    pub fn midnight(&self, date: Date) -> Timestamp {
        let wall = date.to_datetime(Time::midnight());
        let ambiguous = self.0.to_ambiguous_timestamp(wall);
        let found = match ambiguous.offset() {
            AmbiguousOffset::Gap { after, .. } => self.end_of_gap(wall, after),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier().ok(),
        };
        found.unwrap_or_else(|| saturated(date))
    }

    /// The local day at `now`: the last one whose [`midnight`](Self::midnight) has passed.
    ///
    /// It is the date on the wall clock, except after a clock was put back over midnight (St John's at 00:01, until 2011):
    /// a day that has begun stays the local day.
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

    /// The first instant of the next local day, strictly later than `now`.
    pub fn next_midnight(&self, now: Timestamp) -> Timestamp {
        self.day_of(now).tomorrow().map_or(Timestamp::MAX, |day| self.midnight(day))
    }

    /// The first local midnight that is not before `instant`.
    pub fn midnight_from(&self, instant: Timestamp) -> Timestamp {
        instant
            .checked_sub(SignedDuration::from_nanos(1))
            .map_or(instant, |just_before| self.next_midnight(just_before))
    }

    /// Whole local days, both included: from 00:00 of the first to 24:00 of the last, as for subscriptions.
    pub fn days(&self, first: Date, last: Date) -> Window {
        let until = last.tomorrow().map_or(Timestamp::MAX, |day| self.midnight(day));
        Window { from: self.midnight(first), until }
    }

    /// Whether the zone has this day.
    pub fn has_day(&self, date: Date) -> bool {
        // Only a gap can skip a day, and such a gap includes noon: the common case costs one look-up.
        let noon = self.0.to_ambiguous_timestamp(date.at(12, 0, 0, 0));
        !matches!(noon.offset(), AmbiguousOffset::Gap { .. }) || !self.days(date, date).is_empty()
    }

    /// The instant at which the clock jumped over `wall` to the offset `after`.
    fn end_of_gap(&self, wall: DateTime, after: Offset) -> Option<Timestamp> {
        // With the later offset, a skipped time gives an instant just before the jump. Entries of the database that
        // change a name or a flag but not the offset are not jumps.
        self.jump_to(after.to_timestamp(wall).ok()?, after)
    }

    /// The first instant after `since` at which the clock jumps to an offset.
    pub(super) fn jump_to(&self, since: Timestamp, offset: Offset) -> Option<Timestamp> {
        self.0.following(since).find(|jump| jump.offset() == offset).map(|jump| jump.timestamp())
    }

    /// The offset, or the two offsets, of the clock when it shows `wall`.
    pub(super) fn offset_of(&self, wall: DateTime) -> AmbiguousOffset {
        self.0.to_ambiguous_timestamp(wall).offset()
    }
}

/// The first or last instant, for a date that no instant can represent (beyond the years -9999 to 9999).
fn saturated(date: Date) -> Timestamp {
    match date.year().cmp(&0) {
        Ordering::Less => Timestamp::MIN,
        Ordering::Equal | Ordering::Greater => Timestamp::MAX,
    }
}
