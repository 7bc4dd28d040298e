use jiff::Timestamp;
use vestibule_core::status::Kstatus::{Current, Failed, InProgress};
use vestibule_core::status::{Kstatus, kstatus};

use super::*;
use crate::engine::HeldBack;
use crate::reconcile::fixtures::{at, reading, says};

const NOW: &str = "2026-12-01T09:00:00Z";

const FINE: Situation<'static> = Situation {
    deleting: false,
    misspelt: false,
    suspended: false,
    observes: false,
    differs: false,
    is_reported: false,
    address: None,
    lost_with_namespace: false,
    release: None,
    released: None,
    lacks: None,
    clock_before: None,
    refusal: None,
    state: None,
};

/// The first of the held records.
fn names() -> Vec<String> {
    vec!["ada".to_owned(), "record 7001".to_owned()]
}

fn connected_state() -> State {
    let last_sync = Some(at("2026-12-01T08:59:59.75Z"));
    State { condition: ConnectionState::Connected, syncs: 1, last_sync, records: Some(7), ..State::default() }
}

fn in_condition(condition: ConnectionState) -> State {
    State { condition, ..connected_state() }
}

/// The status of an integration of generation 1 after this previous one.
fn after(previous: &Status, situation: &Situation<'_>) -> Status {
    let verdict = verdict(situation).unwrap();
    let status = verdict.settle(previous, 1, at(NOW));
    assert!(verdict.settle(&status, 1, at(NOW)).same_without_times(&status));
    status
}

fn ready_of(situation: &Situation<'_>) -> (String, Kstatus) {
    let status = after(&Status::default(), situation);
    (says(&status, "Ready"), reading(&status, 1))
}

fn ready_in(state: &State) -> (String, Kstatus) {
    ready_of(&Situation { state: Some(state), ..FINE })
}

#[test]
fn a_refusal_is_reported_whatever_the_state_of_the_running_session() {
    let (invalid, missing) = (
        Refusal::Invalid(conditions::NOT_SUPPORTED_BY_SYSTEM, "not yet".into()),
        Refusal::Missing("Secret login does not exist".into()),
    );
    for state in [None, Some(connected_state())] {
        let with = |refusal| Situation { refusal: Some(refusal), state: state.as_ref(), ..FINE };
        assert_eq!(ready_of(&with(&invalid)), ("False NotSupportedBySystem".into(), Failed));
        assert_eq!(ready_of(&with(&missing)), ("False DependencyNotReady".into(), InProgress));
    }
}

#[test]
fn each_state_of_the_connection_is_a_row_of_the_contract() {
    let first_sync = State { syncs: 0, ..connected_state() };
    let rows = [
        (in_condition(ConnectionState::Connected), "True Succeeded", Current),
        (in_condition(ConnectionState::Unchecked), "Unknown Progressing", InProgress),
        (first_sync, "Unknown Progressing", InProgress),
        (
            in_condition(ConnectionState::Unreachable("it does not answer".into())),
            "False ProgressingWithRetry",
            InProgress,
        ),
        (
            in_condition(ConnectionState::Rejected("correct the Secret".into())),
            "False CredentialsRejected",
            Failed,
        ),
        (
            in_condition(ConnectionState::Misconfigured("no such partition".into())),
            "False InvalidSpec",
            Failed,
        ),
    ];
    for (state, says, kstatus) in rows {
        assert_eq!(ready_in(&state), (says.to_owned(), kstatus), "{:?}", state.condition);
    }
    assert_eq!(ready_of(&FINE), ("Unknown Progressing".into(), InProgress));
}

#[test]
fn an_outage_is_reported_on_the_integration_at_once() {
    let good = after(&Status::default(), &Situation { state: Some(&connected_state()), ..FINE });
    let down = in_condition(ConnectionState::Unreachable("it does not answer".into()));
    let status = after(&good, &Situation { state: Some(&down), is_reported: true, ..FINE });
    assert_eq!(
        (says(&status, "Ready"), says(&status, "Reconciling")),
        ("False ProgressingWithRetry".into(), "True ProgressingWithRetry".into())
    );
    assert_eq!(reading(&status, 1), InProgress);
}

#[test]
fn the_address_of_a_system_that_is_not_reached_is_reported_on_the_integration() {
    let down = in_condition(ConnectionState::Unreachable("no connection (Connection refused)".into()));
    let wrong = in_condition(ConnectionState::Misconfigured("nothing answers at this path".into()));
    for state in [down, wrong] {
        let address = Some("netbox.example.org:443".to_owned());
        let status = after(&Status::default(), &Situation { state: Some(&state), address, ..FINE });
        let message = &status.condition("Ready").unwrap().message;
        assert!(message.contains(". It was looked for at netbox.example.org:443"), "{message}");
    }
}

