//! The published state of an engine.

use jiff::Timestamp;

use super::clock_check::ClockState;
use super::creates::CreateStop;
use super::remaining::Unremoved;

/// The state of the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not tried yet.
    #[default]
    Unchecked,
    /// The login is proven and the last call was answered.
    Connected,
    /// The login is rejected. No call is made until the Secret changes or a sync is requested.
    Rejected(String),
    /// The system does not answer. It receives one probe per period.
    Unreachable(String),
    /// The system permanently refuses a call that every sync needs: the configuration is wrong.
    Misconfigured(String),
}

impl ConnectionState {
    /// Whether it stays so until a person corrects a setting.
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

    /// The system's message.
    pub fn message(&self) -> &str {
        match self {
            Self::Unchecked | Self::Connected => "",
            Self::Rejected(message) | Self::Unreachable(message) | Self::Misconfigured(message) => message,
        }
    }
}

/// The published state of an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The state of the connection.
    pub condition: ConnectionState,
    /// The system's version.
    pub version: Option<String>,
    /// How many full syncs have been completed.
    pub syncs: u64,
    /// When the last full sync ended.
    pub last_sync: Option<Timestamp>,
    /// How the system's clock compares with the declared zone.
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
    /// Removals that the guard holds back.
    pub held: Option<HeldBack>,
    /// Records that the system does not remove.
    pub unremoved: Option<Unremoved>,
    /// The release that was used last.
    pub used_release: Option<String>,
    /// Why no record is created.
    pub creates_stopped: Option<CreateStop>,
    /// Records carry the owner id of the integration, or are about to: `status.ownerId` must name it.
    pub claims_owner_id: bool,
    /// A drain was requested, and no record is left.
    pub drained: bool,
    /// Rises when the names of groups and card formats may have changed for declared names.
    pub catalogue: u64,
}

/// Removals that the guard holds back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// Names the set.
    pub hash: String,
    /// How many.
    pub count: usize,
    /// How many of them have lost the owner mark that names their object, so that only a person can say that it is gone.
    pub unmarked: usize,
    /// How many of them have an altered form of one of our ids.
    pub misnamed: usize,
    /// The first few: the object that a record names, or the id of the record if the object is not known.
    pub names: Vec<String>,
}
