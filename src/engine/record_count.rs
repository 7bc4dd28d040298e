//! When an engine publishes how many records it holds.

use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::inner::Inner;
use crate::work::backoff::after;

/// An engine without work for so long is at rest.
const AT_REST: Duration = Duration::from_secs(2);

/// While an engine works, a wrong record count is replaced after this time at the latest.
const COUNT_WHILE_WORKING: Duration = Duration::from_secs(10);

impl Engine {
    /// Publishes the record count when the engine is at rest, and a few times while it works: each count is a write of the
    /// integration's status. A count of 0 is replaced at once, because users take it for an empty system. An engine that may
    /// call nothing is at rest too. Before the first full sync there is no count.
    pub(super) fn tell_records(&self, inner: &mut Inner, now: Timestamp) {
        let records = inner.records();
        let published = self.state.borrow().records;
        if published == Some(records) || !inner.snapshot.is_complete() {
            (inner.tell_records, inner.miscounted_since) = (None, None);
            return;
        }
        let latest = after(*inner.miscounted_since.get_or_insert(now), COUNT_WHILE_WORKING);
        let is_due = inner.tell_records.is_some_and(|at| at <= now) && inner.queue.in_flight() == 0;
        if published == Some(0) || latest <= now || is_due {
            (inner.tell_records, inner.miscounted_since) = (None, None);
            self.publish(|state| state.records = Some(records));
        } else if inner.queue.in_flight() > 0 || inner.tell_records.is_none() {
            inner.tell_records = Some(after(now, AT_REST).min(latest));
        }
    }
}
