//! Pending removals: held by the guard, or not confirmed by the system.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::integrations::{ByIntegration, CountedIntegrations, count};

/// Pending removals.
#[derive(Debug)]
pub struct Safety {
    held: ByIntegration<Gauge>,
    pending: ByIntegration<Gauge>,
    oldest: ByIntegration<Gauge<f64, AtomicU64>>,
    unremoved: ByIntegration<Gauge>,
    counted: CountedIntegrations,
    /// Since when the oldest revocation is pending. An age grows without events, so it is computed when the metrics are
    /// read.
    since: Mutex<HashMap<String, Option<Timestamp>>>,
}

impl Safety {
    pub(super) fn register(registry: &mut Registry, counted: &CountedIntegrations) -> Self {
        let registry = registry.sub_registry_with_prefix("vestibule");
        let gauge: fn() -> Gauge = Gauge::default;
        Self {
            held: ByIntegration::register(
                registry,
                counted,
                "deletions_held",
                "Counts the removals that the deletion guard holds back",
                gauge,
            ),
            pending: ByIntegration::register(
                registry,
                counted,
                "pending_revocations",
                "Counts the revocations that the system has not confirmed yet",
                gauge,
            ),
            oldest: ByIntegration::register(
                registry,
                counted,
                "oldest_pending_revocation_seconds",
                "Shows the age of the oldest revocation that the system has not confirmed yet, 0 if there is none",
                Gauge::default,
            ),
            unremoved: ByIntegration::register(
                registry,
                counted,
                "unremoved_records",
                "Counts the records that the system refuses to remove: those that were disarmed, and those that may still open doors",
                gauge,
            ),
            counted: counted.clone(),
            since: Mutex::default(),
        }
    }

    /// The number of records that the system refuses to remove: those that were disarmed, and those that may still open
    /// doors.
    pub fn unremoved_records(&self, integration: &str, disarmed: usize, open: usize) {
        self.unremoved.with(integration, "state", "disarmed").set(count(disarmed));
        self.unremoved.with(integration, "state", "open").set(count(open));
    }

    /// The number of removals that the guard holds.
    pub fn deletions_held(&self, integration: &str, held: usize) {
        self.held.of(integration).set(count(held));
    }

    /// The number of pending revocations, and since when the oldest is pending.
    pub fn pending_revocations(&self, integration: &str, pending: usize, oldest: Option<Timestamp>) {
        self.pending.of(integration).set(count(pending));
        // Checked under the lock. Otherwise a concurrent removal of the integration would be undone.
        let mut since = self.since.lock();
        if self.counted.contains(integration) {
            since.insert(integration.to_owned(), oldest);
        }
    }

    pub(super) fn begin(&self, integration: &str) {
        self.deletions_held(integration, 0);
        self.unremoved_records(integration, 0, 0);
        self.pending_revocations(integration, 0, None);
    }

    pub(super) fn tell_ages(&self, now: Timestamp) {
        for (integration, since) in self.since.lock().iter() {
            let age = since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0));
            self.oldest.of(integration).set(age);
        }
    }

    pub(super) fn forget(&self, integration: &str) {
        let Self { held, pending, oldest, unremoved, counted: _, since } = self;
        // Locked to the end. Otherwise a concurrent reader would add the age again.
        let mut since = since.lock();
        since.remove(integration);
        held.forget(integration);
        pending.forget(integration);
        oldest.forget(integration);
        unremoved.forget(integration);
    }
}
