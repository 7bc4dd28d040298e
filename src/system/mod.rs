//! Access-control systems, as the engine needs them, independent of their protocol.

mod error;
pub mod lenel_s2;
pub mod memory;
mod wire;

pub use error::{ErrorCode, ErrorKind, SystemError};

use async_trait::async_trait;
use jiff::Timestamp;
use vestibule_core::adapt::Capabilities;
use vestibule_core::diff::Step;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{Card, ObservedRecord};

/// One connection to one system. Every method is one call on the wire, apart from a renewed login, so that rate limit,
/// fence and priority apply to each call. It gets resolved credentials and domain values, never a Kubernetes client.
#[async_trait]
pub trait AccessSystem: Send + Sync {
    /// What the system can do, as data.
    fn capabilities(&self) -> &Capabilities;

    /// Proves the login and asks for the version.
    async fn check(&self) -> Result<Health, SystemError>;

    /// Reads. The answer is complete for its scope or an error, never a partial default.
    async fn observe(&self, scope: Scope) -> Result<Page, SystemError>;

    /// Writes. Repeating a step is safe: an existing record is reported as [`Applied::Exists`], and removing an absent
    /// one succeeds.
    async fn apply(&self, step: &Step) -> Result<Applied, SystemError>;

    /// Gives the session back. Called once at the end; a failure has no consequence.
    async fn close(&self);

    /// Changes with every setting of the connection that decides how a record is written or read, such as the zone of dates.
    fn record_format(&self) -> u64 {
        0
    }

    /// How many logins this connection has tried.
    fn logins(&self) -> u64 {
        0
    }

    /// The id under which the system knows a record of this controller.
    fn external_id(&self, id: &RecordId) -> String {
        id.to_string()
    }
}

/// A proven connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The system's own version string, such as `6.2.0`.
    pub version: String,
}

/// The subject of a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One page of all living people; `None` is the first page.
    People(Option<Cursor>),
    /// One record, removed or not.
    Record(RecordId),
    /// The record that uses an id: a living one, or a removed one even if [`Self::Record`] hides removed ones.
    UsedId(RecordId),
    /// The person of an id that is not one of this controller's, removed or not.
    ExternalId(String),
    /// The living people with this card, as the system compares cards: by the number encoded or printed, without
    /// leading zeros.
    Card(Card),
    /// One page of the access groups.
    Groups(Option<Cursor>),
    /// The names of the card formats, all at once.
    CardFormats,
}

impl Scope {
    /// The label in metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::People(_) => "list-people",
            Self::Record(_) => "read",
            Self::UsedId(_) => "find-id",
            Self::ExternalId(_) => "read-external",
            Self::Card(_) => "find-card",
            Self::Groups(_) => "list-groups",
            Self::CardFormats => "list-card-formats",
        }
    }
}

/// Where the next page of a walk starts; opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// The answer of a read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// People, including foreign ones.
    pub records: Vec<ObservedRecord>,
    /// Names of access groups or card formats.
    pub names: Vec<String>,
    /// The next page; `None` at the end of the walk.
    pub next: Option<Cursor>,
    /// Of one record: when it was changed last, by the system's own clock read in the declared zone. `None` if the
    /// system does not show it, or if the hour is ambiguous.
    pub edited: Option<Timestamp>,
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was done.
    Done,
    /// Create: the record was created under this id instead of the requested one. Later steps cannot find it, so it is
    /// removed at once.
    Misnamed(String),
    /// Create: the id is used by a living or a removed record. Read it before the next step.
    Exists,
    /// Remove or withdraw: there was nothing to remove.
    Absent,
}
