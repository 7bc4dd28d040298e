//! Every situation of docs/status.md: the written status, and its interpretation by generic tools.

use jiff::{SignedDuration, Timestamp};
use vestibule_core::status::Truth::{self, False, True, Unknown};
use vestibule_core::status::conditions::{
    ACCEPTED, ADOPTION_REFUSED, CREATE_RESULT_UNKNOWN, DELETIONS_HELD, DUPLICATE_CLAIM, INVALID_SPEC,
    NOT_SUPPORTED_BY_SYSTEM, OBSERVE_ONLY, READY, RECONCILING, RESOLVED_REFS, STALLED, SUCCEEDED, SYNCED,
};
use vestibule_core::status::{Condition, Kstatus, Status, Verdict, check, kstatus};

const GRACE: SignedDuration = SignedDuration::from_mins(5);

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

/// Generation 1 in sync since minute 0.
fn in_sync() -> Status {
    settled(&Verdict::in_sync("in sync with 1 system"), &Status::default(), 1, 0)
}

/// The status that a verdict writes. It passes the checker, and a second call changes nothing.
fn settled(verdict: &Verdict, previous: &Status, generation: i64, minute: i64) -> Status {
    let status = verdict.settle(previous, generation, at(minute));
    assert_eq!(check(&status, generation), Vec::<String>::new(), "{status:#?}");
    let again = verdict.settle(&status, generation, at(minute) + SignedDuration::from_secs(30));
    assert_eq!(again, status, "a second call changes nothing");
    status
}

/// Type, value and reason of all conditions, in order.
fn lines(status: &Status) -> Vec<String> {
    let line = |it: &Condition| format!("{}={:?}/{}", it.type_, it.status, it.reason);
    status.conditions.iter().map(line).collect()
}

fn reads(status: &Status, generation: i64) -> Kstatus {
    kstatus(generation, false, Some(status.observed_generation), &status.conditions)
}

fn truth(status: &Status, type_: &str) -> Option<Truth> {
    status.condition(type_).map(|condition| condition.status)
}

// === the rows ===

#[test]
fn never_seen_is_in_progress_by_the_default_of_the_schema() {
    let status = Status::default();
    assert_eq!(reads(&status, 1), Kstatus::InProgress);
    assert_eq!(kstatus(1, false, None, &[]), Kstatus::Current, "this is the reason for the default");
}

#[test]
fn every_situation_reads_as_the_contract_says() {
    use Kstatus::{Current, Failed, InProgress};
    let now = SignedDuration::ZERO;
    let rows = [
        (Verdict::progressing("being made"), "Ready=Unknown/Progressing", InProgress),
        (Verdict::in_sync("in sync"), "Ready=True/Succeeded", Current),
        (Verdict::scheduled("waits for 2026-12-01"), "Ready=True/Scheduled", Current),
        (Verdict::expired("ended 2026-12-01"), "Ready=True/Expired", Current),
        (
            Verdict::retrying("the system does not answer", now),
            "Ready=False/ProgressingWithRetry",
            InProgress,
        ),
        (Verdict::throttled("the system is busy", now), "Ready=False/ProgressingWithRetry", InProgress),
        (
            Verdict::dependency_not_ready("Tenant acme is missing"),
            "Ready=False/DependencyNotReady",
            InProgress,
        ),
        (Verdict::stalled(INVALID_SPEC, "write a date"), "Ready=False/InvalidSpec", Failed),
        (Verdict::stalled(NOT_SUPPORTED_BY_SYSTEM, "no"), "Ready=False/NotSupportedBySystem", Failed),
        (Verdict::stalled(DUPLICATE_CLAIM, "taken"), "Ready=False/DuplicateClaim", Failed),
        (Verdict::stalled(ADOPTION_REFUSED, "found 4711"), "Ready=False/AdoptionRefused", Failed),
        (Verdict::stalled(CREATE_RESULT_UNKNOWN, "look"), "Ready=False/CreateResultUnknown", Failed),
        (Verdict::credentials_rejected("change the Secret"), "Ready=False/CredentialsRejected", Failed),
        (Verdict::deletions_held("12 held, 1f2e"), "Ready=False/DeletionsHeld", Failed),
        (Verdict::suspended(), "Ready=True/Suspended", Current),
        (Verdict::parent_suspended("Property hq is suspended"), "Ready=False/Suspended", InProgress),
        (Verdict::waiting_for_import("not there yet"), "Ready=False/WaitingForImport", InProgress),
        (Verdict::observe_only_absent("would be made"), "Ready=True/ObserveOnly", Current),
        (Verdict::drift("the end differs"), "Ready=True/ObserveOnly", Current),
    ];
    for (verdict, ready, reading) in rows {
        let status = settled(&verdict, &in_sync(), 2, 10);
        assert!(lines(&status).contains(&ready.to_owned()), "{verdict:?}: {:?}", lines(&status));
        assert_eq!(reads(&status, 2), reading, "{verdict:?}");
        assert_eq!(truth(&status, STALLED), (reading == Failed).then_some(True), "{verdict:?}");
        assert_eq!(truth(&status, RECONCILING), (reading == InProgress).then_some(True), "{verdict:?}");
        let done = if reading == InProgress { 1 } else { 2 };
        assert_eq!(status.observed_generation, done, "{verdict:?}: seen is not done");
    }
}

