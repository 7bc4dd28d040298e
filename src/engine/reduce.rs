//! Reduces a record that differs from its desired record and cannot be replaced yet, or may not open anything now, to what is
//! still declared.

use vestibule_core::diff::Step;
use vestibule_core::entitlement::{Entitlement, disarming, reduction};
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::{Mode, ObservedRecord};
use vestibule_core::plan::{ActionPlan, Change, DesiredState, ExistingRecord, Withheld};

use super::call::{TurnError, is_of_endpoint};
use super::disarm::Removal;
use super::{Engine, Outcome, Priority, SourceError, Work};
use crate::system::{self, SystemError};

/// The records of an object that remain in the system although they are not as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// No record.
    Nothing,
    /// A record that opens nothing.
    Closed,
    /// Only the desired record itself, perhaps unfinished or changed by a person.
    Wanted,
    /// A record that opens only what is declared now.
    Within,
    /// A record that may not be reduced in this mode.
    Untouched(Mode),
}

/// Whether the desired record is exempt from the reduction if a person has changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spared {
    None,
    Wanted,
}

impl Engine {
    /// After a turn that failed before it created its record: reduces the remaining records. Returns the error to report.
    pub(super) async fn reduce_after(
        &self,
        turn_error: TurnError,
        object_id: ObjectId,
        desired: &DesiredState,
        work: Work,
    ) -> TurnError {
        let failed = match &turn_error {
            TurnError::System(error) if !error.kind.is_of_connection() && !is_of_endpoint(error) => {
                Some(error.clone())
            }
            TurnError::Source(SourceError::Unreachable(_))
            | TurnError::Blocked(_)
            | TurnError::CreatesStopped(_) => None,
            _ => return turn_error,
        };
        // If the system lacks a declared group or format, a record that was made as declared may still hold it under
        // another name. Such a record is not reduced.
        let unknown = failed.as_ref().is_some_and(|error| error.kind == system::ErrorKind::Dependency);
        let spared = if unknown { Spared::Wanted } else { Spared::None };
        match (self.reduce(object_id, desired, spared, work).await, failed) {
            (Ok(left), None) => turn_error.leaving(left),
            (Ok(left), Some(error)) => TurnError::System(describe(error, left)),
            // It is unknown whether access remains to be removed, so the failure counts as a failed revocation.
            (Err(TurnError::System(error)), Some(failed)) if error.kind == system::ErrorKind::Transient => {
                TurnError::Unrevoked(failed)
            }
            (Err(TurnError::System(error) | TurnError::Unrevoked(error)), Some(failed)) => {
                TurnError::Unrevoked(both(&failed, &error))
            }
            (Err(turn_error), _) => turn_error.revoking(),
        }
    }

    /// The change that an action plan withholds, with the reason; `None` if there is none. Reduces a record that stays to
    /// what is declared, if the mode allows it.
    pub(super) async fn leave(
        &self,
        object_id: ObjectId,
        desired: &DesiredState,
        action_plan: &ActionPlan,
        work: Work,
    ) -> Result<Option<Outcome>, TurnError> {
        let withheld = action_plan.withheld();
        if withheld.is_none() && !matches!(desired, DesiredState::AtMost(_)) {
            return Ok(None);
        }
        let left = self.reduce(object_id, desired, Spared::None, work).await.map_err(TurnError::revoking)?;
        let beside = action_plan.withheld.iter().any(|(_, why)| matches!(why, Withheld::Beside(_)));
        match (withheld, left) {
            // The old record opens nothing any more, so the new one is not withheld.
            (Some(_), Left::Nothing | Left::Closed) if beside => Err(TurnError::Superseded),
            (Some((why, change)), _) => Ok(Some(Outcome::Withheld(why, change))),
            (None, Left::Untouched(mode)) => {
                Ok(Some(Outcome::Withheld(Withheld::Mode(mode), Change::Reduce)))
            }
            (None, _) => Ok(None),
        }
    }

    /// Reduces every record of the object that differs from `desired` to the access that both grant.
    async fn reduce(
        &self,
        object_id: ObjectId,
        desired: &DesiredState,
        spared: Spared,
        work: Work,
    ) -> Result<Left, TurnError> {
        let Some(most) = desired.entitlement() else { return Ok(Left::Nothing) };
        let is_wanted =
            |id: &RecordId| matches!(desired, DesiredState::Record(record) if record.id.same_content(id));
        let (others, mut left) = {
            let inner = self.inner.lock();
            // A create without an answer may still arrive.
            let uncertain = inner.uncertain(object_id);
            let left = uncertain.map(|id| if is_wanted(&id) { Left::Wanted } else { Left::Within }).max();
            (inner.existing(object_id), left.unwrap_or(Left::Nothing))
        };
        for one in others {
            let is_wanted = is_wanted(&one.id);
            if is_wanted && (one.id.holds(one.fingerprint) || spared == Spared::Wanted) {
                left = left.max(Left::Wanted);
            } else if !self.inner.lock().uncertain.contains_key(&one.id) {
                left = left.max(self.reduce_one(one, is_wanted, &most, desired, work).await?);
            }
        }
        Ok(left)
    }

