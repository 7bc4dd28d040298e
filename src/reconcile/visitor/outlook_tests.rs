use std::sync::Arc;

use vestibule_core::adapt::{Capabilities, Contact, Names};
use vestibule_core::model::{Mode, Person};
use vestibule_core::plan::{Change, Withheld};
use vestibule_core::status::Status;

use super::*;
use crate::reconcile::fixtures::{at, engine, facts, integration, says};
use crate::system::memory::Memory;

fn person(email: &str, last_name: &str, has_card: bool) -> PersonFlags {
    let (email, last_name) = (email.to_owned(), last_name.to_owned());
    PersonFlags::of(&Person { email, last_name, ..Person::default() }, has_card)
}

fn jane() -> PersonFlags {
    person("jane@example.org", "Doe", false)
}

fn with_card() -> PersonFlags {
    person("jane@example.org", "Doe", true)
}

/// The declarations for a tenant that opens the lobby of a NetBox, which has that group.
fn declared() -> Declared {
    facts([integration(&engine("netbox", Memory::default()), 0)]).declared
}

/// The same with the grant changed.
fn after(change: impl FnOnce(&mut DeclaredGrant)) -> Declared {
    let mut declared = declared();
    change(&mut declared.grants[0]);
    declared
}

/// The same in a system with other capabilities.
fn able(change: impl FnOnce(&mut Capabilities)) -> Declared {
    after(|grant| {
        let mut capabilities = (**grant.capabilities.as_ref().unwrap()).clone();
        change(&mut capabilities);
        grant.capabilities = Some(Arc::new(capabilities));
    })
}

fn missing() -> Reference {
    Reference::Missing("create it".to_owned())
}

#[test]
fn a_record_that_a_system_cannot_hold_is_refused_long_before_its_day() {
    assert_eq!(outlook(jane(), &declared()), Outlook::Clear);
    let rows = [
        (person("", "Doe", false), able(|_| {}), "Memory requires an email or a phone of a visitor"),
        (jane(), able(|it| it.max_groups = 0), "holds at most 0 access groups"),
        (person("a@b.c", "\u{e000}", false), able(|it| it.names = Names::Ascii), "write it in Latin letters"),
        (with_card(), able(|it| it.card_format = None), "spec.lenelS2.visitorCardFormat"),
    ];
    for (person, declared, words) in rows {
        let found = outlook(person, &declared);
        let Outlook::Refused(sentence) = &found else { panic!("{found:?}") };
        assert!(sentence.contains(words) && sentence.ends_with("(AccessIntegration netbox)"), "{sentence}");
    }
    assert_eq!(outlook(person("", "Doe", false), &able(|it| it.contact = Contact::Nothing)), Outlook::Clear);
}

#[test]
fn a_card_format_that_is_missing_or_unknown_concerns_only_visitors_with_a_card() {
    for reference in [missing(), Reference::Unknown] {
        let declared = after(|grant| grant.card_format = reference.clone());
        assert_eq!(outlook(jane(), &declared), Outlook::Clear);
        assert_ne!(outlook(with_card(), &declared), Outlook::Clear);
    }
}

#[test]
fn a_refusal_comes_before_what_is_missing_and_that_before_what_is_not_ready_or_not_known() {
    let mut all = after(|grant| grant.group = missing());
    all.unready.push("waits".to_owned());
    assert!(matches!(outlook(person("", "Doe", false), &all), Outlook::Refused(_)));
    assert_eq!(outlook(jane(), &all), Outlook::Waits("create it".to_owned()));
    all.grants[0].group = Reference::Unknown;
    assert_eq!(outlook(jane(), &all), Outlook::Unready("waits".to_owned()));
    all.unready.clear();
    assert!(matches!(outlook(jane(), &all), Outlook::Unknown(sentence) if sentence.contains("netbox")));
    let nothing = Declared { doors: Doors::NoGroups("name groups".to_owned()), ..declared() };
    assert_eq!(outlook(jane(), &nothing), Outlook::Refused("name groups".to_owned()));
    let nowhere = Declared { doors: Doors::NoIntegration("make one".to_owned()), ..declared() };
    assert_eq!(outlook(jane(), &nowhere), Outlook::Waits("make one".to_owned()));
}

fn said(outlook: &Outlook, phase: &Phase, more_days: bool, placements: &[PlacementState]) -> String {
    match outlook.says(phase, more_days, &OutlookInput { states: placements, failure: None, holds: false }) {
        Saying::Verdict(verdict) => {
            says(&verdict.settle(&Status::default(), 1, at("2026-12-01T09:00:00Z")), "Ready")
        }
        Saying::Nothing => "nothing".to_owned(),
        Saying::ByRecords => "by records".to_owned(),
    }
}

