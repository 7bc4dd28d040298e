use jiff::civil::{Date, DateTime, Time};

use super::{Error, Window, Zone};

/// A longer visit is a mistake, or the person should be an Occupant.
pub(super) const MAX_DAYS: i32 = 180;
/// An earlier date is a typing error. Rows count days from this year.
pub(super) const FIRST_YEAR: i16 = 2000;
/// A later date is a typing error, and rows have sixteen bits for a day.
pub(super) const LAST_YEAR: i16 = 2150;

const FROM: &str = "spec.visit.from";
const TO: &str = "spec.visit.to";
const START: &str = "spec.visit.startTime";
const END: &str = "spec.visit.endTime";

/// The days of a visit and the hours of each day, on the wall clock, as in the spec.
///
/// [`Visit::parse`] is the only public constructor, so that a value is always valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Visit {
    from: Date,
    to: Date,
    hours: Option<Hours>,
}

/// The hours of each day, in whole minutes. `end` at or before `start` is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hours {
    /// When they begin.
    pub start: Time,
    /// When they end.
    pub end: Time,
}

// === impl Visit ===

impl Visit {
    /// Reads the four fields of `spec.visit`; without `to` the visit has one day, without times whole days.
    pub fn parse(
        from: &str,
        to: Option<&str>,
        start: Option<&str>,
        end: Option<&str>,
    ) -> Result<Self, Error> {
        let from = date(FROM, from)?;
        let to = to.map_or(Ok(from), |text| date(TO, text))?;
        Self::new(from, to, hours(start, end)?)
    }

    pub(super) fn new(from: Date, to: Date, hours: Option<Hours>) -> Result<Self, Error> {
        if to < from {
            return Err(Error::Backwards { from, to });
        }
        match days_between(from, to) + 1 {
            days if days > MAX_DAYS => Err(Error::TooLong { days }),
            _ => Ok(Self { from, to, hours }),
        }
    }

    /// The first day.
    pub fn first_day(&self) -> Date {
        self.from
    }

    /// The last day, inclusive.
    pub fn last_day(&self) -> Date {
        self.to
    }

    /// The hours of each day; `None` is the whole day.
    pub fn hours(&self) -> Option<Hours> {
        self.hours
    }

    /// The number of days: 1 to 180.
    pub fn days(&self) -> i32 {
        days_between(self.from, self.to) + 1
    }

    /// The window of one of its days; `None` if the day is not one of them, or the zone has no such day.
    ///
    /// A window is never empty, and windows of consecutive days never overlap: where the repeated hour of autumn would make
    /// them overlap, a window ends when the next one starts. The end of the last day is not changed.
    pub fn window_on(&self, day: Date, zone: &Zone) -> Option<Window> {
        if day < self.from || self.to < day || !zone.has_day(day) {
            return None;
        }
        let Some(hours) = self.hours else {
            return Some(zone.days(day, day));
        };
        let mut window = hours.window_on(day, zone);
        if day < self.to {
            let next = zone.start_at(hours.start_on(following(day)));
            window.until = window.until.min(next);
        }
        Some(window)
    }
}

// === impl Hours ===

impl Hours {
    /// Whether they end on the day after the one on which they start.
    pub fn end_overnight(&self) -> bool {
        self.end <= self.start
    }

    fn start_on(self, day: Date) -> DateTime {
        day.to_datetime(self.start)
    }

    fn end_on(self, day: Date) -> DateTime {
        let day = if self.end_overnight() { following(day) } else { day };
        day.to_datetime(self.end)
    }

    fn window_on(self, day: Date, zone: &Zone) -> Window {
        let (start, end) = (self.start_on(day), self.end_on(day));
        let (from, until) = (zone.start_at(start), zone.end_at(end));
        // Hours inside the skipped hour of spring (02:30 to 03:00): the start moves past the end. The window still has
        // its declared length, counted from the end of the skipped hour.
        let until = if until > from {
            until
        } else {
            from.saturating_add(end.duration_since(start)).unwrap_or(until)
        };
        Window { from, until }
    }
}

/// The day after a day of a visit. It always exists, since visits end long before the calendar ends.
pub(super) fn following(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// The day before a day of a visit.
pub(super) fn preceding(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}

/// Days from one date to another; zero for the same.
fn days_between(from: Date, to: Date) -> i32 {
    // Both years have four digits, so the number of days has at most seven.
    i32::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(i32::MAX)
}

fn hours(start: Option<&str>, end: Option<&str>) -> Result<Option<Hours>, Error> {
    match (start, end) {
        (None, None) => Ok(None),
        (Some(start), Some(end)) => Ok(Some(Hours { start: time(START, start)?, end: time(END, end)? })),
        (Some(_), None) => Err(Error::HalfHours { missing: END }),
        (None, Some(_)) => Err(Error::HalfHours { missing: START }),
    }
}

/// Parses `YYYY-MM-DD` and nothing else. The library would accept more (`20261201`, a date with a time), and then the
/// same day would have several spellings.
fn date(field: &'static str, text: &str) -> Result<Date, Error> {
    let refused = || Error::NotADate { field, text: text.to_owned() };
    let numbers = digits::<10>(text, b"dddd-dd-dd").ok_or_else(refused)?;
    let [year, month, day] = [&numbers[..4], &numbers[5..7], &numbers[8..]].map(number);
    // Four digits fit i16 and two fit i8.
    let date = Date::new(year, i8::try_from(month).unwrap_or(0), i8::try_from(day).unwrap_or(0));
    let date = date.map_err(|_| refused())?;
    if (FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
        Ok(date)
    } else {
        Err(Error::OutOfYears { field, text: text.to_owned() })
    }
}

/// Parses `HH:MM` and nothing else.
pub(super) fn time(field: &'static str, text: &str) -> Result<Time, Error> {
    let refused = || Error::NotATime { field, text: text.to_owned() };
    let numbers = digits::<5>(text, b"dd:dd").ok_or_else(refused)?;
    let [hour, minute] = [&numbers[..2], &numbers[3..]].map(number);
    let time = Time::new(i8::try_from(hour).unwrap_or(-1), i8::try_from(minute).unwrap_or(-1), 0, 0);
    time.map_err(|_| refused())
}

/// The bytes of `text` if it has exactly the form, in which `d` stands for a digit.
fn digits<const N: usize>(text: &str, form: &[u8; N]) -> Option<[u8; N]> {
    let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
    let fits = |(byte, form): (&u8, &u8)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form };
    bytes.iter().zip(form).all(fits).then_some(bytes)
}

fn number(digits: &[u8]) -> i16 {
    digits.iter().fold(0, |value, digit| value * 10 + i16::from(digit - b'0'))
}
