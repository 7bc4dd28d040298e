//! The interface between an engine and the declared side: the desired state of an object, and the outcome of its turn.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::{Fields, ObjectKey};
use vestibule_core::plan::{Change, DesiredState, Withheld};

use super::{Engine, Priority};
use crate::cluster::lease::NotLeader;
use crate::system::SystemError;

/// The declared side. The engine asks for the desired state at the start of an object's turn, not when the object is
/// queued, so that superseded work is never done.
#[async_trait]
pub trait DesiredStateSource: Send + Sync {
    /// The desired state of the object in this integration now.
    async fn desired_state(
        &self,
        integration: &ObjectKey,
        object_id: ObjectId,
    ) -> Result<DesiredStateAnswer, SourceError>;

    /// Called just before the first write for the object: sets the finalizer, fenced by the object's uid.
    async fn ensure_finalizer(&self, object_id: ObjectId) -> Result<(), SourceError>;

    /// Whether all objects are known. Until then an unknown object id proves nothing.
    fn is_complete(&self) -> bool;

    /// Whether an object with this id is known. Cheap; called for every record after a full sync.
    fn knows(&self, object_id: ObjectId) -> bool;

    /// Whether a live GET from the API server shows that the object does not exist.
    async fn is_gone(&self, object: &ObjectKey) -> Result<bool, SourceError>;

    /// Takes the outcome of one object's turn.
    async fn report(&self, report: Report);

    /// The record of an object was changed or removed in one integration. Objects that wait for it in other integrations
    /// get a new turn.
    fn record_changed(&self, _object_id: ObjectId) {}

    /// The engine of another integration of this process, by the owner of its records.
    fn engine_of(&self, _owner: Owner) -> Option<Arc<Engine>> {
        None
    }
}

/// The desired state of an object.
#[derive(Clone, Debug)]
pub struct DesiredStateAnswer {
    /// The record, or that there is none.
    pub desired: DesiredState,
    /// The record ids in the status of the object. A record that is missing from the last listing is read by its id before
    /// it counts as absent.
    pub known: Vec<RecordId>,
}

/// Why the declared side gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// All objects are known and none has this id, so the turn has nothing to do. Records that a system still holds of it
    /// are orphans, which a full sync judges.
    #[error("no object is known")]
    NoObject,
    /// The desired state is not known now, because a cache has not synced or an integration is not published yet. Nothing
    /// is opened or removed, and the engine asks again later.
    #[error("the desired state is not known now")]
    Frozen,
    /// The lease is not held, so that nothing was written to the cluster.
    #[error(transparent)]
    NotLeader(#[from] NotLeader),
    /// The API server did not answer; tried again.
    #[error("the Kubernetes API could not be asked: {0}")]
    Unreachable(String),
}

/// The outcome of one object's turn in one integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The integration.
    pub integration: ObjectKey,
    /// The object.
    pub object_id: ObjectId,
    /// The priority of the work; its status write has the same priority.
    pub priority: Priority,
    /// The outcome.
    pub outcome: Outcome,
}

/// What an object waits for, which object holds it, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In words, such as "the card of spec.credentialNumber".
    pub what: &'static str,
    /// The object that holds it, in words.
    pub holder: String,
    /// When the holder releases it, if nothing changes before.
    pub until: Timestamp,
}

/// The outcome of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The system holds exactly this record.
    Present(RecordId),
    /// The system holds this record with other texts than those that were sent, because it does not keep them.
    Altered(RecordId, Fields),
    /// The system holds exactly this record, and a second record that it refuses to remove for this reason. The second
    /// record opens nothing, and its removal is tried again.
    Leftover(RecordId, SystemError),
    /// The system holds no living record, and a further read confirmed it.
    Absent,
    /// The record was removed and not read back yet, or it is missing from one listing and a second one was not read yet.
    Unconfirmed,
    /// The record differs and is not changed for this reason; the change is the one that would be made.
    Withheld(Withheld, Change),
    /// Another object of ours holds what this one needs. The turn is repeated when that object changes or ends.
    Waits(Wait),
    /// The turn failed.
    Failed {
        /// The error.
        error: SystemError,
        /// Whether the engine tries again without an event.
        retried: bool,
    },
}
