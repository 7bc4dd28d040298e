//! Whether systems and cluster agree, and since when.

use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::integrations::ByIntegration;

/// Seconds from midnight until everybody of yesterday is out and everybody of today is in.
const ROLLOVER_SECONDS: [f64; 9] = [1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0];

/// What ends with a success that is worth remembering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// The comparison of everything of ours in the system with what is declared.
    FullSync,
    /// The nightly import, or one on request.
    Import,
    /// Yesterday's visitors out, today's in.
    Rollover,
}

impl Job {
    const fn name(self) -> &'static str {
        match self {
            Self::FullSync => "full_sync",
            Self::Import => "import",
            Self::Rollover => "rollover",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// Whether systems and cluster agree.
#[derive(Debug)]
pub struct Truth {
    last_sync: ByIntegration<Gauge>,
    drift_detected: ByIntegration<Counter>,
    drift_repaired: ByIntegration<Counter>,
    rollover: ByIntegration<Histogram>,
    skipped: Family<Reason, Counter>,
}

impl Truth {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("vestibule");
        let skipped = Family::default();
        registry.register("skipped", "People in a system that are not imported, by reason", skipped.clone());
        let counter: fn() -> Counter = Counter::default;
        let mut drift = |name, help| ByIntegration::register(registry, name, help, counter);
        Self {
            drift_detected: drift("drift_detected", "Records that differed from what was last made true"),
            drift_repaired: drift("drift_repaired", "Differing records that were repaired"),
            last_sync: ByIntegration::register(
                registry,
                "last_successful_sync_timestamp_seconds",
                "When a job last succeeded, in seconds since 1970",
                Gauge::default,
            ),
            rollover: ByIntegration::register(
                registry,
                "rollover_seconds",
                "Time from local midnight until the rollover was done",
                || Histogram::new(ROLLOVER_SECONDS),
            ),
            skipped,
        }
    }

    /// A job succeeded.
    pub fn synced(&self, integration: &str, job: Job, at: Timestamp) {
        self.last_sync.with(integration, "job", job.name()).set(at.as_second());
    }

    /// A comparison found records that differed, and so many of them were repaired.
    pub fn drift(&self, integration: &str, detected: u64, repaired: u64) {
        self.drift_detected.of(integration).inc_by(detected);
        self.drift_repaired.of(integration).inc_by(repaired);
    }

    /// A rollover is done, so many seconds after its midnight.
    pub fn rollover(&self, integration: &str, seconds: f64) {
        self.rollover.of(integration).observe(seconds);
    }

    /// Somebody in a system was not imported.
    pub fn skipped(&self, reason: &'static str) {
        self.skipped.get_or_create(&Reason { reason }).inc();
    }

    pub(super) fn forget(&self, integration: &str) {
        let Self { last_sync, drift_detected, drift_repaired, rollover, skipped: _ } = self;
        last_sync.forget(integration);
        drift_detected.forget(integration);
        drift_repaired.forget(integration);
        rollover.forget(integration);
    }
}
