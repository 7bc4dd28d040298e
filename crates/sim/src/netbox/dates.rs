//! Dates as the box writes and reads them: the controller's local time, without an offset (2.4).

use jiff::civil::{Date, DateTime, Time};

/// Reads `YYYY-MM-DD HH:MM`, also with seconds, or `YYYY-MM-DD`, for which `bare` says the time of day.
pub(super) fn read(text: &str, bare: Time) -> Option<DateTime> {
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
    fn dates_are_read_in_the_documented_forms_and_no_other() {
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
}
