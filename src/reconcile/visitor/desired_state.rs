//! The declared side as engines see it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use vestibule_core::identity::{ObjectId, Owner};
use vestibule_core::model::{Fields, ObjectKey};
use vestibule_core::plan::{DesiredState, ExistingRecord};

use super::Visitors;
use super::plan::{self, Phase, Refused};
use super::replan::closes;
use super::row_state::{PlacementState, PlacementTarget, RowState};
use super::status_compute::{self, Failure};
use super::validate::{Object, known_ids, validate};
use super::waits;
use crate::cluster::object::RawObject;
use crate::cluster::rows::{Life, Row};
use crate::cluster::watch::Event;
use crate::engine::{DesiredStateAnswer, DesiredStateSource, Engine, Outcome, Report, SourceError, Wait};
use crate::reconcile::references::{References, tenant_id};

/// What a row says of a slot, before its object is looked at.
enum ByRow {
    Settled(DesiredState),
    /// Nothing is wanted; the object's status is needed.
    Nothing,
    /// A record is wanted; the object is needed.
    Record,
    /// What is wanted is known in part; the object is needed.
    KnownInPart,
}

#[async_trait]
impl DesiredStateSource for Visitors {
    async fn desired_state(
        &self,
        integration: &ObjectKey,
        object_id: ObjectId,
    ) -> Result<DesiredStateAnswer, SourceError> {
        let by_row = self.by_row(integration, object_id)?;
        if self.is_kept(integration, object_id).await? {
            return Ok(DesiredStateAnswer { desired: DesiredState::Keep, known: Vec::new() });
        }
        if let ByRow::Settled(desired) = by_row {
            return Ok(DesiredStateAnswer { desired, known: Vec::new() });
        }
        let Some(object) = self.object(object_id).await? else {
            return Ok(DesiredStateAnswer { desired: DesiredState::Nothing, known: Vec::new() });
        };
        let known = known_ids(&object, &integration.name);
        let desired = match by_row {
            ByRow::Record => self.plan_record(integration, object_id, &object),
            ByRow::KnownInPart => self.known_of(integration, &object),
            ByRow::Nothing | ByRow::Settled(_) => DesiredState::Nothing,
        };
        Ok(DesiredStateAnswer { desired, known })
    }

    async fn ensure_finalizer(&self, object_id: ObjectId) -> Result<(), SourceError> {
        self.claim_object(object_id).await
    }

    fn is_complete(&self) -> bool {
        self.table.lock().is_complete() && self.references.borrow().complete
    }

    fn knows(&self, object_id: ObjectId) -> bool {
        self.table.lock().row(object_id).is_some_and(|row| row.life() != Life::Gone)
    }

    async fn is_gone(&self, object: &ObjectKey) -> Result<bool, SourceError> {
        Ok(self.get(object).await?.is_none())
    }

    async fn report(&self, report: Report) {
        let Report { integration, object_id, priority, outcome } = report;
        let references = self.references();
        let Some(index) = references.indexes.get(&integration).copied() else { return };
        let (state, failure) = status_compute::placement_state(&outcome);
        let failure = match &outcome {
            Outcome::Waits(wait) => Some(self.trouble_of_wait(object_id, wait, &references)),
            _ => failure,
        };
        let content = match &outcome {
            Outcome::Present(id) | Outcome::Altered(id, _) | Outcome::Leftover(id, _) => Some(id.content),
            _ => None,
        };
        self.failures.lock().note(object_id, index, failure);
        let settled = references.engines.get(&integration).is_none_or(|engine| engine.is_settled(object_id));
        if let Some(row) = self.table.lock().row_mut(object_id) {
            let is_deleting = row.is_deleting();
            let placement = row.state.placement_mut(index);
            // On the way out nothing is wanted but the end: whoever planned last does not matter.
            placement.state =
                if is_deleting { state } else { state_after(placement.target, state, settled, content) };
        }
        self.queue_status(object_id, priority);
    }

    fn record_changed(&self, object_id: ObjectId) {
        self.references().engines.values().for_each(|engine| engine.object_changed(object_id));
    }

    fn engine_of(&self, owner: Owner) -> Option<Arc<Engine>> {
        self.references().engines.values().find(|engine| engine.owner() == owner).map(Arc::clone)
    }
}

