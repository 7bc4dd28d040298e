//! Publishes the number of records of an engine.

use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::inner::Inner;
use crate::work::backoff::after;

/// An engine without work for this time is at rest.
const AT_REST: Duration = Duration::from_secs(2);

/// While an engine works, an outdated record count is replaced after this time at the latest.
const COUNT_WHILE_WORKING: Duration = Duration::from_secs(10);

impl Engine {
    /// Publishes the record count when the engine is at rest, and at intervals while it works, because each count is a write
    /// of the integration's status. A count of 0 is replaced at once, because users take it for an empty system. An engine
    /// that may make no call is at rest too. Before the first full sync there is no count.
    pub(super) fn publish_record_count(&self, inner: &mut Inner, now: Timestamp) {
        let records = inner.records();
        let published = self.state.borrow().records;
        if published == Some(records) || !inner.snapshot.is_complete() {
            (inner.publish_records_at, inner.count_outdated_since) = (None, None);
            return;
        }
        let latest = after(*inner.count_outdated_since.get_or_insert(now), COUNT_WHILE_WORKING);
        let is_due = inner.publish_records_at.is_some_and(|at| at <= now) && inner.queue.in_flight() == 0;
        if published == Some(0) || latest <= now || is_due {
            (inner.publish_records_at, inner.count_outdated_since) = (None, None);
            self.publish(|state| state.records = Some(records));
        } else if inner.queue.in_flight() > 0 || inner.publish_records_at.is_none() {
            inner.publish_records_at = Some(after(now, AT_REST).min(latest));
        }
    }
}
