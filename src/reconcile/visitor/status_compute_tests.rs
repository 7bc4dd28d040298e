use serde_json::json;
use vestibule_core::model::Mode;
use vestibule_core::plan::{Change, Withheld};
use vestibule_core::status::Kstatus::{Current, Failed, InProgress};
use vestibule_core::status::{Kstatus, Status, Truth};

use super::*;
use crate::reconcile::fixtures::{at, reading, says};
use crate::system::{ErrorKind, SystemError};

const NOW: &str = "2026-12-01T09:00:00Z";

/// The operation of errors that say that the card is taken.
const CARD_TAKEN: &str = "find-card";

/// A placement that differs from its target, for this reason.
fn failed(priority: ErrorKind, operation: &'static str, retried: bool) -> (PlacementState, Option<Failure>) {
    let mut error = SystemError::new(priority, operation, "NetBox says no: correct it");
    error.code = (operation == CARD_TAKEN).then_some(ErrorCode::CardTaken);
    placement_state(&Outcome::Failed { error, retried })
}

fn kind(priority: ErrorKind, operation: &'static str, retried: bool) -> (PlacementState, FailureKind) {
    let (state, failure) = failed(priority, operation, retried);
    let failure = failure.unwrap();
    assert_eq!(failure.message, "NetBox says no: correct it");
    (state, failure.kind)
}

/// The status of a new Visitor of generation 1 in this situation.
fn said(
    phase: &Phase,
    placements: &[PlacementState],
    failure: Option<&Failure>,
) -> Option<(Status, Kstatus)> {
    let verdict = verdict(phase, placements, failure, false)?;
    let status = verdict.settle(&Status::default(), 1, at(NOW));
    let reading = reading(&status, 1);
    let again = verdict.settle(&status, 1, at(NOW));
    assert!(again.same_without_times(&status), "settling again changes nothing");
    Some((status, reading))
}

fn ready(phase: &Phase, placements: &[PlacementState], failure: Option<&Failure>) -> (String, Kstatus) {
    let (status, kstatus) = said(phase, placements, failure).unwrap();
    (says(&status, conditions::READY), kstatus)
}

fn sentence(text: &str) -> String {
    text.to_owned()
}

// === placement_state ===

#[test]
fn an_outcome_without_an_error_is_a_state_without_a_failure() {
    let id = "vst-000007-00000000000001-0000002a-0".parse().unwrap();
    let withheld = Withheld::Mode(Mode::Observe);
    let rows = [
        (Outcome::Present(id), PlacementState::Present),
        (Outcome::Absent, PlacementState::Absent),
        (Outcome::Unconfirmed, PlacementState::Unconfirmed),
        (Outcome::Withheld(withheld, Change::Make), PlacementState::Withheld(withheld, Change::Make)),
    ];
    for (outcome, state) in rows {
        assert_eq!(placement_state(&outcome), (state, None), "{outcome:?}");
    }
}

#[test]
fn the_kind_of_an_error_decides_what_it_means_for_the_visitor() {
    use FailureKind::{Dependency, Retried, Stalled, Throttled};
    let unsupported = Stalled(conditions::NOT_SUPPORTED_BY_SYSTEM);
    let rows = [
        (ErrorKind::Terminal, "AddPerson", false, PlacementState::Failed, unsupported),
        // A removal is tried for ever, whatever the system answers.
        (ErrorKind::Terminal, "RemovePerson", true, PlacementState::Retrying, Retried),
        (
            ErrorKind::Terminal,
            CARD_TAKEN,
            false,
            PlacementState::Failed,
            Stalled(conditions::DUPLICATE_CLAIM),
        ),
        (ErrorKind::Dependency, "GetAccessLevels", true, PlacementState::Retrying, Dependency),
        (ErrorKind::Auth, "Login", true, PlacementState::Retrying, Dependency),
        (ErrorKind::Throttled(None), "AddPerson", true, PlacementState::Retrying, Throttled),
        (ErrorKind::Transient, "AddPerson", true, PlacementState::Retrying, Retried),
    ];
    for (priority, operation, retried, state, failure) in rows {
        assert_eq!(kind(priority, operation, retried), (state, failure), "{priority:?} {operation}");
    }
}

