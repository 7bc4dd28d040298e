//! Limits on the calls of a system: latency, rate with burst, calls in flight.
//!
//! Limits use the clock of the runtime, so that they also apply while the simulated clock is held.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::switch::Position::{Number, Word};
use super::switch::{Switch, Switches, switch};

/// The switches that every system has.
#[rustfmt::skip] // a table reads better with a row a line
pub const SWITCHES: &[Switch] = &[
    switch("limits.latency-ms", &[Number("milliseconds")], "0", "frame", "the least time that a call takes (L)"),
    switch("limits.rate", &[Word("none"), Number("per second")], "none", "frame", "calls a second (R)"),
    switch("limits.burst", &[Number("calls")], "1", "frame", "calls at once above the rate (B)"),
    switch("limits.over", &[Word("429"), Word("503"), Word("slow")], "429", "frame", "the answer to calls above the rate; slow: they wait"),
    switch("limits.retry-after", &[Word("none"), Word("exact"), Number("seconds")], "none", "frame", "Retry-After of such an answer"),
    switch("limits.in-flight", &[Word("none"), Number("calls")], "none", "frame", "calls in progress at a time (W); others wait"),
];

/// The limits, read from the switches.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    latency: Duration,
    rate: Option<f64>,
    burst: f64,
    over: Over,
    retry_after: RetryAfter,
    in_flight: Option<usize>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Over {
    Status(u16),
    Slow,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RetryAfter {
    None,
    Exact,
    Seconds(u64),
}

/// The answer to a call above the rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Throttled {
    /// 429 or 503.
    pub status: u16,
    /// Retry-After in seconds.
    pub retry_after: Option<u64>,
}

/// Applies the limits to every call of a system.
#[derive(Debug)]
pub struct Gate(Mutex<State>);

#[derive(Debug)]
struct State {
    limits: Limits,
    tokens: f64,
    filled: Instant,
    seats: Option<Arc<Semaphore>>,
}

impl Limits {
    /// The limits that these switches set.
    pub fn of(switches: &Switches) -> Self {
        let over = match switches.get("limits.over") {
            "503" => Over::Status(503),
            "slow" => Over::Slow,
            _ => Over::Status(429),
        };
        let seconds = switches.whole("limits.retry-after").and_then(|n| u64::try_from(n).ok());
        let exact = switches.is("limits.retry-after", "exact");
        let none = if exact { RetryAfter::Exact } else { RetryAfter::None };
        let ms = switches.number("limits.latency-ms").unwrap_or(0.0).min(3_600_000.0);
        Self {
            latency: Duration::from_secs_f64(ms / 1000.0),
            rate: switches.number("limits.rate").filter(|rate| *rate > 0.0),
            burst: switches.number("limits.burst").unwrap_or(1.0).max(1.0),
            over,
            retry_after: seconds.map_or(none, RetryAfter::Seconds),
            in_flight: switches.count("limits.in-flight").filter(|n| *n > 0),
        }
    }
}

impl Gate {
    /// A gate with these limits, its bucket full.
    pub fn new(limits: Limits) -> Self {
        Self(Mutex::new(State::new(limits)))
    }

    /// Changes the limits; calls that already wait finish under the old ones.
    pub fn change(&self, limits: Limits) {
        let mut state = self.0.lock();
        if state.limits != limits {
            *state = State::new(limits);
        }
    }

    /// Admits a call, after the wait that the limits ask for, or refuses one above the rate.
    pub async fn enter(&self) -> Result<Option<OwnedSemaphorePermit>, Throttled> {
        let (ticket, latency, seats) = {
            let mut state = self.0.lock();
            (state.take(Instant::now()), state.limits.latency, state.seats.clone())
        };
        match ticket {
            Err(throttled) => {
                pause(latency).await;
                return Err(throttled);
            }
            Ok(wait) => pause(wait).await,
        }
        let seat = match seats {
            Some(seats) => seats.acquire_owned().await.ok(),
            None => None,
        };
        pause(latency).await;
        Ok(seat)
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

impl State {
    fn new(limits: Limits) -> Self {
        let seats = limits.in_flight.map(|n| Arc::new(Semaphore::new(n.min(Semaphore::MAX_PERMITS))));
        Self { tokens: limits.burst, filled: Instant::now(), seats, limits }
    }

    /// Takes a token: the wait until there is one, or the refusal.
    fn take(&mut self, now: Instant) -> Result<Duration, Throttled> {
        let Some(rate) = self.limits.rate else {
            return Ok(Duration::ZERO);
        };
        let grown = now.saturating_duration_since(self.filled).as_secs_f64() * rate;
        self.tokens = (self.tokens + grown).min(self.limits.burst);
        self.filled = now;
        let missing = Duration::from_secs_f64(((1.0 - self.tokens) / rate).clamp(0.0, 1e9));
        match self.limits.over {
            Over::Status(status) if self.tokens < 1.0 => Err(self.throttled(status, missing)),
            _ => {
                self.tokens -= 1.0;
                Ok(missing)
            }
        }
    }

    fn throttled(&self, status: u16, missing: Duration) -> Throttled {
        let retry_after = match self.limits.retry_after {
            RetryAfter::None => None,
            RetryAfter::Exact => Some(missing.as_secs() + u64::from(missing.subsec_nanos() > 0)),
            RetryAfter::Seconds(seconds) => Some(seconds),
        };
        Throttled { status, retry_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(set: &[(&str, &str)]) -> State {
        let mut switches = Switches::new(&[SWITCHES]);
        for (name, value) in set {
            switches.set(name, value).unwrap();
        }
        State::new(Limits::of(&switches))
    }

    #[test]
    fn a_burst_is_admitted_and_then_the_rate() {
        let mut state =
            state(&[("limits.rate", "10"), ("limits.burst", "3"), ("limits.retry-after", "exact")]);
        let start = state.filled;
        let oks = |state: &mut State, at| (0..5).filter(|_| state.take(at).is_ok()).count();
        assert_eq!(oks(&mut state, start), 3);
        assert_eq!(state.take(start), Err(Throttled { status: 429, retry_after: Some(1) }));
        assert_eq!(oks(&mut state, start + Duration::from_millis(101)), 1);
        assert_eq!(oks(&mut state, start + Duration::from_secs(50)), 3);
    }

    #[test]
    fn above_the_rate_a_slow_system_makes_calls_wait() {
        let mut state = state(&[("limits.rate", "10"), ("limits.over", "slow")]);
        let start = state.filled;
        assert_eq!(state.take(start), Ok(Duration::ZERO));
        let second = state.take(start).unwrap();
        let third = state.take(start).unwrap();
        assert!(second >= Duration::from_millis(99) && third >= Duration::from_millis(199));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_above_the_limit_in_flight_wait() {
        let mut switches = Switches::new(&[SWITCHES]);
        switches.set("limits.in-flight", "1").unwrap();
        let gate = Gate::new(Limits::of(&switches));
        let seat = gate.enter().await.unwrap();
        let second = tokio::time::timeout(Duration::from_hours(1), gate.enter()).await;
        assert!(second.is_err(), "the second call did not wait");
        drop(seat);
        assert!(gate.enter().await.unwrap().is_some());
    }
}