#[test]
fn a_login_that_is_refused_or_not_answered_says_nothing_against_the_spec() {
    let refused = in_condition(ConnectionState::Rejected("The NetBox refused the login".into()));
    let down = in_condition(ConnectionState::Unreachable("it does not answer".into()));
    for state in [refused, down, State::default()] {
        let status = after(&Status::default(), &Situation { state: Some(&state), ..FINE });
        let aspects = (says(&status, "Accepted"), says(&status, "ResolvedRefs"));
        assert_eq!(aspects, ("True Succeeded".into(), "True Succeeded".into()), "{:?}", state.condition);
    }
}

#[test]
fn a_restart_leaves_a_status_of_this_generation_alone_until_there_is_news() {
    let (unchecked, syncing) = (State::default(), State { syncs: 0, ..connected_state() });
    for state in [None, Some(&unchecked), Some(&syncing)] {
        assert_eq!(verdict(&Situation { is_reported: true, state, ..FINE }), None, "{state:?}");
    }
    let refused = in_condition(ConnectionState::Rejected("correct the Secret".into()));
    assert!(verdict(&Situation { is_reported: true, state: Some(&refused), ..FINE }).is_some());
    assert!(verdict(&Situation { is_reported: true, state: Some(&connected_state()), ..FINE }).is_some());
}

fn stopped_by(stop: CreateStop, state: &State) -> State {
    State { creates_stopped: Some(stop), ..state.clone() }
}

#[test]
fn a_system_that_does_not_keep_ids_stalls_with_the_length_it_keeps_and_what_to_do() {
    let rows = [
        (CreateStop::ShortenedIds { sent: 36, kept: 20 }, "keeps 20 of the 36 characters of an id"),
        (CreateStop::ChosenIds, "gives records ids of its own"),
        (CreateStop::HiddenIds, "shows neither a living nor a removed record"),
    ];
    for (stop, what) in rows {
        let state = stopped_by(stop, &connected_state());
        let status = after(&Status::default(), &Situation { state: Some(&state), ..FINE });
        assert_eq!(
            (says(&status, "Ready"), reading(&status, 1)),
            ("False NotSupportedBySystem".into(), Failed)
        );
        let message = &status.condition("Stalled").unwrap().message;
        assert!(
            message.contains(what) && message.contains("access.vestibule.dev/sync-requested-at"),
            "{message}"
        );
        let corrected = after(&status, &Situation { state: Some(&connected_state()), ..FINE });
        assert_eq!(reading(&corrected, 1), Current);
    }
}

#[test]
fn held_deletions_and_another_owner_stall_with_what_to_do() {
    let held = State {
        held: Some(HeldBack { hash: "abc123".into(), count: 12, unmarked: 0, misnamed: 0, names: names() }),
        ..connected_state()
    };
    let status = after(&Status::default(), &Situation { state: Some(&held), ..FINE });
    assert_eq!(reading(&status, 1), Failed);
    assert_eq!(
        (says(&status, "Ready"), says(&status, "DeletionsHeld")),
        ("False DeletionsHeld".into(), "True DeletionsHeld".into())
    );
    assert_eq!(
        status.condition("DeletionsHeld").unwrap().message,
        "12 removals of records without an object are held: ada, record 7001 and 10 more. Look in the system, then \
         annotate access.vestibule.dev/release-deletions: abc123 to release what is held"
    );
    let one = State {
        held: Some(HeldBack {
            hash: "abc123".into(),
            count: 1,
            unmarked: 0,
            misnamed: 0,
            names: vec!["ada".into()],
        }),
        ..connected_state()
    };
    let status = after(&Status::default(), &Situation { state: Some(&one), ..FINE });
    let message = &status.condition("DeletionsHeld").unwrap().message;
    let words = "1 removal of a record without an object is held: ada. Look in the system, then annotate";
    assert!(message.starts_with(words), "{message}");
    let taken = stopped_by(CreateStop::OtherOwner("old/hq/netbox".into()), &held);
    let status = after(&Status::default(), &Situation { state: Some(&taken), ..FINE });
    assert_eq!((says(&status, "Ready"), reading(&status, 1)), ("False DuplicateClaim".into(), Failed));
    let message = &status.condition("Stalled").unwrap().message;
    assert!(message.contains("Set spec.ownerId to old/hq/netbox to take them over"), "{message}");
    let released = after(&status, &Situation { state: Some(&connected_state()), ..FINE });
    assert_eq!((says(&released, "DeletionsHeld"), reading(&released, 1)), (String::new(), Current));
}

