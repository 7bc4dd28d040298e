//! What the controller counts: a registry as a value, one struct for each part of the program, a typed method for each
//! thing that happens.
//!
//! Labels are closed sets: words of the program (`&'static str`) and names of integrations (`namespace/name`), whose
//! series go when the integration goes. People are never labels.

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
    /// What is to be removed and is not yet.
    pub safety: Safety,
    /// Objects and passes over them.
    pub controllers: Controllers,
    /// Calls to Kubernetes and leadership.
    pub kubernetes: Kubernetes,
}

impl Metrics {
    /// Fresh metrics, all at zero.
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

    /// The `OpenMetrics` text; ages are told as of `now`.
    pub fn encode(&self, now: Timestamp) -> String {
        self.safety.tell_ages(now);
        let mut text = String::new();
        // Writing to a string cannot fail; were it to, half a text would be worse than none.
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => "# EOF\n".into(),
        }
    }

    /// An integration is counted from now on. Its counters and gauges begin at 0, so that an alert can tell nothing from
    /// not known, and a rate has a beginning.
    pub fn begin_integration(&self, integration: &str) {
        self.integrations.insert(integration);
        self.systems.begin(integration);
        self.truth.drift(integration, 0, 0);
        self.safety.begin(integration);
    }

    /// Removes the series of an integration. What is still counted for it is not kept.
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