#[test]
fn deleting_is_terminating_with_or_without_success() {
    for (verdict, reason) in [
        (Verdict::deleting("2 records are being removed"), "Ready=False/Deleting"),
        (Verdict::deletion_failed("the system does not answer"), "Ready=False/DeletionFailed"),
    ] {
        let status = settled(&verdict, &in_sync(), 2, 10);
        assert_eq!(lines(&status)[0], reason);
        assert_eq!(
            kstatus(2, true, Some(status.observed_generation), &status.conditions),
            Kstatus::Terminating
        );
    }
}

#[test]
fn the_whole_list_is_in_order_for_people() {
    let held = settled(&Verdict::deletions_held("12 held, 1f2e"), &in_sync(), 1, 1);
    assert_eq!(
        lines(&held),
        [
            "Stalled=True/DeletionsHeld",
            "Ready=False/DeletionsHeld",
            "Accepted=True/Succeeded",
            "ResolvedRefs=True/Succeeded",
            "Synced=False/DeletionsHeld",
            "DeletionsHeld=True/DeletionsHeld",
        ]
    );
    let missing = settled(&Verdict::dependency_not_ready("Tenant acme is missing"), &Status::default(), 1, 1);
    assert_eq!(
        lines(&missing),
        [
            "Reconciling=True/DependencyNotReady",
            "Ready=False/DependencyNotReady",
            "Accepted=Unknown/DependencyNotReady",
            "ResolvedRefs=False/DependencyNotReady",
            "Synced=Unknown/DependencyNotReady",
        ]
    );
}

#[test]
fn the_aspect_that_fails_is_the_one_that_is_false() {
    let blamed = |verdict: Verdict| {
        let status = settled(&verdict, &in_sync(), 1, 1);
        let aspects = [ACCEPTED, RESOLVED_REFS, SYNCED].into_iter();
        aspects.filter(|type_| truth(&status, type_) == Some(False)).collect::<Vec<_>>()
    };
    assert_eq!(blamed(Verdict::stalled(INVALID_SPEC, "write a date")), [ACCEPTED]);
    assert_eq!(blamed(Verdict::stalled(ADOPTION_REFUSED, "found 4711")), [ACCEPTED]);
    assert_eq!(blamed(Verdict::stalled(CREATE_RESULT_UNKNOWN, "look")), [SYNCED]);
    assert_eq!(blamed(Verdict::credentials_rejected("change the Secret")), [SYNCED]);
    assert_eq!(blamed(Verdict::dependency_not_ready("Secret x is missing")), [RESOLVED_REFS]);
    assert_eq!(blamed(Verdict::drift("the end differs")), [SYNCED]);
    assert_eq!(blamed(Verdict::observe_only_absent("would be made")), [SYNCED]);
    assert_eq!(blamed(Verdict::in_sync("in sync")), Vec::<&str>::new());
}

#[test]
fn a_detail_is_added_to_every_condition_of_its_reason_and_to_no_other() {
    let drift = || Verdict::drift("the system differs");
    let status = settled(&drift().detailed(OBSERVE_ONLY, "Different: spec.visit"), &Status::default(), 1, 1);
    for type_ in [READY, SYNCED] {
        let message = status.condition(type_).map(|it| it.message.as_str());
        assert_eq!(message, Some("the system differs. Different: spec.visit"), "{type_}");
    }
    assert_eq!(drift().detailed(SUCCEEDED, "no"), drift());
}

#[test]
fn a_validated_spec_is_accepted_and_resolved_whatever_else_is_wrong() {
    let now = SignedDuration::ZERO;
    let rows = [
        (Verdict::credentials_rejected("change the Secret"), [Some(True), Some(True)]),
        (Verdict::retrying("no answer", now), [Some(True), Some(True)]),
        (Verdict::dependency_not_ready("Secret x is missing"), [Some(True), Some(False)]),
        (Verdict::stalled(INVALID_SPEC, "set spec.lenelS2.path"), [Some(False), Some(True)]),
    ];
    for (verdict, expected) in rows {
        let status = settled(&verdict.clone().validated(), &Status::default(), 1, 1);
        assert_eq!([ACCEPTED, RESOLVED_REFS].map(|type_| truth(&status, type_)), expected, "{verdict:?}");
    }
}

