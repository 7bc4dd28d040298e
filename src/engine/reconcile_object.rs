//! One turn of an object: reads the desired state, compares it with the snapshot, carries out the action plan, and returns
//! the outcome.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::diff;
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::{DesiredRecord, ObservedRecord};
use vestibule_core::plan::{self, Action, ActionPlan, Change, DesiredState, ExistingRecord, Withheld};

use super::call::TurnError;
use super::disarm::Removals;
use super::{DesiredStateAnswer, Engine, Outcome, Priority, Work};
use crate::system::{self, Scope, SystemError};

impl Engine {
    /// Takes the turn of an object and returns its outcome; `None` if there is nothing to report.
    pub(super) async fn reconcile_object(
        &self,
        object_id: ObjectId,
        work: Work,
    ) -> Result<Option<Outcome>, TurnError> {
        let draining = {
            let mut inner = self.inner.lock();
            inner.waits.withdraw(object_id);
            inner.creates.has_turn(object_id);
            inner.draining
        };
        self.remove_misnamed_of(object_id, work).await?;
        let wanted = if draining {
            DesiredStateAnswer { desired: DesiredState::Nothing, known: Vec::new() }
        } else {
            self.source.desired_state(&self.integration, object_id).await?
        };
        self.ask_for_doubtful(object_id, &wanted, work.priority).await?;
        let desired = wanted.desired;
        let existing = self.inner.lock().existing(object_id);
        let action_plan = self.action_plan(&desired, &existing, draining);
        self.note_wanted(&desired, &existing, &action_plan);
        let removals = match self.carry_out(object_id, &action_plan, work).await {
            Ok(removals) => removals,
            Err(turn_error) => return Err(self.reduce_after(turn_error, object_id, &desired, work).await),
        };
        if removals.may_arrive {
            let message = "an earlier create without an answer may still arrive; the record is looked up again in a moment";
            let error = SystemError::new(system::ErrorKind::Dependency, "RemovePerson", message);
            return Err(TurnError::Unrevoked(error));
        }
        let left = self.leave(object_id, &desired, &action_plan, work).await?;
        self.note_differing(object_id, &desired, left.as_ref(), work.priority).await;
        if left.is_some() {
            return Ok(left);
        }
        match (removals.disarmed, &desired) {
            (None, _) => self.settle(object_id, &desired, work.priority).await,
            (Some(error), DesiredState::Record(_)) => match self
                .settle(object_id, &desired, work.priority)
                .await?
            {
                Some(Outcome::Present(id) | Outcome::Altered(id, _)) => Err(TurnError::Leftover(id, error)),
                outcome => Ok(outcome),
            },
            (Some(error), _) => Err(TurnError::Unrevoked(error)),
        }
    }

    /// Checks the new record, removes the old ones, and creates the new one.
    async fn carry_out(
        &self,
        object_id: ObjectId,
        action_plan: &ActionPlan,
        work: Work,
    ) -> Result<Removals, TurnError> {
        self.check_new(action_plan, work).await?;
        if action_plan.actions.iter().any(|action| !matches!(action, Action::Remove(_))) {
            // Before the old record is removed, so that it stays while the API server does not answer.
            self.source.ensure_finalizer(object_id).await?;
        }
        if action_plan.actions.iter().any(|action| matches!(action, Action::Create(_))) {
            self.inner.lock().note_create(object_id, self.clock.now());
        }
        let removed = action_plan
            .actions
            .iter()
            .filter_map(|action| if let Action::Remove(id) = action { Some(*id) } else { None });
        let removals = self.remove_all(removed, work).await?;
        for action in &action_plan.actions {
            let made = match action {
                Action::Remove(_) => continue,
                Action::Create(record) => self.create(record, work).await,
                Action::Repair(id, record) => self.repair(*id, record, work).await,
            };
            // A failed removal is tried again, whatever else fails.
            made.map_err(
                |turn_error| if removals.disarmed.is_some() { turn_error.revoking() } else { turn_error },
            )?;
        }
        Ok(removals)
    }

