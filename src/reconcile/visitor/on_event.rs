//! Handles an event of the watch: the object is planned at once from its own content, without a call.

use std::sync::Arc;

use jiff::Timestamp;
use vestibule_core::identity::ObjectId;
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::DesiredState;

use super::Visitors;
use super::desired_state::{placement_target, state_by_engine};
use super::plan::{self, Phase};
use super::replan::{close, closes, drop_places_of_the_gone, facts_hash};
use super::requests::{requested, reread};
use super::row_state::{Placement, PlacementState, PlacementTarget, RowState, StatusCoverage};
use super::scan::WorkBatch;
use super::validate::{Object, Validated, known_ids, names, validate};
use crate::engine::{Engine, Priority, Reason};
use crate::reconcile::references::{Access, References, TenantFacts, tenant_id};

/// An object, and the inputs of its plan.
struct ObjectEvent<'a> {
    object_id: ObjectId,
    object: &'a Object,
    references: &'a References,
    now: Timestamp,
}

impl Visitors {
    /// Plans the row of an object anew, and hands over the work.
    pub(super) fn seen(&self, object_id: ObjectId, object: Arc<Object>) {
        let references = self.references();
        let mut batch = WorkBatch::new(Reason::CatchUp);
        let event =
            ObjectEvent { object_id, object: &object, references: &references, now: self.clock.now() };
        let checked = validate(&object);
        {
            let mut table = self.table.lock();
            let Some(row) = table.row_mut(object_id) else { return };
            self.note_status(&mut row.state, object.status.as_ref());
            batch.reason = reason(&object, row.is_ours());
            if object.meta.deleting {
                start_deletion(&mut row.state, &event, &mut batch);
            } else {
                plan_object(&mut row.state, &event, checked, &mut batch);
                row.state.status_coverage = status_coverage(&row.state, &object, &references);
                row.state.flags.set_sync_requested(requested(&object).is_some());
                if row.state.flags.is_sync_requested() {
                    reread(&mut row.state, object_id, &references);
                }
                self.not_later_than(row.state.next_transition());
            }
        }
        self.failures.lock().forget(object_id);
        self.note_unlisted(object_id, &object, &references);
        self.note_record_owners(&object);
        self.object_cache.lock().put(object_id, object);
        batch.queue_status(object_id, Priority::UserChange);
        let work = batch.has_work();
        self.hand_over(batch);
        if !work && !self.status_queue.lock().queue.contains(object_id) {
            self.object_cache.lock().drop_object(object_id);
        }
    }
}

/// The reason of an object's work. A spec that the status describes already had its own reason in an earlier event.
fn reason(object: &Object, is_ours: bool) -> Reason {
    if object.meta.deleting {
        Reason::Deletion
    } else if has_new_spec(object) || !is_ours {
        Reason::User
    } else {
        Reason::CatchUp
    }
}

/// Whether the status does not describe the present spec yet.
fn has_new_spec(object: &Object) -> bool {
    let observed = object.status.as_ref().map(|said| said.status.observed_generation);
    observed != Some(object.meta.generation)
}

/// Plans one object, given the result of its validation.
fn plan_object(
    row_state: &mut RowState,
    event: &ObjectEvent<'_>,
    checked: Result<Validated, String>,
    batch: &mut WorkBatch,
) {
    drop_places_of_the_gone(row_state, event.references);
    let Ok(visitor) = checked else {
        row_state.visit = None;
        row_state.next_transition = u32::MAX;
        return;
    };
    row_state.tenant = tenant_id(&visitor.tenant);
    (row_state.visit, row_state.person) = (Some(visitor.packed()), visitor.flags());
    let tenant = event.references.tenant(row_state.tenant);
    let (phase, next) = plan::phase(visitor.packed(), tenant, event.now);
    row_state.references_hash = facts_hash(event.references, row_state);
    row_state.set_next_transition(next);
    if matches!(phase, Phase::Missing(_)) {
        for (key, engine) in engines_here(event) {
            bound(row_state, event, key, engine, batch);
        }
        return;
    }
    for (tenant, access) in tenant.iter().flat_map(|tenant| tenant.access.iter().map(move |it| (tenant, it)))
    {
        let desired = plan::record(&visitor, &event.object.meta.key, tenant, access, event.now);
        plan_placement(row_state, event, access, &desired.unwrap_or_else(DesiredState::from), batch);
    }
    close_elsewhere(row_state, event, tenant, &phase, batch);
}

