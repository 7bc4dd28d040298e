use vestibule_core::status::Verdict;

use super::*;
use crate::reconcile::fixtures::at;

fn status(verdict: &Verdict) -> Status {
    verdict.settle(&Status::default(), 1, at("2026-12-01T09:00:00Z"))
}

fn stopped(reason: &'static str, message: &str) -> Status {
    status(&Verdict::stalled(reason, message))
}

/// Type, reason and note of the Event, if there is one.
fn told(before: &Status, now: &Status) -> Option<(bool, String, String)> {
    edge(before, now).map(|(type_, reason, message)| {
        (matches!(type_, EventType::Warning), reason.to_owned(), message.to_owned())
    })
}

#[test]
fn who_stops_until_a_person_acts_is_told_once() {
    let refused = stopped(conditions::INVALID_SPEC, "set spec.email");
    let warning = Some((true, "InvalidSpec".to_owned(), "set spec.email".to_owned()));
    assert_eq!(told(&Status::default(), &refused), warning);
    assert_eq!(told(&status(&Verdict::in_sync("")), &refused), warning);
    assert_eq!(told(&refused, &refused), None);
}

#[test]
fn other_words_for_the_same_reason_are_no_edge_and_another_reason_is() {
    let (first, reworded) =
        (stopped(conditions::INVALID_SPEC, "one"), stopped(conditions::INVALID_SPEC, "two"));
    assert_eq!(told(&first, &reworded), None);
    let other = stopped(conditions::DUPLICATE_CLAIM, "two");
    assert_eq!(told(&first, &other).map(|(_, reason, _)| reason).as_deref(), Some("DuplicateClaim"));
}

#[test]
fn recovery_is_told_when_the_object_is_ready_again() {
    let refused = stopped(conditions::INVALID_SPEC, "set spec.email");
    let ready = status(&Verdict::in_sync(""));
    let recovered = Some((false, "Recovered".to_owned(), "nobody is needed any more".to_owned()));
    assert_eq!(told(&refused, &ready), recovered);
    assert_eq!(told(&refused, &status(&Verdict::progressing("on it"))), None);
    assert_eq!(told(&refused, &status(&Verdict::deleting("going"))), None);
}

#[test]
fn ordinary_life_is_no_event() {
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
        assert_eq!(told(&status(before), &status(now)), None, "{before:?} {now:?}");
    }
}
