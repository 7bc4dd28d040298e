//! Ids that show whose a record is (design 3.15): owner, object, content and number, derived and never stored.
//!
//! A retry after a lost answer meets its own first attempt, a restart finds what the process before it made, and a changed
//! Visitor gets an id of its own. The number rises past dead records: [`crate::number_search`].
//!
//! The four parts have 122 bits, as many as a UUID of version 8 leaves free (RFC 9562, section 5.8). So one id is a text in a system
//! that takes any text, and a UUID in a system that takes UUIDs.

use std::fmt;
use std::str::FromStr;

use crate::model::{Hasher, ObjectKey};

/// What every id of a Vestibule starts with, whatever its owner.
pub const PREFIX: &str = "vst-";

/// How many records one content of one object can have one after the other: numbers 0 to 1,023.
pub const NUMBERS: u16 = 1 << NUMBER_BITS;

const OWNER_BITS: u32 = 24;
const KIND_BITS: u32 = 2;
const HASH_BITS: u32 = 54;
const OBJECT_BITS: u32 = KIND_BITS + HASH_BITS;
const CONTENT_BITS: u32 = 32;
const NUMBER_BITS: u32 = 10;

/// The kinds that have records in systems. The numbers are part of every id, and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person who is expected on certain days.
    Visitor = 0,
    /// A person of a tenant.
    Occupant = 1,
    /// A company.
    Tenant = 2,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Visitor, Self::Occupant, Self::Tenant];

    /// The name of the kind in Kubernetes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "Visitor",
            Self::Occupant => "Occupant",
            Self::Tenant => "Tenant",
        }
    }

    /// The word for it in a text that people read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Occupant => "occupant",
            Self::Tenant => "tenant",
        }
    }
}

/// The owner of records: 24 bits of a hash of the integration's owner id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(pub u32);

impl Owner {
    /// The owner of an owner id (`spec.ownerId`, by default cluster/namespace/name).
    pub fn of(owner_id: &str) -> Self {
        Self((Hasher::new("owner").text(owner_id).finish() >> (u64::BITS - OWNER_BITS)) as u32)
    }

    /// The beginning of the ids of all its records.
    pub fn id_prefix(self) -> String {
        format!("{PREFIX}{:06x}-", self.0)
    }
}

/// The object that a record belongs to: 2 bits of its kind, and 54 bits of a hash of kind, namespace and name. It is the same
/// after a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u64);

impl ObjectId {
    /// The id of an object.
    pub fn new(kind: Kind, key: &ObjectKey) -> Self {
        let hash = Hasher::new(kind.name()).text(&key.namespace).text(&key.name).finish();
        Self((kind as u64) << HASH_BITS | hash >> (u64::BITS - HASH_BITS))
    }

    /// The id of a Visitor.
    pub fn of_visitor(key: &ObjectKey) -> Self {
        Self::new(Kind::Visitor, key)
    }

    /// The kind of the object; `None` if no kind has this number.
    pub fn kind(self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| *kind as u64 == self.0 >> HASH_BITS)
    }
}

impl fmt::Display for ObjectId {
    /// As it stands in the ids of the object's records.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014x}", self.0)
    }
}

/// The id of a record: `vst-<owner>-<object>-<content>-<number>`, 36 to 39 characters: 6, 14 and 8 lower-case hex digits and a
/// decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// The owner of the record.
    pub owner: Owner,
    /// The object that it belongs to.
    pub object_id: ObjectId,
    /// The fingerprint of all that is sent, cut to 32 bits. It finds the record of a content again; whether the record is as
    /// desired is decided by whole fingerprints.
    pub content: u32,
    /// Rises past dead records of the same content; below [`NUMBERS`].
    pub number: u16,
}

/// The prefix and half of the owner: what is shorter is not taken for a part of an id.
pub const SHORTEST_ALTERED: usize = PREFIX.len() + 4;

/// The part of a fingerprint that fits into an id.
const fn cut(fingerprint: u64) -> u32 {
    (fingerprint & ((1 << CONTENT_BITS) - 1)) as u32
}

/// The number whose first hex digits these are; all `width` of them if it is `whole`.
fn leading_digits(digits: &str, width: usize, whole: bool) -> Option<u64> {
    let fits = if whole { digits.len() == width } else { digits.len() <= width };
    let valid = fits && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| u64::from_str_radix(&format!("{digits:0<width$}"), 16).ok()).flatten()
}

impl RecordId {
    /// The first id for this content.
    pub const fn new(owner: Owner, object_id: ObjectId, fingerprint: u64) -> Self {
        Self { owner, object_id, content: cut(fingerprint), number: 0 }
    }