#[test]
fn a_release_that_names_another_set_or_none_is_answered_with_what_is_held() {
    let held = State {
        held: Some(HeldBack { hash: "abc123".into(), count: 12, unmarked: 0, misnamed: 0, names: names() }),
        ..connected_state()
    };
    let message = |state: &State, release, released| {
        let situation = Situation { state: Some(state), release: Some(release), released, ..FINE };
        after(&Status::default(), &situation).condition("Ready").unwrap().message.clone()
    };
    let wrong = message(&held, "def456", None);
    assert!(wrong.contains("the annotation names \"def456\", which is another set. Look in"), "{wrong}");
    assert!(
        wrong.ends_with("access.vestibule.dev/release-deletions: abc123 to release what is held"),
        "{wrong}"
    );
    assert!(!message(&held, "abc123", None).contains("another set"), "it is on its way");
    let nothing = connected_state();
    let idle = message(&nothing, "def456", None);
    assert!(idle.contains("No removals are held") && idle.contains("\"def456\""), "{idle}");
    assert!(!message(&nothing, "abc123", Some("abc123")).contains("No removals"), "it was used");
    let long = message(&nothing, &"x".repeat(300), None);
    assert!(long.contains("and more") && long.len() < 300, "{long}");
}

#[test]
fn held_deletions_say_how_many_have_lost_their_mark_or_their_id() {
    let held = State {
        held: Some(HeldBack { hash: "abc123".into(), count: 12, unmarked: 2, misnamed: 3, names: names() }),
        ..connected_state()
    };
    let status = after(&Status::default(), &Situation { state: Some(&held), ..FINE });
    let message = &status.condition("DeletionsHeld").unwrap().message;
    assert!(
        message.contains("and 10 more; 2 of them have lost the mark that names their object"),
        "{message}"
    );
    assert!(message.contains("; 3 of them stand under ids that the system made of ours. Look"), "{message}");
}

#[test]
fn a_rejected_login_names_both_remedies_before_and_during_deletion() {
    let refused = in_condition(ConnectionState::Rejected("The NetBox refused the login".into()));
    for deleting in [false, true] {
        let status = after(&Status::default(), &Situation { deleting, state: Some(&refused), ..FINE });
        let message = &status.condition("Ready").unwrap().message;
        for words in
            ["The NetBox refused the login. ", "change the Secret", "access.vestibule.dev/sync-requested-at"]
        {
            assert!(message.contains(words), "{message}");
        }
    }
}

#[test]
fn a_suspended_integration_keeps_its_last_value_and_a_needed_person_is_still_needed() {
    let suspended = Situation { suspended: true, ..FINE };
    let new = after(&Status::default(), &suspended);
    assert_eq!((says(&new, "Ready"), new.observed_generation), ("True Suspended".into(), 1));
    assert_eq!(reading(&new, 1), Current, "no deployment waits for a suspended object");
    let missing = Refusal::Missing("Secret login does not exist".into());
    let unfinished = after(&Status::default(), &Situation { refusal: Some(&missing), ..suspended.clone() });
    assert_eq!(
        (says(&unfinished, "Ready"), says(&unfinished, "ResolvedRefs"), reading(&unfinished, 1)),
        ("True Suspended".into(), "False DependencyNotReady".into(), Current)
    );
    let state = connected_state();
    let good = after(&Status::default(), &Situation { state: Some(&state), ..FINE });
    let resting = after(&good, &Situation { state: Some(&state), ..suspended.clone() });
    assert_eq!((says(&resting, "Ready"), reading(&resting, 1)), ("True Suspended".into(), Current));
    let refused = in_condition(ConnectionState::Rejected("correct the Secret".into()));
    let still = after(&good, &Situation { state: Some(&refused), ..suspended.clone() });
    assert_eq!((says(&still, "Ready"), reading(&still, 1)), ("False CredentialsRejected".into(), Failed));
    let down = in_condition(ConnectionState::Unreachable("it does not answer".into()));
    let quiet = after(&good, &Situation { state: Some(&down), ..suspended });
    assert_eq!(says(&quiet, "Ready"), "True Suspended");
}

#[test]
fn an_observing_integration_is_in_sync_and_says_that_it_writes_nothing() {
    let state = connected_state();
    let status = after(&Status::default(), &Situation { observes: true, state: Some(&state), ..FINE });
    assert_eq!(
        (says(&status, "Ready"), says(&status, "Synced")),
        ("True Succeeded".into(), "True ObserveOnly".into())
    );
    assert_eq!(reading(&status, 1), Current);
}

