//! The rate limit of one account of a system: it keeps calls just under the limit, and learns a limit that is not
//! configured.
//!
//! Pure. It consists of a token bucket at 0.98 of the configured rate, a bound on calls in flight, and a learned rate while
//! the system turns out slower. A throttled call cuts the learned rate. Successful calls raise it along the curve of TCP
//! CUBIC (RFC 9438): quickly to just below the rate that failed, slowly around it, and faster beyond it. A changed limit
//! is found in both directions with less than one throttled call in a thousand.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::meter::Meter;
use crate::work::backoff::{LONGEST, after};

/// The configured limits of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Requests per second; `None` if not configured.
    pub rate: Option<f64>,
    /// Requests that the system accepts at once after a rest.
    pub burst: u32,
    /// The most requests in flight.
    pub max_in_flight: u32,
}

impl Limits {
    /// Limits that respect both: a shared account is used no faster than each of its integrations allows.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            rate: self.rate.into_iter().chain(other.rate).reduce(f64::min),
            burst: self.burst.min(other.burst),
            max_in_flight: self.max_in_flight.min(other.max_in_flight),
        }
    }
}

/// Whether a request may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// One request may be sent; it is in flight from now on.
    Go(Ticket),
    /// No request before this time.
    At(Timestamp),
    /// No request before one in flight has ended.
    Full,
}

/// Represents one request in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Ticket {
    /// How often the rate had been cut when the request was sent. If it was cut since, a throttled answer to this request
    /// causes no further cut.
    cuts: u32,
}

/// The share of a configured limit that is used. Clocks differ, and a throttled request costs more than an omitted one.
const SHARE: f64 = 0.98;
/// No learned rate is below this. One request in five seconds detects when the system accepts calls again.
const FLOOR: f64 = 0.2;
/// Timers wake late by up to a millisecond or two. The bucket makes up for delays within this time.
const SLACK: f64 = 0.01;
/// After this many calls at the configured rate, the learned rate is forgotten.
const PROVEN: f64 = 5000.0;
/// The first wait after a throttled answer without a time. It doubles with each consecutive one.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest of these waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A rate below the configured one, learned from a throttled call.
#[derive(Clone, Copy, Debug)]
struct Learned {
    /// The rate after the cut.
    low: f64,
    /// The rate at which the curve is flat: probably just below the limit.
    goal: f64,
    /// The rate that was too fast.
    failed: f64,
    /// The position on the curve; the goal is at 1.
    way: f64,
    /// Successful calls since the cut.
    served: f64,
}

impl Learned {
    /// The rate at the present position. The curve leaves the goal twice as fast as it approaches it.
    fn rate(&self) -> f64 {
        let way = self.way - 1.0;
        self.goal + (self.goal - self.low) * way.max(2.0 * way).powi(3)
    }

    /// Advances along the curve after a successful call. The goal is reached after a thousand calls, but not in less than
    /// ten seconds or more than two minutes. Well above the rate that failed, the limit must have changed, and the rate
    /// rises ten times as fast.
    fn succeed(&mut self) {
        let rate = self.rate();
        let stride = if rate > self.failed * 1.05 { 10.0 } else { 1.0 };
        self.way += stride / 1000.0_f64.clamp(10.0 * rate, 120.0 * rate);
        self.served += 1.0;
    }
}

/// The rate limit of one account.
#[derive(Debug)]
pub struct RateLimit {
    limits: Limits,
    learned: Option<Learned>,
    tokens: f64,
    at: Timestamp,
    /// The system asked for no request before this time.
    until: Option<Timestamp>,
    in_flight: u32,
    cuts: u32,
    refused_in_a_row: u32,
    meter: Meter,
}

impl RateLimit {
    /// The rate limit of an account that was not used lately.
    pub fn new(limits: Limits, now: Timestamp) -> Self {
        let mut rate_limit = Self {
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
        rate_limit.tokens = rate_limit.capacity();
        rate_limit
    }

    /// Takes over new limits. The rate that was learned under the old limits is forgotten; requests in flight still count.
    pub fn set_limits(&mut self, limits: Limits) {
        if limits != self.limits {
            self.limits = limits;
            self.learned = None;
            self.tokens = self.tokens.min(self.capacity());
        }
    }

    /// Asks to send a request. After [`Turn::Go`] the request counts as sent.
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

    /// A request has ended and was not throttled.
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

    /// A request was throttled, possibly with a time to wait. A system with a wrong clock may ask for any time, so at most
    /// ten minutes are waited.
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

    /// A request has ended or was never sent, and its result says nothing about the rate.
    pub fn released(&mut self, _: Ticket) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The present rate in requests per second; `None` if only the calls in flight are limited.
    pub fn rate(&self) -> Option<f64> {
        let learned = self.learned.map(|learned| learned.rate());
        learned.into_iter().chain(self.known()).reduce(f64::min)
    }

    /// Whether a rate below the configured one was learned.
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

    /// Cuts the rate and returns the new one. After at least one second of successful calls the limit is near, and the cut
    /// is small. Otherwise the limit may be anywhere below.
    fn cut(&mut self, now: Timestamp) -> f64 {
        // A measured rate is no upper bound: without a configured rate the learned one rises fast, as beyond a failure.
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
            // The clock was set back: the time to wait for moves with it.
            self.until = self.until.map(|until| until.checked_add(passed).unwrap_or(now));
        } else if let Some(rate) = self.rate() {
            self.tokens = (self.tokens + passed.as_secs_f64() * rate).min(self.capacity());
        }
        self.at = now;
    }

    /// One less than the system accepts at once, since requests arrive unevenly, but enough for late timers.
    fn capacity(&self) -> f64 {
        let slack = self.rate().map_or(0.0, |rate| rate * SLACK);
        f64::from(self.limits.burst.saturating_sub(1)).max(1.0 + slack)
    }
}

/// The time this many seconds later, rounded up.
fn later(now: Timestamp, seconds: f64) -> Timestamp {
    let wait = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
    let wait = wait.saturating_add(SignedDuration::from_micros(1));
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "rate_limit_tests.rs"]
mod tests;