    fn action_plan(&self, desired: &DesiredState, existing: &[ExistingRecord], draining: bool) -> ActionPlan {
        let (mode, suspended) = {
            let settings = self.settings.read();
            (settings.mode, settings.suspended && !draining)
        };
        let now = self.clock.now();
        let action_plan = plan::action_plan(desired, existing, mode, now);
        if suspended { action_plan.without_opening(existing, now) } else { action_plan }
    }

    /// Notes the records that are desired again although the system refused their removal before.
    fn note_wanted(&self, desired: &DesiredState, existing: &[ExistingRecord], action_plan: &ActionPlan) {
        let DesiredState::Record(record) = desired else { return };
        let mut inner = self.inner.lock();
        for one in existing.iter().filter(|one| record.id.same_content(&one.id)) {
            if !action_plan.actions.contains(&Action::Remove(one.id)) {
                inner.remaining.note_wanted(&one.id);
            }
        }
    }

    /// After the actions: reads removals back if they are few, and returns the outcome.
    async fn settle(
        &self,
        object_id: ObjectId,
        desired: &DesiredState,
        priority: Priority,
    ) -> Result<Option<Outcome>, TurnError> {
        if self.reads_back_alone(priority) {
            self.read_back(object_id, priority).await?;
        }
        let mut inner = self.inner.lock();
        let present = present(desired, &inner.existing(object_id));
        Ok(match (desired, present) {
            (DesiredState::Keep, _) => None,
            (DesiredState::Record(_), Some(_)) if inner.awaits_second_list(object_id) => {
                Some(Outcome::Unconfirmed)
            }
            (DesiredState::Record(_), Some(id)) => Some(match inner.altered_fields(object_id) {
                fields if fields.is_empty() => Outcome::Present(id),
                fields => Outcome::Altered(id, fields),
            }),
            (DesiredState::AtMost(_), Some(id)) => Some(Outcome::Present(id)),
            _ if !inner.unconfirmed(object_id).is_empty() => Some(Outcome::Unconfirmed),
            (DesiredState::Ended, Some(id)) => Some(Outcome::Present(id)),
            (DesiredState::Record(_), None) | (DesiredState::Nothing, Some(_)) => {
                return Err(TurnError::Superseded);
            }
            (DesiredState::Nothing | DesiredState::Ended | DesiredState::AtMost(_), None)
                if inner.misnamed.holds(object_id) =>
            {
                let mode = self.settings.read().mode;
                Some(Outcome::Withheld(Withheld::Mode(mode), Change::Remove))
            }
            (DesiredState::Nothing | DesiredState::Ended | DesiredState::AtMost(_), None)
                if inner.is_absent(object_id) =>
            {
                Some(Outcome::Absent)
            }
            (DesiredState::Nothing | DesiredState::Ended | DesiredState::AtMost(_), None) => {
                inner.want_witness(self.clock.now());
                Some(Outcome::Unconfirmed)
            }
        })
    }

    /// Reads records that are missing from the last listing, and creates whose answer was lost, by their id: absence needs a
    /// second witness, and a create is not repeated without a look.
    async fn ask_for_doubtful(
        &self,
        object_id: ObjectId,
        wanted: &DesiredStateAnswer,
        priority: Priority,
    ) -> Result<(), TurnError> {
        let (is_reread, doubtful) = {
            let inner = self.inner.lock();
            let is_reread = inner.rereads.contains(&object_id);
            let existing = inner.existing(object_id);
            let unlisted =
                wanted.known.iter().filter(|id| id.owner == self.owner && id.object_id == object_id);
            let unlisted = unlisted.filter(|id| !existing.iter().any(|one| one.id == **id));
            let reread = existing.iter().map(|one| one.id).filter(|_| is_reread);
            let doubtful = inner
                .missing(object_id)
                .chain(inner.uncertain(object_id))
                .chain(unlisted.copied())
                .chain(reread)
                .collect::<BTreeSet<RecordId>>();
            (is_reread, doubtful)
        };
        for id in doubtful {
            let found = self.read(id, priority).await?;
            let mut inner = self.inner.lock();
            if let Some(record) = found {
                inner.uncertain.remove(&id);
                inner.snapshot.stands(&id, record.facts.fingerprint(), until(&record));
                continue;
            }
            let was_listed = inner.snapshot.is_missing(&id);
            inner.removed(&id);
            self.metrics.truth.drift(&self.label, u64::from(was_listed), 0);
            // The create may still arrive. A repeated create would meet the record; a removal must wait for it.
            if matches!(&wanted.desired, DesiredState::Record(record) if record.id.same_content(&id)) {
                inner.uncertain.remove(&id);
            }
        }
        if is_reread {
            self.inner.lock().rereads.remove(&object_id);
        }
        Ok(())
    }

