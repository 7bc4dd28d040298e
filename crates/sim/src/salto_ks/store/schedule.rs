//! Time schedules: wall clock in the site's zone (2.3, 2.7).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

/// The days of a week by their names on the wire.
pub(crate) const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The hours in which a group opens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) days: [bool; 7],
    pub(crate) start_time: Time,
    pub(crate) end_time: Time,
    pub(crate) start_date: Option<Edge>,
    pub(crate) end_date: Option<Edge>,
}

/// The start or end of the validity of a schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Edge {
    /// Whole days.
    Day(Date),
    /// Check-in or check-out.
    Moment(DateTime),
}

impl Edge {
    /// `2026-09-01` or `2026-09-01T15:00[:00]`; with `Z` or an offset read as wall clock, or converted (2.15 #12).
    pub(crate) fn read(text: &str, zone: &TimeZone, convert: bool) -> Option<Self> {
        if text.len() == 10 {
            return text.parse().ok().map(Self::Day);
        }
        let offset = text.get(10..).is_some_and(|time| time.contains(['Z', 'z', '+', '-']));
        if !offset {
            return text.parse().ok().map(Self::Moment);
        }
        if convert {
            let instant: jiff::Timestamp = text.parse().ok()?;
            return Some(Self::Moment(instant.to_zoned(zone.clone()).datetime()));
        }
        let end = text.rfind(['Z', 'z', '+', '-'])?;
        text.get(..end)?.parse().ok().map(Self::Moment)
    }

    fn first(self) -> DateTime {
        match self {
            Self::Day(day) => day.to_datetime(Time::midnight()),
            Self::Moment(at) => at,
        }
    }

    /// The first moment after it.
    fn over(self) -> DateTime {
        match self {
            Self::Day(day) => day.tomorrow().unwrap_or(day).to_datetime(Time::midnight()),
            Self::Moment(at) => at,
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Day(day) => json!(day.to_string()),
            Self::Moment(at) => json!(at.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
        }
    }
}

impl Schedule {
    /// The reason why it is invalid, for error 1101.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        let dates = self.start_date.zip(self.end_date);
        if !self.days.contains(&true) {
            Some("At least one day should be selected")
        } else if self.start_time >= self.end_time {
            Some("The start time must be before the end time")
        } else if dates.is_some_and(|(start, end)| start.first() >= end.over()) {
            Some("The start date must be before the end date")
        } else {
            None
        }
    }

    /// True at this time of the site's clock.
    pub(crate) fn open(&self, local: DateTime) -> bool {
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let inside = local.time() >= self.start_time && local.time() <= self.end_of_window();
        let begun = self.start_date.is_none_or(|start| local >= start.first());
        let over = self.end_date.is_some_and(|end| local >= end.over());
        self.days.get(day).copied().unwrap_or(false) && inside && begun && !over
    }

    /// The last second belongs to the window.
    fn end_of_window(&self) -> Time {
        self.end_time.with().subsec_nanosecond(999_999_999).build().unwrap_or(self.end_time)
    }

    /// The object of 2.7.
    pub(crate) fn json(&self, id: Uuid) -> Value {
        let mut all = json!({ "id": id.to_string() });
        for (day, on) in DAYS.iter().zip(self.days) {
            all[*day] = json!(on);
        }
        all["start_time"] = json!(self.start_time.strftime("%H:%M:%S").to_string());
        all["end_time"] = json!(self.end_time.strftime("%H:%M:%S").to_string());
        all["start_date"] = self.start_date.map_or(Value::Null, Edge::json);
        all["end_date"] = self.end_date.map_or(Value::Null, Edge::json);
        all
    }

    /// Its text on the page: `Mon-Fri 08:00-18:00`.
    pub(crate) fn text(&self) -> String {
        let short = |day: &str| day.get(..2).unwrap_or_default().to_owned();
        let days: Vec<String> =
            DAYS.iter().zip(self.days).filter(|(_, on)| *on).map(|(d, _)| short(d)).collect();
        let days = if days.len() == 7 { "daily".to_owned() } else { days.join(" ") };
        let edge = |edge: Option<Edge>, word: &str| {
            edge.map(|e| format!(" {word} {}", e.json().as_str().unwrap_or_default())).unwrap_or_default()
        };
        let (start, end) = (self.start_time.strftime("%H:%M"), self.end_time.strftime("%H:%M"));
        format!("{days} {start}-{end}{}{}", edge(self.start_date, "from"), edge(self.end_date, "until"))
    }
}

/// `18:00` or `18:00:00`; an end without seconds is the end of its minute (2.3: `18:00` reads back `18:00:59`).
pub(crate) fn read_time(text: &str, end: bool) -> Option<Time> {
    let digits = |c: char| c.is_ascii_digit() || c == ':';
    if !text.chars().all(digits) {
        return None;
    }
    match text.len() {
        5 if end => format!("{text}:59").parse().ok(),
        5 => format!("{text}:00").parse().ok(),
        8 => text.parse().ok(),
        _ => None,
    }
}