// === verdict: the situations of docs/status.md ===

#[test]
fn a_visit_that_is_done_waiting_or_over_reads_current() {
    let rows: [(Phase, &[PlacementState], &str); 8] = [
        (Phase::Today, &[PlacementState::Present], "True Succeeded"),
        (Phase::Today, &[PlacementState::Present, PlacementState::Absent], "True Succeeded"),
        (Phase::Scheduled, &[], "True Scheduled"),
        (Phase::Scheduled, &[PlacementState::Absent], "True Scheduled"),
        (Phase::Expired, &[PlacementState::Absent], "True Expired"),
        (Phase::Over, &[], "True Expired"),
        (Phase::Over, &[PlacementState::Present], "True Succeeded"),
        (Phase::Over, &[PlacementState::Present, PlacementState::Absent], "True Succeeded"),
    ];
    for (phase, placements, says) in rows {
        assert_eq!(ready(&phase, placements, None), (says.to_owned(), Current), "{phase:?} {placements:?}");
    }
}

#[test]
fn there_is_no_verdict_while_a_record_is_being_created() {
    let on_the_way = [PlacementState::Waiting, PlacementState::Unconfirmed, PlacementState::Retrying];
    for state in on_the_way {
        for phase in [Phase::Today, Phase::Scheduled, Phase::Expired, Phase::Over] {
            assert_eq!(said(&phase, &[state], None), None, "{phase:?} {state:?}");
        }
    }
}

#[test]
fn no_visitor_is_ready_before_a_system_has_confirmed_the_record() {
    for placements in [&[][..], &[PlacementState::Absent]] {
        assert_eq!(said(&Phase::Today, placements, None), None, "{placements:?}");
    }
}

#[test]
fn a_failure_during_the_visit_does_not_count_after_it() {
    let (_, failure) = failed(ErrorKind::Transient, "AddPerson", true);
    let over = ready(&Phase::Over, &[PlacementState::Present, PlacementState::Absent], failure.as_ref());
    assert_eq!(over, ("True Succeeded".into(), Current));
}

#[test]
fn long_work_on_a_new_generation_is_reported() {
    let verdict = verdict(&Phase::Today, &[PlacementState::Waiting], None, true).unwrap();
    let status = verdict.settle(&Status::default(), 1, at(NOW));
    assert_eq!(
        (says(&status, "Ready"), says(&status, "Reconciling")),
        ("Unknown Progressing".into(), "True Progressing".into())
    );
    assert_eq!((reading(&status, 1), status.observed_generation), (InProgress, -1));
}

#[test]
fn a_missing_reference_or_a_refusal_is_reported_whatever_the_placements_are() {
    for state in [PlacementState::Present, PlacementState::Waiting, PlacementState::Failed] {
        let missing = ready(&Phase::Missing(sentence("make it")), &[state], None);
        assert_eq!(missing, ("False DependencyNotReady".into(), InProgress));
        let refused = ready(&Phase::Refused(sentence("set spec.email")), &[state], None);
        assert_eq!(refused, ("False InvalidSpec".into(), Failed));
        let bare = ready(&Phase::NoGroups(sentence("name groups")), &[state], None);
        assert_eq!(bare, ("False InvalidSpec".into(), Failed));
    }
    let (status, _) = said(&Phase::Missing(sentence("make it")), &[], None).unwrap();
    assert_eq!(
        (says(&status, "ResolvedRefs"), status.observed_generation),
        ("False DependencyNotReady".into(), -1)
    );
    let (status, _) = said(&Phase::Refused(sentence("set spec.email")), &[], None).unwrap();
    assert_eq!((says(&status, "Accepted"), status.observed_generation), ("False InvalidSpec".into(), 1));
}

