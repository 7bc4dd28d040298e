//! What the controller counts: a registry as a value, one struct for each part of the program, a typed method for each
//! thing that happens.
//!
//! Labels are closed sets: words of the program (`&'static str`) and names of integrations (`namespace/name`), whose
//! series go when the integration goes. People are never labels.

mod controller;
mod integrations;
mod kubernetes;
mod safety;
mod systems;
mod truth;

use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::registry::Registry;

pub use controller::{Controllers, Outcome};
pub use kubernetes::Kubernetes;
pub use safety::Safety;
pub use systems::Systems;
pub use truth::{Job, Truth};

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of one controller.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
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
        Arc::new(Self {
            systems: Systems::register(&mut registry),
            truth: Truth::register(&mut registry),
            safety: Safety::register(&mut registry),
            controllers: Controllers::register(&mut registry),
            kubernetes: Kubernetes::register(&mut registry),
            registry,
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

    /// Removes the series of an integration that is gone.
    pub fn forget_integration(&self, integration: &str) {
        self.systems.forget(integration);
        self.truth.forget(integration);
        self.safety.forget(integration);
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const HQ: &str = "acme/hq-netbox";

    fn line(metrics: &Metrics, line: &str) {
        let text = metrics.encode(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100));
        assert!(text.lines().any(|found| found == line), "no line {line:?} in\n{text}");
    }

    fn everything_about(integration: &str) -> Arc<Metrics> {
        let metrics = Metrics::new();
        metrics.systems.throttled(integration);
        metrics.systems.waited(integration, 1.5);
        metrics.systems.queue_depth(integration, "revocation", 3);
        metrics.systems.breaker_open(integration, true);
        metrics.systems.credential_valid(integration, true);
        metrics.systems.login(integration);
        metrics.truth.synced(integration, Job::Rollover, Timestamp::UNIX_EPOCH);
        metrics.truth.drift(integration, 2, 1);
        metrics.truth.rollover(integration, 12.0);
        metrics.safety.deletions_held(integration, 7);
        metrics.safety.pending_revocations(integration, 1, Some(Timestamp::UNIX_EPOCH));
        metrics
    }

    #[test]
    fn names_are_the_ones_dashboards_know() {
        let metrics = everything_about(HQ);
        metrics.systems.request("lenelS2", "AddPerson", "ok", 0.2);
        metrics.truth.skipped("no_last_name");
        metrics.controllers.object("Visitor", "Ready", None, Some("True"));
        metrics.controllers.pass("Visitor", Outcome::Changed, 0.01);
        metrics.controllers.first_ready("Visitor", 0.4);
        metrics.kubernetes.leading("vestibule-controller", true);
        for expected in [
            r#"vestibule_system_requests_total{system="lenelS2",operation="AddPerson",code="ok"} 1"#,
            r#"vestibule_system_request_duration_seconds_count{system="lenelS2",operation="AddPerson"} 1"#,
            r#"vestibule_system_throttled_total{integration="acme/hq-netbox"} 1"#,
            r#"vestibule_system_throttle_wait_seconds_sum{integration="acme/hq-netbox"} 1.5"#,
            r#"vestibule_system_queue_depth{integration="acme/hq-netbox",class="revocation"} 3"#,
            r#"vestibule_system_breaker_open{integration="acme/hq-netbox"} 1"#,
            r#"vestibule_system_credential_valid{integration="acme/hq-netbox"} 1"#,
            r#"vestibule_system_logins_total{integration="acme/hq-netbox"} 1"#,
            r#"vestibule_last_successful_sync_timestamp_seconds{integration="acme/hq-netbox",job="rollover"} 0"#,
            r#"vestibule_drift_detected_total{integration="acme/hq-netbox"} 2"#,
            r#"vestibule_drift_repaired_total{integration="acme/hq-netbox"} 1"#,
            r#"vestibule_skipped_total{reason="no_last_name"} 1"#,
            r#"vestibule_rollover_seconds_count{integration="acme/hq-netbox"} 1"#,
            r#"vestibule_deletions_held{integration="acme/hq-netbox"} 7"#,
            r#"vestibule_pending_revocations{integration="acme/hq-netbox"} 1"#,
            r#"vestibule_oldest_pending_revocation_seconds{integration="acme/hq-netbox"} 100.0"#,
            r#"vestibule_objects{kind="Visitor",condition="Ready",status="True"} 1"#,
            r#"vestibule_reconcile_total{kind="Visitor",outcome="changed"} 1"#,
            r#"vestibule_first_time_to_readiness_seconds_count{kind="Visitor"} 1"#,
            r#"controller_runtime_reconcile_total{controller="Visitor",result="success"} 1"#,
            r#"controller_runtime_reconcile_time_seconds_count{controller="Visitor"} 1"#,
            r#"leader_election_master_status{name="vestibule-controller"} 1"#,
        ] {
            line(&metrics, expected);
        }
    }

    #[test]
    fn series_of_an_integration_go_with_it_and_no_others() {
        let metrics = everything_about(HQ);
        metrics.systems.login("acme/annex");
        metrics.forget_integration(HQ);
        let text = metrics.encode(Timestamp::UNIX_EPOCH);
        assert!(!text.contains(HQ), "{text}");
        line(&metrics, r#"vestibule_system_logins_total{integration="acme/annex"} 1"#);
    }

    #[test]
    fn a_failed_pass_is_an_error_everywhere_and_a_refused_one_is_terminal() {
        let metrics = Metrics::new();
        metrics.controllers.pass("Tenant", Outcome::Failed, 0.1);
        metrics.controllers.pass("Tenant", Outcome::Refused, 0.1);
        line(&metrics, r#"vestibule_reconcile_total{kind="Tenant",outcome="error"} 2"#);
        line(&metrics, r#"controller_runtime_reconcile_total{controller="Tenant",result="error"} 2"#);
        line(&metrics, r#"controller_runtime_reconcile_errors_total{controller="Tenant"} 2"#);
        line(&metrics, r#"controller_runtime_terminal_reconcile_errors_total{controller="Tenant"} 1"#);
    }

    #[test]
    fn an_object_is_counted_under_its_present_status_only() {
        let metrics = Metrics::new();
        metrics.controllers.object("Visitor", "Ready", None, Some("False"));
        metrics.controllers.object("Visitor", "Ready", Some("False"), Some("True"));
        line(&metrics, r#"vestibule_objects{kind="Visitor",condition="Ready",status="False"} 0"#);
        line(&metrics, r#"vestibule_objects{kind="Visitor",condition="Ready",status="True"} 1"#);
    }

    #[test]
    fn nothing_pending_has_no_age() {
        let metrics = everything_about(HQ);
        metrics.safety.pending_revocations(HQ, 0, None);
        line(&metrics, r#"vestibule_oldest_pending_revocation_seconds{integration="acme/hq-netbox"} 0.0"#);
    }
}
