//! Access-control systems: what the engine needs of one, whatever its wire.

mod error;
pub mod lenel_s2;
pub mod memory;

pub use error::{ErrorCode, ErrorKind, SystemError};

use async_trait::async_trait;
use jiff::Timestamp;
use vestibule_core::adapt::Capabilities;
use vestibule_core::diff::Step;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{Card, ObservedRecord};

/// One connection to one system. Every method is one call of the wire, a renewed login aside, so that pace, fence and
/// priority apply to each. It gets resolved credentials and domain values, never a Kubernetes client.
#[async_trait]
pub trait AccessSystem: Send + Sync {
    /// What the system can do, as data.
    fn capabilities(&self) -> &Capabilities;

    /// Proves the login and asks for the version.
    async fn check(&self) -> Result<Health, SystemError>;

    /// Reads. The answer is complete for its scope or an error, never a partial default.
    async fn observe(&self, scope: Scope) -> Result<Page, SystemError>;

    /// Writes. Repeating a step is safe: what exists is told, removing what is absent succeeds.
    async fn apply(&self, step: &Step) -> Result<Applied, SystemError>;

    /// Gives the session back. Called once at the end; failing is of no consequence.
    async fn close(&self);

    /// How many logins this connection has tried.
    fn logins(&self) -> u64 {
        0
    }

    /// The id under which the system knows a record of ours.
    fn external_id(&self, id: &RecordId) -> String {
        id.to_string()
    }
}

/// A proven connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What the system calls its version, such as `6.2.0`.
    pub version: String,
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One page of all living people; `None` is the first page.
    People(Option<Cursor>),
    /// One record, dead or alive.
    Record(RecordId),
    /// Whatever shows that an id is used: a living record, or a dead one even where [`Self::Record`] hides the dead.
    UsedId(RecordId),
    /// The person of an id that is none of ours, dead or alive.
    ExternalId(String),
    /// The living people who hold this card, as the system compares cards: by the number in it or printed on it, leading
    /// zeros aside.
    Card(Card),
    /// One page of the access groups.
    Groups(Option<Cursor>),
    /// The names of the card formats, all at once.
    CardFormats,
}

impl Scope {
    /// The word in metrics.
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

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// People, foreign ones among them.
    pub records: Vec<ObservedRecord>,
    /// Names of access groups or card formats.
    pub names: Vec<String>,
    /// The next page; `None` at the end of the walk.
    pub next: Option<Cursor>,
    /// Of one record: when it was changed last, by the system's own clock read in the declared zone. `None` where the system
    /// does not show it or the hour is ambiguous.
    pub edited: Option<Timestamp>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was done.
    Done,
    /// Create: the record was made under this id instead of ours. It is lost to every later step and is removed at once.
    Misnamed(String),
    /// Create: the id is taken, by a living or by a dead record. Read it before anything else.
    Exists,
    /// Remove or withdraw: nothing was there (any more).
    Absent,
}