#[test]
fn the_days_to_come_decide_and_no_day_that_is_over() {
    let text = || "sentence".to_owned();
    let (refused, waits) = (Outlook::Refused(text()), Outlook::Waits(text()));
    let (unready, unknown) = (Outlook::Unready(text()), Outlook::Unknown(text()));
    let rows: [(&Outlook, [&str; 6]); 5] = [
        (
            &refused,
            [
                "False InvalidSpec",
                "False InvalidSpec",
                "by records",
                "False InvalidSpec",
                "by records",
                "by records",
            ],
        ),
        (
            &waits,
            [
                "False DependencyNotReady",
                "False DependencyNotReady",
                "by records",
                "False DependencyNotReady",
                "by records",
                "by records",
            ],
        ),
        (
            &unready,
            ["False DependencyNotReady", "nothing", "by records", "by records", "by records", "by records"],
        ),
        (&unknown, ["by records", "nothing", "by records", "by records", "by records", "by records"]),
        (&Outlook::Clear, ["by records"; 6]),
    ];
    for (outlook, expected) in rows {
        let found = [
            said(outlook, &Phase::Today, false, &[]),
            said(outlook, &Phase::Scheduled, false, &[PlacementState::Absent]),
            // Yesterday's record must be removed before anything else is reported.
            said(outlook, &Phase::Scheduled, false, &[PlacementState::Present]),
            said(outlook, &Phase::Over, true, &[PlacementState::Present]),
            said(outlook, &Phase::Over, false, &[PlacementState::Present]),
            said(outlook, &Phase::Expired, false, &[]),
        ];
        assert_eq!(found, expected, "{outlook:?}");
    }
}

#[test]
fn a_failure_that_needs_a_person_is_reported_before_a_missing_reference() {
    let failure = |kind| Failure { kind, message: "no".to_owned() };
    let stalled = failure(FailureKind::Stalled(conditions::DUPLICATE_CLAIM));
    let waits = Outlook::Waits("create it".to_owned());
    assert_eq!(waits.says(&Phase::Today, false, &seen(&stalled)), Saying::ByRecords);
    let dependency = failure(FailureKind::Dependency);
    assert!(matches!(waits.says(&Phase::Today, false, &seen(&dependency)), Saying::Verdict(_)));
    let refused = Outlook::Refused("set spec.email".to_owned());
    assert!(matches!(refused.says(&Phase::Today, false, &seen(&stalled)), Saying::Verdict(_)));
}

fn seen(failure: &Failure) -> OutlookInput<'_> {
    OutlookInput { states: &[], failure: Some(failure), holds: false }
}

#[test]
fn a_missing_reference_is_reported_with_the_access_of_the_existing_record() {
    let failure = |kind| Failure { kind, message: "it says no".to_owned() };
    let message = |states: &[PlacementState], kind: Option<FailureKind>, holds| {
        let failure = kind.map(failure);
        let seen = OutlookInput { states, failure: failure.as_ref(), holds };
        let Saying::Verdict(verdict) = Outlook::Waits("no group".into()).says(&Phase::Today, false, &seen)
        else {
            panic!()
        };
        let status =
            verdict.settle(&vestibule_core::status::Status::default(), 1, jiff::Timestamp::UNIX_EPOCH);
        status.condition("Ready").unwrap().message.clone()
    };
    let [waiting, retrying, present] =
        [PlacementState::Waiting, PlacementState::Retrying, PlacementState::Present];
    assert_eq!(message(&[waiting], None, false), "no group", "nothing was read yet");
    assert_eq!(message(&[waiting], None, true), "no group");
    let closed = message(&[retrying], Some(FailureKind::Dependency), false);
    assert_eq!(closed, "no group; until then it opens no door");
    for (state, kind) in [(retrying, Some(FailureKind::Dependency)), (present, None)] {
        let reduced = message(&[state], kind, true);
        assert_eq!(reduced, "no group; until then its former record opens only what is still declared");
    }
    let withheld = |mode| PlacementState::Withheld(Withheld::Beside(mode), Change::Replace);
    assert!(message(&[withheld(Mode::Upsert)], None, true).contains("still declared"));
    for mode in [Mode::Observe, Mode::CreateOnly] {
        let kept = message(&[withheld(mode)], None, true);
        assert!(kept.starts_with("no group; its record stays and opens more than is declared now"), "{kept}");
        assert!(
            kept.contains(&format!("mode {mode:?} of the AccessIntegration does not change it")),
            "{kept}"
        );
    }
    let failing = message(&[retrying], Some(FailureKind::Retried), true);
    assert!(failing.contains("could not be removed: it says no"), "{failing}");
}
