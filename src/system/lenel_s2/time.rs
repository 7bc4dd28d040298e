//! Instants as the controller of the NetBox writes them: its local time, without an offset (systems/lenel-s2.md 2.4).

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp, ToSpan};

use super::config::Expiry;

/// Reads and writes dates of one controller.
#[derive(Clone, Debug)]
pub(super) struct Dates {
    zone: TimeZone,
    expiry: Expiry,
}

/// The written form. It always has a minute, since the meaning of a bare date is not known (2.4, 2.16 no. 4).
const WRITTEN: &str = "%Y-%m-%d %H:%M";

impl Dates {
    pub(super) fn new(zone: TimeZone, expiry: Expiry) -> Self {
        Self { zone, expiry }
    }

    /// ACTDATE of a start.
    pub(super) fn write_start(&self, at: Timestamp) -> String {
        self.civil(at).strftime(WRITTEN).to_string()
    }

    /// EXPDATE of an end. If the NetBox includes the last minute, the minute before is written. It is the minute before
    /// in local time, which differs from the instant before by an hour in the night of a fold.
    pub(super) fn write_end(&self, at: Timestamp) -> String {
        let end = self.civil(at);
        let written = match self.expiry {
            Expiry::Exclusive => end,
            Expiry::InclusiveMinute => self.minute_before(at, end),
        };
        written.strftime(WRITTEN).to_string()
    }

    /// A start as the NetBox returns it; `None` if there is none. In a fold it is the earlier instant, in a gap the
    /// later.
    pub(super) fn read_start(&self, text: &str) -> Option<Timestamp> {
        let (civil, offset) = parse(text)?;
        self.instant(civil, offset, Edge::Start)
    }

    /// An end as the NetBox returns it; `None` if there is none. In a fold it is the later instant, and so in a gap.
    pub(super) fn read_end(&self, text: &str) -> Option<Timestamp> {
        let (civil, offset) = parse(text)?;
        let end = match self.expiry {
            Expiry::Exclusive => civil,
            Expiry::InclusiveMinute => shifted(civil, 1.minute())?.with().second(0).build().ok()?,
        };
        self.instant(end, offset, Edge::End)
    }

    /// A moment as the NetBox returns it. `None` if its hour occurs twice or not at all, since it then proves nothing
    /// about the clock.
    pub(super) fn read_unambiguous(&self, text: &str) -> Option<Timestamp> {
        let (civil, offset) = parse(text)?;
        match offset {
            Some(offset) => offset.to_timestamp(civil).ok(),
            None => self.zone.to_ambiguous_timestamp(civil).unambiguous().ok(),
        }
    }

    fn civil(&self, at: Timestamp) -> DateTime {
        at.to_zoned(self.zone.clone()).datetime()
    }

    fn minute_before(&self, at: Timestamp, end: DateTime) -> DateTime {
        let on_the_wall = shifted(end, -1.minute());
        let exists = |civil: &DateTime| {
            !matches!(self.zone.to_ambiguous_timestamp(*civil).offset(), AmbiguousOffset::Gap { .. })
        };
        on_the_wall.filter(exists).unwrap_or_else(|| {
            self.civil(at.checked_sub(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MIN))
        })
    }

    fn instant(&self, civil: DateTime, offset: Option<Offset>, edge: Edge) -> Option<Timestamp> {
        if let Some(offset) = offset {
            return offset.to_timestamp(civil).ok();
        }
        let ambiguous = self.zone.to_ambiguous_timestamp(civil);
        match edge {
            Edge::Start => ambiguous.compatible().ok(),
            Edge::End => ambiguous.later().ok(),
        }
    }
}

#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

fn shifted(civil: DateTime, by: Span) -> Option<DateTime> {
    civil.checked_add(by).ok()
}

/// `YYYY-MM-DD[ HH:MM[:SS]]`, and an offset after it if the NetBox appends one (2.16 no. 3). `null`, an empty text and
/// anything else are not a date (2.4): a record without a readable window is never treated as one that has it.
fn parse(text: &str) -> Option<(DateTime, Option<Offset>)> {
    let text = text.trim();
    let (date, rest) = (text.get(..10)?, text.get(10..)?.trim_start_matches(['T', ' ']));
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len());
    let (time, offset) = rest.split_at(digits);
    let civil = match time.len() {
        0 => DateTime::strptime(WRITTEN, format!("{date} 00:00")),
        5 => DateTime::strptime(WRITTEN, format!("{date} {time}")),
        _ => DateTime::strptime("%Y-%m-%d %H:%M:%S", format!("{date} {time}")),
    };
    let offset = match offset.trim() {
        "" => None,
        text => Some(read_offset(text)?),
    };
    Some((civil.ok()?, offset))
}

