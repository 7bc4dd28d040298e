//! Gives the calls of one account their turns, the most urgent first. Two integrations may share one (design 3.17).
//!
//! Whoever is next asks the [`RateLimit`] and sleeps for it; the others sleep until they are next. There is no task of its own,
//! and nobody wakes in vain but to find somebody more urgent before him, or that the clock was set back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::backoff::after;
use super::queue::Priority;
use super::rate_limit::{Limits, RateLimit, Ticket, Turn};
use crate::clock::{LONGEST_WAIT, SharedClock};

/// So many of a class stand in line; more wait before it, in their order.
pub const LINE: usize = 256;

/// So many go past the one that has waited longest; then it has a turn. A listing of the lowest class ends during a rollover
/// too: the removals of that rollover wait for it to be read back.
pub const PASSES: u32 = 15;

/// A handle of one account's pace.
#[derive(Clone)]
pub struct RateLimiter(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    state: Mutex<State>,
    gates: [Semaphore; 6],
}

struct State {
    pace: RateLimit,
    line: BTreeMap<Position, Arc<Notify>>,
    arrivals: u64,
    passes: u32,
}

type Position = (Priority, u64);

impl State {
    /// Who has the next turn: the most urgent, now and then the oldest. A revocation lets nobody go before it.
    fn next(&self) -> Option<Position> {
        let first = self.line.first_key_value().map(|(position, _)| *position)?;
        let overdue = self.passes >= PASSES && first.0 != Priority::Revocation;
        if overdue { self.oldest() } else { Some(first) }
    }

    fn oldest(&self) -> Option<Position> {
        self.line.keys().copied().min_by_key(|(_, arrival)| *arrival)
    }

    fn wake_next(&self) {
        if let Some(next) = self.next().and_then(|position| self.line.get(&position)) {
            next.notify_one();
        }
    }

    /// The one at this position asks for its turn.
    fn ask(&mut self, position: Position, now: Timestamp) -> Turn {
        let turn = self.pace.poll(now);
        if matches!(turn, Turn::Go(_)) {
            self.passes = if self.oldest() == Some(position) { 0 } else { self.passes.saturating_add(1) };
        }
        turn
    }
}

impl RateLimiter {
    /// The pace of an account that nobody has used lately.
    pub fn new(limits: Limits, clock: SharedClock) -> Self {
        let pace = RateLimit::new(limits, clock.now());
        let state = Mutex::new(State { pace, line: BTreeMap::new(), arrivals: 0, passes: 0 });
        let gates = std::array::from_fn(|_| Semaphore::new(LINE));
        Self(Arc::new(Shared { clock, state, gates }))
    }

    /// Waits for a turn. A more urgent class goes first, first come first served within one, and nobody is passed by more
    /// than [`PASSES`] others, revocations aside. Dropping the future gives the place in line up.
    pub async fn permit(&self, priority: Priority) -> Permit {
        let place = self.line_up(priority).await;
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

    /// Takes over other limits.
    pub fn set_limits(&self, limits: Limits) {
        let mut state = self.0.state.lock();
        state.pace.set_limits(limits);
        state.wake_next();
    }

    /// Requests a second at present; `None` is as fast as the calls in flight go.
    pub fn rate(&self) -> Option<f64> {
        self.0.state.lock().pace.rate()
    }

    /// Whether the system is slower than configured.
    pub fn is_learned(&self) -> bool {
        self.0.state.lock().pace.is_learned()
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> u32 {
        self.0.state.lock().pace.in_flight()
    }

    /// Calls in line.
    pub fn waiting(&self) -> usize {
        self.0.state.lock().line.len()
    }

    async fn line_up(&self, priority: Priority) -> Place<'_> {
        // The gates are never closed: the error cannot come, and without a pass one would merely not be counted.
        let gate = self.0.gates[priority as usize].acquire().await.ok();
        let called = Arc::new(Notify::new());
        let mut state = self.0.state.lock();
        state.arrivals += 1;
        let position = (priority, state.arrivals);
        state.line.insert(position, Arc::clone(&called));
        Place { shared: &self.0, position, called, _gate: gate }
    }
}

/// A place in line, given up when dropped.
struct Place<'a> {
    shared: &'a Shared,
    position: Position,
    called: Arc<Notify>,
    _gate: Option<SemaphorePermit<'a>>,
}

impl Place<'_> {
    /// The turn of whoever is next; `None` for the others.
    fn turn(&self, shared: &Shared) -> Option<Turn> {
        let mut state = shared.state.lock();
        (state.next() == Some(self.position)).then(|| state.ask(self.position, shared.clock.now()))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.line.remove(&self.position);
        state.wake_next();
    }
}

/// The right to make one call. Dropping it says that the call is over and told nothing about the pace.
#[must_use = "dropping the permit ends the call"]
pub struct Permit {
    shared: Arc<Shared>,
    ticket: Option<Ticket>,
}

impl Permit {
    /// The system answered, and not that it was too fast.
    pub fn ok(self) {
        self.end(|pace, ticket, shared| pace.ok(ticket, shared.clock.now()));
    }

    /// The system refused the call for being too fast, with or without a time for which nothing may follow.
    pub fn throttled(self, retry_after: Option<Duration>) {
        self.end(|pace, ticket, shared| pace.throttled(ticket, shared.clock.now(), retry_after));
    }

    fn end(mut self, tell: impl FnOnce(&mut RateLimit, Ticket, &Shared)) {
        if let Some(ticket) = self.ticket.take() {
            let mut state = self.shared.state.lock();
            tell(&mut state.pace, ticket, &self.shared);
            state.wake_next();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let mut state = self.shared.state.lock();
            state.pace.released(ticket);
            state.wake_next();
        }
    }
}

#[cfg(test)]
#[path = "rate_limiter_tests.rs"]
mod tests;
