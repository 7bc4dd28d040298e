//! The comparable content of a record. Only this module decides whether two records are equal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Card, Person};
use crate::schedule::Window;

/// A part of a record that can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// First or last name.
    Name,
    /// Email or phone.
    Contact,
    /// The tenant's name.
    Tenant,
    /// The time in which the record opens doors.
    Window,
    /// The access groups.
    Groups,
    /// The credentials, their format or their end.
    Cards,
}

impl Field {
    /// Whether a difference in this field changes the access.
    pub const fn opens(self) -> bool {
        matches!(self, Self::Window | Self::Groups | Self::Cards)
    }
}

impl Field {
    /// All fields, in the order in which differences are reported.
    pub const ALL: [Self; 6] =
        [Self::Name, Self::Contact, Self::Tenant, Self::Window, Self::Groups, Self::Cards];
}

/// A set of [`Field`]s in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fields(u8);

impl Fields {
    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a field is in the set.
    pub const fn contains(self, field: Field) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    /// Its fields, in the order of [`Field::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(move |field| self.contains(*field))
    }

    /// Whether a difference in one of these fields changes the access.
    pub fn opens(self) -> bool {
        self.iter().any(Field::opens)
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        Self(fields.into_iter().fold(0, |all, field| all | 1 << field as u8))
    }
}

/// Everything that we set on a record, in one comparable form for desired and observed records.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    /// The person.
    pub person: Person,
    /// The tenant's name, empty when unset.
    pub tenant: String,
    /// The time in which the record opens doors; `None` if a system shows no complete window.
    pub window: Option<Window>,
    /// Access groups by name.
    pub groups: BTreeSet<String>,
    /// Living credentials and the end of each.
    pub cards: BTreeMap<Card, Option<Timestamp>>,
}

impl Facts {
    /// The fields in which `observed` differs from `self`, in a fixed order; empty exactly when both are equal.
    pub fn differences(&self, observed: &Self) -> Vec<Field> {
        let Self { person, tenant, window, groups, cards } = self;
        let (mine, theirs) = (person, &observed.person);
        let rows = [
            (Field::Name, (&mine.first_name, &mine.last_name) == (&theirs.first_name, &theirs.last_name)),
            (Field::Contact, (&mine.email, &mine.phone) == (&theirs.email, &theirs.phone)),
            (Field::Tenant, *tenant == observed.tenant),
            (Field::Window, *window == observed.window),
            (Field::Groups, *groups == observed.groups),
            (Field::Cards, *cards == observed.cards),
        ];
        rows.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }

    /// Whether the record opens a door at `now`, or may do so later.
    pub fn may_open(&self, now: Timestamp) -> bool {
        !self.groups.is_empty() && self.window.is_none_or(|window| window.until > now)
    }

    /// A hash of everything above: equal facts have equal fingerprints, and different facts have different ones.
    pub fn fingerprint(&self) -> u64 {
        let Self { person, tenant, window, groups, cards } = self;
        let mut hash = Hasher::new("facts");
        hash.text(&person.first_name).text(&person.last_name).text(&person.email).text(&person.phone);
        hash.text(tenant);
        hash.instant(window.map(|w| w.from)).instant(window.map(|w| w.until));
        hash.number(groups.len() as u64);
        for group in groups {
            hash.text(group);
        }
        for (card, until) in cards {
            hash.text(card.number_key()).text(&card.format).instant(*until);
        }
        hash.finish()
    }
}

/// SHA-256 over length-prefixed parts, cut to 64 bits. It is the same in all versions and on all machines, since ids are
/// derived from it.
pub struct Hasher(Sha256);

impl Hasher {
    /// A hasher for one purpose. The same parts have different hashes for different purposes.
    pub fn new(purpose: &str) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.text(purpose);
        hasher
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.0.update(text.as_bytes());
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(number.to_be_bytes());
        self
    }

    /// Adds an instant or its absence.
    pub fn instant(&mut self, instant: Option<Timestamp>) -> &mut Self {
        match instant {
            None => self.number(0),
            Some(at) if at.subsec_nanosecond() == 0 => self.number(1).number(at.as_second().cast_unsigned()),
            Some(at) => {
                let nanosecond = u64::from(at.subsec_nanosecond().cast_unsigned());
                self.number(2).number(at.as_second().cast_unsigned()).number(nanosecond)
            }
        }
    }

    /// The first 64 bits.
    pub fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
    }
}
