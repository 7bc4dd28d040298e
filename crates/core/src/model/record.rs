//! Records: one person's entry in one system, as it should be and as it was found.

use std::collections::BTreeSet;

use super::{Card, Facts, ObjectKey, Person};
use crate::identity::{Kind, ObjectId, RecordId};
use crate::schedule::Window;

/// The owner of a record, in a form that a person at the front desk can read (design 3.15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerMark {
    /// The integration's owner id.
    pub owner_id: String,
    /// The kind of the object that declared the record.
    pub kind: Kind,
    /// The object that declared the record.
    pub object: ObjectKey,
}

impl OwnerMark {
    /// The id of the object that declared the record.
    pub fn object_id(&self) -> ObjectId {
        ObjectId::new(self.kind, &self.object)
    }
}

/// The record that one system should hold for one visitor on one day: adapted to the system, ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredRecord {
    /// The derived id. The search for an unused number starts at its number, see [`RecordId::next`].
    pub id: RecordId,
    /// The owner of the record.
    pub mark: OwnerMark,
    /// The person.
    pub person: Person,
    /// The tenant's name, empty if it is not sent to the system.
    pub tenant: String,
    /// The time in which the record opens doors.
    pub window: Window,
    /// The access groups by the names that the system uses.
    pub groups: BTreeSet<String>,
    /// The credential, valid as long as the window.
    pub card: Option<Card>,
}

impl DesiredRecord {
    /// The comparable content.
    pub fn facts(&self) -> Facts {
        Facts {
            person: self.person.clone(),
            tenant: self.tenant.clone(),
            window: Some(self.window),
            groups: self.groups.clone(),
            cards: self.card.iter().cloned().map(|card| (card, Some(self.window.until))).collect(),
        }
    }
}

/// A record that a create of ours made under another id than the one that was sent: the system shortened the id, or chose
/// one itself. The record cannot be found by its own id later, so it is removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Misnamed {
    /// The id under which the system knows the record.
    pub external_id: String,
    /// The id that was sent, as far as it is known: see [`RecordId::from_altered`].
    pub id: RecordId,
}

/// A record as a system shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedRecord {
    /// The system's own id, in any form.
    pub external_id: String,
    /// The id, parsed as an id of a Vestibule of any owner.
    pub id: Option<RecordId>,
    /// The owner mark, if the system shows a readable one that does not contradict the id.
    pub mark: Option<OwnerMark>,
    /// Removed softly: a dead record opens nothing, and its id cannot be used again.
    pub dead: bool,
    /// The content.
    pub facts: Facts,
}
