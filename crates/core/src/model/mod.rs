//! The types of the domain: people, records, access and modes, independent of the protocol of any system.

mod card;
mod facts;
mod person;
mod record;

pub use card::{Card, card_number_key};
pub use facts::{Facts, Field, Fields, Hasher};
pub use person::Person;
pub use record::{DesiredRecord, Misnamed, ObservedRecord, OwnerMark};

use serde::{Deserialize, Serialize};

/// Namespace and name of a Kubernetes object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectKey {
    /// A key of its two parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The writes that an integration may make to its system (design 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mode {
    /// Writes nothing and records nothing as done.
    Observe,
    /// Creates; never changes or removes.
    CreateOnly,
    /// Creates and changes; never removes.
    Upsert,
    /// Creates, changes and removes.
    Enforce,
}

impl Mode {
    /// Whether a missing record may be created.
    pub const fn creates(self) -> bool {
        !matches!(self, Self::Observe)
    }

    /// Whether a record of ours may be changed in place.
    pub const fn updates(self) -> bool {
        matches!(self, Self::Upsert | Self::Enforce)
    }

    /// Whether a record of ours may be removed.
    pub const fn removes(self) -> bool {
        matches!(self, Self::Enforce)
    }
}