/// Sets the target in one integration, and queues the object there if there is work.
fn plan_placement(
    row_state: &mut RowState,
    event: &ObjectEvent<'_>,
    access: &Access,
    desired: &DesiredState,
    batch: &mut WorkBatch,
) {
    let (integration, object_id) = (&access.integration, event.object_id);
    let existing = integration.engine.existing(object_id);
    let here = existing.as_ref().is_some_and(|existing| !existing.is_empty());
    let named = names(event.object, &integration.key.name);
    if !(here
        || named
        || row_state.placement(integration.index).is_some()
        || matches!(desired, DesiredState::Record(_)))
    {
        return;
    }
    let placement = row_state.placement_mut(integration.index);
    (placement.target, placement.state) = (placement_target(desired), PlacementState::Waiting);
    let Some(existing) = existing else { return };
    match state_by_engine(placement.target, &integration.engine, object_id, &existing, event.now) {
        Some(state) if integration.engine.is_settled(object_id) => placement.state = state,
        _ => batch.push(integration.index, &integration.engine, object_id, priority_of(placement.target)),
    }
}

/// How much of the present state the object's status describes.
pub(super) fn status_coverage(
    row_state: &RowState,
    object: &Object,
    references: &References,
) -> StatusCoverage {
    if has_new_spec(object) {
        return StatusCoverage::Nothing;
    }
    let named = |placement: &Placement| {
        let here = references.indexes.iter().find(|(_, index)| **index == placement.integration);
        here.is_some_and(|(key, _)| placement.target.is_named_by(&known_ids(object, &key.name)))
    };
    if row_state.placements.iter().all(named) { StatusCoverage::Everything } else { StatusCoverage::Spec }
}

/// Removes records from integrations that do not serve the tenant: existing records, those that the status names, and
/// those that were planned there and may still be created.
fn close_elsewhere(
    row_state: &mut RowState,
    event: &ObjectEvent<'_>,
    tenant: Option<&TenantFacts>,
    phase: &Phase,
    batch: &mut WorkBatch,
) {
    let ObjectEvent { object_id, object, references, .. } = *event;
    for (key, engine) in
        engines_here(event).filter(|(key, _)| tenant.is_none_or(|tenant| tenant.access_in(key).is_none()))
    {
        let Some(index) = references.indexes.get(key).copied() else { continue };
        if names(object, &key.name) {
            row_state.placement_mut(index);
        }
        if closes(phase, references, key) {
            close(row_state, object_id, index, engine, Priority::Revocation, batch);
        } else {
            bound(row_state, event, key, engine, batch);
        }
    }
}

fn engines_here<'a>(event: &ObjectEvent<'a>) -> impl Iterator<Item = (&'a ObjectKey, &'a Arc<Engine>)> {
    let namespace = &event.object.meta.key.namespace;
    event.references.engines.iter().filter(move |(key, _)| key.namespace == *namespace)
}

/// The desired record in an integration is not known: an existing record stays, but is reduced to the access that is
/// known to be declared.
fn bound(
    row_state: &mut RowState,
    event: &ObjectEvent<'_>,
    integration: &ObjectKey,
    engine: &Arc<Engine>,
    batch: &mut WorkBatch,
) {
    let Some(index) = event.references.indexes.get(integration).copied() else { return };
    let existing = engine.existing(event.object_id);
    let may_hold = existing
        .as_ref()
        .map_or_else(|| names(event.object, &integration.name), |existing| !existing.is_empty());
    if !may_hold {
        return;
    }
    let placement = row_state.placement_mut(index);
    (placement.target, placement.state) = (PlacementTarget::AtMost, PlacementState::Waiting);
    if existing.is_some() {
        batch.push(index, engine, event.object_id, Priority::UserChange);
    }
}

const fn priority_of(target: PlacementTarget) -> Priority {
    match target {
        PlacementTarget::Nothing | PlacementTarget::Ended => Priority::Revocation,
        _ => Priority::UserChange,
    }
}

/// Starts a deletion. It resolves no reference: every engine that holds a record of the object, or does so according to
/// the status, removes it.
fn start_deletion(row_state: &mut RowState, event: &ObjectEvent<'_>, batch: &mut WorkBatch) {
    let ObjectEvent { object_id, object, references, .. } = *event;
    for (key, engine) in &references.engines {
        let Some(index) = references.indexes.get(key).copied() else { continue };
        let named = names(object, &key.name);
        if named && key.namespace == object.meta.key.namespace {
            row_state.placement_mut(index);
        }
        close(row_state, object_id, index, engine, Priority::Revocation, batch);
        if let Some(placement) =
            row_state.placements.iter_mut().find(|placement| placement.integration == index && named)
        {
            // A listing that lacks the record is one witness; the engine reads the id that the status names.
            placement.state = PlacementState::Waiting;
            batch.push(index, engine, object_id, Priority::Revocation);
        }
    }
}
