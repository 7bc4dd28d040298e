//! The simulator's own clock: it runs with the real clock, or is held and changes only by order.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

/// The start of the clock.
#[derive(Clone, Copy, Debug, Default)]
pub enum Start {
    /// With the real clock.
    #[default]
    Real,
    /// At this instant, held (`--clock`).
    Held(Timestamp),
    /// At this instant, running with the real clock (`--clock` with `--clock-runs`).
    Running(Timestamp),
}

/// The clock, the only source of time for a system.
#[derive(Debug)]
pub struct Clock(Mutex<Mode>);

#[derive(Clone, Copy, Debug)]
enum Mode {
    Offset(SignedDuration),
    Held(Timestamp),
}

/// The order of `POST /_sim/clock`, applied in the order follow, set, advance.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// `real`: the real time again; `run`: run on from the present instant; `hold`: hold the present instant.
    pub follow: Option<Follow>,
    /// Set this instant; a held clock stays held, a running one keeps running.
    pub set: Option<Timestamp>,
    /// Advance by this span, for example `PT1H` or `P1D` (24 hours); a negative span sets it back.
    pub advance: Option<Span>,
}

/// See [`Move::follow`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Follow {
    /// The real time.
    Real,
    /// The present instant, running.
    Run,
    /// The present instant, held.
    Hold,
}

impl Clock {
    /// A clock with this start.
    pub fn new(start: Start) -> Self {
        let clock = Self(Mutex::new(Mode::Offset(SignedDuration::ZERO)));
        clock.restart(start);
        clock
    }

    /// Starts anew.
    pub fn restart(&self, start: Start) {
        *self.0.lock() = match start {
            Start::Real => Mode::Offset(SignedDuration::ZERO),
            Start::Held(at) => Mode::Held(at),
            Start::Running(at) => Mode::Offset(at.duration_since(Timestamp::now())),
        };
    }

    /// The simulated present.
    pub fn now(&self) -> Timestamp {
        self.0.lock().now()
    }

    /// Applies an order wholly or not at all.
    pub fn apply(&self, order: &Move) -> Result<(), String> {
        let mut mode = self.0.lock();
        let mut next = match order.follow {
            None => *mode,
            Some(Follow::Real) => Mode::Offset(SignedDuration::ZERO),
            Some(Follow::Run) => Mode::Offset(mode.now().duration_since(Timestamp::now())),
            Some(Follow::Hold) => Mode::Held(mode.now()),
        };
        if let Some(at) = order.set {
            next = next.moved_to(at);
        }
        if let Some(span) = order.advance {
            let there = next.now().to_zoned(TimeZone::UTC).checked_add(span);
            next = next.moved_to(
                there.map_err(|e| format!("the clock cannot advance by this span: {e}"))?.timestamp(),
            );
        }
        *mode = next;
        Ok(())
    }

    /// The answer of `GET /_sim/clock`.
    pub fn json(&self) -> Value {
        let mode = *self.0.lock();
        let word = match mode {
            Mode::Offset(offset) if offset.is_zero() => "real",
            Mode::Offset(_) => "run",
            Mode::Held(_) => "hold",
        };
        json!({ "now": mode.now().to_string(), "follow": word })
    }
}

impl Mode {
    fn now(self) -> Timestamp {
        match self {
            Self::Offset(offset) => Timestamp::now().saturating_add(offset).unwrap_or(Timestamp::MAX),
            Self::Held(at) => at,
        }
    }

    fn moved_to(self, at: Timestamp) -> Self {
        match self {
            Self::Offset(_) => Self::Offset(at.duration_since(Timestamp::now())),
            Self::Held(_) => Self::Held(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn order(json: &str) -> Move {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_held_clock_changes_only_by_order() {
        let clock = Clock::new(Start::Held(at("2026-12-01T08:00:00Z")));
        assert_eq!(clock.now(), at("2026-12-01T08:00:00Z"));
        clock.apply(&order(r#"{"advance":"PT1H30M"}"#)).unwrap();
        assert_eq!(clock.now(), at("2026-12-01T09:30:00Z"));
        clock.apply(&order(r#"{"set":"2026-12-02T00:00:00Z","advance":"-P1D"}"#)).unwrap();
        assert_eq!(clock.now(), at("2026-12-01T00:00:00Z"));
    }

    #[test]
    fn a_running_clock_keeps_running_after_a_change_and_follow_real_undoes_it() {
        let clock = Clock::new(Start::Real);
        clock.apply(&order(r#"{"set":"2030-01-01T00:00:00Z"}"#)).unwrap();
        let first = clock.now();
        assert!(first >= at("2030-01-01T00:00:00Z") && first < at("2030-01-01T00:01:00Z"));
        clock.apply(&order(r#"{"follow":"real"}"#)).unwrap();
        assert!(clock.now().duration_since(Timestamp::now()).abs() < SignedDuration::from_secs(5));
    }

    #[test]
    fn an_impossible_order_changes_nothing() {
        let clock = Clock::new(Start::Held(at("2026-12-01T08:00:00Z")));
        let failed = clock.apply(&order(r#"{"set":"9999-01-01T00:00:00Z","advance":"P9999Y"}"#));
        assert!(failed.is_err());
        assert_eq!(clock.now(), at("2026-12-01T08:00:00Z"));
    }
}