#[test]
fn each_failure_is_a_row_of_the_contract() {
    let rows = [
        (failed(ErrorKind::Terminal, "AddPerson", false), "False NotSupportedBySystem", Failed),
        (failed(ErrorKind::Terminal, CARD_TAKEN, false), "False DuplicateClaim", Failed),
        (failed(ErrorKind::Dependency, "GetAccessLevels", true), "False DependencyNotReady", InProgress),
        (failed(ErrorKind::Auth, "Login", true), "False DependencyNotReady", InProgress),
        (failed(ErrorKind::Transient, "AddPerson", true), "Unknown ProgressingWithRetry", InProgress),
        (failed(ErrorKind::Throttled(None), "AddPerson", true), "Unknown ProgressingWithRetry", InProgress),
    ];
    for ((state, failure), says, kstatus) in rows {
        assert_eq!(
            ready(&Phase::Today, &[state], failure.as_ref()),
            (says.to_owned(), kstatus),
            "{failure:?}"
        );
    }
}

#[test]
fn a_removal_that_fails_is_reported_after_the_visit_too() {
    let (state, failure) = failed(ErrorKind::Transient, "RemovePerson", true);
    for phase in [Phase::Expired, Phase::Scheduled, Phase::Over] {
        let (status, kstatus) = said(&phase, &[state], failure.as_ref()).unwrap();
        assert_eq!((says(&status, "Reconciling"), kstatus), ("True ProgressingWithRetry".into(), InProgress));
    }
}

#[test]
fn a_short_failure_keeps_ready_for_the_grace_time_and_an_outage_does_not() {
    let good = said(&Phase::Today, &[PlacementState::Present], None).unwrap().0;
    let (state, failure) = failed(ErrorKind::Transient, "AddPerson", true);
    let retrying = verdict(&Phase::Today, &[state], failure.as_ref(), false).unwrap();
    let at_once = retrying.settle(&good, 1, at(NOW));
    assert_eq!((says(&at_once, "Ready"), reading(&at_once, 1)), ("True Succeeded".into(), InProgress));
    let later = retrying.settle(&at_once, 1, at(NOW) + READY_GRACE);
    assert_eq!(says(&later, "Ready"), "False ProgressingWithRetry");
    assert_eq!(reading(&later, 1), InProgress);
}

#[test]
fn a_change_that_a_mode_or_a_suspension_withholds_is_reported() {
    let withheld = |why| [PlacementState::Present, PlacementState::Withheld(why, Change::Replace)];
    let today = Phase::Today;
    let (status, kstatus) = said(&today, &withheld(Withheld::Mode(Mode::Observe)), None).unwrap();
    assert_eq!((says(&status, "Ready"), kstatus), ("True ObserveOnly".into(), Current));
    assert_eq!(says(&status, "Synced"), "False DriftDetected");
    for why in [Withheld::Mode(Mode::Upsert), Withheld::Beside(Mode::CreateOnly)] {
        assert_eq!(ready(&today, &withheld(why), None), ("False NotSupportedBySystem".into(), Failed));
    }
    assert_eq!(ready(&today, &withheld(Withheld::Suspended), None), ("False Suspended".into(), InProgress));
}

#[test]
fn no_phase_is_in_sync_or_over_while_a_mode_keeps_a_record_open() {
    let no = |text| sentence(text);
    let phases = [
        Phase::Today,
        Phase::Over,
        Phase::Scheduled,
        Phase::Expired,
        Phase::Missing(no("make it")),
        Phase::NoTaker(no("make it")),
        Phase::Refused(no("change it")),
        Phase::NoGroups(no("name a group")),
    ];
    let modes = [Mode::Observe, Mode::CreateOnly, Mode::Upsert];
    let (_, leftover) = placement_state(&Outcome::Leftover(
        "vst-000007-00000000000001-0000002a-0".parse().unwrap(),
        SystemError::new(ErrorKind::Terminal, "RemovePerson", "disarmed"),
    ));
    for (phase, mode) in phases.iter().flat_map(|phase| modes.map(|mode| (phase, mode))) {
        let placements =
            [PlacementState::Present, PlacementState::Withheld(Withheld::Mode(mode), Change::Remove)];
        for failure in [None, leftover.as_ref()] {
            let (status, _) = said(phase, &placements, failure).unwrap();
            let ready = status.condition("Ready").unwrap();
            let untrue = [conditions::SUCCEEDED, conditions::SCHEDULED, conditions::EXPIRED];
            assert!(!untrue.contains(&&*ready.reason), "{phase:?} {mode:?} {failure:?}: {ready:?}");
            let reason = match mode {
                Mode::Observe => "False DriftDetected",
                _ => "False NotSupportedBySystem",
            };
            assert_eq!(says(&status, "Synced"), reason, "{phase:?} {mode:?} {failure:?}");
            let message = &status.condition("Synced").unwrap().message;
            for words in ["stays, and opens doors", "set mode: Enforce, or remove the record in the system"] {
                assert!(message.contains(words), "{message}");
            }
        }
    }
}