#[test]
fn a_refusal_of_an_earlier_situation_is_lifted_and_its_reason_stays_until_the_aspect_is_decided() {
    let refused = settled(&Verdict::stalled(DUPLICATE_CLAIM, "change the hours"), &in_sync(), 1, 1);
    let waits = settled(&Verdict::dependency_not_ready("Tenant acme is missing"), &refused, 1, 2);
    let accepted = |status: &Status| status.condition(ACCEPTED).cloned().unwrap();
    assert_eq!((accepted(&waits).status, &*accepted(&waits).reason), (Unknown, DUPLICATE_CLAIM));
    assert!(!accepted(&waits).message.contains("hours"), "{:?}", accepted(&waits));
    assert!(waits.has_stopped(), "the end of the stop can be recognised");
    let validated = settled(&Verdict::dependency_not_ready("no").validated(), &waits, 1, 3);
    assert_eq!((accepted(&validated).status, &*accepted(&validated).reason), (True, SUCCEEDED));
    let over = settled(&Verdict::lapsed("the visit is over"), &refused, 1, 2);
    let waits = settled(&Verdict::dependency_not_ready("not connected"), &over, 1, 3);
    assert_eq!((truth(&waits, ACCEPTED), waits.has_lapsed()), (Some(Unknown), true));
}

#[test]
fn a_verdict_can_leave_out_an_aspect_and_set_another_one() {
    let verdict =
        Verdict::in_sync("in sync").without(SYNCED).with(ACCEPTED, True, SUCCEEDED, "the older one");
    let status = settled(&verdict, &Status::default(), 1, 0);
    assert_eq!(
        lines(&status),
        ["Ready=True/Succeeded", "Accepted=True/Succeeded", "ResolvedRefs=True/Succeeded"]
    );
    assert_eq!(status.condition(ACCEPTED).map(|it| it.message.as_str()), Some("the older one"));
}

// === time passes ===

#[test]
fn a_failure_shorter_than_the_grace_time_does_not_change_ready() {
    let verdict = Verdict::retrying("netbox does not answer", GRACE);
    let first = settled(&verdict, &in_sync(), 1, 10);
    assert_eq!(first.condition(READY), in_sync().condition(READY), "unchanged, including its message");
    assert_eq!(reads(&first, 1), Kstatus::InProgress);
    let later = verdict.settle(&first, 1, at(14));
    assert_eq!(later, first);
    let over = settled(&verdict, &later, 1, 15);
    assert_eq!(
        lines(&over)[..2],
        ["Reconciling=True/ProgressingWithRetry", "Ready=False/ProgressingWithRetry"]
    );
    assert_eq!(over.condition(RECONCILING).map(|it| it.last_transition_time), Some(at(10)));
    let back = settled(&Verdict::in_sync("in sync with 1 system"), &over, 1, 16);
    assert_eq!(back.condition(READY).map(|it| it.last_transition_time), Some(at(16)));
    assert_eq!(truth(&back, RECONCILING), None);
}

#[test]
fn a_ready_that_is_kept_stays_that_of_the_old_generation() {
    let status = settled(&Verdict::retrying("netbox does not answer", GRACE), &in_sync(), 2, 10);
    let ready = status.condition(READY).map(|it| (it.status, it.observed_generation));
    assert_eq!(ready, Some((True, Some(1))), "kubectl wait ignores it");
    assert_eq!((status.observed_generation, reads(&status, 2)), (1, Kstatus::InProgress));
}

#[test]
fn a_new_object_that_meets_an_outage_is_unknown_and_then_not_ready() {
    let verdict = Verdict::throttled("the system is busy", GRACE);
    let first = settled(&verdict, &Status::default(), 1, 0);
    assert_eq!((truth(&first, READY), first.observed_generation), (Some(Unknown), -1));
    assert_eq!(truth(&settled(&verdict, &first, 1, 5), READY), Some(False));
}

#[test]
fn an_object_that_was_not_ready_says_the_new_cause_at_once() {
    let missing = settled(&Verdict::dependency_not_ready("Tenant acme is missing"), &in_sync(), 1, 1);
    let down = settled(&Verdict::retrying("netbox does not answer", GRACE), &missing, 1, 2);
    assert_eq!(
        lines(&down)[..2],
        ["Reconciling=True/ProgressingWithRetry", "Ready=False/ProgressingWithRetry"]
    );
}

