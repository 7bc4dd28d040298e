//! Calls to systems and the state of their connections.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::integrations::{ByIntegration, CountedIntegrations, count};

/// Buckets in seconds for a call: from a system in the same building to one behind a slow connection.
const CALL_SECONDS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Buckets in seconds for a call's wait for the rate limit.
const WAIT_SECONDS: [f64; 10] = [0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    system: &'static str,
    operation: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    system: &'static str,
    operation: &'static str,
}

/// Calls to systems and the state of their connections.
#[derive(Debug)]
pub struct Systems {
    requests: Family<Request, Counter>,
    seconds: Family<Operation, Histogram>,
    throttled: ByIntegration<Counter>,
    throttle_wait: ByIntegration<Histogram>,
    queue_depth: ByIntegration<Gauge>,
    breaker_open: ByIntegration<Gauge>,
    credential_valid: ByIntegration<Gauge>,
    logins: ByIntegration<Counter>,
}

impl Systems {
    pub(super) fn register(registry: &mut Registry, counted: &CountedIntegrations) -> Self {
        let registry = registry.sub_registry_with_prefix("vestibule_system");
        let requests = Family::default();
        registry.register(
            "requests",
            "Counts the calls to access systems by operation and result",
            requests.clone(),
        );
        let seconds = Family::new_with_constructor((|| Histogram::new(CALL_SECONDS)) as fn() -> Histogram);
        registry.register(
            "request_duration_seconds",
            "Measures how long calls to access systems take",
            seconds.clone(),
        );
        let gauge: fn() -> Gauge = Gauge::default;
        let counter: fn() -> Counter = Counter::default;
        Self {
            requests,
            seconds,
            throttled: ByIntegration::register(
                registry,
                counted,
                "throttled",
                "Counts the calls that the system refused because they were too many",
                counter,
            ),
            throttle_wait: ByIntegration::register(
                registry,
                counted,
                "throttle_wait_seconds",
                "Measures how long calls wait for the rate limit before they are made",
                || Histogram::new(WAIT_SECONDS),
            ),
            queue_depth: ByIntegration::register(
                registry,
                counted,
                "queue_depth",
                "Counts the objects that wait in the queue of an integration by priority",
                gauge,
            ),
            breaker_open: ByIntegration::register(
                registry,
                counted,
                "breaker_open",
                "Shows 1 while the circuit breaker is open because the system does not answer, else 0",
                gauge,
            ),
            credential_valid: ByIntegration::register(
                registry,
                counted,
                "credential_valid",
                "Shows 0 while the system refuses the login, and 1 when it has accepted it",
                gauge,
            ),
            logins: ByIntegration::register(
                registry,
                counted,
                "logins",
                "Counts the logins that were tried, successful or not",
                counter,
            ),
        }
    }

    /// A call ended. `code` is `ok` or the name of the error's kind.
    pub fn request(&self, system: &'static str, operation: &'static str, code: &'static str, seconds: f64) {
        self.requests.get_or_create(&Request { system, operation, code }).inc();
        self.seconds.get_or_create(&Operation { system, operation }).observe(seconds);
    }

    /// The system refused a call because there were too many.
    pub fn throttled(&self, integration: &str) {
        self.throttled.of(integration).inc();
    }

    /// A call waited this long for the rate limit of the account.
    pub fn waited(&self, integration: &str, seconds: f64) {
        self.throttle_wait.of(integration).observe(seconds);
    }

    /// The number of queued objects of a priority.
    pub fn queue_depth(&self, integration: &str, class: &'static str, depth: usize) {
        self.queue_depth.with(integration, "class", class).set(count(depth));
    }

    /// Whether the circuit breaker is open.
    pub fn breaker_open(&self, integration: &str, open: bool) {
        self.breaker_open.of(integration).set(open.into());
    }

    /// Whether the system accepts the login, as far as is known.
    pub fn credential_valid(&self, integration: &str, valid: bool) {
        self.credential_valid.of(integration).set(valid.into());
    }

    /// The number of logins tried since the last count.
    pub fn logins(&self, integration: &str, logins: u64) {
        self.logins.of(integration).inc_by(logins);
    }

    pub(super) fn begin(&self, integration: &str) {
        self.throttled.of(integration);
        self.logins.of(integration);
        self.breaker_open(integration, false);
    }

    pub(super) fn forget(&self, integration: &str) {
        let Self {
            requests: _,
            seconds: _,
            throttled,
            throttle_wait,
            queue_depth,
            breaker_open,
            credential_valid,
            logins,
        } = self;
        throttled.forget(integration);
        throttle_wait.forget(integration);
        queue_depth.forget(integration);
        breaker_open.forget(integration);
        credential_valid.forget(integration);
        logins.forget(integration);
    }
}