#[test]
fn a_failure_is_reported_before_a_withheld_change() {
    let (state, failure) = failed(ErrorKind::Dependency, "GetAccessLevels", true);
    let placements = [PlacementState::Withheld(Withheld::Suspended, Change::Make), state];
    assert_eq!(ready(&Phase::Today, &placements, failure.as_ref()).0, "False DependencyNotReady");
}

#[test]
fn every_sentence_of_a_withheld_change_says_what_to_do() {
    let message = |why, change, type_| {
        let (status, _) = said(&Phase::Today, &[PlacementState::Withheld(why, change)], None).unwrap();
        status.condition(type_).unwrap().message.clone()
    };
    let beside = message(Withheld::Beside(Mode::CreateOnly), Change::Replace, "Stalled");
    assert_eq!(
        beside,
        "mode CreateOnly of the AccessIntegration does not let this happen: the record would be replaced by the one that \
         is declared now. It opens what it did before; set mode: Enforce, or make another Visitor"
    );
    let upsert = message(Withheld::Beside(Mode::Upsert), Change::Replace, "Stalled");
    assert!(upsert.contains("opens only what is still declared"), "{upsert}");
    assert_eq!(message(Withheld::Beside(Mode::CreateOnly), Change::Replace, "Synced"), beside);
    let rows = [
        (Change::Make, "a record would be made"),
        (Change::Replace, "the record would be replaced by the one that is declared now"),
        (Change::Repair, "the record, which was changed in the system, would be set right"),
        (Change::Reduce, "the record would be reduced to what is still declared"),
    ];
    for (change, words) in rows {
        let reported = message(Withheld::Mode(Mode::Observe), change, "Synced");
        assert_eq!(reported, format!("the system differs: {words}; mode Observe: nothing is written"));
    }
    assert_eq!(
        message(Withheld::Mode(Mode::Upsert), Change::Remove, "Stalled"),
        "mode Upsert of the AccessIntegration does not let this happen: the record would be removed. The record stays, and \
         opens doors until its own end; set mode: Enforce, or remove the record in the system"
    );
}

#[test]
fn a_record_that_is_not_removed_is_reported_beside_one_that_is_as_declared() {
    let id = "vst-000007-00000000000001-0000002a-0".parse().unwrap();
    let error = SystemError::new(ErrorKind::Terminal, "RemovePerson", "it says no. It was disarmed");
    let (state, failure) = placement_state(&Outcome::Leftover(id, error));
    assert_eq!(state, PlacementState::Present);
    let (status, kstatus) = said(&Phase::Today, &[state], failure.as_ref()).unwrap();
    assert_eq!((says(&status, "Ready"), kstatus), ("True Succeeded".into(), Current));
    let synced = status.condition("Synced").unwrap();
    assert_eq!((synced.status, synced.reason.as_str()), (Truth::False, conditions::PROGRESSING_WITH_RETRY));
    assert!(synced.message.contains("disarmed"), "{}", synced.message);
    assert_eq!(ready(&Phase::Over, &[state], failure.as_ref()).0, "True Succeeded");
}

#[test]
fn access_that_could_not_be_removed_is_reported_with_the_refusal() {
    let message = |placements: &[PlacementState], failure: Option<&Failure>| {
        let (status, _) = said(&Phase::Refused(sentence("set spec.email")), placements, failure).unwrap();
        status.condition("Ready").unwrap().message.clone()
    };
    assert_eq!(message(&[PlacementState::Present], None), "set spec.email");
    let (state, failure) = failed(ErrorKind::Transient, "ModifyPerson", true);
    let failing = message(&[state], failure.as_ref());
    assert!(failing.starts_with("set spec.email; ") && failing.contains("NetBox says no"), "{failing}");
    let kept = message(&[PlacementState::Withheld(Withheld::Mode(Mode::CreateOnly), Change::Reduce)], None);
    assert!(kept.contains("opens more than is declared") && kept.contains("CreateOnly"), "{kept}");
}

