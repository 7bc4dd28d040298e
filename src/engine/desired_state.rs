//! What the engine asks of those who know the declared state, and what it tells them.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::{Fields, ObjectKey};
use vestibule_core::plan::{Change, DesiredState, Withheld};

use super::{Engine, Priority};
use crate::cluster::lease::NotLeader;
use crate::system::SystemError;

/// The declared side. It is asked when a slot's turn comes, not when it was queued: superseded work is never done.
#[async_trait]
pub trait DesiredStateSource: Send + Sync {
    /// What should be true of the slot in this integration now.
    async fn desired_state(
        &self,
        integration: &ObjectKey,
        object_id: ObjectId,
    ) -> Result<DesiredStateAnswer, SourceError>;

    /// Called just before the first write for the slot: sets the finalizer, fenced by the object's uid.
    async fn ensure_finalizer(&self, object_id: ObjectId) -> Result<(), SourceError>;

    /// Whether all objects are known: before that, an unknown slot means nothing.
    fn is_complete(&self) -> bool;

    /// Whether an object of this slot is known. Cheap; asked for every record after a full sync.
    fn knows(&self, object_id: ObjectId) -> bool;

    /// Whether a live GET of the API server says that the object does not exist.
    async fn is_gone(&self, object: &ObjectKey) -> Result<bool, SourceError>;

    /// Takes the outcome of one slot.
    async fn report(&self, report: Report);

    /// The record of an object was changed or removed in one integration: what waits for it in others is looked at again.
    fn record_changed(&self, _slot: ObjectId) {}

    /// The engine of another integration of this process, by the owner of its records.
    fn engine_of(&self, _owner: Owner) -> Option<Arc<Engine>> {
        None
    }
}

/// What should be true of a slot.
#[derive(Clone, Debug)]
pub struct DesiredStateAnswer {
    /// The record, or that there is none.
    pub desired: DesiredState,
    /// Ids under which the object says it was made. One that the last listing lacks is asked for by id before it is
    /// taken for absent.
    pub known: Vec<RecordId>,
}

/// Why the declared side gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// All objects are known and none has this slot: there is nothing to do for it. What a system still holds of it are
    /// orphans, which a full sync judges.
    #[error("no object is known")]
    NoObject,
    /// It is not known now what should be true (a cache that has not synced, an integration that is not published yet):
    /// nothing is opened, nothing removed, and the question is asked again later.
    #[error("what is wanted is not known now")]
    Frozen,
    /// The lease is not held, so that nothing was written to the cluster.
    #[error(transparent)]
    NotLeader(#[from] NotLeader),
    /// The API server did not answer; tried again.
    #[error("the Kubernetes API could not be asked: {0}")]
    Unreachable(String),
}

/// The outcome of one slot in one integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The integration.
    pub integration: ObjectKey,
    /// The slot.
    pub object_id: ObjectId,
    /// The rank that the work had: what is told of it has the same.
    pub priority: Priority,
    /// What came of it.
    pub outcome: Outcome,
}

/// What an object waits for, and who holds it until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In words, such as "the card of spec.credentialNumber".
    pub what: &'static str,
    /// The object that holds it, in words.
    pub holder: String,
    /// When the holder is done with it, if nothing changes before.
    pub until: Timestamp,
}

/// What came of a slot's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The system holds exactly this record.
    Present(RecordId),
    /// The system holds this record, with other texts than it was sent: it does not keep them.
    Altered(RecordId, Fields),
    /// The system holds exactly this record, and beside it one that it does not remove, for this reason. The latter opens
    /// nothing, and its removal is tried again.
    Leftover(RecordId, SystemError),
    /// The system holds no living record, and said so when asked again.
    Absent,
    /// Removed, and not read back yet; or one list lacks it, and a second has not been read yet.
    Unconfirmed,
    /// It differs and stays so, for this reason; and what would become of it.
    Withheld(Withheld, Change),
    /// Another object of ours holds what it needs: it is taken up again when that object changes, or ends.
    Waits(Wait),
    /// It failed. `retried`: by itself, without anybody's help.
    Failed {
        /// What was said.
        error: SystemError,
        /// Whether it will be tried again unasked.
        retried: bool,
    },
}
