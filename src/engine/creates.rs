//! Decides whether records may be created. A create stop stops nothing else: removals, ends and repairs continue
//! (design 3.15).

use std::collections::{BTreeMap, BTreeSet};

use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::ownership::Ownership;

use super::call::TurnError;
use super::inner::Inner;
use super::{Engine, Work};
use crate::system::{self, ErrorCode, SystemError};

/// Why an integration creates no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateStop {
    /// The integration has never written, and the system holds records of this other Vestibule owner. They may be its own
    /// from before a move or a restore.
    OtherOwner(String),
    /// The system shortens ids.
    ShortenedIds {
        /// The number of characters that were sent.
        sent: usize,
        /// The number of characters that the system kept.
        kept: usize,
    },
    /// The system gave a record an id of its own choice.
    ChosenIds,
    /// The login has no right to create records; the text is the system's message. Reads and removals continue.
    MayNotCreate(String),
    /// The system reports that an id is used, and shows neither a living nor a removed record with it.
    HiddenIds,
}

impl CreateStop {
    /// The create stop that follows from an answer with another id than the one that was sent.
    pub(super) fn of_answer(sent: &RecordId, given: &str) -> Self {
        if sent.is_altered_as(given) && given.len() < sent.to_string().len() {
            return Self::ShortenedIds { sent: sent.to_string().len(), kept: given.chars().count() };
        }
        Self::ChosenIds
    }

    /// Its name, as logs and `/debug/state.json` show it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OtherOwner(_) => "other owner",
            Self::ShortenedIds { .. } => "shortened ids",
            Self::ChosenIds => "chosen ids",
            Self::HiddenIds => "hidden ids",
            Self::MayNotCreate(_) => "no right to create",
        }
    }
}

/// The facts that decide whether records may be created.
#[derive(Debug, Default)]
pub(super) struct Creates {
    /// Owner ids of other Vestibule owners, as the last listing shows them.
    pub(super) others: BTreeSet<String>,
    /// How the system alters ids. Cleared by a requested sync and by a new spec.
    ids: Option<CreateStop>,
    /// What the system has shown of how it treats ids.
    evidence: Evidence,
    /// The system has shown at some time that it keeps our ids.
    have_kept_ids: bool,
    /// The login has no right to create records. Cleared by another login and by a requested sync.
    denied: Option<CreateStop>,
    /// Why no record is created.
    stop: Option<CreateStop>,
    /// Objects whose create waits for the end of the create stop; bounded by the number of objects.
    waiting: BTreeMap<ObjectId, Work>,
}

/// What a system has shown of how it treats ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Evidence {
    #[default]
    None,
    /// A record of ours exists under its id, or the last create was made under its id.
    Kept,
    /// The last create was made under another id. If the id was shortened, this is the number of characters that were kept.
    /// Earlier records prove nothing any more.
    Altered(Option<usize>),
}

/// Whether an error says that the login has no right to create records.
pub(super) fn may_not_create(error: &SystemError) -> bool {
    error.code == Some(ErrorCode::MayNotCreate)
}

impl Creates {
    /// Whether the system has shown that it keeps our ids. If not, only one create is made at a time.
    pub(super) fn ids_are_kept(&self) -> bool {
        self.evidence == Evidence::Kept
    }

    /// A create was made under our id.
    pub(super) const fn keeps_ids(&mut self) {
        (self.evidence, self.have_kept_ids) = (Evidence::Kept, true);
    }

    /// Whether the system has ever shown a record of ours under its id.
    pub(super) const fn have_kept_ids(&self) -> bool {
        self.have_kept_ids
    }

    /// A create was made under another id, or is hidden.
    pub(super) fn alters_ids(&mut self, how: Option<CreateStop>) {
        let kept = if let Some(CreateStop::ShortenedIds { kept, .. }) = how { Some(kept) } else { None };
        (self.evidence, self.ids) = (Evidence::Altered(kept), how);
    }

    /// How many characters of an id the system kept last.
    pub(super) const fn kept_last(&self) -> Option<usize> {
        if let Evidence::Altered(kept) = self.evidence { kept } else { None }
    }

