//! Dates as NetBox writes and reads them: the controller's local time, without an offset (2.4).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Reads `YYYY-MM-DD HH:MM`, also with seconds, or `YYYY-MM-DD`, which has the time of day `bare`.
pub(super) fn read(text: &str, bare: Time) -> Option<DateTime> {
    read_as(text, bare, read_date)
}

/// Reads `MM/DD/YYYY` in the same forms, as versions before 5.0 may have done (A4).
pub(super) fn read_us(text: &str, bare: Time) -> Option<DateTime> {
    read_as(text, bare, |date| {
        let (month, rest) = date.split_once('/')?;
        let (day, year) = rest.split_once('/')?;
        read_date(&format!("{year}-{month}-{day}"))
    })
}

fn read_as(text: &str, bare: Time, read_date: impl Fn(&str) -> Option<Date>) -> Option<DateTime> {
    let text = text.trim();
    let (date, time) = match text.split_once(' ') {
        Some((date, time)) => (date, read_time(time.trim())?),
        None => (text, bare),
    };
    Some(read_date(date)?.to_datetime(time))
}

/// Reads `YYYY-MM-DD`.
pub(super) fn read_date(text: &str) -> Option<Date> {
    let text = text.trim();
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// Reads `HH:MM` or `HH:MM:SS`.
pub(super) fn read_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<i8>().ok()).flatten()
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

/// `YYYY-MM-DD HH:MM:SS`.
pub(super) fn write(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `YYYY-MM-DD HH:MM:SS.FFFFF +HHMM`, as the event stream has it with an offset (A8).
pub(super) fn write_precise(at: DateTime, zone: &TimeZone) -> String {
    let fraction = at.subsec_nanosecond() / 10_000;
    let offset = zone.to_ambiguous_zoned(at).compatible();
    let offset = offset.map(|zoned| zoned.strftime(" %z").to_string()).unwrap_or_default();
    format!("{}.{fraction:05}{offset}", write(at))
}

/// `HH:MM`.
pub(super) fn write_time(at: Time) -> String {
    at.strftime("%H:%M").to_string()
}

/// The last minute of a day.
pub(super) fn end_of_day() -> Time {
    Time::constant(23, 59, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_documented_forms_only() {
        let noon = Time::constant(12, 0, 0, 0);
        assert_eq!(read("2026-12-01 08:05", noon).map(write).as_deref(), Some("2026-12-01 08:05:00"));
        assert_eq!(read("2026-12-01", noon).map(write).as_deref(), Some("2026-12-01 12:00:00"));
        assert_eq!(read("2026-12-01 08:05:09", noon).map(write).as_deref(), Some("2026-12-01 08:05:09"));
        for wrong in [
            "",
            "null",
            "2026-13-01",
            "2026-12-01T08:00",
            "1.12.2026",
            "2026-12-01 25:00",
            "2026-12-01 +8:00",
        ] {
            assert_eq!(read(wrong, noon), None, "{wrong}");
        }
    }

    #[test]
    fn us_dates_are_read_in_four_digit_years_and_two_digit_days_only() {
        let noon = Time::constant(12, 0, 0, 0);
        assert_eq!(read_us("12/01/2026", noon).map(write).as_deref(), Some("2026-12-01 12:00:00"));
        assert_eq!(read_us("12/01/2026 08:05", noon).map(write).as_deref(), Some("2026-12-01 08:05:00"));
        for wrong in ["", "13/01/2026", "2026-12-01", "12-01-2026", "12/1/2026", "12/01/26", "12/01/2026/"] {
            assert_eq!(read_us(wrong, noon), None, "{wrong}");
        }
    }

    #[test]
    fn a_precise_date_has_five_digits_of_a_second_and_the_offset_of_its_season() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |month| DateTime::constant(2025, month, 7, 13, 30, 31, 659_000_000);
        assert_eq!(write_precise(at(8), &zone), "2025-08-07 13:30:31.65900 -0400");
        assert_eq!(write_precise(at(12), &zone), "2025-12-07 13:30:31.65900 -0500");
    }
}