impl Visitors {
    /// What a slot that waits for another one says: times are those of its own property.
    fn trouble_of_wait(&self, object_id: ObjectId, wait: &Wait, references: &References) -> Failure {
        let tenant = self.table.lock().row(object_id).map(|row| row.state.tenant);
        let facts = tenant.and_then(|tenant| references.tenant(tenant));
        let zone = facts.and_then(|facts| facts.property.as_ref()).map(|property| &property.zone);
        waits::failure(wait, zone, self.clock.now())
    }

    /// Why nothing can be said of a slot without an object: nothing is left to do for it, unless not all objects are listed.
    pub(super) fn without_object(&self) -> SourceError {
        if self.is_complete() { SourceError::NoObject } else { SourceError::Frozen }
    }

    fn by_row(&self, integration: &ObjectKey, object_id: ObjectId) -> Result<ByRow, SourceError> {
        let references = self.references();
        let engine = references.engines.get(integration).filter(|_| references.complete);
        let engine = engine.ok_or(SourceError::Frozen)?;
        let table = self.table.lock();
        let Some(row) = table.row(object_id) else {
            drop(table);
            return Err(self.without_object());
        };
        let existing = engine.existing(object_id).is_some_and(|existing| !existing.is_empty());
        let nothing = if existing { ByRow::Settled(DesiredState::Nothing) } else { ByRow::Nothing };
        if row.is_deleting() || row.life() == Life::Gone {
            return Ok(nothing);
        }
        let Some(visit) = row.state.visit else { return Ok(ByRow::Settled(DesiredState::Keep)) };
        let tenant = references.tenant(row.state.tenant);
        let (phase, _) = plan::phase(visit, tenant, self.clock.now());
        let concerned = tenant.is_some_and(|tenant| tenant.access_in(integration).is_some());
        Ok(match phase {
            Phase::Over if concerned => ByRow::Settled(DesiredState::Ended),
            Phase::Today if concerned => ByRow::Record,
            phase if !closes(&phase, &references, integration) => {
                if existing {
                    ByRow::KnownInPart
                } else {
                    ByRow::Settled(DesiredState::Keep)
                }
            }
            _ => nothing,
        })
    }

    /// What an integration should hold, by the whole object.
    pub(super) fn plan_record(
        &self,
        integration: &ObjectKey,
        object_id: ObjectId,
        object: &Object,
    ) -> DesiredState {
        let references = self.references();
        let desired = record_in(integration, object, &references, self.clock.now());
        let index = references.indexes.get(integration);
        let (Some(desired), Some(index)) = (desired, index) else { return DesiredState::Keep };
        let mut table = self.table.lock();
        // Its deletion or another spec may have come while the object was fetched: what is wanted now is not this.
        let same = |row: &&mut Row<RowState>| {
            row.uid() == object.meta.uid && row.generation() == object.meta.generation && !row.is_deleting()
        };
        let Some(row) = table.row_mut(object_id).filter(same) else { return DesiredState::Keep };
        let desired = desired.unwrap_or_else(DesiredState::from);
        row.state.placement_mut(*index).target = placement_target(&desired);
        desired
    }

    /// What an integration may hold at most of an object that refers to something which is not known.
    fn known_of(&self, integration: &ObjectKey, object: &Object) -> DesiredState {
        let Ok(visitor) = validate(object) else { return DesiredState::Keep };
        let references = self.references();
        let tenant = references.tenant(tenant_id(&visitor.tenant));
        let most = plan::known_entitlement(&visitor, tenant, integration, self.clock.now());
        DesiredState::AtMost(Arc::new(most))
    }

    /// The object of a slot: the one at hand, else by a live GET; `None` if it does not exist.
    pub(super) async fn object(&self, object_id: ObjectId) -> Result<Option<Arc<Object>>, SourceError> {
        let (key, version) = {
            let table = self.table.lock();
            let Some(row) = table.row(object_id) else { return Ok(None) };
            (table.key_of(row), row.resource_version())
        };
        if let Some(object) = self.object_cache.lock().get(object_id, version) {
            return Ok(Some(object));
        }
        self.fetch(object_id, &key).await
    }

