use jiff::Timestamp;
use jiff::civil::Date;

use super::visit::{following, preceding};
use super::{Visit, Window, Zone};

/// When the record of a day is made, and taken away again.
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

/// Which record of a visitor is wanted at an instant: **at most one**, whatever the visit.
///
/// A visit of several days gets a fresh record each day, and yesterday's stays until today's replaces it, in
/// one step: so a visitor of 22:00 to 02:00 is not turned away at midnight, and nobody ever has two badges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Day {
    /// No record is wanted, not even one that exists. The next is to be made at `due`.
    Scheduled {
        /// When the next record becomes wanted.
        due: Timestamp,
    },
    /// The record of `day` is wanted: make it if it is absent, and in place of that of any other day.
    On {
        /// The day on which the record's window starts.
        day: Date,
        /// When the record opens doors. It may lie ahead, but has not ended.
        window: Window,
        /// When this answer changes: the window's end.
        next: Timestamp,
    },
    /// The window of `day` is over. Its record, if there is one, stays until `next` (the rollover removes, not
    /// the clock of each visitor); if there is none, **none is made**: it would open nothing.
    Ended {
        /// The day on which the record's window started.
        day: Date,
        /// When the record opened doors.
        window: Window,
        /// When this answer changes: the next day's record takes its place or, after the last, it goes.
        next: Timestamp,
        /// Whether this was the visit's last day.
        last: bool,
    },
    /// Nothing is wanted any more. Also of a visit whose every day the zone skipped.
    Expired,
}

/// One day of a visit, and when its record takes over from the one before.
struct Turn {
    day: Date,
    window: Window,
    due: Timestamp,
}

// === impl Day ===

impl Day {
    /// When the answer changes; `None` if it never will. Until then, asking again is of no use.
    pub fn changes_at(&self) -> Option<Timestamp> {
        match *self {
            Self::Scheduled { due } => Some(due),
            Self::On { next, .. } | Self::Ended { next, .. } => Some(next),
            Self::Expired => None,
        }
    }

    /// The day whose record may be there; those of all other days are to be removed.
    pub fn may_have(&self) -> Option<Date> {
        match *self {
            Self::On { day, .. } | Self::Ended { day, .. } => Some(day),
            Self::Scheduled { .. } | Self::Expired => None,
        }
    }
}

// === impl Visit ===

impl Visit {
    /// What is wanted of the visitor at `now`. Nothing else decides the rollover.
    ///
    /// | | first record due | the next day's takes over | the last one goes |
    /// |---|---|---|---|
    /// | `AtMidnight` | midnight of the first day | midnight of its day, but not before the old window's end | first midnight at or after its window's end |
    /// | `OnApply` | at once | at the old window's end | the same |
    /// | `WithinWindow` | start of the first window | start of its window; none between two | its window's end |
    pub fn day_at(&self, now: Timestamp, zone: &Zone, provision: Provision) -> Day {
        // The turn after tomorrow's cannot have come, so the search runs backwards from there.
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
    /// The answer while this turn lasts: it has come, and the next (if there is one) is due later than `now`.
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
