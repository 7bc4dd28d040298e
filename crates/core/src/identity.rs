//! Ids that show the owner of a record (design 3.15): owner, object, content and number, derived and never stored.
//!
//! A retry after a lost answer meets the record of the first attempt, a process finds the records of the process before
//! it, and a changed visitor gets another id. The number rises past dead records: [`crate::number_search`].

use std::fmt;
use std::str::FromStr;

use crate::model::{Hasher, ObjectKey};

/// The prefix of every id of a Vestibule, for all owners.
pub const PREFIX: &str = "vst-";

/// The owner of records: a hash of the integration's owner id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(pub u32);

impl Owner {
    /// The owner of an owner id (`spec.ownerId`, by default cluster/namespace/name).
    pub fn of(owner_id: &str) -> Self {
        Self((Hasher::new("owner").text(owner_id).finish() >> 32) as u32)
    }
}

/// The object of a record: a hash of kind, namespace and name, so that it is the same after a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u64);

impl ObjectId {
    /// The id of a Visitor.
    pub fn of_visitor(key: &ObjectKey) -> Self {
        Self(Hasher::new("Visitor").text(&key.namespace).text(&key.name).finish())
    }
}

impl fmt::Display for ObjectId {
    /// The form that the ids of the object's records contain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The id of a record: `vst-<owner>-<object>-<content>-<number>`, 44 characters or a few more, lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// The owner of the record.
    pub owner: Owner,
    /// The object of the record.
    pub object_id: ObjectId,
    /// The fingerprint of all that is sent, cut to 48 bits.
    pub content: u64,
    /// A number that rises past dead records of the same content.
    pub number: u16,
}

/// The bits of a fingerprint that fit into an id.
const CONTENT: u64 = (1 << 48) - 1;

/// The prefix and half of the owner. A shorter text is not recognised as a part of an id.
pub const SHORTEST_ALTERED: usize = PREFIX.len() + 4;

/// Parses hex digits as the leading digits of a number of `width` digits. A `whole` number must have all its digits.
fn leading_digits(digits: &str, width: usize, whole: bool) -> Option<u64> {
    let fits = if whole { digits.len() == width } else { digits.len() <= width };
    let valid = fits && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| u64::from_str_radix(&format!("{digits:0<width$}"), 16).ok()).flatten()
}

impl RecordId {
    /// The first id for this content.
    pub const fn new(owner: Owner, object_id: ObjectId, fingerprint: u64) -> Self {
        Self { owner, object_id, content: fingerprint & CONTENT, number: 0 }
    }

    /// The id to try when a dead record has this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }

    /// Whether a record with this fingerprint still has the content that its id was derived from.
    pub const fn holds(&self, fingerprint: u64) -> bool {
        fingerprint & CONTENT == self.content
    }

    /// Reads an id of `owner` that a system shortened or wrote in capitals. The text must contain the whole owner.
    /// Missing digits count as zero. The result is `None` for an unaltered id, and for an id of another owner.
    pub fn from_altered(owner: Owner, text: &str) -> Option<Self> {
        if text.parse::<Self>().is_ok() {
            return None;
        }
        let rest = text.to_ascii_lowercase();
        let rest = rest.strip_prefix(&format!("{PREFIX}{:08x}-", owner.0))?;
        let mut parts = rest.split('-');
        let (object_id, content, number) = (parts.next()?, parts.next(), parts.next());
        let object_id = leading_digits(object_id, 16, content.is_some())?;
        let content = leading_digits(content.unwrap_or_default(), 12, number.is_some())?;
        let number = number.filter(|digits| !digits.is_empty()).map_or(Some(0), |digits| {
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        })?;
        parts.next().is_none().then_some(Self { owner, object_id: ObjectId(object_id), content, number })
    }

    /// Whether a text can be this id, shortened or written in capitals by a system. A very short text is too ambiguous.
    pub fn is_altered_as(&self, text: &str) -> bool {
        let whole = self.to_string();
        text.len() >= SHORTEST_ALTERED && text != whole && whole.starts_with(&text.to_ascii_lowercase())
    }

    /// Whether both ids have the same content of the same object. Their numbers may differ.
    pub fn same_content(&self, other: &Self) -> bool {
        (self.owner, self.object_id, self.content) == (other.owner, other.object_id, other.content)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, object_id, content, number } = self;
        write!(f, "{PREFIX}{:08x}-{object_id}-{content:012x}-{number}", owner.0)
    }
}

/// A text is not an id of a Vestibule record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of a Vestibule record")]
pub struct NotOurs;

impl FromStr for RecordId {
    type Err = NotOurs;

    /// Accepts exactly the form that `Display` writes. Any other text is foreign, including upper case and surplus zeros.
    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let parse = || {
            let mut parts = text.strip_prefix(PREFIX)?.split('-');
            let id = Self {
                owner: Owner(u32::from_str_radix(parts.next()?, 16).ok()?),
                object_id: ObjectId(u64::from_str_radix(parts.next()?, 16).ok()?),
                content: u64::from_str_radix(parts.next()?, 16).ok()?,
                number: parts.next()?.parse().ok()?,
            };
            (parts.next().is_none() && id.content <= CONTENT && id.to_string() == text).then_some(id)
        };
        parse().ok_or(NotOurs)
    }
}