#[test]
fn an_observing_integration_whose_system_differs_says_so() {
    let state = connected_state();
    let differs = Situation { observes: true, differs: true, state: Some(&state), ..FINE };
    let status = after(&Status::default(), &differs);
    assert_eq!(
        (says(&status, "Ready"), says(&status, "Synced")),
        ("True Succeeded".into(), "False DriftDetected".into())
    );
    assert_eq!(reading(&status, 1), Current);
    let writes = after(&Status::default(), &Situation { observes: false, ..differs });
    assert_eq!(says(&writes, "Synced"), "True Succeeded", "a difference there is corrected");
}

#[test]
fn deletion_is_reported_before_everything_else() {
    let (refusal, state) = (Refusal::Missing("Secret login does not exist".into()), connected_state());
    let situation =
        Situation { deleting: true, suspended: true, refusal: Some(&refusal), state: Some(&state), ..FINE };
    let status = after(&Status::default(), &situation);
    assert_eq!(says(&status, "Ready"), "False Deleting");
    reading(&status, 1);
    assert_eq!(kstatus(1, true, Some(status.observed_generation), &status.conditions), Kstatus::Terminating);
}

#[test]
fn a_deletion_that_cannot_go_on_says_what_it_waits_for() {
    let refusal = Refusal::Missing("Secret login does not exist".into());
    let missing = Situation { deleting: true, refusal: Some(&refusal), ..FINE };
    let status = after(&Status::default(), &missing);
    assert_eq!(says(&status, "Ready"), "False DeletionFailed");
    let message = &status.condition("Ready").unwrap().message;
    assert!(message.contains("Secret login") && message.contains("abandon"), "{message}");
    let down = State { condition: ConnectionState::Unreachable("no answer".into()), ..connected_state() };
    let status = after(&Status::default(), &Situation { deleting: true, state: Some(&down), ..FINE });
    assert_eq!(says(&status, "Ready"), "False DeletionFailed");
}

// === said ===

fn before() -> Said {
    Said {
        owner_id: Some("first".into()),
        system_version: Some("6.1".into()),
        records: Some(5),
        left_behind: Some(2),
        connected_to: Some("netbox.example.org".into()),
        last_sync_time: Some("2026-11-30T00:00:00Z".into()),
        last_handled_sync_at: Some("yesterday".into()),
        held_deletions: Some(HeldDeletions { hash: "abc".into(), count: 3 }),
        last_handled_release: Some("old".into()),
        ..Said::default()
    }
}

#[test]
fn unknown_values_stay_as_they_were() {
    assert_eq!(said(&before(), Status::default(), None, Some("today"), None), before());
    let unsynced = State::default();
    assert_eq!(said(&before(), Status::default(), None, Some("today"), Some(&unsynced)), before());
}

#[test]
fn facts_about_another_system_are_not_reported_for_this_one() {
    let elsewhere = before().of_another_system();
    let found =
        (&elsewhere.system_version, elsewhere.records, &elsewhere.last_sync_time, &elsewhere.held_deletions);
    assert_eq!(found, (&None, None, &None, &None));
    assert_eq!(elsewhere.connected_to, before().connected_to, "until the new one was listed");
    assert_eq!((elsewhere.owner_id.as_deref(), elsewhere.left_behind), (Some("first"), Some(2)));
}

#[test]
fn the_time_of_a_sync_is_reported_in_whole_seconds() {
    let state = State {
        version: Some("6.2".into()),
        handled_syncs: vec!["today".into()],
        used_release: Some("abc".into()),
        ..connected_state()
    };
    let now = said(&before(), Status::default(), Some("second".into()), Some("today"), Some(&state));
    assert_eq!((now.owner_id.as_deref(), now.system_version.as_deref()), (Some("second"), Some("6.2")));
    assert_eq!((now.records, now.last_sync_time.as_deref()), (Some(7), Some("2026-12-01T08:59:59Z")));
    assert_eq!(
        (now.last_handled_sync_at.as_deref(), now.last_handled_release.as_deref()),
        (Some("today"), Some("abc"))
    );
    assert_eq!((now.held_deletions, now.left_behind), (None, Some(2)));
}

