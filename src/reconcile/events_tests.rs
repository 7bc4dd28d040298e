use vestibule_core::status::Verdict;

use super::*;
use crate::reconcile::fixtures::{UID, at};

fn status(verdict: &Verdict) -> Status {
    verdict.settle(&Status::default(), 1, at("2026-12-01T09:00:00Z"))
}

fn stopped(reason: &'static str, message: &str) -> Status {
    status(&Verdict::stalled(reason, message))
}

/// Type, reason and note of the Event, if there is one.
fn event(stopped: &mut Stopped, before: &Status, now: &Status) -> Option<(bool, String, String)> {
    let found = stopped.edge(UID.parse().unwrap(), before, now);
    found.map(|(type_, reason, message)| {
        (matches!(type_, EventType::Warning), reason.to_owned(), message.to_owned())
    })
}

/// The same in a process that knows the past only from the status.
fn event_after_restart(before: &Status, now: &Status) -> Option<(bool, String, String)> {
    event(&mut Stopped::default(), before, now)
}

/// The reasons of the Events for a sequence of statuses, each based on the one before.
fn along(verdicts: &[Verdict]) -> Vec<String> {
    let (mut stopped, mut reasons, mut before) = (Stopped::default(), Vec::new(), Status::default());
    for verdict in verdicts {
        let now = verdict.settle(&before, 1, at("2026-12-01T09:00:00Z"));
        reasons.extend(event(&mut stopped, &before, &now).map(|(_, reason, _)| reason));
        before = now;
    }
    reasons
}

#[test]
fn an_object_that_stops_until_a_person_acts_gets_one_warning() {
    let refused = stopped(conditions::INVALID_SPEC, "set spec.email");
    let warning = Some((true, "InvalidSpec".to_owned(), "set spec.email".to_owned()));
    assert_eq!(event_after_restart(&Status::default(), &refused), warning);
    assert_eq!(event_after_restart(&status(&Verdict::in_sync("")), &refused), warning);
    assert_eq!(event_after_restart(&refused, &refused), None);
}

#[test]
fn another_message_for_the_same_reason_publishes_nothing_and_another_reason_does() {
    let (first, reworded) =
        (stopped(conditions::INVALID_SPEC, "one"), stopped(conditions::INVALID_SPEC, "two"));
    assert_eq!(event_after_restart(&first, &reworded), None);
    let other = stopped(conditions::DUPLICATE_CLAIM, "two");
    assert_eq!(
        event_after_restart(&first, &other).map(|(_, reason, _)| reason).as_deref(),
        Some("DuplicateClaim")
    );
}

#[test]
fn recovery_is_published_when_the_object_is_ready_again() {
    let refused = stopped(conditions::INVALID_SPEC, "set spec.email");
    let ready = status(&Verdict::in_sync(""));
    let recovered = Some((false, "Recovered".to_owned(), "it no longer needs a person".to_owned()));
    assert_eq!(event_after_restart(&refused, &ready), recovered);
    assert_eq!(event_after_restart(&refused, &status(&Verdict::progressing("on it"))), None);
    assert_eq!(event_after_restart(&refused, &status(&Verdict::deleting("going"))), None);
}

#[test]
fn recovery_is_published_once_whatever_the_statuses_before_it() {
    let stalled = || Verdict::stalled(conditions::INVALID_SPEC, "name groups");
    let ways = [
        vec![Verdict::dependency_not_ready("waits for AccessIntegration netbox")],
        vec![Verdict::progressing("on it"), Verdict::retrying("no answer", jiff::SignedDuration::ZERO)],
        vec![Verdict::waiting_for_import("not there yet")],
        vec![],
    ];
    for between in ways {
        let ends = [Verdict::in_sync(""), Verdict::in_sync("again"), Verdict::scheduled("waits for its day")];
        let way: Vec<_> = [stalled()].into_iter().chain(between).chain(ends).collect();
        assert_eq!(along(&way), ["InvalidSpec", "Recovered"], "{way:?}");
    }
}

#[test]
fn after_a_restart_recovery_is_published_for_an_object_that_had_stopped_before_it() {
    let refused = stopped(conditions::INVALID_SPEC, "set spec.email");
    let waits = Verdict::dependency_not_ready("waits").settle(&refused, 2, at("2026-12-01T09:00:00Z"));
    let ready = Verdict::in_sync("").settle(&waits, 2, at("2026-12-01T09:00:00Z"));
    assert_eq!(
        event_after_restart(&waits, &ready).map(|(_, reason, _)| reason).as_deref(),
        Some("Recovered")
    );
    assert_eq!(event_after_restart(&ready, &ready), None);
}

#[test]
fn an_ended_visit_or_a_suspended_object_has_not_recovered() {
    let stalled = || Verdict::stalled(conditions::INVALID_SPEC, "set spec.email");
    assert_eq!(along(&[stalled(), Verdict::expired("over")]), ["InvalidSpec"]);
    assert_eq!(along(&[stalled(), Verdict::expired("over"), Verdict::in_sync("")]), ["InvalidSpec"]);
    assert_eq!(along(&[stalled(), Verdict::suspended()]), ["InvalidSpec"]);
    assert_eq!(along(&[stalled(), Verdict::lapsed("over"), Verdict::in_sync("")]), ["InvalidSpec"]);
    assert_eq!(along(&[stalled(), Verdict::resting(), Verdict::in_sync("")]), ["InvalidSpec", "Recovered"]);
}

#[test]
fn ordinary_changes_publish_no_event() {
    let life = [
        Verdict::progressing("on it"),
        Verdict::in_sync(""),
        Verdict::retrying("it does not answer", jiff::SignedDuration::ZERO),
        Verdict::throttled("wait", jiff::SignedDuration::ZERO),
        Verdict::dependency_not_ready("make it"),
        Verdict::scheduled("waits"),
        Verdict::expired("over"),
        Verdict::drift("differs"),
        Verdict::suspended(),
        Verdict::deleting("going"),
    ];
    for (before, now) in life.iter().zip(life.iter().cycle().skip(1)) {
        assert_eq!(event_after_restart(&status(before), &status(now)), None, "{before:?} {now:?}");
    }
}