/// `Z`, `+HH`, `+HHMM` or `+HH:MM`.
fn read_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("Z", "") => return Some(Offset::UTC),
        ("+", rest) => (1, rest.replace(':', "")),
        ("-", rest) => (-1, rest.replace(':', "")),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    Offset::from_seconds(sign * (hours.parse::<i32>().ok()? * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use vestibule_core::schedule::Window;

    use super::*;

    fn dates(zone: &str, expiry: Expiry) -> Dates {
        Dates::new(TimeZone::get(zone).unwrap(), expiry)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn dates_are_written_in_the_controllers_zone_with_the_minute() {
        let dates = dates("America/New_York", Expiry::Exclusive);
        assert_eq!(dates.write_start(at("2026-12-01T13:00:00Z")), "2026-12-01 08:00");
        assert_eq!(dates.write_end(at("2026-12-02T05:00:00Z")), "2026-12-02 00:00");
    }

    #[test]
    fn dates_of_the_netbox_are_read_with_seconds_without_and_as_bare_dates() {
        let dates = dates("Europe/Berlin", Expiry::Exclusive);
        for text in ["2026-12-01 08:00:00", "2026-12-01 08:00", " 2026-12-01T08:00:00 "] {
            assert_eq!(dates.read_start(text), Some(at("2026-12-01T07:00:00Z")), "{text}");
        }
        assert_eq!(dates.read_end("2026-12-01"), Some(at("2026-11-30T23:00:00Z")));
    }

    #[test]
    fn null_empty_and_nonsense_are_no_date() {
        let dates = dates("UTC", Expiry::Exclusive);
        for text in
            ["null", "NULL", "", "  ", "soon", "2026-13-01 00:00:00", "2026-12-01 08:00 PM", "0000-00-00"]
        {
            assert_eq!((dates.read_start(text), dates.read_end(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn an_appended_offset_counts_instead_of_the_zone() {
        let dates = dates("UTC", Expiry::Exclusive);
        for text in ["2026-12-01 08:00:00 -0500", "2026-12-01 08:00:00-05:00", "2026-12-01 08:00:00 -05"] {
            assert_eq!(dates.read_start(text), Some(at("2026-12-01T13:00:00Z")), "{text}");
        }
        assert_eq!(dates.read_start("2026-12-01 08:00:00Z"), Some(at("2026-12-01T08:00:00Z")));
    }

    /// The instants of the core: in a fold the earlier one for starts, the later one for ends.
    fn every_minute_of(night: &str, zone: &str, expiry: Expiry) {
        let (dates, tz) = (dates(zone, expiry), TimeZone::get(zone).unwrap());
        let midnight: DateTime = night.parse().unwrap();
        for minute in 0..(6 * 60) {
            let wall = midnight.checked_add(minute.minutes()).unwrap();
            let (start, end) = (
                tz.to_ambiguous_timestamp(wall).compatible().unwrap(),
                tz.to_ambiguous_timestamp(wall).later().unwrap(),
            );
            assert_eq!(dates.read_start(&dates.write_start(start)), Some(start), "start {wall} {expiry:?}");
            assert_eq!(dates.read_end(&dates.write_end(end)), Some(end), "end {wall} {expiry:?}");
        }
    }

    #[test]
    fn every_minute_of_both_clock_change_nights_reads_back_as_written() {
        for expiry in [Expiry::Exclusive, Expiry::InclusiveMinute] {
            every_minute_of("2026-10-25T00:00", "Europe/Berlin", expiry);
            every_minute_of("2026-03-29T00:00", "Europe/Berlin", expiry);
            every_minute_of("2026-11-01T00:00", "America/New_York", expiry);
            every_minute_of("2026-03-08T00:00", "America/New_York", expiry);
            // Midnight itself does not exist, or comes twice.
            every_minute_of("2018-11-03T22:00", "America/Sao_Paulo", expiry);
            every_minute_of("2018-02-17T22:00", "America/Sao_Paulo", expiry);
        }
    }

    #[test]
    fn a_window_without_ambiguous_bounds_reads_back_as_written_whichever_hour_the_netbox_means() {
        let zone = vestibule_core::schedule::Zone::parse("America/New_York").unwrap();
        let tz = TimeZone::get("America/New_York").unwrap();
        for night in ["2027-11-07T00:00:00Z", "2027-03-14T00:00:00Z"] {
            for minute in 0..(12 * 60) {
                let at = self::at(night) + SignedDuration::from_mins(minute);
                let (from, until) =
                    (at - SignedDuration::from_hours(24), at + SignedDuration::from_hours(24));
                let start = zone.without_ambiguous_bounds(Window { from: at, until }).from;
                let end = zone.without_ambiguous_bounds(Window { from, until: at }).until;
                for expiry in [Expiry::Exclusive, Expiry::InclusiveMinute] {
                    let dates = dates("America/New_York", expiry);
                    assert_eq!(dates.read_start(&dates.write_start(start)), Some(start), "{at}");
                    assert_eq!(dates.read_end(&dates.write_end(end)), Some(end), "{at} {expiry:?}");
                }
                let dates = dates("America/New_York", Expiry::Exclusive);
                for written in [dates.write_start(start), dates.write_end(end)] {
                    let civil = DateTime::strptime(WRITTEN, &written).unwrap();
                    assert!(!tz.to_ambiguous_timestamp(civil).is_ambiguous(), "{written}");
                }
            }
        }
    }

    #[test]
    fn an_inclusive_netbox_is_sent_the_minute_before_and_read_back_accordingly() {
        let dates = dates("Europe/Berlin", Expiry::InclusiveMinute);
        let end = at("2026-12-01T17:00:00Z");
        assert_eq!(dates.write_end(end), "2026-12-01 17:59");
        assert_eq!(dates.read_end("2026-12-01 17:59:00"), Some(end));
        assert_eq!(dates.read_end("2026-12-01 17:59:59"), Some(end));
    }
}