#[test]
fn a_sync_request_is_echoed_only_when_it_was_handled() {
    let state = State { handled_syncs: vec!["other".into()], ..connected_state() };
    let echo =
        |requested| said(&before(), Status::default(), None, requested, Some(&state)).last_handled_sync_at;
    assert_eq!(echo(Some("today")).as_deref(), Some("yesterday"));
    assert_eq!(echo(None).as_deref(), Some("yesterday"));
    assert_eq!(echo(Some("other")).as_deref(), Some("other"));
}

#[test]
fn held_deletions_are_named_with_count_and_hash() {
    let state = State {
        held: Some(HeldBack { hash: "new".into(), count: 12, unmarked: 0, misnamed: 0, names: names() }),
        ..connected_state()
    };
    let now = said(&before(), Status::default(), None, None, Some(&state));
    assert_eq!(now.held_deletions, Some(HeldDeletions { hash: "new".into(), count: 12 }));
}

#[test]
fn a_status_comes_back_from_the_wire_as_it_was_sent() {
    let wire = serde_json::to_value(before()).unwrap();
    assert_eq!(serde_json::from_value::<Said>(wire).unwrap(), before());
    let _: Timestamp = before().last_sync_time.unwrap().parse().unwrap();
}

fn with_clock(clock: ClockState) -> State {
    State { clock, ..connected_state() }
}

#[test]
fn a_clock_that_differs_needs_a_person_and_says_by_how_much() {
    for (minutes, words) in
        [(275, "4 h 35 min ahead of the time"), (-300, "5 h behind the time"), (7, "7 min ahead of the time")]
    {
        let state = with_clock(ClockState::Differs(SignedDuration::from_mins(minutes)));
        let status = after(&Status::default(), &Situation { state: Some(&state), ..FINE });
        assert_eq!((says(&status, "Ready"), reading(&status, 1)), ("False ClockDiffers".into(), Failed));
        let message = &status.condition("Stalled").unwrap().message;
        assert!(message.contains(words) && message.contains("lenelS2.timeZone"), "{message}");
    }
}

#[test]
fn after_a_restart_a_clock_that_differs_is_reported_until_it_was_compared() {
    let (unknown, right) = (with_clock(ClockState::Unknown), with_clock(ClockState::Right));
    let before = Some("the clock of the system is 5 h behind");
    let ready_with = |state| ready_of(&Situation { state: Some(state), clock_before: before, ..FINE }).0;
    assert_eq!(ready_with(&unknown), "False ClockDiffers");
    assert_eq!(ready_with(&right), "True Succeeded");
}

#[test]
fn records_that_the_system_does_not_remove_are_counted_with_what_it_says_and_what_to_do() {
    let message = "RemovePerson on the NetBox failed: it said \"Database error\"".to_owned();
    let unremoved = Some(Unremoved { count: 3, open: 1, message });
    let state = State { unremoved, ..connected_state() };
    assert_eq!(ready_in(&state), ("False ProgressingWithRetry".into(), InProgress));
    let words = |situation: &Situation<'_>| {
        let status = after(&Status::default(), situation);
        status.condition("Ready").unwrap().message.clone()
    };
    let said = words(&Situation { state: Some(&state), ..FINE });
    for part in
        ["3 (", "no door opens: 2", "may still open doors: 1", "Database error", "right to delete persons"]
    {
        assert!(said.contains(part), "{said}");
    }
    let going = Situation { deleting: true, state: Some(&state), ..FINE };
    assert_eq!(ready_of(&going).0, "False DeletionFailed");
    assert!(words(&going).contains("access.vestibule.dev/abandon"));
}

#[test]
fn a_refused_login_whose_secret_was_deleted_with_the_namespace_names_the_other_remedy() {
    let state = in_condition(ConnectionState::Rejected("The NetBox refused the login".into()));
    let message = |lost_with_namespace| {
        let situation = Situation { deleting: true, lost_with_namespace, state: Some(&state), ..FINE };
        let status = verdict(&situation).unwrap().settle(&Status::default(), 1, at("2026-12-01T09:00:00Z"));
        status.condition("Ready").unwrap().message.clone()
    };
    assert!(message(false).contains("change the Secret"), "{}", message(false));
    assert!(!message(true).contains("change the Secret"), "{}", message(true));
    assert!([message(true), message(false)].iter().all(|it| it.contains("sync-requested-at")));
}

#[test]
fn nothing_is_in_sync_while_records_are_compared_after_a_setting_has_changed() {
    let state = State { outdated: true, ..connected_state() };
    for reported_before in [false, true] {
        let (ready, reading) =
            ready_of(&Situation { state: Some(&state), is_reported: reported_before, ..FINE });
        assert_eq!((ready.as_str(), reading), ("Unknown Progressing", InProgress));
    }
}