#[test]
fn suspending_keeps_the_last_value_and_what_a_person_must_do() {
    let never = settled(&Verdict::suspended(), &Status::default(), 1, 0);
    assert_eq!((truth(&never, READY), never.observed_generation), (Some(True), 1));
    assert_eq!(reads(&never, 1), Kstatus::Current, "no deployment waits for a suspended object");

    let held = settled(&Verdict::deletions_held("12 held, 1f2e"), &in_sync(), 1, 1);
    let suspended = settled(&Verdict::suspended(), &held, 2, 2);
    assert_eq!(lines(&suspended)[..2], ["Stalled=True/DeletionsHeld", "Ready=False/Suspended"]);
    assert_eq!(truth(&suspended, DELETIONS_HELD), Some(True));
    assert_eq!(reads(&suspended, 2), Kstatus::Failed);

    let retrying = settled(&Verdict::retrying("netbox does not answer", GRACE), &in_sync(), 1, 3);
    let suspended = settled(&Verdict::suspended(), &retrying, 2, 4);
    assert_eq!((truth(&suspended, READY), truth(&suspended, RECONCILING)), (Some(True), None));
    assert_eq!(reads(&suspended, 2), Kstatus::Current);
    let ready = suspended.condition(READY).map(|it| it.last_transition_time);
    assert_eq!(ready, Some(at(0)), "the value did not change");
}

#[test]
fn an_object_suspended_before_its_spec_was_carried_out_is_current_too() {
    let kept = settled(&Verdict::retrying("netbox does not answer", GRACE), &in_sync(), 2, 3);
    let waits = settled(&Verdict::dependency_not_ready("Secret x is missing"), &Status::default(), 2, 3);
    for before in [kept, waits] {
        let suspended = settled(&Verdict::suspended(), &before, 3, 4);
        assert_eq!((truth(&suspended, READY), reads(&suspended, 3)), (Some(True), Kstatus::Current));
    }
}

#[test]
fn a_suspended_object_without_a_problem_needs_no_person_any_more() {
    let stalled = settled(&Verdict::stalled(INVALID_SPEC, "write a date"), &in_sync(), 1, 1);
    let resting = settled(&Verdict::resting(), &stalled, 2, 2);
    assert_eq!(lines(&resting)[0], "Ready=True/Suspended");
    assert_eq!((truth(&resting, ACCEPTED), reads(&resting, 2)), (Some(True), Kstatus::Current));
}

#[test]
fn an_object_that_had_stopped_at_its_end_is_current_and_not_accepted() {
    let stalled = settled(&Verdict::stalled(INVALID_SPEC, "set spec.email"), &in_sync(), 1, 1);
    let over = settled(&Verdict::lapsed("the visit is over; it was refused"), &stalled, 1, 2);
    assert_eq!((lines(&over)[0].as_str(), reads(&over, 1)), ("Ready=True/Expired", Kstatus::Current));
    assert_eq!((truth(&over, ACCEPTED), over.has_lapsed(), over.has_stopped()), (Some(False), true, false));
}

#[test]
fn a_stalled_object_is_not_ready_even_if_another_client_wrote_so() {
    let mut edited = settled(&Verdict::stalled(INVALID_SPEC, "write a date"), &in_sync(), 1, 1);
    edited.conditions.iter_mut().for_each(|condition| condition.status = True);
    let suspended = settled(&Verdict::suspended(), &edited, 2, 2);
    assert_eq!((truth(&suspended, STALLED), truth(&suspended, READY)), (Some(True), Some(False)));
}

#[test]
fn an_abnormal_condition_that_is_not_true_or_has_no_message_does_not_count() {
    let stalled = settled(&Verdict::stalled(INVALID_SPEC, "write a date"), &in_sync(), 1, 1);
    for (truth_of_it, message) in [(False, "write a date"), (Unknown, "write a date"), (True, " \n\u{202e}")]
    {
        let mut edited = stalled.clone();
        for condition in &mut edited.conditions {
            let is_it = condition.type_ == STALLED;
            condition.status = if is_it { truth_of_it } else { True };
            condition.message = if is_it { message.to_owned() } else { "fine".to_owned() };
        }
        let suspended = settled(&Verdict::suspended(), &edited, 2, 2);
        assert_eq!((truth(&suspended, STALLED), truth(&suspended, READY)), (None, Some(True)), "{message:?}");
    }
}

#[test]
fn a_condition_that_no_controller_can_have_written_is_dropped() {
    let mut edited = in_sync();
    edited.observed_generation = 99;
    for condition in &mut edited.conditions {
        condition.reason = "BecauseISaySo".into();
        condition.observed_generation = None;
    }
    let status = settled(&Verdict::retrying("netbox does not answer", GRACE), &edited, 3, 5);
    assert_eq!((truth(&status, READY), status.observed_generation), (Some(Unknown), -1));
}
