//! What an engine shows.

use jiff::Timestamp;

use super::clock_check::ClockState;
use super::creates::CreateStop;
use super::remaining::Unremoved;

/// How the connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not tried yet.
    #[default]
    Unchecked,
    /// The login is proven and the last call was answered.
    Connected,
    /// The login is refused; nothing is tried until the Secret changes.
    Rejected(String),
    /// Out of reach; one probe per period.
    Unreachable(String),
    /// The system refuses for good what every sync needs: the configuration is wrong.
    Misconfigured(String),
}

impl ConnectionState {
    /// Whether it stays so until a person mends something.
    pub const fn needs_a_person(&self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Misconfigured(_))
    }

    /// Its name, as `/debug/state.json` shows it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Connected => "connected",
            Self::Rejected(_) => "rejected",
            Self::Unreachable(_) => "unreachable",
            Self::Misconfigured(_) => "misconfigured",
        }
    }

    /// What the system said.
    pub fn message(&self) -> &str {
        match self {
            Self::Unchecked | Self::Connected => "",
            Self::Rejected(message) | Self::Unreachable(message) | Self::Misconfigured(message) => message,
        }
    }
}

/// What an engine shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How the connection stands.
    pub condition: ConnectionState,
    /// The system's version.
    pub version: Option<String>,
    /// How many full syncs have been completed.
    pub syncs: u64,
    /// When the last one ended.
    pub last_sync: Option<Timestamp>,
    /// How the system's clock stands to the declared zone.
    pub clock: ClockState,
    /// The last few tokens of "sync now" that were handled, the newest last.
    pub handled_syncs: Vec<String>,
    /// A setting that decides how a record is written has changed, and not every record was compared since.
    pub outdated: bool,
    /// Living records of ours: counted by each full sync, at rest, and every few seconds while the engine works. `None` before
    /// the first full sync.
    pub records: Option<usize>,
    /// Records that were left in the system since the start, because the mode or a person said so.
    pub left_behind: u64,
    /// Removals that the guard holds.
    pub held: Option<HeldBack>,
    /// Records that the system does not remove.
    pub unremoved: Option<Unremoved>,
    /// The release that was used last.
    pub used_release: Option<String>,
    /// Why no record is created.
    pub creates_stopped: Option<CreateStop>,
    /// Records carry the owner id of the integration, or are about to: `status.ownerId` must name it.
    pub claims_owner_id: bool,
    /// Asked to drain, and no record is left.
    pub drained: bool,
    /// Rises when the names of groups and card formats tell something new of what is declared.
    pub catalogue: u64,
}

/// Removals that the guard holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// Names the set.
    pub hash: String,
    /// How many.
    pub count: usize,
    /// How many of them have lost the mark that names their object: nobody but a person can say that it is gone.
    pub unmarked: usize,
    /// How many of them stand under an id that the system made of ours.
    pub misnamed: usize,
    /// The first few: the object that a record names, or the id of the record if that is not known.
    pub names: Vec<String>,
}
