//! Objects and reconciliations, under the names of Vestibule and under those that dashboards of controller-runtime use.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::integrations::count;

/// Buckets in seconds for one reconciliation. It does no I/O on systems.
const PASS_SECONDS: [f64; 9] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Buckets in seconds from the creation of an object to its first `Ready`.
const READY_SECONDS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0, 86_400.0];

/// How a reconciliation ended. One covers one Visitor, or all objects of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something was written.
    Changed,
    /// Everything was as declared.
    Unchanged,
    /// It failed and will be retried.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Objects {
    kind: &'static str,
    condition: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pass {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reconcile {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Controller {
    controller: &'static str,
}

/// Objects and reconciliations.
#[derive(Debug)]
pub struct Controllers {
    objects: Family<Objects, Gauge>,
    passes: Family<Pass, Counter>,
    first_ready: Family<Kind, Histogram, fn() -> Histogram>,
    reconciles: Family<Reconcile, Counter>,
    errors: Family<Controller, Counter>,
    seconds: Family<Controller, Histogram, fn() -> Histogram>,
}

impl Controllers {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            objects: Family::default(),
            passes: Family::default(),
            first_ready: Family::new_with_constructor(|| Histogram::new(READY_SECONDS)),
            reconciles: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(PASS_SECONDS)),
        };
        let Self { objects, passes, first_ready, reconciles, errors, seconds } = &metrics;
        let ours = registry.sub_registry_with_prefix("vestibule");
        ours.register(
            "objects",
            "Counts the objects of a kind by the status of a condition",
            objects.clone(),
        );
        ours.register(
            "reconcile",
            "Counts the reconciliations by outcome: one covers one Visitor, or all objects of another kind",
            passes.clone(),
        );
        ours.register(
            "first_time_to_readiness_seconds",
            "Measures the time from the creation of an object until it is Ready for the first time",
            first_ready.clone(),
        );
        let known = registry.sub_registry_with_prefix("controller_runtime");
        known.register(
            "reconcile",
            "Counts the reconciliations by result, under the name that controller-runtime uses",
            reconciles.clone(),
        );
        known.register(
            "reconcile_errors",
            "Counts the reconciliations that failed, under the name that controller-runtime uses",
            errors.clone(),
        );
        known.register(
            "reconcile_time_seconds",
            "Measures how long reconciliations take, under the name that controller-runtime uses",
            seconds.clone(),
        );
        metrics
    }

    /// A condition of an object changed its status. `before` is `None` for a new condition, `now` is `None` for a
    /// removed one.
    pub fn object(
        &self,
        kind: &'static str,
        condition: &'static str,
        before: Option<&'static str>,
        now: Option<&'static str>,
    ) {
        let gauge = |status| self.objects.get_or_create_owned(&Objects { kind, condition, status });
        if let Some(status) = before {
            gauge(status).dec();
        }
        if let Some(status) = now {
            gauge(status).inc();
        }
    }

    /// The number of objects that have this status of a condition now.
    pub fn objects(&self, kind: &'static str, condition: &'static str, status: &'static str, number: usize) {
        self.objects.get_or_create(&Objects { kind, condition, status }).set(count(number));
    }

    /// A reconciliation ended.
    pub fn pass(&self, kind: &'static str, outcome: Outcome, seconds: f64) {
        let controller = Controller { controller: kind };
        let (word, result) = match outcome {
            Outcome::Changed => ("changed", "success"),
            Outcome::Unchanged => ("unchanged", "success"),
            Outcome::Failed => ("error", "error"),
        };
        self.passes.get_or_create(&Pass { kind, outcome: word }).inc();
        self.reconciles.get_or_create(&Reconcile { controller: kind, result }).inc();
        self.seconds.get_or_create(&controller).observe(seconds);
        // Created by the first reconciliation, so that the series begins at 0.
        self.errors.get_or_create(&controller).inc_by((outcome == Outcome::Failed).into());
    }

    /// An object became `Ready` for the first time, this long after its creation.
    pub fn first_ready(&self, kind: &'static str, seconds: f64) {
        self.first_ready.get_or_create(&Kind { kind }).observe(seconds);
    }
}
