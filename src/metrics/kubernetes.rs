//! Calls to Kubernetes and leadership.

use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    code: String,
    method: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lease {
    name: String,
}

/// Calls to Kubernetes and leadership.
#[derive(Debug)]
pub struct Kubernetes {
    requests: Family<Request, Counter>,
    leading: Family<Lease, Gauge>,
}

impl Kubernetes {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { requests: Family::default(), leading: Family::default() };
        registry.register(
            "rest_client_requests",
            "Counts the calls to the API server by method and status code",
            metrics.requests.clone(),
        );
        registry.register(
            "leader_election_master_status",
            "Shows 1 while this replica holds the lease, else 0",
            metrics.leading.clone(),
        );
        metrics
    }

    /// A call to the API server ended. `code` is `None` if there was no answer.
    pub fn request(&self, method: &Method, code: Option<u16>) {
        let code = code.map_or_else(|| "<error>".into(), |code| code.to_string());
        self.requests.get_or_create(&Request { code, method: method.to_string() }).inc();
    }

    /// Whether this replica holds the lease of that name.
    pub fn leading(&self, lease: &str, leads: bool) {
        self.leading.get_or_create(&Lease { name: lease.into() }).set(leads.into());
    }
}
