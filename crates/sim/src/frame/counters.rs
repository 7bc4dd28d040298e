//! Exact counters: every call that arrives is counted once, with its outcome.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// The number of last calls that are kept one by one.
const KEPT: usize = 50;

/// Counters by operation and outcome, and the last calls.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    operations: BTreeMap<String, BTreeMap<Cow<'static, str>, u64>>,
    total: u64,
    throttled: u64,
    in_flight: u64,
    peak_in_flight: u64,
    recent: VecDeque<Entry>,
}

/// One call as the page shows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The time of its answer, by the simulator's clock.
    pub at: Timestamp,
    /// The operation.
    pub operation: String,
    /// Its outcome.
    pub outcome: Cow<'static, str>,
    /// The person or object of the call.
    pub subject: String,
    /// Its duration by the real clock.
    pub took: Duration,
}

/// One call in progress. Dropped without an outcome, it counts as `abandoned`: the caller closed the connection.
#[derive(Debug)]
pub struct Ticket {
    counters: Arc<Counters>,
    operation: String,
    arrived: Instant,
    closed: bool,
}

impl Counters {
    /// Counts the arrival of a call.
    pub fn arrive(self: &Arc<Self>, operation: String) -> Ticket {
        let mut book = self.0.lock();
        book.total += 1;
        book.in_flight += 1;
        book.peak_in_flight = book.peak_in_flight.max(book.in_flight);
        Ticket { counters: Arc::clone(self), operation, arrived: Instant::now(), closed: false }
    }

    /// Sets all counters to zero except the calls in flight.
    pub fn clear(&self) {
        let mut book = self.0.lock();
        let in_flight = book.in_flight;
        *book = Book { in_flight, peak_in_flight: in_flight, ..Book::default() };
    }

    /// The last calls, newest first.
    pub fn recent(&self) -> Vec<Entry> {
        self.0.lock().recent.iter().rev().cloned().collect()
    }

    /// The answer of `GET /_sim/calls`.
    pub fn json(&self) -> Value {
        let book = self.0.lock();
        let recent: Vec<Value> = book.recent.iter().rev().map(Entry::json).collect();
        json!({ "operations": book.operations, "total": book.total, "throttled": book.throttled,
                "in_flight": book.in_flight, "peak_in_flight": book.peak_in_flight, "recent": recent })
    }

    fn close(&self, entry: Entry) {
        let mut book = self.0.lock();
        book.in_flight = book.in_flight.saturating_sub(1);
        book.throttled += u64::from(entry.outcome == "throttled");
        let outcomes = book.operations.entry(entry.operation.clone()).or_default();
        *outcomes.entry(entry.outcome.clone()).or_default() += 1;
        book.recent.push_back(entry);
        if book.recent.len() > KEPT {
            book.recent.pop_front();
        }
    }
}

impl Entry {
    fn json(&self) -> Value {
        let ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        json!({ "at": self.at.to_string(), "operation": self.operation, "outcome": self.outcome,
                "subject": self.subject, "ms": ms })
    }
}

impl Ticket {
    /// The operation, as the system named it.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Counts the outcome of the call.
    pub fn close(mut self, at: Timestamp, outcome: Cow<'static, str>, subject: String) {
        self.finish(at, outcome, subject);
    }

    fn finish(&mut self, at: Timestamp, outcome: Cow<'static, str>, subject: String) {
        self.closed = true;
        let operation = std::mem::take(&mut self.operation);
        self.counters.close(Entry { at, operation, outcome, subject, took: self.arrived.elapsed() });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.closed {
            self.finish(Timestamp::now(), Cow::Borrowed("abandoned"), String::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_counted_once_also_when_it_is_abandoned() {
        let counters = Arc::new(Counters::default());
        counters.arrive("A".into()).close(Timestamp::now(), "ok".into(), String::new());
        drop(counters.arrive("A".into()));
        let waiting = counters.arrive("B".into());
        let json = counters.json();
        assert_eq!(json["operations"], json!({ "A": { "ok": 1, "abandoned": 1 } }));
        assert_eq!((&json["total"], &json["in_flight"]), (&json!(3), &json!(1)));
        waiting.close(Timestamp::now(), "throttled".into(), String::new());
        assert_eq!(counters.json()["throttled"], json!(1));
    }

    #[test]
    fn counters_are_exact_under_threads() {
        let counters = Arc::new(Counters::default());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        counters.arrive("A".into()).close(Timestamp::now(), "ok".into(), String::new());
                    }
                });
            }
        });
        let json = counters.json();
        assert_eq!((&json["operations"]["A"]["ok"], &json["total"]), (&json!(4000), &json!(4000)));
        assert_eq!(json["in_flight"], json!(0));
    }
}
