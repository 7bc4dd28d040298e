//! A record that stays although it is not as declared, because its replacement cannot be made yet or nothing may be opened
//! now, is reduced at once to what is still declared.

use vestibule_core::diff::Step;
use vestibule_core::entitlement::{Entitlement, disarming, reduction};
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::{Mode, ObservedRecord};
use vestibule_core::plan::{ActionPlan, Change, DesiredState, ExistingRecord, Withheld};

use super::call::{TurnError, is_of_endpoint};
use super::disarm::Removal;
use super::{Engine, Outcome, Priority, SourceError, Work};
use crate::system::{self, SystemError};

/// What is left in the system of an object that is not as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// No record.
    Nothing,
    /// A record that opens nothing.
    Closed,
    /// Only the wanted record itself, not finished or changed by somebody.
    Wanted,
    /// A record that opens only what is declared now.
    Within,
    /// A record that the mode does not let us reduce.
    Untouched(Mode),
}

/// Whether the record that was made as declared is reduced, too, where somebody has changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spared {
    None,
    Wanted,
}

impl Engine {
    /// After a turn that failed before its record was made: reduces what is left. Gives what is to be reported.
    pub(super) async fn reduce_after(
        &self,
        stop: TurnError,
        object_id: ObjectId,
        desired: &DesiredState,
        work: Work,
    ) -> TurnError {
        let failed = match &stop {
            TurnError::System(error) if !error.kind.is_of_connection() && !is_of_endpoint(error) => {
                Some(error.clone())
            }
            TurnError::Source(SourceError::Unreachable(_))
            | TurnError::Blocked(_)
            | TurnError::CreatesStopped(_) => None,
            _ => return stop,
        };
        // Of a group or format that the system does not have nothing is known but its name: a record that was made as it
        // is declared may still hold it under another.
        let unknown = failed.as_ref().is_some_and(|error| error.kind == system::ErrorKind::Dependency);
        let spared = if unknown { Spared::Wanted } else { Spared::None };
        match (self.reduce(object_id, desired, spared, work).await, failed) {
            (Ok(left), None) => stop.leaving(left),
            (Ok(left), Some(error)) => TurnError::System(describe(error, left)),
            // Whether there is something to take away is not known: it has the rank of what there is.
            (Err(TurnError::System(error)), Some(failed)) if error.kind == system::ErrorKind::Transient => {
                TurnError::Unrevoked(failed)
            }
            (Err(TurnError::System(error) | TurnError::Unrevoked(error)), Some(failed)) => {
                TurnError::Unrevoked(both(&failed, &error))
            }
            (Err(stop), _) => stop.revoking(),
        }
    }

    /// What is left as it is by the unit of a turn, with the reason; `None` if nothing is. A record that stays opens no
    /// more than is declared, as far as the mode lets us reduce it.
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
            // What opens nothing any more is no reason to withhold the new one.
            (Some(_), Left::Nothing | Left::Closed) if beside => Err(TurnError::Superseded),
            (Some((why, change)), _) => Ok(Some(Outcome::Withheld(why, change))),
            (None, Left::Untouched(mode)) => {
                Ok(Some(Outcome::Withheld(Withheld::Mode(mode), Change::Reduce)))
            }
            (None, _) => Ok(None),
        }
    }

    /// Reduces every record of the slot that is not as wanted to what it holds and `want` grants, too.
    async fn reduce(
        &self,
        object_id: ObjectId,
        desired: &DesiredState,
        spared: Spared,
        work: Work,
    ) -> Result<Left, TurnError> {
        let Some(most) = desired.entitlement() else { return Ok(Left::Nothing) };
        let (others, mut left) = {
            let inner = self.inner.lock();
            // It may be there: it was asked for, and may still arrive.
            let uncertain = inner.uncertain(object_id).next().is_some();
            (inner.existing(object_id), if uncertain { Left::Within } else { Left::Nothing })
        };
        for one in others {
            let is_wanted =
                matches!(desired, DesiredState::Record(record) if record.id.same_content(&one.id));
            let is_right = is_wanted && (one.id.holds(one.fingerprint) || spared == Spared::Wanted);
            if !is_right && !self.inner.lock().uncertain.contains_key(&one.id) {
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
            // Somebody gave it to others by hand: it is repaired, and not removed, when that can be done.
            None if is_wanted => Ok(Left::Wanted),
            None if mode.removes() => self.remove_instead(id, work).await,
            None => self.take_away(id, most, &disarming(id, &found.facts, self.clock.now()), work).await,
        }
    }

    /// Nothing is left that both grant.
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

    /// Does these steps, all of them although one may fail, and asks the system what is left.
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
    /// The same, with what is left of the object meanwhile.
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
    let message = "the system acknowledges that access was taken away and goes on showing it: it is taken away again, later \
                   each time. Look at the person in the system";
    SystemError::new(system::ErrorKind::Transient, "ModifyPerson", message)
}

/// Why the record cannot be made, and what is left meanwhile. After a lost answer that is not known.
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
