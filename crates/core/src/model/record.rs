//! Records: one person's entry in one system, as it should be and as it was found.

use std::collections::BTreeSet;

use super::{Card, Facts, ObjectKey, Person};
use crate::identity::RecordId;
use crate::schedule::Window;

/// Whose a record is, in words that a person at the desk can read (design 3.15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerMark {
    /// The integration's owner id.
    pub owner_id: String,
    /// The object that declared the record.
    pub object: ObjectKey,
}

/// What one system should hold of one visitor for one day: adjusted to the system, ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredRecord {
    /// Derived id; its number is where probing starts, see [`RecordId::next`].
    pub id: RecordId,
    /// Whose it is.
    pub mark: OwnerMark,
    /// Who it is.
    pub person: Person,
    /// The tenant's name, empty when the system is not told.
    pub tenant: String,
    /// When it opens.
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

/// A record that a create of ours made under another id than the one that was sent: the system shortened it, or chose
/// one itself. It is never found by its own id, so it opens nothing by right and is removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Misnamed {
    /// The id under which the system knows it.
    pub external_id: String,
    /// The id that was sent, as far as it is known: see [`RecordId::from_altered`].
    pub id: RecordId,
}

/// A record as a system shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedRecord {
    /// The system's own id, whatever its form.
    pub external_id: String,
    /// The id read as one of Vestibule's, whoever its owner is.
    pub id: Option<RecordId>,
    /// Whose it says it is, where the system gives a readable mark that does not contradict the id.
    pub mark: Option<OwnerMark>,
    /// Removed softly: a dead record opens nothing and its id is used up.
    pub dead: bool,
    /// What it holds.
    pub facts: Facts,
}
