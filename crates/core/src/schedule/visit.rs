use jiff::civil::{Date, DateTime, Time};

use super::{Error, Window, Zone};

/// A visit of more days is a mistake, or somebody who should be an Occupant.
pub(super) const MAX_DAYS: i32 = 180;
/// Dates before it are slips of the keyboard; rows count days from here.
pub(super) const FIRST_YEAR: i16 = 2000;
/// Dates after it are slips of the keyboard, and rows have sixteen bits for a day.
pub(super) const LAST_YEAR: i16 = 2150;

const FROM: &str = "spec.visit.from";
const TO: &str = "spec.visit.to";
const START: &str = "spec.visit.startTime";
const END: &str = "spec.visit.endTime";

/// On which days somebody is expected, and at which hours of each: wall clock, as a person wrote it.
///
/// Made by [`Visit::parse`] only, so that whoever holds one need not check it again.
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

    /// The last day, itself included.
    pub fn last_day(&self) -> Date {
        self.to
    }

    /// The hours of each day; `None` is the whole day.
    pub fn hours(&self) -> Option<Hours> {
        self.hours
    }

    /// How many days it has: 1 to 180.
    pub fn days(&self) -> i32 {
        days_between(self.from, self.to) + 1
    }

    /// The window of one of its days; `None` if the day is not one of them, or the zone has no such day.
    ///
    /// A window is never empty, and those of consecutive days never overlap: where the repeated hour of
    /// autumn would make them, the next day's start cuts off this one's end. The last day's end is not cut.
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
        // Hours inside the skipped hour of spring (02:30 to 03:00): the start moves past the end. Such a
        // visitor still gets the time he was promised, counted from where the clock goes on.
        let until = if until > from {
            until
        } else {
            from.saturating_add(end.duration_since(start)).unwrap_or(until)
        };
        Window { from, until }
    }
}

/// The day after one of a visit's, which always exists: visits end long before the calendar does.
pub(super) fn following(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// The day before one of a visit's.
pub(super) fn preceding(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}

/// Days from one date to another; zero for the same.
fn days_between(from: Date, to: Date) -> i32 {
    // Both lie in years of four digits, so the count of days has at most seven.
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

/// `YYYY-MM-DD` and nothing else: the library would take more (`20261201`, a time behind it), and then the
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

/// `HH:MM` and nothing else.
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
