//! Records as the core would plan them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestibule_core::identity::{Kind, ObjectId, Owner, RecordId};
use vestibule_core::model::{Card, DesiredRecord, ObjectKey, ObservedRecord, OwnerMark, Person};
use vestibule_core::schedule::Window;

pub(crate) const OWNER_ID: &str = "test/engine/door";

/// The groups of the system.
pub(crate) const GROUPS: [&str; 3] = ["Lobby", "Floor 4", "Parking"];

/// A visitor for 08:00 to 18:00 in New York on the day of the testbed, with the lobby and no card.
pub(crate) fn visitor(name: &str) -> DesiredRecord {
    of_owner(OWNER_ID, name)
}

/// The same for another owner.
pub(crate) fn of_owner(owner_id: &str, name: &str) -> DesiredRecord {
    let object = ObjectKey::new("acme", name);
    identified(DesiredRecord {
        id: RecordId::new(Owner::of(owner_id), ObjectId::of_visitor(&object), 0),
        mark: OwnerMark { owner_id: owner_id.to_owned(), kind: Kind::Visitor, object },
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

/// A visitor whose visit ended an hour before the testbed begins.
pub(crate) fn ended(name: &str) -> DesiredRecord {
    let window = Window { from: at("2026-12-01T11:00:00Z"), until: at("2026-12-01T13:00:00Z") };
    identified(DesiredRecord { window, ..visitor(name) })
}

pub(crate) fn with_group(record: &DesiredRecord, group: &str) -> DesiredRecord {
    with_groups(record, &[group])
}

pub(crate) fn with_groups(record: &DesiredRecord, groups: &[&str]) -> DesiredRecord {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    identified(DesiredRecord { groups, ..record.clone() })
}

pub(crate) fn with_card(record: &DesiredRecord, number: &str) -> DesiredRecord {
    let card = Card { number: number.to_owned(), format: "26 bit Wiegand".to_owned() };
    identified(DesiredRecord { card: Some(card), ..record.clone() })
}

/// The record for these hours of that day in New York, such as `11:00` to `12:00`.
pub(crate) fn during(record: &DesiredRecord, from: &str, until: &str) -> DesiredRecord {
    let wall = |time: &str| at(&format!("2026-12-01T{time}:00-05:00"));
    identified(DesiredRecord { window: Window { from: wall(from), until: wall(until) }, ..record.clone() })
}

/// The record under the id that fits its content.
pub(crate) fn identified(record: DesiredRecord) -> DesiredRecord {
    let id = RecordId::new(record.id.owner, record.id.object_id, record.facts().fingerprint());
    DesiredRecord { id, ..record }
}

/// The record as a system shows it that stores everything.
pub(crate) fn shown(record: &DesiredRecord) -> ObservedRecord {
    ObservedRecord {
        external_id: record.id.to_string(),
        id: Some(record.id),
        mark: Some(record.mark.clone()),
        dead: false,
        facts: record.facts(),
    }
}

/// A person enrolled by hand, with a card.
pub(crate) fn stranger(external_id: &str, card: &str) -> ObservedRecord {
    let record = with_card(&visitor(external_id), card);
    ObservedRecord { external_id: external_id.to_owned(), id: None, mark: None, ..shown(&record) }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
