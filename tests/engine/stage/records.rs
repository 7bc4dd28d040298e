//! Records as the core would plan them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestibule_core::identity::{Owner, RecordId, Slot};
use vestibule_core::model::{Card, Mark, ObjectKey, ObservedRecord, Person, Record};
use vestibule_core::schedule::Window;

pub(crate) const OWNER_ID: &str = "test/engine/door";

/// The groups of the system on the stage.
pub(crate) const GROUPS: [&str; 3] = ["Lobby", "Floor 4", "Parking"];

/// A visitor for 08:00 to 18:00 in New York on the day of the stage, with the lobby and no card.
pub(crate) fn visitor(name: &str) -> Record {
    of_owner(OWNER_ID, name)
}

/// The same for another owner.
pub(crate) fn of_owner(owner_id: &str, name: &str) -> Record {
    let object = ObjectKey::new("acme", name);
    identified(Record {
        id: RecordId::new(Owner::of(owner_id), Slot::of_visitor(&object), 0),
        mark: Mark { owner_id: owner_id.to_owned(), object },
        person: Person {
            first_name: "Ada".to_owned(),
            last_name: "Byron".to_owned(),
            email: format!("{name}@example.org"),
            phone: String::new(),
        },
        tenant: "Acme Ltd".to_owned(),
        window: Window { from: at("2026-12-01T13:00:00Z"), until: at("2026-12-01T23:00:00Z") },
        groups: BTreeSet::from([GROUPS[0].to_owned()]),
        card: None,
    })
}

/// A visitor whose visit ended an hour before the stage begins.
pub(crate) fn ended(name: &str) -> Record {
    let window = Window { from: at("2026-12-01T11:00:00Z"), until: at("2026-12-01T13:00:00Z") };
    identified(Record { window, ..visitor(name) })
}

pub(crate) fn with_group(record: &Record, group: &str) -> Record {
    with_groups(record, &[group])
}

pub(crate) fn with_groups(record: &Record, groups: &[&str]) -> Record {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    identified(Record { groups, ..record.clone() })
}

pub(crate) fn with_card(record: &Record, number: &str) -> Record {
    let card = Card { number: number.to_owned(), format: "26 bit Wiegand".to_owned() };
    identified(Record { card: Some(card), ..record.clone() })
}

/// The record for these hours of the day of the stage, in New York, such as `11:00` to `12:00`.
pub(crate) fn during(record: &Record, from: &str, until: &str) -> Record {
    let wall = |time: &str| at(&format!("2026-12-01T{time}:00-05:00"));
    identified(Record { window: Window { from: wall(from), until: wall(until) }, ..record.clone() })
}

/// The record under the id that fits its content.
pub(crate) fn identified(record: Record) -> Record {
    let id = RecordId::new(record.id.owner, record.id.slot, record.facts().fingerprint());
    Record { id, ..record }
}

/// What a system that keeps everything shows of it.
pub(crate) fn shown(record: &Record) -> ObservedRecord {
    ObservedRecord {
        external_id: record.id.to_string(),
        id: Some(record.id),
        mark: Some(record.mark.clone()),
        dead: false,
        facts: record.facts(),
    }
}

/// Somebody whom the desk enrolled, with a card.
pub(crate) fn stranger(external_id: &str, card: &str) -> ObservedRecord {
    let record = with_card(&visitor(external_id), card);
    ObservedRecord { external_id: external_id.to_owned(), id: None, mark: None, ..shown(&record) }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
