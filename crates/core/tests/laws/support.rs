//! Values of the domain for all laws, from small alphabets, so that they are often equal, nearly equal or in conflict.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use vestibule_core::identity::{Kind, ObjectId, Owner, RecordId};
use vestibule_core::model::{Card, DesiredRecord, Facts, Mode, ObjectKey, ObservedRecord, OwnerMark, Person};
use vestibule_core::plan::{DesiredState, ExistingRecord};
use vestibule_core::schedule::Window;

pub(crate) const MODES: [Mode; 4] = [Mode::Observe, Mode::CreateOnly, Mode::Upsert, Mode::Enforce];

/// Noon of the day of all tests.
pub(crate) fn noon() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

/// The instant this number of seconds after noon.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(noon().as_second() + seconds).unwrap()
}

// === builders ===

pub(crate) fn owner() -> Owner {
    Owner::of("cluster/buildings/netbox")
}

pub(crate) fn key(name: &str) -> ObjectKey {
    ObjectKey::new("buildings", name)
}

pub(crate) fn object_id() -> ObjectId {
    ObjectId::of_visitor(&key("ada"))
}

pub(crate) fn ada() -> Person {
    Person {
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        email: "ada@example.com".to_owned(),
        phone: String::new(),
    }
}

pub(crate) fn card(number: &str) -> Card {
    Card { number: number.to_owned(), format: "26-bit".to_owned() }
}

pub(crate) fn groups(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Ada's record for this morning and afternoon.
pub(crate) fn record() -> DesiredRecord {
    let window = Window { from: at(-3600), until: at(3600) };
    let mark = OwnerMark {
        owner_id: "cluster/buildings/netbox".to_owned(),
        kind: Kind::Visitor,
        object: key("ada"),
    };
    let record = DesiredRecord {
        id: RecordId::new(owner(), object_id(), 0),
        mark,
        person: ada(),
        tenant: "Analytical Engines".to_owned(),
        window,
        groups: groups(&["Lobby"]),
        card: None,
    };
    named(record)
}

/// The record under the id that follows from its content.
pub(crate) fn named(record: DesiredRecord) -> DesiredRecord {
    let fingerprint = record.facts().fingerprint();
    DesiredRecord { id: RecordId::new(record.id.owner, record.id.object_id, fingerprint), ..record }
}

/// A record as a correct system shows it.
pub(crate) fn shown(record: &DesiredRecord) -> ObservedRecord {
    ObservedRecord {
        external_id: record.id.to_string(),
        id: Some(record.id),
        mark: Some(record.mark.clone()),
        dead: false,
        facts: record.facts(),
    }
}

// === generators ===

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

pub(crate) fn any_person() -> impl Strategy<Value = Person> {
    let first_name = word(&["", "Ada", "Zoë", "Anna "]);
    let last_name = word(&["Lovelace", "Ørsted", "王", "O'Neil", "-"]);
    let contact = (word(&["", "a@example.com", "b@example.com"]), word(&["", "+1 555 0100"]));
    (first_name, last_name, contact).prop_map(|(first_name, last_name, (email, phone))| Person {
        first_name,
        last_name,
        email,
        phone,
    })
}

pub(crate) fn any_instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (-3_i64..4).prop_map(|hours| at(hours * 3600)),
        1 => (-90_i64..90).prop_map(at),
        1 => (0..2_000_000_000_i32).prop_map(|nanoseconds| noon() + jiff::SignedDuration::from_nanos(nanoseconds.into())),
    ]
}

pub(crate) fn any_window() -> impl Strategy<Value = Window> {
    (any_instant(), any_instant()).prop_map(|(from, until)| Window { from, until })
}

pub(crate) fn any_card() -> impl Strategy<Value = Card> {
    (word(&["1", "12", "123"]), word(&["", "26-bit"])).prop_map(|(number, format)| Card { number, format })
}

pub(crate) fn any_groups() -> impl Strategy<Value = BTreeSet<String>> {
    prop::collection::btree_set(word(&["Lobby", "Lab", "Roof", "Lab, Roof"]), 0..4)
}

/// Any content that a system may show.
pub(crate) fn any_facts() -> impl Strategy<Value = Facts> {
    let cards = prop::collection::btree_map(any_card(), prop::option::of(any_instant()), 0..3);
    (any_person(), word(&["", "Engines"]), prop::option::of(any_window()), any_groups(), cards)
        .prop_map(|(person, tenant, window, groups, cards)| Facts { person, tenant, window, groups, cards })
}

/// Any desired record of Ada.
pub(crate) fn any_record() -> impl Strategy<Value = DesiredRecord> {
    let card = prop::option::of(any_card());
    (any_person(), word(&["", "Engines"]), any_window(), any_groups(), card).prop_map(
        |(person, tenant, window, groups, card)| {
            named(DesiredRecord { person, tenant, window, groups, card, ..record() })
        },
    )
}

/// An observed record under the id of this record: with the desired content, nearly that content, or any content.
pub(crate) fn any_observed(of: DesiredRecord) -> impl Strategy<Value = ObservedRecord> {
    let right = Just(of.facts());
    let facts = prop_oneof![
        1 => right.clone(),
        2 => (right, any_facts(), 0..6_u8).prop_map(|(right, odd, field)| mixed(right, odd, field)),
        2 => any_facts(),
    ];
    (facts, prop::bool::weighted(0.2)).prop_map(move |(facts, dead)| ObservedRecord {
        facts,
        dead,
        ..shown(&of)
    })
}

/// `right` with one part of `odd`.
fn mixed(right: Facts, odd: Facts, field: u8) -> Facts {
    match field {
        0 => Facts { person: odd.person, ..right },
        1 => Facts { tenant: odd.tenant, ..right },
        2 => Facts { window: odd.window, ..right },
        3 => Facts { groups: odd.groups, ..right },
        _ => Facts { cards: odd.cards, ..right },
    }
}

/// A desired state of Ada, and her records in the system: other content, earlier numbers, living and dead.
pub(crate) fn any_case() -> impl Strategy<Value = (DesiredState, Vec<ObservedRecord>)> {
    let wanted = any_record().prop_flat_map(|record| {
        let same = (any_observed(record.clone()), 0..3_u16).prop_map(|(found, number)| numbered(found, number));
        let other = any_record().prop_flat_map(any_observed);
        let found = prop::collection::vec(prop_oneof![same, other], 0..4);
        (prop_oneof![6 => Just(DesiredState::Record(Arc::new(record))), 1 => Just(DesiredState::Nothing), 1 => Just(DesiredState::Ended), 1 => Just(DesiredState::Keep)], found)
    });
    wanted.prop_map(|(desired, found)| (desired, unique(found)))
}

fn numbered(found: ObservedRecord, number: u16) -> ObservedRecord {
    let id = found.id.map(|id| RecordId { number, ..id });
    ObservedRecord { id, ..found }
}

fn unique(mut found: Vec<ObservedRecord>) -> Vec<ObservedRecord> {
    let mut ids = BTreeSet::new();
    found.retain(|one| ids.insert(one.id));
    found
}

/// The living records as the snapshot of an engine holds them.
pub(crate) fn existing<'a>(found: impl IntoIterator<Item = &'a ObservedRecord>) -> Vec<ExistingRecord> {
    let living = found.into_iter().filter(|one| !one.dead);
    let row = |one: &ObservedRecord| {
        let until = one.facts.window.map(|window| window.until);
        Some(ExistingRecord { id: one.id?, fingerprint: one.facts.fingerprint(), until })
    };
    living.filter_map(row).collect()
}
