//! The adaptation of requested access to a system, and the messages of refusals.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vestibule_core::adapt::{
    Capabilities, Contact, Loss, Names, Refusal, RequestedAccess, adapt, entitlement,
};
use vestibule_core::model::{Facts, Person};
use vestibule_core::schedule::{Window, Zone};
use vestibule_core::text::clean;

use super::support::{ada, any_groups, any_person, any_window, at, card, groups, record};

fn netbox() -> Capabilities {
    Capabilities {
        system: "NetBox",
        zone: None,
        contact: Contact::EmailOrPhone,
        enforces_window: true,
        max_groups: 32,
        card_format: Some("26-bit".to_owned()),
        names: Names::Ascii,
        tells_tenant: true,
        shows_edit_time: true,
    }
}

fn requested() -> RequestedAccess {
    RequestedAccess {
        person: ada(),
        tenant: "Analytical Engines".to_owned(),
        window: record().window,
        groups: groups(&["Lobby", "id:17"]),
        credential_number: Some("12".to_owned()),
    }
}

fn any_requested() -> impl Strategy<Value = RequestedAccess> {
    let number = prop::option::of("[0-9]{1,3}");
    (any_person(), any_window(), any_groups(), number).prop_map(
        |(person, window, groups, credential_number)| RequestedAccess {
            person,
            window,
            groups,
            credential_number,
            ..requested()
        },
    )
}

fn any_system() -> impl Strategy<Value = Capabilities> {
    let contact = prop_oneof![Just(Contact::EmailOrPhone), Just(Contact::Nothing)];
    let names = prop_oneof![Just(Names::Ascii), Just(Names::Unicode)];
    let format = prop::option::of(Just("26-bit".to_owned()));
    (contact, names, 0..5_usize, format, any::<bool>()).prop_map(
        |(contact, names, max_groups, card_format, tells_tenant)| Capabilities {
            contact,
            names,
            max_groups,
            card_format,
            tells_tenant,
            ..netbox()
        },
    )
}

/// The request that gives exactly these facts.
fn requested_for(facts: &Facts) -> RequestedAccess {
    RequestedAccess {
        person: facts.person.clone(),
        tenant: facts.tenant.clone(),
        window: facts.window.unwrap(),
        groups: facts.groups.clone(),
        credential_number: facts.cards.keys().next().map(|card| card.number.clone()),
    }
}

proptest! {
    #[test]
    fn an_entitlement_equals_the_access_of_its_record_and_exists_for_a_refused_request_too(
        requested in any_requested(),
        to in any_system(),
    ) {
        let most = entitlement(&requested, &to);
        prop_assert_eq!(most.cards.as_ref().map(std::collections::BTreeSet::len), Some(requested.credential_number.iter().count()));
        match adapt(&requested, &to) {
            Ok((facts, _)) => {
                prop_assert_eq!(&most.shared_with(&facts), &Some(facts.clone()));
                prop_assert_eq!((most.window, most.groups, most.person), (facts.window, Some(facts.groups), Some(facts.person)));
            }
            Err(_) => prop_assert!(most.window.is_some() && most.groups.is_some()),
        }
    }

    #[test]
    fn a_request_that_fits_is_not_changed(requested in any_requested(), system in any_system()) {
        if let Ok((facts, _)) = adapt(&requested, &system) {
            let (again, losses) = adapt(&requested_for(&facts), &system).unwrap();
            prop_assert_eq!((again, losses), (facts, vec![]));
        }
    }

    #[test]
    fn a_loss_is_reported_exactly_when_the_name_changes(requested in any_requested(), system in any_system()) {
        if let Ok((facts, losses)) = adapt(&requested, &system) {
            let name = |person: &Person| (clean(&person.first_name), clean(&person.last_name));
            let changed = name(&facts.person) != name(&requested.person);
            prop_assert_eq!(losses, if changed { vec![Loss::Name] } else { vec![] });
            prop_assert_eq!((facts.person.email, facts.person.phone), (requested.person.email, requested.person.phone));
        }
    }

    #[test]
    fn no_record_opens_outside_the_requested_window_and_no_card_outlasts_it(requested in any_requested(), system in any_system()) {
        if let Ok((facts, _)) = adapt(&requested, &system) {
            let Window { from, until } = facts.window.unwrap();
            prop_assert!(from >= requested.window.from && until <= requested.window.until);
            prop_assert!(from.duration_since(requested.window.from).as_secs() < 60);
            prop_assert!(requested.window.until.duration_since(until).as_secs() < 60);
            prop_assert!(facts.cards.values().all(|end| *end == Some(until)));
        }
    }

    #[test]
    fn only_named_groups_are_granted(requested in any_requested(), system in any_system()) {
        if let Ok((facts, _)) = adapt(&requested, &system) {
            prop_assert!(facts.groups.len() <= system.max_groups);
            let named: BTreeSet<String> = requested.groups.iter().map(|one| one.trim_start_matches("id:").to_owned()).collect();
            prop_assert_eq!(facts.groups, named);
        }
    }

    #[test]
    fn names_for_an_ascii_protocol_are_printable_ascii_with_a_last_name(first in "\\PC{0,12}", last in "\\PC{0,12}") {
        let person = Person { first_name: first, last_name: last, ..ada() };
        if let Ok((facts, _)) = adapt(&RequestedAccess { person, ..requested() }, &netbox()) {
            let printable = |text: &str| text.chars().all(|one| (' '..='~').contains(&one));
            prop_assert!(printable(&facts.person.first_name) && printable(&facts.person.last_name), "{:?} {:?}", facts.person.first_name, facts.person.last_name);
            prop_assert!(!facts.person.last_name.is_empty());
        }
    }
}

