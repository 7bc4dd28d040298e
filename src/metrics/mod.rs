//! The metrics of the controller: a registry as a value, one struct for each part of the program, and a typed method
//! for each event.
//!
//! Labels are closed sets: constants of the program (`&'static str`) and names of integrations (`namespace/name`). The
//! series of an integration are removed with it. People are never labels.

mod catalogue;
mod controller;
mod exposition;
mod integrations;
mod kubernetes;
mod safety;
mod systems;
mod truth;

use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::registry::Registry;

pub use catalogue::{FamilyDescription, catalogue};
pub use controller::{Controllers, Outcome};
pub use exposition::Exposition;
use integrations::CountedIntegrations;
pub use kubernetes::Kubernetes;
pub use safety::Safety;
pub use systems::Systems;
pub use truth::{Job, Truth};

/// All metrics of one controller.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    integrations: CountedIntegrations,
    /// Calls to systems and the state of their connections.
    pub systems: Systems,
    /// Whether systems and cluster agree.
    pub truth: Truth,
    /// Pending removals.
    pub safety: Safety,
    /// Objects and reconciliations.
    pub controllers: Controllers,
    /// Calls to Kubernetes and leadership.
    pub kubernetes: Kubernetes,
}

impl Metrics {
    /// New metrics, all at zero.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::default();
        let integrations = CountedIntegrations::default();
        Arc::new(Self {
            systems: Systems::register(&mut registry, &integrations),
            truth: Truth::register(&mut registry, &integrations),
            safety: Safety::register(&mut registry, &integrations),
            controllers: Controllers::register(&mut registry),
            kubernetes: Kubernetes::register(&mut registry),
            registry,
            integrations,
        })
    }

    /// The `OpenMetrics` text, with ages as of `now`.
    pub fn encode(&self, now: Timestamp) -> String {
        self.safety.tell_ages(now);
        let mut text = String::new();
        // Writing to a string cannot fail. If it did, an incomplete text would be worse than none.
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => "# EOF\n".into(),
        }
    }

    /// Starts the series of an integration. Its counters and gauges begin at 0, so that an alert can tell zero from
    /// unknown, and a rate has a beginning.
    pub fn begin_integration(&self, integration: &str) {
        self.integrations.insert(integration);
        self.systems.begin(integration);
        self.truth.drift(integration, 0, 0);
        self.safety.begin(integration);
    }

    /// Sets the pending revocations of an integration without an engine, and the time of the oldest. No other series is made.
    pub fn count_unconnected(&self, integration: &str, pending: usize, oldest: Option<Timestamp>) {
        self.integrations.insert(integration);
        self.safety.pending_revocations(integration, pending, oldest);
    }

    /// Removes the series of an integration. Later counts for it are dropped.
    pub fn forget_integration(&self, integration: &str) {
        self.integrations.remove(integration);
        self.systems.forget(integration);
        self.truth.forget(integration);
        self.safety.forget(integration);
    }
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