    /// The id to try when this one is used up by a dead record.
    #[must_use]
    pub const fn next(self) -> Self {
        let last = NUMBERS - 1;
        Self { number: if self.number < last { self.number + 1 } else { last }, ..self }
    }

    /// Whether a record with this fingerprint still holds what its id says it was made with.
    pub const fn holds(&self, fingerprint: u64) -> bool {
        cut(fingerprint) == self.content
    }

    /// Reads what a system left of an id of `owner` that it shortened or wrote in capitals: at least all of its owner.
    /// Digits that are missing count as zero. An id that was kept as it is, or is another owner's, is none.
    pub fn from_altered(owner: Owner, text: &str) -> Option<Self> {
        if text.parse::<Self>().is_ok() {
            return None;
        }
        let rest = text.to_ascii_lowercase();
        let rest = rest.strip_prefix(&owner.id_prefix())?;
        let mut parts = rest.split('-');
        let (object_id, content, number) = (parts.next()?, parts.next(), parts.next());
        let object_id = leading_digits(object_id, 14, content.is_some())?;
        let content =
            u32::try_from(leading_digits(content.unwrap_or_default(), 8, number.is_some())?).ok()?;
        let number = number.filter(|digits| !digits.is_empty()).map_or(Some(0), |digits| {
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| digits.parse().ok())
                .flatten()
                .filter(|n| *n < NUMBERS)
        })?;
        parts.next().is_none().then_some(Self { owner, object_id: ObjectId(object_id), content, number })
    }

    /// Whether a text is what a system may have left of this very id. A short text may be any person's.
    pub fn is_altered_as(&self, text: &str) -> bool {
        let whole = self.to_string();
        text.len() >= SHORTEST_ALTERED && text != whole && whole.starts_with(&text.to_ascii_lowercase())
    }

    /// The same id as a UUID of version 8: owner, object, content and number, from the highest bit on, around version and variant.
    pub const fn to_uuid(self) -> u128 {
        let bits = ((self.owner.0 as u128) << (OBJECT_BITS + CONTENT_BITS + NUMBER_BITS))
            | ((self.object_id.0 as u128) << (CONTENT_BITS + NUMBER_BITS))
            | ((self.content as u128) << NUMBER_BITS)
            | self.number as u128;
        (bits >> 74 << 80) | (8 << 76) | ((bits >> 62 & 0xfff) << 64) | (2 << 62) | (bits & ((1 << 62) - 1))
    }

    /// Reads a UUID of version 8 as an id. Each is one: its owner says whether it is ours.
    pub fn from_uuid(uuid: u128) -> Option<Self> {
        let is_version_8 = uuid >> 76 & 0xf == 8 && uuid >> 62 & 0b11 == 2;
        let bits = (uuid >> 80 << 74) | ((uuid >> 64 & 0xfff) << 62) | (uuid & ((1 << 62) - 1));
        let part = |shift: u32, width: u32| bits >> shift & ((1 << width) - 1);
        let id = Self {
            owner: Owner(part(OBJECT_BITS + CONTENT_BITS + NUMBER_BITS, OWNER_BITS).try_into().ok()?),
            object_id: ObjectId(part(CONTENT_BITS + NUMBER_BITS, OBJECT_BITS).try_into().ok()?),
            content: part(NUMBER_BITS, CONTENT_BITS).try_into().ok()?,
            number: part(0, NUMBER_BITS).try_into().ok()?,
        };
        is_version_8.then_some(id)
    }

    const fn is_within_bounds(&self) -> bool {
        self.owner.0 >> OWNER_BITS == 0 && self.object_id.0 >> OBJECT_BITS == 0 && self.number < NUMBERS
    }

    /// Whether both stand for the same content of the same object, whatever their numbers.
    pub fn same_content(&self, other: &Self) -> bool {
        (self.owner, self.object_id, self.content) == (other.owner, other.object_id, other.content)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, object_id, content, number } = self;
        write!(f, "{PREFIX}{:06x}-{object_id}-{content:08x}-{number}", owner.0)
    }
}

/// A text is not an id of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of a Vestibule record")]
pub struct NotOurs;

impl FromStr for RecordId {
    type Err = NotOurs;

    /// Accepts exactly what `Display` writes; anything else, upper case and surplus zeros included, is foreign.
    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let parse = || {
            let mut parts = text.strip_prefix(PREFIX)?.split('-');
            let id = Self {
                owner: Owner(u32::from_str_radix(parts.next()?, 16).ok()?),
                object_id: ObjectId(u64::from_str_radix(parts.next()?, 16).ok()?),
                content: u32::from_str_radix(parts.next()?, 16).ok()?,
                number: parts.next()?.parse().ok()?,
            };
            (parts.next().is_none() && id.is_within_bounds() && id.to_string() == text).then_some(id)
        };
        parse().ok_or(NotOurs)
    }
}
