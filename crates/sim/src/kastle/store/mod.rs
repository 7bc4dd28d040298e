//! The records of Kastle.

mod building;
mod visit;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

pub(super) use self::building::{Building, Card, Cardholder, Company, Profile, Reader, Scope};
pub(super) use self::visit::{Attendee, Host, Visit, Visits};
use crate::frame::dice::Dice;

/// The services of Kastle with their own credentials (2A.2, 2B.2).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Door {
    /// Oasis Connect: people and places, read only.
    OasisConnect,
    /// Visits.
    VisitorConnect,
    /// Reader activity.
    EventStream,
}

/// All records.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    /// The owners of the data.
    pub owners: Vec<Owner>,
    /// Buildings in the order of the seed.
    pub buildings: Vec<Building>,
    /// Visits of all buildings.
    pub visits: Visits,
    /// Valid tokens.
    pub tokens: BTreeMap<String, Token>,
    /// Mails that Kastle would have sent, oldest first.
    pub outbox: Vec<Mail>,
    /// The activity of readers, oldest first.
    pub activity: Vec<Activity>,
    /// The last changes, newest first.
    pub changes: VecDeque<Change>,
    /// The positions of listings of changed cardholders (`cardholders.read=delta`).
    pub marks: BTreeMap<(String, String), Mark>,
    /// The number of the last change.
    pub version: u64,
    /// The source of the GUIDs and tokens that Kastle makes.
    pub dice: Option<Dice>,
}

/// An owner and its credentials for each door.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// Lower case, without braces.
    pub guid: String,
    /// By door.
    pub doors: BTreeMap<Door, Credentials>,
}

/// The credentials of a door.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Credentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// A token (2B.2).
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// Its owner.
    pub owner: String,
    /// The credentials it was fetched with.
    pub credentials: Credentials,
    /// Time of its end.
    pub expires: Timestamp,
}

/// A mail.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    /// Its time.
    pub at: Timestamp,
    /// The receiver.
    pub to: String,
    /// `invitation` or `arrival`.
    pub kind: &'static str,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its visit.
    pub visit: String,
}

/// One record of a reader (2A.3).
#[derive(Clone, Debug)]
pub(super) struct Activity {
    /// Its number.
    pub id: u64,
    /// Its time.
    pub at: Timestamp,
    /// Key of the building.
    pub building: String,
    /// Name of the person.
    pub personnel: String,
    /// Number of the card.
    pub card: Option<String>,
    /// The reason of a refusal; empty for a grant.
    pub lockout: String,
    /// Company of the person.
    pub company: Option<String>,
    /// The reader.
    pub reader: String,
}

/// One change, for the page.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// Its time.
    pub at: Timestamp,
    /// A description of the change.
    pub what: String,
    /// The maker of the change.
    pub by: String,
}

/// See [`Store::marks`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    /// The present listing shows changes after this one,
    pub after: u64,
    /// and ends at this one, where the next listing starts.
    pub upto: u64,
}

/// The most changes that are kept.
const CHANGES: usize = 50;
/// The most records of readers and mails that are kept.
const KEPT: usize = 10_000;

impl Store {
    /// A GUID made by Kastle.
    pub(super) fn mint(&mut self) -> String {
        mint(self.dice.get_or_insert_with(|| Dice::new(0x4b53)))
    }

    /// The building with this key.
    pub(super) fn building(&self, key: &str) -> Option<&Building> {
        self.buildings.iter().find(|building| building.id == key)
    }

    /// The same, mutable.
    pub(super) fn building_mut(&mut self, key: &str) -> Option<&mut Building> {
        self.buildings.iter_mut().find(|building| building.id == key)
    }

    /// The building of an institution id, and the part of it that the institution covers (2B.10 row 3).
    pub(super) fn institution(&self, id: &str, per_company: bool) -> Option<(&Building, Scope)> {
        if let Some(building) = self.building(id) {
            return Some((building, if per_company { Scope::Landlord } else { Scope::All }));
        }
        let of = |building: &'_ Building| {
            let company = building.companies.iter().find(|c| c.institution.as_deref() == Some(id))?;
            Some(Scope::Company(company.id.clone()))
        };
        let mut buildings = self.buildings.iter().filter(|_| per_company);
        buildings.find_map(|building| Some((building, of(building)?)))
    }

    /// Records a change and numbers it.
    pub(super) fn changed(&mut self, at: Timestamp, what: String, by: &str) -> u64 {
        self.version += 1;
        self.changes.push_front(Change { at, what, by: by.to_owned() });
        self.changes.truncate(CHANGES);
        self.version
    }

    /// Sends a mail.
    pub(super) fn mail(&mut self, mail: Mail) {
        if self.outbox.len() >= KEPT {
            self.outbox.drain(..KEPT / 10);
        }
        self.outbox.push(mail);
    }

    /// Records a person at a reader.
    pub(super) fn record(&mut self, mut activity: Activity) -> Activity {
        activity.id = self.activity.last().map_or(0, |last| last.id) + 1;
        if self.activity.len() >= KEPT {
            self.activity.drain(..KEPT / 10);
        }
        self.activity.push(activity.clone());
        activity
    }
}

/// A random GUID in the form of version 4.
pub(super) fn mint(dice: &mut Dice) -> String {
    let number = (u128::from(dice.next()) << 64) | u128::from(dice.next());
    let number = number & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    hyphenated(&format!("{number:032x}"))
}

/// A GUID as Kastle writes it, lower case with hyphens, from any form that .NET reads; `None` for another text.
pub(super) fn guid(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let hex = inner.replace('-', "").to_ascii_lowercase();
    let whole = hex.len() == 32 && hex.bytes().all(|c| c.is_ascii_hexdigit());
    let plain = hyphenated(if whole { &hex } else { return None });
    (inner.len() == 32 || inner.to_ascii_lowercase() == plain).then_some(plain)
}

fn hyphenated(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_read_in_the_forms_of_dotnet_and_written_in_one() {
        let plain = "9c0f1c3e-6a0e-5d0b-9a51-2f2f6f0f9d10";
        for form in [plain, "{9C0F1C3E-6A0E-5D0B-9A51-2F2F6F0F9D10}", "9c0f1c3e6a0e5d0b9a512f2f6f0f9d10"] {
            assert_eq!(guid(form).as_deref(), Some(plain), "{form}");
        }
        for none in
            ["", "{}", "9c0f1c3e-6a0e-5d0b-9a51-2f2f6f0f9d1", "9c0f-1c3e6a0e5d0b9a512f2f6f0f9d10", "é"]
        {
            assert_eq!(guid(none), None, "{none}");
        }
    }

    #[test]
    fn random_guids_are_valid_and_the_same_for_the_same_dice() {
        let (mut one, mut two) = (Dice::new(3), Dice::new(3));
        let made = mint(&mut one);
        assert_eq!(made, mint(&mut two));
        assert_eq!(guid(&made), Some(made.clone()));
        assert_eq!(&made[14..15], "4");
    }
}
