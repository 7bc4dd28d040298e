//! Gives the calls of one account their permits, the most urgent first. Two integrations may share an account
//! (design 3.17).
//!
//! The next waiter asks the [`RateLimit`] and sleeps for it; the others sleep until they are next. There is no task of its
//! own. A waiter wakes only when it is next, when a more urgent one arrived, or when the clock was set back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::rate_limit::{Limits, RateLimit, Ticket, Turn};
use crate::clock::{LONGEST_WAIT, SharedClock};
use crate::work::Priority;
use crate::work::backoff::after;

/// At most this many calls of one priority are ordered by the limiter; further ones wait for a place in their order.
pub const MAX_WAITERS: usize = 256;

/// This many calls may overtake the one that has waited longest; then that one is next. A listing of the lowest priority
/// therefore ends during a rollover too: the removals of that rollover wait for it to be read back.
pub const MAX_OVERTAKES: u32 = 15;

/// A handle of the rate limit of one account.
#[derive(Clone)]
pub struct RateLimiter(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    state: Mutex<State>,
    gates: [Semaphore; 6],
}

struct State {
    rate_limit: RateLimit,
    waiters: BTreeMap<Position, Arc<Notify>>,
    arrivals: u64,
    overtakes: u32,
}

type Position = (Priority, u64);

impl State {
    /// The next waiter: the most urgent one, or the oldest one if it was overtaken too often. A revocation is never
    /// overtaken by other work.
    fn next(&self) -> Option<Position> {
        let first = self.waiters.first_key_value().map(|(position, _)| *position)?;
        let overdue = self.overtakes >= MAX_OVERTAKES && first.0 != Priority::Revocation;
        if overdue { self.oldest() } else { Some(first) }
    }

    fn oldest(&self) -> Option<Position> {
        self.waiters.keys().copied().min_by_key(|(_, arrival)| *arrival)
    }

    fn wake_next(&self) {
        if let Some(next) = self.next().and_then(|position| self.waiters.get(&position)) {
            next.notify_one();
        }
    }

    /// Asks the rate limit for the waiter at this position.
    fn ask(&mut self, position: Position, now: Timestamp) -> Turn {
        let turn = self.rate_limit.poll(now);
        if matches!(turn, Turn::Go(_)) {
            self.overtakes =
                if self.oldest() == Some(position) { 0 } else { self.overtakes.saturating_add(1) };
        }
        turn
    }
}

impl RateLimiter {
    /// The rate limiter of an account that was not used lately.
    pub fn new(limits: Limits, clock: SharedClock) -> Self {
        let rate_limit = RateLimit::new(limits, clock.now());
        let state = Mutex::new(State { rate_limit, waiters: BTreeMap::new(), arrivals: 0, overtakes: 0 });
        let gates = std::array::from_fn(|_| Semaphore::new(MAX_WAITERS));
        Self(Arc::new(Shared { clock, state, gates }))
    }

    /// Waits for a permit. A more urgent priority is served first, and calls of one priority are served in their order. At
    /// most [`MAX_OVERTAKES`] calls overtake another, revocations aside. Dropping the future ends the wait.
    pub async fn permit(&self, priority: Priority) -> Permit {
        let place = self.enqueue(priority).await;
        loop {
            let turn = place.turn(&self.0);
            match turn {
                Some(Turn::Go(ticket)) => {
                    return Permit { shared: Arc::clone(&self.0), ticket: Some(ticket) };
                }
                Some(Turn::At(at)) => tokio::select! {
                    () = self.0.clock.sleep_until(at.min(after(self.0.clock.now(), LONGEST_WAIT))) => {}
                    () = place.called.notified() => {}
                },
                Some(Turn::Full) | None => place.called.notified().await,
            }
        }
    }

    /// Takes over new limits.
    pub fn set_limits(&self, limits: Limits) {
        let mut state = self.0.state.lock();
        state.rate_limit.set_limits(limits);
        state.wake_next();
    }

    /// The present rate in requests per second; `None` if only the calls in flight are limited.
    pub fn rate(&self) -> Option<f64> {
        self.0.state.lock().rate_limit.rate()
    }

    /// Whether a rate below the configured one was learned.
    pub fn is_learned(&self) -> bool {
        self.0.state.lock().rate_limit.is_learned()
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> u32 {
        self.0.state.lock().rate_limit.in_flight()
    }

    /// Calls that wait for a permit.
    pub fn waiting(&self) -> usize {
        self.0.state.lock().waiters.len()
    }

    async fn enqueue(&self, priority: Priority) -> Place<'_> {
        // The gates are never closed, so the error does not occur. Without a gate permit the call would only not be counted.
        let gate = self.0.gates[priority as usize].acquire().await.ok();
        let called = Arc::new(Notify::new());
        let mut state = self.0.state.lock();
        state.arrivals += 1;
        let position = (priority, state.arrivals);
        state.waiters.insert(position, Arc::clone(&called));
        Place { shared: &self.0, position, called, _gate: gate }
    }
}

/// The place of a waiting call, given up when dropped.
struct Place<'a> {
    shared: &'a Shared,
    position: Position,
    called: Arc<Notify>,
    _gate: Option<SemaphorePermit<'a>>,
}

impl Place<'_> {
    /// The answer of the rate limit if this call is next; `None` otherwise.
    fn turn(&self, shared: &Shared) -> Option<Turn> {
        let mut state = shared.state.lock();
        (state.next() == Some(self.position)).then(|| state.ask(self.position, shared.clock.now()))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.waiters.remove(&self.position);
        state.wake_next();
    }
}

/// The right to make one call. Dropping it means that the call has ended and says nothing about the rate.
#[must_use = "dropping the permit ends the call"]
pub struct Permit {
    shared: Arc<Shared>,
    ticket: Option<Ticket>,
}

impl Permit {
    /// The system answered, and did not throttle the call.
    pub fn ok(self) {
        self.end(|rate_limit, ticket, shared| rate_limit.ok(ticket, shared.clock.now()));
    }

    /// The system throttled the call, possibly with a time to wait.
    pub fn throttled(self, retry_after: Option<Duration>) {
        self.end(|rate_limit, ticket, shared| rate_limit.throttled(ticket, shared.clock.now(), retry_after));
    }

    fn end(mut self, record: impl FnOnce(&mut RateLimit, Ticket, &Shared)) {
        if let Some(ticket) = self.ticket.take() {
            let mut state = self.shared.state.lock();
            record(&mut state.rate_limit, ticket, &self.shared);
            state.wake_next();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let mut state = self.shared.state.lock();
            state.rate_limit.released(ticket);
            state.wake_next();
        }
    }
}

#[cfg(test)]
#[path = "rate_limiter_tests.rs"]
mod tests;
