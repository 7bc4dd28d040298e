//! The days of the bench. The clocks of simulator and controllers start before a midnight and jump to it.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use crate::building::ZONE;

/// A weekday without a clock change.
const FIRST: Date = jiff::civil::date(2026, 12, 1);

/// A day by its number; the first has number 0.
pub(crate) fn day(number: i64) -> Date {
    FIRST.saturating_add(Span::new().days(number))
}

/// A moment before that midnight. Work that is due during the day is done by then.
pub(crate) fn evening(number: i64) -> Timestamp {
    midnight(number).saturating_sub(5.minutes()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The midnight that starts a day.
pub(crate) fn midnight(number: i64) -> Timestamp {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    day(number).to_zoned(zone).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// A time in the middle of the first day.
pub(crate) fn noon() -> Timestamp {
    midnight(0).saturating_add(12.hours()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The percentile of durations, which need not be sorted.
pub(crate) fn percentile(durations: &[Duration], percent: f64) -> Duration {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The median of measures.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// Milliseconds with a fraction.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
