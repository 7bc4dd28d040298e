//! No personal data reaches a log through `{:?}`, and no message contains it.

use std::sync::Arc;

use vestibule_core::adapt::{Capabilities, Contact, Names, RequestedAccess, adapt};
use vestibule_core::diff::diff;
use vestibule_core::model::{DesiredRecord, Mode, Person};
use vestibule_core::plan::{DesiredState, action_plan};

use super::support::{card, groups, named, noon, record, shown};

const PERSONAL: [&str; 5] = ["Erika", "Mustermann", "erika@", "555-0100", "7654321"];

fn erika() -> Person {
    Person {
        first_name: "Erika".to_owned(),
        last_name: "Mustermann".to_owned(),
        email: "erika@example.com".to_owned(),
        phone: "555-0100".to_owned(),
    }
}

fn hers() -> DesiredRecord {
    named(DesiredRecord { person: erika(), card: Some(card("7654321")), ..record() })
}

fn requested() -> RequestedAccess {
    RequestedAccess {
        person: erika(),
        tenant: "Analytical Engines".to_owned(),
        window: record().window,
        groups: groups(&["Lobby"]),
        credential_number: Some("7654321".to_owned()),
    }
}

fn check(what: &str, text: &str) {
    for personal in PERSONAL {
        assert!(!text.contains(personal), "{what} shows {personal}: {text}");
    }
}

#[test]
fn debug_of_everything_that_holds_a_person_shows_nothing_personal() {
    let wanted = Arc::new(hers());
    let mut other = shown(&wanted);
    other.facts.cards = [(card("7654321"), None)].into();
    let steps = (diff(&wanted, None), diff(&wanted, Some(&other)));
    let action_plan = action_plan(&DesiredState::Record(Arc::clone(&wanted)), &[], Mode::Enforce, noon());
    check("a person", &format!("{:?} {:#?}", erika(), erika()));
    check("a record", &format!("{wanted:?}"));
    check("facts", &format!("{:?}", wanted.facts()));
    check("an observed record", &format!("{other:?}"));
    check("steps", &format!("{steps:?}"));
    check("a unit", &format!("{action_plan:?}"));
    check("requested access", &format!("{:?}", requested()));
}

#[test]
fn no_refusal_contains_personal_data() {
    let strict = Capabilities {
        zone: None,
        system: "NetBox",
        contact: Contact::EmailOrPhone,
        enforces_window: true,
        max_groups: 0,
        card_format: None,
        names: Names::Ascii,
        tells_tenant: true,
        shows_edit_time: false,
    };
    check("too many groups", &adapt(&requested(), &strict).unwrap_err().to_string());
    let wider = Capabilities { max_groups: 9, ..strict };
    check("no format", &adapt(&requested(), &wider).unwrap_err().to_string());
}