// === records and hash ===

#[test]
fn a_status_names_one_record_an_integration_in_order_and_at_most_ten() {
    let present = |names: Vec<String>| {
        let of = |name: String| Record { external_id: format!("id in {name}"), integration: name };
        records(names.into_iter().map(of).collect())
    };
    let named = present(["b", "a", "b"].map(str::to_owned).into());
    assert_eq!(named.iter().map(|record| &*record.integration).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(named[0].external_id, "id in a");
    assert_eq!(present((0..12).map(|n| format!("n{n:02}")).collect()).len(), 10);
}

#[test]
fn the_hash_changes_with_everything_a_reader_sees_and_not_with_times() {
    let status = said(&Phase::Today, &[PlacementState::Present], None).unwrap().0;
    let record = Record { integration: "netbox".into(), external_id: "1".into() };
    let first = Said { status, records: vec![record], ..Said::default() };
    let differs = |change: fn(&mut Said)| {
        let mut other = first.clone();
        change(&mut other);
        hash(&other) != hash(&first)
    };
    assert!(differs(|said| said.status.observed_generation = 2));
    assert!(differs(|said| said.status.conditions[0].status = Truth::Unknown));
    assert!(differs(|said| said.status.conditions[0].reason = "Expired".into()));
    assert!(differs(|said| said.status.conditions[0].message = "other".into()));
    assert!(differs(|said| said.status.conditions[0].type_ = "Stalled".into()));
    assert!(differs(|said| said.status.conditions[0].observed_generation = Some(2)));
    assert!(differs(|said| said.status.conditions[0].observed_generation = None));
    assert!(differs(|said| said.records[0].integration = "annex".into()));
    assert!(differs(|said| said.records[0].external_id = "2".into()));
    assert!(differs(|said| said.records.clear()));
    assert!(differs(|said| said.status.conditions.clear()));
    assert!(!differs(|said| said.status.conditions[0].last_transition_time = at("2027-01-01T00:00:00Z")));
    assert!(!differs(|said| said.last_handled_sync_at = Some("now".into())), "a row does not know it");
    assert_ne!(hash(&Said::default()), 0, "0 stands for an absent status");
}

#[test]
fn a_status_comes_back_from_the_wire_as_it_was_sent() {
    let status = said(&Phase::Today, &[PlacementState::Present], None).unwrap().0;
    let records = vec![Record { integration: "netbox".into(), external_id: "1".into() }];
    let said = Said { status, records, last_handled_sync_at: Some("now".into()) };
    let wire = serde_json::to_value(&said).unwrap();
    assert_eq!(wire["records"], json!([{ "integration": "netbox", "externalId": "1" }]));
    assert_eq!(serde_json::from_value::<Said>(wire).unwrap(), said);
    let empty = serde_json::to_value(Said::default()).unwrap();
    assert!(empty.get("records").is_none() && empty["observedGeneration"] == -1);
}

#[test]
fn a_field_that_the_system_does_not_keep_is_named_and_leaves_the_visitor_ready() {
    let altered = PlacementState::Altered([Field::Name, Field::Tenant].into_iter().collect());
    let verdict = verdict(&Phase::Today, &[altered], None, false).unwrap();
    let status = verdict.settle(
        &vestibule_core::status::Status::default(),
        1,
        crate::reconcile::fixtures::at("2026-12-01T09:00:00Z"),
    );
    let (ready, synced) = (status.condition("Ready").unwrap(), status.condition("Synced").unwrap());
    assert_eq!((ready.status, synced.status), (Truth::True, Truth::False));
    assert_eq!(synced.reason, DRIFT_DETECTED);
    assert!(
        synced.message.contains("spec.lastName") && synced.message.contains("spec.displayName"),
        "{}",
        synced.message
    );
}
