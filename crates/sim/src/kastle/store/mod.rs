//! What Kastle holds.

mod building;
mod visit;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

pub(super) use self::building::{Building, Card, Cardholder, Company, Profile, Reader, Scope};
pub(super) use self::visit::{Attendee, Host, Visit, Visits};
use crate::frame::dice::Dice;

/// The doors into Kastle that have credentials of their own (2A.2, 2B.2).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Door {
    /// People and places, read.
    OasisConnect,
    /// Visits.
    VisitorConnect,
    /// Reader activity.
    EventStream,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    /// Whose data it is.
    pub owners: Vec<Owner>,
    /// Buildings in the order of the seed.
    pub buildings: Vec<Building>,
    /// Visits of all buildings.
    pub visits: Visits,
    /// Tokens now alive.
    pub tokens: BTreeMap<String, Token>,
    /// Mails Kastle would have sent, oldest first.
    pub outbox: Vec<Mail>,
    /// Who was at the readers, oldest first.
    pub activity: Vec<Activity>,
    /// What changed last, newest first.
    pub changes: VecDeque<Change>,
    /// Where walks of changes of cardholders stand (`cardholders.read=delta`).
    pub marks: BTreeMap<(String, String), Mark>,
    /// The number of the last change.
    pub version: u64,
    /// Makes the GUIDs and tokens of Kastle's own.
    pub dice: Option<Dice>,
}

/// An owner and its credentials, one a door.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// Lower case, without braces.
    pub guid: String,
    /// By door.
    pub doors: BTreeMap<Door, Credentials>,
}

/// What opens a door.
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
    /// Whose.
    pub owner: String,
    /// What it was fetched with.
    pub credentials: Credentials,
    /// When it ends.
    pub expires: Timestamp,
}

/// A mail.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    /// When.
    pub at: Timestamp,
    /// To whom.
    pub to: String,
    /// `invitation` or `arrival`.
    pub kind: &'static str,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The visit it is about.
    pub visit: String,
}

/// One record of a reader (2A.3).
#[derive(Clone, Debug)]
pub(super) struct Activity {
    /// Its number.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// Key of the building.
    pub building: String,
    /// Who.
    pub personnel: String,
    /// With which card.
    pub card: Option<String>,
    /// Why not; empty when let in.
    pub lockout: String,
    /// Of which company.
    pub company: Option<String>,
    /// Where.
    pub reader: String,
}

/// One change, for the page.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: String,
    /// By whom.
    pub by: String,
}

/// See [`Store::marks`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    /// The walk now under way shows changes after this one,
    pub after: u64,
    /// and ends at this one, where the next walk begins.
    pub upto: u64,
}

/// So many changes are remembered.
const CHANGES: usize = 50;
/// So many records of readers and mails are kept.
const KEPT: usize = 10_000;

impl Store {
    /// A GUID of Kastle's own making.
    pub(super) fn mint(&mut self) -> String {
        mint(self.dice.get_or_insert_with(|| Dice::new(0x4b53)))
    }

    /// The building of that key.
    pub(super) fn building(&self, key: &str) -> Option<&Building> {
        self.buildings.iter().find(|building| building.id == key)
    }

    /// The same, to change it.
    pub(super) fn building_mut(&mut self, key: &str) -> Option<&mut Building> {
        self.buildings.iter_mut().find(|building| building.id == key)
    }

    /// The building an institution id leads to, and which part of it (2B.10 row 3).
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

    /// Remembers a change and numbers it.
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

    /// Records somebody at a reader.
    pub(super) fn record(&mut self, mut activity: Activity) -> Activity {
        activity.id = self.activity.last().map_or(0, |last| last.id) + 1;
        if self.activity.len() >= KEPT {
            self.activity.drain(..KEPT / 10);
        }
        self.activity.push(activity.clone());
        activity
    }
}

/// A GUID out of dice, in the form of version 4.
pub(super) fn mint(dice: &mut Dice) -> String {
    let number = (u128::from(dice.next()) << 64) | u128::from(dice.next());
    let number = number & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    hyphenated(&format!("{number:032x}"))
}

/// A GUID as Kastle writes it, lower case with hyphens, from any form .NET reads; `None`: it is none.
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
    fn minted_guids_are_valid_and_the_same_for_the_same_dice() {
        let (mut one, mut two) = (Dice::new(3), Dice::new(3));
        let made = mint(&mut one);
        assert_eq!(made, mint(&mut two));
        assert_eq!(guid(&made), Some(made.clone()));
        assert_eq!(&made[14..15], "4");
    }
}