    /// Checks the new record before the old one is removed: creates are allowed, its groups and its card format exist, and
    /// its card is free.
    async fn check_new(&self, action_plan: &ActionPlan, work: Work) -> Result<(), TurnError> {
        if action_plan.actions.iter().any(|action| matches!(action, Action::Create(_))) {
            self.check_creates()?;
        }
        for action in &action_plan.actions {
            if let Action::Create(record) | Action::Repair(_, record) = action {
                self.names_exist(record, work.priority).await?;
                if let Some(card) = &record.card {
                    self.free_card(record, card, work).await?;
                }
            }
        }
        Ok(())
    }

    /// Assigns the cards of a new record, which are the remaining steps of `diff` after the create.
    pub(super) async fn add_cards(&self, record: &Arc<DesiredRecord>, work: Work) -> Result<(), TurnError> {
        for step in diff::diff(record, None).iter().skip(1) {
            self.take_step(record, step, work).await?;
        }
        self.now_holds(record);
        self.verify_created(record, work.priority).await
    }

    async fn repair(&self, id: RecordId, wanted: &Arc<DesiredRecord>, work: Work) -> Result<(), TurnError> {
        let Some(found) = self.read(id, work.priority).await? else {
            self.inner.lock().removed(&id);
            return self.create(wanted, work).await;
        };
        let record = Arc::new(DesiredRecord { id, ..(**wanted).clone() });
        {
            let mut inner = self.inner.lock();
            inner.snapshot.stands(&id, found.facts.fingerprint(), until(&found));
            if !inner.altered_fields(id.object_id).is_empty()
                && inner.altered[&id.object_id].wanted == record.facts().fingerprint()
            {
                return Ok(());
            }
        }
        self.bring_into_step(&record, &found, work).await?;
        self.verify_repaired(&record, work.priority).await
    }

    pub(super) async fn bring_into_step(
        &self,
        record: &Arc<DesiredRecord>,
        found: &ObservedRecord,
        work: Work,
    ) -> Result<(), TurnError> {
        let steps = diff::diff(record, Some(found));
        for step in &steps {
            self.take_step(record, step, work).await?;
        }
        self.metrics.truth.drift(&self.label, 0, u64::from(work.priority == Priority::Drift));
        self.now_holds(record);
        Ok(())
    }

    fn now_holds(&self, record: &DesiredRecord) {
        let mut inner = self.inner.lock();
        inner.uncertain.remove(&record.id);
        inner.remaining.forget_content(&record.id);
        inner.snapshot.stands(&record.id, record.facts().fingerprint(), Some(record.window.until));
    }

    /// The living record of an id, or `None` if the system says that it is dead or unknown.
    pub(super) async fn read(
        &self,
        id: RecordId,
        priority: Priority,
    ) -> Result<Option<ObservedRecord>, TurnError> {
        let found = self.observe(priority, Scope::Record(id)).await?;
        Ok(found.records.into_iter().find(|record| record.id == Some(id) && !record.dead))
    }
}

/// The record of the object in the system: the desired one if it exists, otherwise the first one.
fn present(desired: &DesiredState, existing: &[ExistingRecord]) -> Option<RecordId> {
    let wanted = |one: &&ExistingRecord| matches!(desired, DesiredState::Record(record) if record.id.same_content(&one.id));
    existing.iter().find(wanted).or_else(|| existing.first()).map(|one| one.id)
}

/// When a record ends, as far as the system shows it.
pub(super) fn until(record: &ObservedRecord) -> Option<jiff::Timestamp> {
    record.facts.window.map(|window| window.until)
}
