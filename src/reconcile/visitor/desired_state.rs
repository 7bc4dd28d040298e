//! Answers engines that ask for the desired state of an object, and takes their reports.

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

/// The desired state as far as the row has it, before the object is read.
enum ByRow {
    Settled(DesiredState),
    /// No record is desired; the object's status is needed.
    Nothing,
    /// A record is desired; the object is needed.
    Record,
    /// The desired record is known in part; the object is needed.
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
            // Under deletion only removal is desired, so the target of an earlier plan does not matter.
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
    /// The failure of an object that waits for another one. Times are those of its own Property.
    fn trouble_of_wait(&self, object_id: ObjectId, wait: &Wait, references: &References) -> Failure {
        let tenant = self.table.lock().row(object_id).map(|row| row.state.tenant);
        let facts = tenant.and_then(|tenant| references.tenant(tenant));
        let zone = facts.and_then(|facts| facts.property.as_ref()).map(|property| &property.zone);
        waits::failure(wait, zone, self.clock.now())
    }

    /// The answer for an id without an object: there is no work left, unless some objects are not listed yet.
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

    /// The desired state in an integration, computed from the whole object.
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
        // A deletion or a new spec may have arrived while the object was fetched; this desired state is outdated then.
        let same = |row: &&mut Row<RowState>| {
            row.uid() == object.meta.uid && row.generation() == object.meta.generation && !row.is_deleting()
        };
        let Some(row) = table.row_mut(object_id).filter(same) else { return DesiredState::Keep };
        let desired = desired.unwrap_or_else(DesiredState::from);
        row.state.placement_mut(*index).target = placement_target(&desired);
        desired
    }

    /// The most that an integration may hold of an object with an unknown reference.
    fn known_of(&self, integration: &ObjectKey, object: &Object) -> DesiredState {
        let Ok(visitor) = validate(object) else { return DesiredState::Keep };
        let references = self.references();
        let tenant = references.tenant(tenant_id(&visitor.tenant));
        let most = plan::known_entitlement(&visitor, tenant, integration, self.clock.now());
        DesiredState::AtMost(Arc::new(most))
    }

    /// The object of an id, from the object cache or else by a live GET; `None` if it does not exist.
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

    /// Reads an object from the API server, even if it is cached.
    pub(super) async fn fetch(
        &self,
        object_id: ObjectId,
        key: &ObjectKey,
    ) -> Result<Option<Arc<Object>>, SourceError> {
        // The uid is read before the GET: a 404 is about the object known then, not about a later one of the same name.
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

    /// Enters an answer of the API server into the rows like an event. The watch delivers the same version later.
    pub(super) fn take_answer(&self, object_id: ObjectId, object: &Arc<Object>) {
        let todo = self.table.lock().on(Event::Answer((**object).clone()));
        self.object_cache.lock().put(object_id, Arc::clone(object));
        for todo in todo {
            self.carry_out(todo);
        }
    }
}

/// The desired state of an object in an integration, or why it is refused; `None` if the integration takes no visitors
/// of the object's Tenant, or the spec is not valid.
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

/// The state of a placement after a report. The report may be about a former record: neither its absence nor another
/// content says anything about the record that is desired now.
fn state_after(
    target: PlacementTarget,
    reported: PlacementState,
    settled: bool,
    content: Option<u32>,
) -> PlacementState {
    match (target, reported) {
        (PlacementTarget::Content(wanted), reported) if reported.is_present() && content != Some(wanted) => {
            PlacementState::Waiting
        }
        (PlacementTarget::Unplanned, reported) if reported.is_present() => PlacementState::Waiting,
        (PlacementTarget::Content(_), PlacementState::Absent) => PlacementState::Waiting,
        (_, PlacementState::Absent) if !settled => PlacementState::Waiting,
        _ => reported,
    }
}

/// The part of a desired state that a row keeps.
pub(super) fn placement_target(desired: &DesiredState) -> PlacementTarget {
    match desired {
        DesiredState::Record(record) => PlacementTarget::Content(record.id.content),
        DesiredState::Nothing => PlacementTarget::Nothing,
        DesiredState::Ended => PlacementTarget::Ended,
        DesiredState::Keep => PlacementTarget::Keep,
        DesiredState::AtMost(_) => PlacementTarget::AtMost,
    }
}

/// The state of a placement according to its engine; `None` if the engine has work to do, such as a second witness.
pub(super) fn state_by_engine(
    target: PlacementTarget,
    engine: &Engine,
    object_id: ObjectId,
    existing: &[ExistingRecord],
    now: Timestamp,
) -> Option<PlacementState> {
    state_by_snapshot(target, existing, engine.altered(object_id), || engine.lacks_witness(object_id), now)
}

/// The same from parts of the snapshot. `altered` has the fields of the record that the system does not keep as sent.
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