    /// Asks the API server, whatever is at hand.
    pub(super) async fn fetch(
        &self,
        object_id: ObjectId,
        key: &ObjectKey,
    ) -> Result<Option<Arc<Object>>, SourceError> {
        // Before the GET: a 404 speaks of the object that we knew, not of one that has its name since.
        let uid = self.table.lock().row(object_id).map(Row::uid);
        let found = self.get(key).await?;
        if let Some(object) = &found {
            self.take_answer(object_id, object);
        } else if let Some(todo) = uid.and_then(|uid| self.table.lock().not_found(object_id, uid)) {
            self.carry_out(todo);
        }
        Ok(found)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Arc<Object>>, SourceError> {
        let found = self
            .writer
            .api(&key.namespace)
            .get_opt(&key.name)
            .await
            .map_err(|error| SourceError::Unreachable(error.to_string()))?;
        Ok(found.map(|live: RawObject<_, _>| Arc::new(live.into_seen())))
    }

    /// An answer of the API server enters the rows like an event: the watch will only repeat it.
    pub(super) fn take_answer(&self, object_id: ObjectId, object: &Arc<Object>) {
        let todo = self.table.lock().on(Event::Answer((**object).clone()));
        self.object_cache.lock().put(object_id, Arc::clone(object));
        for todo in todo {
            self.carry_out(todo);
        }
    }
}

/// What an integration should hold of an object, or why it is refused; `None` if it takes no visitors of the
/// object's Tenant, or the spec cannot be read.
pub(super) fn record_in(
    integration: &ObjectKey,
    object: &Object,
    references: &References,
    now: Timestamp,
) -> Option<Result<DesiredState, Refused>> {
    let visitor = validate(object).ok()?;
    let tenant = references.tenant(tenant_id(&visitor.tenant))?;
    let access = tenant.access_in(integration)?;
    Some(plan::record(&visitor, &object.meta.key, tenant, access, now))
}

/// What a row concludes from what is reported. The end of an old record, read back late, is not the new one's; and a record
/// of what was wanted when its turn began is not the one of a spec that has changed since.
fn state_after(
    target: PlacementTarget,
    told: PlacementState,
    settled: bool,
    content: Option<u32>,
) -> PlacementState {
    match (target, told) {
        (PlacementTarget::Content(wanted), told) if told.is_present() && content != Some(wanted) => {
            PlacementState::Waiting
        }
        (PlacementTarget::Unplanned, told) if told.is_present() => PlacementState::Waiting,
        (PlacementTarget::Content(_), PlacementState::Absent) => PlacementState::Waiting,
        (_, PlacementState::Absent) if !settled => PlacementState::Waiting,
        _ => told,
    }
}

/// What a row keeps of a want.
pub(super) fn placement_target(desired: &DesiredState) -> PlacementTarget {
    match desired {
        DesiredState::Record(record) => PlacementTarget::Content(record.id.content),
        DesiredState::Nothing => PlacementTarget::Nothing,
        DesiredState::Ended => PlacementTarget::Ended,
        DesiredState::Keep => PlacementTarget::Keep,
        DesiredState::AtMost(_) => PlacementTarget::AtMost,
    }
}

/// What a row may conclude from what an engine knows; `None` if the engine has work to do, a second witness among it.
pub(super) fn state_by_engine(
    target: PlacementTarget,
    engine: &Engine,
    object_id: ObjectId,
    existing: &[ExistingRecord],
    now: Timestamp,
) -> Option<PlacementState> {
    state_by_snapshot(target, existing, engine.altered(object_id), || engine.lacks_witness(object_id), now)
}

/// The same from what the snapshot holds. `altered` are the fields of the record that the system does not keep.
fn state_by_snapshot(
    target: PlacementTarget,
    existing: &[ExistingRecord],
    altered: Fields,
    lacks_witness: impl Fn() -> bool,
    now: Timestamp,
) -> Option<PlacementState> {
    match (target, existing) {
        (PlacementTarget::Content(content), [one])
            if one.id.content == content && one.id.holds(one.fingerprint) =>
        {
            Some(PlacementState::present(altered))
        }
        (PlacementTarget::Nothing | PlacementTarget::Ended | PlacementTarget::AtMost, [])
            if lacks_witness() =>
        {
            None
        }
        (
            PlacementTarget::Nothing
            | PlacementTarget::Ended
            | PlacementTarget::Keep
            | PlacementTarget::AtMost,
            [],
        ) => Some(PlacementState::Absent),
        (PlacementTarget::Ended, existing) if existing.iter().any(|one| one.opens(now)) => None,
        (PlacementTarget::Ended | PlacementTarget::Keep, _) => Some(PlacementState::Present),
        _ => None,
    }
}

#[cfg(test)]
#[path = "desired_state_tests.rs"]
mod tests;
