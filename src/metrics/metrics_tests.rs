use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::*;

const HQ: &str = "acme/hq-netbox";

fn line(metrics: &Metrics, line: &str) {
    let text = metrics.encode(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100));
    assert!(text.lines().any(|found| found == line), "no line {line:?} in\n{text}");
}

fn everything_about(integration: &str) -> Arc<Metrics> {
    let metrics = Metrics::new();
    metrics.begin_integration(integration);
    count_all_of(&metrics, integration);
    metrics
}

fn count_all_of(metrics: &Metrics, integration: &str) {
    metrics.systems.throttled(integration);
    metrics.systems.waited(integration, 1.5);
    metrics.systems.queue_depth(integration, "revocation", 3);
    metrics.systems.breaker_open(integration, true);
    metrics.systems.credential_valid(integration, true);
    metrics.systems.logins(integration, 1);
    metrics.truth.synced(integration, Job::FullSync, Timestamp::UNIX_EPOCH);
    metrics.truth.drift(integration, 2, 1);
    metrics.truth.rollover(integration, 12.0, Timestamp::UNIX_EPOCH);
    metrics.safety.deletions_held(integration, 7);
    metrics.safety.pending_revocations(integration, 1, Some(Timestamp::UNIX_EPOCH));
    metrics.safety.unremoved_records(integration, 1, 1);
}

#[test]
fn names_are_the_ones_dashboards_know() {
    let metrics = everything_about(HQ);
    metrics.systems.request("lenelS2", "AddPerson", "ok", 0.2);
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
fn the_series_of_an_integration_are_removed_with_it_and_no_others() {
    let metrics = everything_about(HQ);
    metrics.begin_integration("acme/annex");
    metrics.systems.logins("acme/annex", 1);
    let labelled: BTreeSet<_> =
        catalogue().into_iter().filter(|one| one.labels[0] == "integration").collect();
    for family in &labelled {
        assert!(
            metrics.encode(Timestamp::UNIX_EPOCH).lines().any(|it| family.has_sample(it) && it.contains(HQ)),
            "{family:?}"
        );
    }
    assert_eq!(labelled.len(), 14);
    metrics.forget_integration(HQ);
    let text = metrics.encode(Timestamp::UNIX_EPOCH);
    assert!(!text.contains(HQ), "{text}");
    line(&metrics, r#"vestibule_system_logins_total{integration="acme/annex"} 1"#);
}

#[test]
fn counts_after_the_end_of_an_integration_bring_no_series_back() {
    let metrics = everything_about(HQ);
    metrics.forget_integration(HQ);
    count_all_of(&metrics, HQ);
    let text = metrics.encode(Timestamp::UNIX_EPOCH);
    assert!(!text.contains(HQ), "{text}");
    metrics.begin_integration(HQ);
    line(&metrics, r#"vestibule_system_logins_total{integration="acme/hq-netbox"} 0"#);
}

#[test]
fn a_failed_reconciliation_is_an_error_in_every_family_and_errors_begin_at_zero() {
    let metrics = Metrics::new();
    metrics.controllers.pass("Tenant", Outcome::Unchanged, 0.1);
    line(&metrics, r#"controller_runtime_reconcile_errors_total{controller="Tenant"} 0"#);
    metrics.controllers.pass("Tenant", Outcome::Failed, 0.1);
    line(&metrics, r#"vestibule_reconcile_total{kind="Tenant",outcome="error"} 1"#);
    line(&metrics, r#"controller_runtime_reconcile_total{controller="Tenant",result="error"} 1"#);
    line(&metrics, r#"controller_runtime_reconcile_errors_total{controller="Tenant"} 1"#);
}

#[test]
fn an_integration_that_has_done_nothing_yet_shows_its_counters_at_none() {
    let metrics = Metrics::new();
    metrics.begin_integration(HQ);
    for expected in [
        r#"vestibule_system_throttled_total{integration="acme/hq-netbox"} 0"#,
        r#"vestibule_system_logins_total{integration="acme/hq-netbox"} 0"#,
        r#"vestibule_system_breaker_open{integration="acme/hq-netbox"} 0"#,
        r#"vestibule_drift_detected_total{integration="acme/hq-netbox"} 0"#,
        r#"vestibule_deletions_held{integration="acme/hq-netbox"} 0"#,
        r#"vestibule_pending_revocations{integration="acme/hq-netbox"} 0"#,
        r#"vestibule_unremoved_records{integration="acme/hq-netbox",state="open"} 0"#,
    ] {
        line(&metrics, expected);
    }
    metrics.forget_integration(HQ);
    assert!(!metrics.encode(Timestamp::UNIX_EPOCH).contains(HQ));
}

#[test]
fn an_object_is_counted_under_its_present_status_only() {
    let metrics = Metrics::new();
    metrics.controllers.object("Visitor", "Ready", None, Some("False"));
    metrics.controllers.object("Visitor", "Ready", Some("False"), Some("True"));
    line(&metrics, r#"vestibule_objects{kind="Visitor",condition="Ready",status="False"} 0"#);
    line(&metrics, r#"vestibule_objects{kind="Visitor",condition="Ready",status="True"} 1"#);
}

/// All sources below a folder except those of the metrics.
fn sources(folder: &std::path::Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let of = |path: std::path::PathBuf| match path.is_dir() {
        true if path.ends_with("src/metrics") => String::new(),
        true => sources(&path),
        false => std::fs::read_to_string(path).expect("a source"),
    };
    paths.map(of).collect()
}

#[test]
fn every_method_that_counts_is_called_by_the_program() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources = sources(&root);
    for (part, file) in [
        ("systems", "systems"),
        ("truth", "truth"),
        ("safety", "safety"),
        ("controllers", "controller"),
        ("kubernetes", "kubernetes"),
    ] {
        let text = std::fs::read_to_string(root.join(format!("metrics/{file}.rs"))).expect("a source");
        let methods = text.lines().filter_map(|line| line.strip_prefix("    pub fn ")?.split_once('('));
        for (method, _) in methods {
            let called = sources.contains(&format!("{part}.{method}("));
            let within = text.contains(&format!("self.{method}("));
            assert!(called || within, "metrics.{part}.{method} is never called");
        }
    }
}

#[test]
fn nothing_pending_has_no_age() {
    let metrics = everything_about(HQ);
    metrics.safety.pending_revocations(HQ, 0, None);
    line(&metrics, r#"vestibule_oldest_pending_revocation_seconds{integration="acme/hq-netbox"} 0.0"#);
}