#[test]
fn a_person_with_ascii_names_and_an_email_fits_into_netbox_unchanged() {
    let (facts, losses) = adapt(&requested(), &netbox()).unwrap();
    assert_eq!(losses, []);
    assert_eq!(facts.groups, groups(&["17", "Lobby"]));
    assert_eq!(facts.cards, [(card("12"), Some(at(3600)))].into());
    assert_eq!(facts.tenant, "Analytical Engines");
    let silent = Capabilities { tells_tenant: false, ..netbox() };
    assert_eq!(adapt(&requested(), &silent).unwrap().0.tenant, "");
}

#[test]
fn names_are_transliterated_for_an_ascii_protocol_and_the_loss_is_reported() {
    let table = [("Zoë", "Ørsted", "Zoe", "Orsted"), ("", "Straße", "", "Strasse"), ("", "Нина", "", "Nina")];
    for (first, last, ascii_first, ascii_last) in table {
        let person = Person { first_name: first.to_owned(), last_name: last.to_owned(), ..ada() };
        let requested = RequestedAccess { person, ..requested() };
        let (facts, losses) = adapt(&requested, &netbox()).unwrap();
        assert_eq!((&*facts.person.first_name, &*facts.person.last_name), (ascii_first, ascii_last));
        assert_eq!(losses, [Loss::Name]);
        let as_typed = Capabilities { names: Names::Unicode, ..netbox() };
        assert_eq!(adapt(&requested, &as_typed).unwrap().0.person.last_name, last);
    }
}

#[test]
fn invisible_characters_are_not_sent_and_are_no_loss() {
    let person =
        Person { first_name: "\u{202e}Ada\u{200b}".to_owned(), last_name: "King\u{a0}".to_owned(), ..ada() };
    let requested = RequestedAccess { person, tenant: "Acme\u{2003}Ltd\u{a0}".to_owned(), ..requested() };
    for names in [Names::Ascii, Names::Unicode] {
        let (facts, losses) = adapt(&requested, &Capabilities { names, ..netbox() }).unwrap();
        assert_eq!((&*facts.person.first_name, &*facts.person.last_name), ("Ada", "King"));
        assert_eq!((&*facts.tenant, losses), ("Acme Ltd", vec![]));
    }
}

/// A visit of these hours at a NetBox in New York, in the night in which its clock is put back.
fn at_night(from: &str, until: &str) -> (RequestedAccess, Capabilities) {
    let at = |time: &str| format!("2027-11-07T{time}:00Z").parse().unwrap();
    let requested = RequestedAccess { window: Window { from: at(from), until: at(until) }, ..requested() };
    (requested, Capabilities { zone: Some(Zone::parse("America/New_York").unwrap()), ..netbox() })
}

#[test]
fn a_bound_that_the_systems_clock_shows_twice_moves_to_one_that_it_shows_once() {
    let shown = |from: &str, until: &str| {
        let (requested, system) = at_night(from, until);
        let (facts, _) = adapt(&requested, &system).unwrap();
        let window = facts.window.unwrap();
        assert!(facts.cards.values().all(|end| *end == Some(window.until)));
        (window.from.to_string(), window.until.to_string())
    };
    let of = |from: &str, until: &str| (format!("2027-11-07T{from}:00Z"), format!("2027-11-07T{until}:00Z"));
    // 01:30 there is 05:30Z, and an hour later once more.
    assert_eq!(shown("04:00", "05:30"), of("04:00", "04:59"));
    assert_eq!(shown("04:00", "06:30"), of("04:00", "04:59"));
    assert_eq!(shown("05:30", "09:00"), of("07:00", "09:00"));
    assert_eq!(shown("06:30", "09:00"), of("07:00", "09:00"));
    assert_eq!(shown("04:00", "09:00"), of("04:00", "09:00"));
}

#[test]
fn a_visit_within_the_repeated_hour_is_refused_and_grants_no_access() {
    let (requested, system) = at_night("05:10", "06:50");
    let refusal = adapt(&requested, &system).unwrap_err();
    assert_eq!(refusal, Refusal::RepeatedHour("NetBox"));
    assert!(refusal.to_string().contains("spec.visit.startTime"), "{refusal}");
}

#[test]
fn a_phone_is_a_sufficient_contact() {
    let person = Person { email: String::new(), phone: "+1 555 0100".to_owned(), ..ada() };
    assert!(adapt(&RequestedAccess { person, ..requested() }, &netbox()).is_ok());
}

#[test]
fn every_refusal_is_a_sentence_that_says_what_to_do() {
    let anonymous = Person { email: String::new(), ..ada() };
    let unspellable = Person { last_name: "\u{e000}".to_owned(), ..ada() };
    let refusals = [
        (RequestedAccess { person: anonymous, ..requested() }, netbox()),
        (RequestedAccess { person: unspellable, ..requested() }, netbox()),
        (requested(), Capabilities { max_groups: 1, ..netbox() }),
        (requested(), Capabilities { card_format: None, ..netbox() }),
    ];
    let said: Vec<String> =
        refusals.iter().map(|(requested, to)| adapt(requested, to).unwrap_err().to_string()).collect();
    insta::assert_snapshot!(said.join("\n"));
    let none = RequestedAccess { credential_number: None, ..requested() };
    assert!(adapt(&none, &Capabilities { card_format: None, ..netbox() }).is_ok());
    assert_eq!(adapt(&refusals[3].0, &refusals[3].1), Err(Refusal::NoCardFormat));
}
