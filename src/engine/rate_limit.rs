//! How fast one account of a system is used: just under its limit, and a limit that nobody told is found.
//!
//! Pure. A token bucket at 0.98 of the configured rate, a bound on calls in flight, and a learned rate while the system
//! turns out slower: cut on a refusal, then raised by success along the cubic curve of TCP CUBIC (RFC 9438), quickly
//! back to just below the rate that failed, long around it, faster beyond it. That is how a changed limit is found both
//! ways at less than one refusal in a thousand calls.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::backoff::{LONGEST, after};
use super::meter::Meter;

/// What is known of an account's limits beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Requests a second; `None` if nobody told.
    pub rate: Option<f64>,
    /// Requests that the system takes at once after a rest.
    pub burst: u32,
    /// Requests in flight at most.
    pub max_in_flight: u32,
}

impl Limits {
    /// What keeps to both: an account that several use is pressed no harder than any of them allows.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            rate: self.rate.into_iter().chain(other.rate).reduce(f64::min),
            burst: self.burst.min(other.burst),
            max_in_flight: self.max_in_flight.min(other.max_in_flight),
        }
    }
}

/// What may be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// One request, which is in flight from now on.
    Go(Ticket),
    /// Nothing before this time.
    At(Timestamp),
    /// Nothing before one in flight is back.
    Full,
}

/// Stands for one request in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Ticket {
    /// How often the rate had been cut when it was given: a refusal of an older one tells nothing new.
    cuts: u32,
}

/// So much of a known limit is used: clocks differ, and a request that is refused costs more than one left out.
const SHARE: f64 = 0.98;
/// No rate is learned below this: one request in five seconds finds out when the system is back.
const FLOOR: f64 = 0.2;
/// Timers wake late by up to a millisecond or two; what was missed within this time is made up for.
const SLACK: f64 = 0.01;
/// So many calls at the configured rate, and a refusal long ago is forgotten.
const PROVEN: f64 = 5000.0;
/// The first wait after a refusal that names no time; it doubles with each in a row.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest of these waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A rate below the configured one, found by being refused.
#[derive(Clone, Copy, Debug)]
struct Learned {
    /// After the cut.
    low: f64,
    /// Where the curve is flat: probably just below the limit.
    goal: f64,
    /// What was too fast.
    failed: f64,
    /// The way along the curve; the goal is at 1.
    way: f64,
    /// Served since the cut.
    served: f64,
}

impl Learned {
    /// Twice as fast away from the goal as towards it.
    fn rate(&self) -> f64 {
        let way = self.way - 1.0;
        self.goal + (self.goal - self.low) * way.max(2.0 * way).powi(3)
    }

    /// A thousand calls to the goal, but neither under ten seconds nor over two minutes. Where it goes well beyond what
    /// failed, the limit is another one and is looked for ten times as fast.
    fn succeed(&mut self) {
        let rate = self.rate();
        let stride = if rate > self.failed * 1.05 { 10.0 } else { 1.0 };
        self.way += stride / 1000.0_f64.clamp(10.0 * rate, 120.0 * rate);
        self.served += 1.0;
    }
}

/// The pace of one account.
#[derive(Debug)]
pub struct RateLimit {
    limits: Limits,
    learned: Option<Learned>,
    tokens: f64,
    at: Timestamp,
    /// Nothing before this: the system said so.
    until: Option<Timestamp>,
    in_flight: u32,
    cuts: u32,
    refused_in_a_row: u32,
    meter: Meter,
}

impl RateLimit {
    /// A pace that has rested.
    pub fn new(limits: Limits, now: Timestamp) -> Self {
        let mut pace = Self {
            limits,
            learned: None,
            tokens: 0.0,
            at: now,
            until: None,
            in_flight: 0,
            cuts: 0,
            refused_in_a_row: 0,
            meter: Meter::new(now),
        };
        pace.tokens = pace.capacity();
        pace
    }

    /// Takes over other limits; what was learned under the old ones is forgotten, what is in flight is not.
    pub fn set_limits(&mut self, limits: Limits) {
        if limits != self.limits {
            self.limits = limits;
            self.learned = None;
            self.tokens = self.tokens.min(self.capacity());
        }
    }