    /// A complete listing shows records of ours under their ids, or none.
    pub(super) fn note_listing(&mut self, shows_ours: bool) {
        self.have_kept_ids |= shows_ours;
        if shows_ours && self.evidence == Evidence::None {
            self.evidence = Evidence::Kept;
        }
    }

    pub(super) const fn are_stopped(&self) -> bool {
        self.stop.is_some()
    }

    pub(super) const fn stop(&self) -> Option<&CreateStop> {
        self.stop.as_ref()
    }

    /// The object has a turn, so it waits no longer.
    pub(super) fn has_turn(&mut self, object_id: ObjectId) {
        self.waiting.remove(&object_id);
    }
}

impl Engine {
    /// Stops creates if a step failed because the login has no right to create records.
    pub(super) fn note_denied(&self, turn_error: TurnError, connection: u64) -> TurnError {
        match turn_error {
            TurnError::System(error) if may_not_create(&error) => {
                let mut inner = self.inner.lock();
                if inner.connection != connection {
                    // Another login is in use now and may have the right, so the turn is repeated.
                    return TurnError::Superseded;
                }
                self.metrics.systems.credential_valid(&self.label, false);
                inner.creates.denied = Some(CreateStop::MayNotCreate(error.message));
                self.judge_creates(&mut inner);
                drop(inner);
                self.creates_stopped()
            }
            other => other,
        }
    }

    /// Fails if no record may be created now.
    pub(super) fn check_creates(&self) -> Result<(), TurnError> {
        if self.inner.lock().creates.are_stopped() { Err(self.creates_stopped()) } else { Ok(()) }
    }

    /// The error of a create that is not allowed.
    pub(super) fn creates_stopped(&self) -> TurnError {
        let message = format!(
            "waits for AccessIntegration {}, which creates no records now: see its status",
            self.integration.name
        );
        TurnError::CreatesStopped(SystemError::new(system::ErrorKind::Dependency, "create", message))
    }

    /// The turn of an object ended because no record may be created. It is repeated when creates are allowed again.
    pub(super) fn await_creates(&self, inner: &mut Inner, object_id: ObjectId, work: Work) {
        inner.queue.done(object_id);
        if inner.creates.are_stopped() {
            inner.creates.waiting.insert(object_id, work);
        } else {
            inner.queue.push(object_id, work, None, self.clock.now());
        }
    }

    /// Decides again whether records may be created, publishes the result, and queues the waiting creates if so.
    pub(super) fn judge_creates(&self, inner: &mut Inner) {
        let recorded = *self.may_write.borrow();
        let other = {
            let settings = self.settings.read();
            let ownership =
                Ownership { recorded: recorded || settings.ownership.recorded, ..settings.ownership.clone() };
            let others = inner.creates.others.iter().map(String::as_str);
            ownership.stopped_by(others, inner.records() > 0).map(str::to_owned)
        };
        let stop = other.map(CreateStop::OtherOwner).or_else(|| inner.creates.ids.clone());
        let stop = stop.or_else(|| inner.creates.denied.clone());
        if stop != inner.creates.stop
            && let Some(stop) = &stop
        {
            tracing::warn!(integration = %self.label, why = stop.name(), "no records are created");
        }
        inner.creates.stop.clone_from(&stop);
        if stop.is_none() {
            let now = self.clock.now();
            for (object_id, work) in std::mem::take(&mut inner.creates.waiting) {
                inner.queue.push(object_id, work, None, now);
            }
        }
        self.publish(|state| state.creates_stopped = stop);
        self.wake.notify_one();
    }

    /// Tries creates again although the system altered an id or denied them before, because the spec has changed or a sync
    /// was requested. One record is enough to find out.
    pub fn retry_creates(&self) {
        let mut inner = self.inner.lock();
        let (ids, denied) = (inner.creates.ids.take(), inner.creates.denied.take());
        if ids.or(denied).is_some() {
            self.judge_creates(&mut inner);
        }
    }
}
