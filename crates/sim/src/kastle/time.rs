//! Dates, wall times and zones on the wire (2A.4, 2A.5, 2B.1).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::windows;
use crate::frame::Switches;

/// The zone of a name in the form of the switch `zones.names`, with its IANA name.
pub(super) fn zone(name: &str, switches: &Switches) -> Option<(TimeZone, String)> {
    let iana = match switches.get("zones.names") {
        "windows" => windows::iana(name)?,
        _ if name == "UTC" || name.contains('/') => name,
        _ => return None,
    };
    Some((TimeZone::get(iana).ok()?, iana.to_owned()))
}

/// A zone's name on the wire.
pub(super) fn zone_name<'a>(iana: &'a str, switches: &Switches) -> &'a str {
    if switches.is("zones.names", "windows") { windows::windows(iana) } else { iana }
}

/// A date: American in that position of the switch `dates.format`, else ISO in either form (A1).
pub(super) fn read_date(text: &str, switches: &Switches) -> Option<Date> {
    if switches.is("dates.format", "MM/DD/YYYY") {
        return has_shape(text, "00/00/0000").then(|| Date::strptime("%m/%d/%Y", text).ok()).flatten();
    }
    let day = text.split_once('T').map_or(Some(text), |(day, time)| is_midnight(time).then_some(day))?;
    has_shape(day, "0000-00-00").then(|| Date::strptime("%Y-%m-%d", day).ok()).flatten()
}

/// `00:00:00` as .NET writes it after the date of a `DateTime`: bare, in UTC, or with the offset of its machine.
fn is_midnight(time: &str) -> bool {
    let Some(zone) = time.strip_prefix("00:00:00") else {
        return false;
    };
    zone.is_empty() || zone == "Z" || has_shape(zone, "+00:00") || has_shape(zone, "-00:00")
}

/// Its text in an answer.
pub(super) fn write_date(date: Date, switches: &Switches) -> String {
    let form = match switches.get("dates.format") {
        "MM/DD/YYYY" => "%m/%d/%Y",
        "YYYY-MM-DDT00:00:00" => "%Y-%m-%dT00:00:00",
        _ => "%Y-%m-%d",
    };
    date.strftime(form).to_string()
}

/// A time of day, `HH:mm`.
pub(super) fn read_time(text: &str) -> Option<Time> {
    has_shape(text, "00:00").then(|| Time::strptime("%H:%M", text).ok()).flatten()
}

/// Its text in an answer.
pub(super) fn write_time(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

/// Whether a text has digits where `shape` has zeros, and its characters elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(c, wanted): (u8, u8)| if wanted == b'0' { c.is_ascii_digit() } else { c == wanted };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// The instant of a wall time as in .NET (2A.5): standard time in the repeated hour, none in the gap;
/// with `shifted`, a time in the gap is moved forward by its length. The second value is the resulting wall time.
pub(super) fn instant(zone: &TimeZone, wall: DateTime, shifted: bool) -> Option<(Timestamp, DateTime)> {
    let reading = zone.to_ambiguous_timestamp(wall);
    if matches!(reading.offset(), AmbiguousOffset::Gap { .. }) && !shifted {
        return None;
    }
    let at = reading.later().ok()?;
    Some((at, zone.to_datetime(at)))
}

/// The first instant of a local day, also where midnight is skipped.
pub(super) fn day_start(zone: &TimeZone, date: Date) -> Timestamp {
    let midnight = zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight()));
    midnight.compatible().unwrap_or(Timestamp::MAX)
}

/// An instant as ISO-8601 in UTC.
pub(super) fn read_instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kastle::SWITCHES;
    use jiff::civil::date;

    #[test]
    fn the_gap_is_no_time_and_the_repeated_hour_is_standard_time() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let gap = date(2026, 3, 8).at(2, 30, 0, 0);
        assert_eq!(instant(&zone, gap, false), None);
        let (at, wall) = instant(&zone, gap, true).unwrap();
        assert_eq!(
            (at.to_string().as_str(), wall),
            ("2026-03-08T07:30:00Z", date(2026, 3, 8).at(3, 30, 0, 0))
        );
        let fold = date(2026, 11, 1).at(1, 30, 0, 0);
        assert_eq!(instant(&zone, fold, false).unwrap().0.to_string(), "2026-11-01T06:30:00Z");
    }

    #[test]
    fn dates_have_the_forms_of_their_switch_and_times_have_one() {
        let mut switches = Switches::new(&[SWITCHES]);
        assert_eq!(read_date("2026-12-01", &switches), Some(date(2026, 12, 1)));
        for zone in ["", "Z", "+01:00", "-05:00"] {
            let text = format!("2026-12-01T00:00:00{zone}");
            assert_eq!(read_date(&text, &switches), Some(date(2026, 12, 1)), "{text}");
        }
        for wrong in [
            "2026-13-01",
            "12/01/2026",
            "2026-12-1",
            "2026-12-01T00:00",
            "2026-12-01T08:00:00",
            "2026-12-01T00:00:00 ",
            "2026-12-01 00:00:00",
            "2026-12-01T",
            "",
            "é026-12-1",
        ] {
            assert_eq!(read_date(wrong, &switches), None, "{wrong}");
        }
        switches.set("dates.format", "MM/DD/YYYY").unwrap();
        assert_eq!(read_date("12/01/2026", &switches), Some(date(2026, 12, 1)));
        assert_eq!(read_date("2026-12-01T00:00:00", &switches), None);
        assert!(read_time("08:00").is_some() && read_time("8:00").is_none() && read_time("24:01").is_none());
    }
}
