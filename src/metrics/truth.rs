//! Whether systems and cluster agree, and since when.

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::integrations::{ByIntegration, CountedIntegrations};

/// Buckets in seconds from midnight until the records of yesterday's visits are removed and those of today's exist.
const ROLLOVER_SECONDS: [f64; 9] = [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0];

/// A job whose last success is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// The comparison of all records of the controller in the system with the desired ones.
    FullSync,
    /// The removal of yesterday's visits and the creation of today's.
    Rollover,
}

impl Job {
    const fn name(self) -> &'static str {
        match self {
            Self::FullSync => "full_sync",
            Self::Rollover => "rollover",
        }
    }
}

/// Whether systems and cluster agree.
#[derive(Debug)]
pub struct Truth {
    last_sync: ByIntegration<Gauge>,
    drift_detected: ByIntegration<Counter>,
    drift_repaired: ByIntegration<Counter>,
    rollover: ByIntegration<Histogram>,
}

impl Truth {
    pub(super) fn register(registry: &mut Registry, counted: &CountedIntegrations) -> Self {
        let registry = registry.sub_registry_with_prefix("vestibule");
        let counter: fn() -> Counter = Counter::default;
        let mut drift = |name, help| ByIntegration::register(registry, counted, name, help, counter);
        Self {
            drift_detected: drift(
                "drift_detected",
                "Counts the records that differed from what was last written",
            ),
            drift_repaired: drift("drift_repaired", "Counts the differing records that were repaired"),
            last_sync: ByIntegration::register(
                registry,
                counted,
                "last_successful_sync_timestamp_seconds",
                "Shows when a job last succeeded, in seconds since 1970",
                Gauge::default,
            ),
            rollover: ByIntegration::register(
                registry,
                counted,
                "rollover_seconds",
                "Measures how long it took from local midnight until the rollover was done",
                || Histogram::new(ROLLOVER_SECONDS),
            ),
        }
    }

    /// A job succeeded.
    pub fn synced(&self, integration: &str, job: Job, at: Timestamp) {
        self.last_sync.with(integration, "job", job.name()).set(at.as_second());
    }

    /// A comparison found records that differed, and this many of them were repaired.
    pub fn drift(&self, integration: &str, detected: u64, repaired: u64) {
        self.drift_detected.of(integration).inc_by(detected);
        self.drift_repaired.of(integration).inc_by(repaired);
    }

    /// A rollover is done, this many seconds after its midnight.
    pub fn rollover(&self, integration: &str, seconds: f64, at: Timestamp) {
        self.rollover.of(integration).observe(seconds);
        self.synced(integration, Job::Rollover, at);
    }

    pub(super) fn forget(&self, integration: &str) {
        let Self { last_sync, drift_detected, drift_repaired, rollover } = self;
        last_sync.forget(integration);
        drift_detected.forget(integration);
        drift_repaired.forget(integration);
        rollover.forget(integration);
    }
}
