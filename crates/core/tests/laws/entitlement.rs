//! The most that a record may open, and the steps that revoke the rest.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vestibule_core::diff::Step;
use vestibule_core::entitlement::{Entitlement, disarming, reduction};
use vestibule_core::model::{DesiredRecord, Facts, ObservedRecord, Person};
use vestibule_core::schedule::Window;

use super::memory::Memory;
use super::support::{ada, any_facts, any_record, at, card, groups, noon, record, shown};

/// A living record with any content.
fn any_found() -> impl Strategy<Value = ObservedRecord> {
    any_facts().prop_map(|facts| ObservedRecord { facts, ..shown(&record()) })
}

/// An entitlement in which any part may be unknown.
fn any_entitlement() -> impl Strategy<Value = Entitlement> {
    (any_record(), any::<[bool; 4]>()).prop_map(|(record, [person, window, groups, cards])| {
        let whole = Entitlement::of(&record);
        Entitlement {
            person: whole.person.filter(|_| person),
            window: whole.window.filter(|_| window),
            groups: whole.groups.filter(|_| groups),
            cards: whole.cards.filter(|_| cards),
        }
    })
}

fn after(found: &ObservedRecord, steps: &[Step]) -> Facts {
    let mut memory = Memory::holding([found.clone()]);
    for step in steps {
        assert!(step.revokes(), "{step:?} opens something");
        assert!(memory.apply(step));
    }
    memory.0.remove(&found.id.unwrap()).unwrap().facts
}

/// Whether `less` opens no door at a time at which `more` does not open it.
fn is_within(less: &Facts, more: &Facts) -> bool {
    let covers = |outer: Option<Window>, inner: Option<Window>| match (outer, inner) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(outer), Some(inner)) => outer.from <= inner.from && inner.until <= outer.until,
    };
    let cards = less.cards.iter().all(|(card, until)| more.cards.get(card) == Some(until));
    less.groups.is_subset(&more.groups) && covers(more.window, less.window) && cards
}

proptest! {
    #[test]
    fn the_remaining_access_was_granted_before_and_is_granted_now(found in any_found(), wanted in any_record()) {
        let most = Entitlement::of(&wanted);
        let Some(shared) = most.shared_with(&found.facts) else { return Ok(()) };
        let left = after(&found, &reduction(found.id.unwrap(), &found.facts, &shared));
        prop_assert!(is_within(&left, &found.facts));
        prop_assert!(left.groups.is_subset(&wanted.groups));
        let window = left.window.unwrap();
        let inside = wanted.window.from <= window.from && window.until <= wanted.window.until;
        prop_assert!(inside || (window.is_empty() && found.facts.window == Some(window)));
        let numbers: BTreeSet<_> = wanted.card.iter().map(|card| &card.number).collect();
        prop_assert!(left.cards.keys().all(|card| numbers.contains(&card.number)));
        prop_assert_eq!((&left.person, &left.tenant), (&found.facts.person, &found.facts.tenant));
    }

    #[test]
    fn a_reduced_record_needs_no_further_reduction(found in any_found(), most in any_entitlement()) {
        let Some(shared) = most.shared_with(&found.facts) else { return Ok(()) };
        let left = after(&found, &reduction(found.id.unwrap(), &found.facts, &shared));
        prop_assert_eq!(&left, &shared);
        prop_assert_eq!(most.shared_with(&left), Some(shared));
        prop_assert_eq!(reduction(found.id.unwrap(), &left, &left), []);
    }

    #[test]
    fn a_record_that_equals_the_desired_one_loses_nothing(wanted in any_record()) {
        let facts = wanted.facts();
        prop_assert_eq!(Entitlement::of(&wanted).shared_with(&facts), Some(facts));
    }

    #[test]
    fn an_unknown_entitlement_removes_nothing(found in any_found()) {
        prop_assert_eq!(Entitlement::default().shared_with(&found.facts), Some(found.facts));
    }

    #[test]
    fn a_disarmed_record_opens_nothing_by_its_groups_alone_and_by_its_window_alone(found in any_found(), refused in 0..3_u8) {
        let steps = disarming(found.id.unwrap(), &found.facts, noon());
        let accepted: Vec<Step> = steps
            .into_iter()
            .filter(|step| match step {
                Step::WithdrawCard { .. } => refused != 0,
                Step::Reduce { facts, .. } if facts.window == found.facts.window => refused != 1,
                _ => refused != 2,
            })
            .collect();
        let left = after(&found, &accepted);
        prop_assert!(!left.may_open(noon()), "{left:?}");
        prop_assert!(refused == 0 || left.cards.is_empty());
    }

    #[test]
    fn a_disarmed_record_needs_no_further_step(found in any_found()) {
        let left = after(&found, &disarming(found.id.unwrap(), &found.facts, noon()));
        prop_assert_eq!(disarming(found.id.unwrap(), &left, noon()), []);
    }
}

#[test]
fn a_misspelled_group_removes_no_other_group() {
    let found = DesiredRecord { groups: groups(&["Lobby", "Acme"]), ..record() }.facts();
    let wanted = DesiredRecord { groups: groups(&["Lobby", "Acmee"]), ..record() };
    let shared = Entitlement::of(&wanted).shared_with(&found).unwrap();
    assert_eq!(shared.groups, groups(&["Lobby"]));
    let typo = DesiredRecord { groups: groups(&["Lobyy"]), ..record() };
    assert_eq!(Entitlement::of(&typo).shared_with(&found), None, "nothing is granted by both");
}

#[test]
fn a_visit_that_was_shortened_ends_at_its_new_end_and_one_that_was_moved_shares_nothing() {
    let found = record().facts();
    let in_window = |from, until| {
        let window = Window { from: at(from), until: at(until) };
        Entitlement::of(&DesiredRecord { window, ..record() })
            .shared_with(&found)
            .map(|facts| facts.window.unwrap())
    };
    assert_eq!(in_window(-7200, 600), Some(Window { from: at(-3600), until: at(600) }));
    assert_eq!(in_window(600, 7200), Some(Window { from: at(600), until: at(3600) }));
    assert_eq!(in_window(3600, 7200), None);
}

#[test]
fn a_window_that_the_system_does_not_show_becomes_the_declared_one() {
    let found = Facts { window: None, ..record().facts() };
    assert_eq!(Entitlement::of(&record()).shared_with(&found).unwrap().window, Some(record().window));
}

#[test]
fn a_card_with_another_number_is_withdrawn_and_leading_zeros_make_no_other_number() {
    let found = DesiredRecord { card: Some(card("7002")), ..record() }.facts();
    let left = |number: Option<&str>| {
        let wanted = DesiredRecord { card: number.map(card), ..record() };
        Entitlement::of(&wanted).shared_with(&found).unwrap().cards.len()
    };
    assert_eq!([Some("7002"), Some("0007002"), Some("7003"), None].map(left), [1, 1, 0, 0]);
}

#[test]
fn a_person_with_another_name_and_email_inherits_nothing() {
    let found = record().facts();
    let left =
        |person: Person| Entitlement::of(&DesiredRecord { person, ..record() }).shared_with(&found).is_some();
    let other = |email: &str| Person {
        first_name: "Max".to_owned(),
        last_name: "Muster".to_owned(),
        email: email.to_owned(),
        phone: String::new(),
    };
    assert!(left(Person { last_name: "King".to_owned(), ..ada() }), "married");
    assert!(left(other(&ada().email)), "the same address");
    assert!(!left(other("max@example.com")));
}
