use jiff::Timestamp;
use jiff::civil::Date;

use super::visit::{following, preceding};
use super::{Visit, Window, Zone};

/// When the record of a day is created and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provision {
    /// At the property's local midnight, which is also when ended visits are removed. The default.
    AtMidnight,
    /// As soon as the visitor is applied; removed at midnight. Only where the system itself keeps the door
    /// shut outside the window.
    OnApply,
    /// Exactly while the window lasts: for systems that enforce no window of their own.
    WithinWindow,
}

/// The record that a visitor should have at an instant: **at most one**, for every visit.
///
/// A visit of several days gets a new record each day. Yesterday's record stays until today's replaces it in one step, so
/// that a visit from 22:00 to 02:00 is not interrupted at midnight and a visitor never has two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Day {
    /// No record should exist. The next one is created at `due`.
    Scheduled {
        /// When the next record should be created.
        due: Timestamp,
    },
    /// The record of `day` should exist: it is created if it is absent, and replaces the record of any other day.
    On {
        /// The day on which the record's window starts.
        day: Date,
        /// The time in which the record opens doors. It may be in the future, but has not ended.
        window: Window,
        /// When this answer changes: the window's end.
        next: Timestamp,
    },
    /// The window of `day` is over. An existing record stays until `next`, because the rollover removes records, not the
    /// end of each window. If no record exists, **none is created**: it would open nothing.
    Ended {
        /// The day on which the record's window started.
        day: Date,
        /// The time in which the record opened doors.
        window: Window,
        /// When this answer changes: the next day's record replaces this one or, after the last day, this one is removed.
        next: Timestamp,
        /// Whether this was the visit's last day.
        last: bool,
    },
    /// No record should exist any more. This includes a visit with only days that the zone skips.
    Expired,
}

/// One day of a visit, and the time at which its record replaces the one before.
struct Turn {
    day: Date,
    window: Window,
    due: Timestamp,
}

// === impl Day ===

impl Day {
    /// When the answer changes; `None` if it never does.
    pub fn changes_at(&self) -> Option<Timestamp> {
        match *self {
            Self::Scheduled { due } => Some(due),
            Self::On { next, .. } | Self::Ended { next, .. } => Some(next),
            Self::Expired => None,
        }
    }

    /// The day whose record may exist. The records of all other days are removed.
    pub fn may_have(&self) -> Option<Date> {
        match *self {
            Self::On { day, .. } | Self::Ended { day, .. } => Some(day),
            Self::Scheduled { .. } | Self::Expired => None,
        }
    }
}

// === impl Visit ===

impl Visit {
    /// The record that the visitor should have at `now`. The rollover depends on nothing else.
    ///
    /// | | first record due | next day's record replaces it | last record is removed |
    /// |---|---|---|---|
    /// | `AtMidnight` | midnight of the first day | midnight of its day, but not before the old window's end | first midnight at or after its window's end |
    /// | `OnApply` | at once | at the old window's end | the same |
    /// | `WithinWindow` | start of the first window | start of its window; none between two | its window's end |
    pub fn day_at(&self, now: Timestamp, zone: &Zone, provision: Provision) -> Day {
        // No turn after tomorrow's can have begun, so the search runs backwards from tomorrow's.
        let mut day = following(zone.day_of(now)).clamp(self.first_day(), self.last_day());
        while day < self.last_day() && !zone.has_day(day) {
            day = following(day);
        }
        let mut next_due = None;
        loop {
            match self.turn(day, zone, provision) {
                Some(turn) if turn.due <= now => return turn.at(now, next_due, zone, provision),
                Some(turn) => next_due = Some(turn.due),
                None => {}
            }
            if day <= self.first_day() {
                return next_due.map_or(Day::Expired, |due| Day::Scheduled { due });
            }
            day = preceding(day);
        }
    }

    fn turn(&self, day: Date, zone: &Zone, provision: Provision) -> Option<Turn> {
        let window = self.window_on(day, zone)?;
        let due = match provision {
            Provision::AtMidnight => zone.midnight(day).max(self.end_before(day, zone)),
            Provision::OnApply => self.end_before(day, zone),
            Provision::WithinWindow => window.from,
        };
        Some(Turn { day, window, due })
    }

    /// The end of the visit's last window before `day`; before the first, the beginning of time.
    fn end_before(&self, day: Date, zone: &Zone) -> Timestamp {
        let mut day = day;
        while day > self.first_day() {
            day = preceding(day);
            if let Some(window) = self.window_on(day, zone) {
                return window.until;
            }
        }
        Timestamp::MIN
    }
}

// === impl Turn ===

impl Turn {
    /// The answer during this turn: it has begun, and the next turn, if there is one, is due later than `now`.
    fn at(self, now: Timestamp, next_due: Option<Timestamp>, zone: &Zone, provision: Provision) -> Day {
        let Self { day, window, due: _ } = self;
        if !window.has_ended(now) {
            return Day::On { day, window, next: window.until };
        }
        if provision == Provision::WithinWindow {
            return next_due.map_or(Day::Expired, |due| Day::Scheduled { due });
        }
        let next = next_due.unwrap_or_else(|| zone.midnight_from(window.until));
        if now < next { Day::Ended { day, window, next, last: next_due.is_none() } } else { Day::Expired }
    }
}