    async fn reduce_one(
        &self,
        one: ExistingRecord,
        is_wanted: bool,
        most: &Entitlement,
        desired: &DesiredState,
        work: Work,
    ) -> Result<Left, TurnError> {
        let (id, mode) = (one.id, self.settings.read().mode);
        if !mode.updates() && matches!(desired, DesiredState::Record(_)) {
            return Ok(Left::Untouched(mode));
        }
        if let Some(left) = self.inner.lock().remaining.left(&one, most.fingerprint()) {
            return Ok(left);
        }
        let Some(found) = self.read(id, Priority::Revocation).await? else {
            self.inner.lock().removed(&id);
            return Ok(Left::Nothing);
        };
        match most.shared_with(&found.facts) {
            Some(shared) if shared == found.facts => {
                let left = self.is_within(id, &found, most);
                Ok(if is_wanted { Left::Wanted } else { left })
            }
            _ if !mode.updates() => Ok(Left::Untouched(mode)),
            Some(shared) => self.take_away(id, most, &reduction(id, &found.facts, &shared), work).await,
            // A person changed the desired record by hand. It is repaired when that is possible, and not removed.
            None if is_wanted => Ok(Left::Wanted),
            None if mode.removes() => self.remove_instead(id, work).await,
            None => self.take_away(id, most, &disarming(id, &found.facts, self.clock.now()), work).await,
        }
    }

    /// Removes a record that shares no access with the desired state.
    async fn remove_instead(&self, id: RecordId, work: Work) -> Result<Left, TurnError> {
        match self.remove_or_disarm(id, work).await? {
            Removal::Disarmed(error) => Err(TurnError::Unrevoked(error)),
            Removal::Done | Removal::MayArrive => {
                if self.reads_back_alone(work.priority) {
                    self.read_back(id.object_id, work.priority).await?;
                }
                Ok(Left::Nothing)
            }
        }
    }

    /// Carries out all of these steps, even if one fails, and then reads the record.
    async fn take_away(
        &self,
        id: RecordId,
        most: &Entitlement,
        steps: &[Step],
        work: Work,
    ) -> Result<Left, TurnError> {
        let mut first = None;
        for step in steps {
            match self.write(work.as_revocation(), step).await {
                Err(TurnError::System(error)) => first = first.or(Some(error)),
                done => drop(done?),
            }
        }
        let left = self.read(id, Priority::Revocation).await.map_err(TurnError::revoking)?;
        let Some(left) = left else {
            self.inner.lock().removed(&id);
            return Ok(Left::Nothing);
        };
        let is_closed = self.note_content(id, &left);
        if is_closed || most.shared_with(&left.facts).as_ref() == Some(&left.facts) {
            tracing::info!(integration = %self.label, %id, "a record was reduced to what is still declared");
            return Ok(self.is_within(id, &left, most));
        }
        Err(TurnError::Unrevoked(first.unwrap_or_else(not_taken_away)))
    }

    fn is_within(&self, id: RecordId, found: &ObservedRecord, most: &Entitlement) -> Left {
        if self.note_content(id, found) {
            return Left::Closed;
        }
        let mut inner = self.inner.lock();
        inner.remaining.note_reduced(id, found.facts.fingerprint(), most.fingerprint());
        Left::Within
    }
}

impl TurnError {
    /// Adds to the message which access remains meanwhile.
    fn leaving(mut self, left: Left) -> Self {
        let error = match &mut self {
            Self::Blocked(blocked) => match &mut blocked.outcome {
                Some(Outcome::Failed { error, .. }) => Some(error),
                _ => None,
            },
            Self::CreatesStopped(error) => Some(error),
            _ => None,
        };
        if let Some(error) = error {
            *error = describe(error.clone(), left);
        }
        self
    }
}

fn not_taken_away() -> SystemError {
    let message = "the system acknowledges that access was removed and still shows it: the removal is repeated, later each \
                   time. Look at the person in the system";
    SystemError::new(system::ErrorKind::Transient, "ModifyPerson", message)
}

/// Adds to an error which access remains until the record can be created. After a lost answer this is unknown.
fn describe(error: SystemError, left: Left) -> SystemError {
    let meanwhile = match left {
        Left::Nothing if error.kind == system::ErrorKind::Transient => return error,
        Left::Wanted => return error,
        Left::Nothing | Left::Closed => "until then it opens no door".to_owned(),
        Left::Within => "until then its former record opens only what is still declared".to_owned(),
        Left::Untouched(mode) => {
            format!("until then its former record stays as it is: mode {mode:?} changes nothing")
        }
    };
    SystemError { message: format!("{}; {meanwhile}", error.message), ..error }
}

fn both(first: &SystemError, error: &SystemError) -> SystemError {
    if first == error {
        return error.clone();
    }
    let message = format!(
        "{}; what is no longer declared could not be taken away meanwhile: {}",
        first.message, error.message
    );
    SystemError { message, ..error.clone() }
}