    /// Asks for a turn. [`Turn::Go`] has taken it.
    pub fn poll(&mut self, now: Timestamp) -> Turn {
        self.refill(now);
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Turn::At(until);
        }
        self.until = None;
        if self.in_flight >= self.limits.max_in_flight.max(1) {
            return Turn::Full;
        }
        if let Some(rate) = self.rate() {
            if self.tokens < 1.0 {
                return Turn::At(later(now, (1.0 - self.tokens) / rate));
            }
            self.tokens -= 1.0;
        }
        self.in_flight = self.in_flight.saturating_add(1);
        Turn::Go(Ticket { cuts: self.cuts })
    }

    /// A request is back and was not refused for being too fast.
    pub fn ok(&mut self, ticket: Ticket, now: Timestamp) {
        self.released(ticket);
        self.meter.count(now);
        self.refused_in_a_row = 0;
        if let Some(learned) = &mut self.learned {
            learned.succeed();
        }
        if !self.is_learned() && self.learned.is_some_and(|learned| learned.served > PROVEN) {
            self.learned = None;
        }
    }

    /// A request was refused for being too fast, with or without a time for which nothing may follow. A system whose clock
    /// is wrong may say any time: it is obeyed for ten minutes, then asked again.
    pub fn throttled(&mut self, ticket: Ticket, now: Timestamp, retry_after: Option<Duration>) {
        let retry_after = retry_after.map(|wait| wait.min(LONGEST));
        self.released(ticket);
        self.refill(now);
        if let Some(wait) = retry_after {
            self.until = self.until.max(Some(after(now, wait)));
        }
        if ticket.cuts != self.cuts {
            return;
        }
        self.cuts = self.cuts.wrapping_add(1);
        let rate = self.cut(now);
        let pause = PAUSE.saturating_mul(1 << self.refused_in_a_row.min(10)).min(LONGEST_PAUSE);
        self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
        let wait = retry_after.unwrap_or(pause);
        self.tokens = self.tokens.min(0.0).min(-rate * wait.as_secs_f64());
    }

    /// A request is back, or was never sent, and tells nothing.
    pub fn released(&mut self, _: Ticket) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Requests a second at present; `None` is as fast as the calls in flight go.
    pub fn rate(&self) -> Option<f64> {
        let learned = self.learned.map(|learned| learned.rate());
        learned.into_iter().chain(self.known()).reduce(f64::min)
    }

    /// Whether the system is slower than configured.
    pub fn is_learned(&self) -> bool {
        self.rate() != self.known()
    }

    /// Requests in flight.
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    fn known(&self) -> Option<f64> {
        self.limits.rate.map(|rate| rate.max(0.0) * SHARE)
    }

    /// Cuts the rate and gives the new one. Where it went well for a second, the limit is near and the cut small;
    /// otherwise it may be anywhere below.
    fn cut(&mut self, now: Timestamp) -> f64 {
        // What was seen of an unknown rate bounds nothing: it is left as fast as beyond a failure.
        let failed = self.rate().unwrap_or(0.0);
        let rate = self.rate().unwrap_or_else(|| self.meter.per_second(now)).max(FLOOR);
        let near = self.learned.is_some_and(|learned| learned.served >= rate);
        let (cut, flat) = if near { (0.9, 0.97) } else { (0.7, 0.85) };
        let low = (rate * cut).max(FLOOR);
        let goal = (rate * flat).max(low * 1.05);
        self.learned = Some(Learned { low, goal, failed, way: 0.0, served: 0.0 });
        low
    }

    fn refill(&mut self, now: Timestamp) {
        let passed = now.duration_since(self.at);
        if passed.is_negative() {
            // The clock was set back: what we wait for moves with it.
            self.until = self.until.map(|until| until.checked_add(passed).unwrap_or(now));
        } else if let Some(rate) = self.rate() {
            self.tokens = (self.tokens + passed.as_secs_f64() * rate).min(self.capacity());
        }
        self.at = now;
    }

    /// One less than the system takes at once, since requests arrive unevenly, but enough for late timers.
    fn capacity(&self) -> f64 {
        let slack = self.rate().map_or(0.0, |rate| rate * SLACK);
        f64::from(self.limits.burst.saturating_sub(1)).max(1.0 + slack)
    }
}

/// A moment so many seconds later, rounded up.
fn later(now: Timestamp, seconds: f64) -> Timestamp {
    let wait = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
    let wait = wait.saturating_add(SignedDuration::from_micros(1));
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "rate_limit_tests.rs"]
mod tests;
