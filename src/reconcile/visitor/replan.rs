//! Plans a row anew from its own data: its day has come or is over, or a reference has changed.

use std::sync::Arc;

use jiff::Timestamp;
use vestibule_core::identity::ObjectId;
use vestibule_core::model::ObjectKey;

use super::desired_state::state_by_engine;
use super::plan::{self, Phase};
use super::reference_changes::ReferenceChanges;
use super::row_state::{PlacementState, PlacementTarget, RowState, StatusCoverage};
use super::scan::{Cause, WorkBatch};
use crate::engine::{Engine, Priority};
use crate::reconcile::references::{Access, References, TenantFacts};

/// The present hash of the facts that a row is planned with.
pub(super) fn facts_hash(references: &References, row_state: &RowState) -> u64 {
    references.tenant(row_state.tenant).map_or(0, |tenant| tenant.hash)
}

/// Plans a row anew from its own data.
pub(super) fn replan(
    row_state: &mut RowState,
    object_id: ObjectId,
    shift: &ReferenceChanges,
    now: Timestamp,
    cause: Cause,
    batch: &mut WorkBatch,
) {
    let Some(visit) = row_state.visit else { return };
    let (references, due) = (&*shift.now, row_state.is_due(now) || cause == Cause::SetBack);
    drop_places_of_the_gone(row_state, references);
    let tenant = references.tenant(row_state.tenant);
    let (phase, next) = plan::phase(visit, tenant, now);
    row_state.references_hash = facts_hash(references, row_state);
    row_state.status_coverage = row_state.status_coverage.min(StatusCoverage::Spec);
    row_state.set_next_transition(next);
    batch.queue_status(object_id, Priority::RolloverAddition);
    if phase == Phase::Over {
        end(row_state, object_id, references, tenant, now, batch);
    }
    let access = tenant.map(|tenant| tenant.access.as_slice()).unwrap_or_default();
    if phase.freezes() && !matches!(phase, Phase::NoTaker(_)) {
        if matches!(phase, Phase::Missing(_)) {
            let tenant = row_state.tenant;
            let reduced = access.iter().filter(|it| shift.loses_access(tenant, &it.integration.key));
            reduced.for_each(|access| bound(row_state, object_id, access, batch));
        }
        return;
    }
    let today = phase == Phase::Today;
    let open: Vec<&Access> = access.iter().filter(|access| today && !access.groups.is_empty()).collect();
    for access in &open {
        let integration = &access.integration;
        if !due
            && row_state.placement(integration.index).is_some()
            && !shift.concerns(row_state.tenant, &integration.key)
        {
            continue;
        }
        let loses = shift.loses_access(row_state.tenant, &integration.key);
        let placement = row_state.placement_mut(integration.index);
        (placement.target, placement.state) = (PlacementTarget::Unplanned, PlacementState::Waiting);
        if let Some(existing) = integration.engine.existing(object_id) {
            let replaces = loses && !existing.is_empty();
            let priority = if replaces { Priority::Revocation } else { Priority::RolloverAddition };
            batch.push(integration.index, &integration.engine, object_id, priority);
        }
    }
    for (key, engine) in references.engines.iter().filter(|(key, _)| closes(&phase, references, key)) {
        let index = references.indexes.get(key).copied();
        if let Some(index) = index.filter(|index| open.iter().all(|it| it.integration.index != *index)) {
            close(row_state, object_id, index, engine, cause.removal_priority(), batch);
        }
    }
}

/// The desired record is not known, but a group is known to be removed: an existing record is reduced.
fn bound(row_state: &mut RowState, object_id: ObjectId, access: &Access, batch: &mut WorkBatch) {
    let integration = &access.integration;
    if integration.engine.existing(object_id).is_some_and(|existing| !existing.is_empty()) {
        let placement = row_state.placement_mut(integration.index);
        (placement.target, placement.state) = (PlacementTarget::AtMost, PlacementState::Waiting);
        batch.push(integration.index, &integration.engine, object_id, Priority::Revocation);
    }
}

/// Whether an integration that should not open doors has to remove the records that it holds.
pub(super) fn closes(phase: &Phase, references: &References, integration: &ObjectKey) -> bool {
    match phase {
        Phase::Missing(_) | Phase::Refused(_) => false,
        Phase::NoTaker(_) => references.declining.contains(integration),
        // The desired records in an integration with an unreadable spec are not known.
        Phase::Today | Phase::Over | Phase::NoGroups(_) => !references.frozen.contains(integration),
        // A visit ends even in a frozen integration.
        Phase::Scheduled | Phase::Expired => true,
    }
}

/// The window is over: a record that opens nothing any more stays until midnight, one that still opens doors is
/// removed, and one that was never created is no longer missing.
fn end(
    row_state: &mut RowState,
    object_id: ObjectId,
    references: &References,
    tenant: Option<&TenantFacts>,
    now: Timestamp,
    batch: &mut WorkBatch,
) {
    for (key, engine) in &references.engines {
        let Some(index) = references.indexes.get(key).copied() else { continue };
        let Some(placement) =
            row_state.placements.iter_mut().find(|placement| placement.integration == index)
        else {
            continue;
        };
        let concerned = tenant.is_some_and(|tenant| tenant.access_in(key).is_some());
        placement.target = match concerned {
            true => PlacementTarget::Ended,
            false if closes(&Phase::Over, references, key) => PlacementTarget::Nothing,
            false => PlacementTarget::Keep,
        };
        let Some(existing) = engine.existing(object_id) else { continue };
        let state = state_by_engine(placement.target, engine, object_id, &existing, now);
        placement.state = state.unwrap_or(PlacementState::Waiting);
        if state.is_none() {
            batch.push(index, engine, object_id, Priority::Revocation);
        }
    }
}

/// Drops the placements in integrations that are gone: those have removed their records, or were ordered to leave them.
pub(super) fn drop_places_of_the_gone(row_state: &mut RowState, references: &References) {
    row_state.placements.retain(|placement| {
        references.engines.keys().any(|key| references.indexes.get(key) == Some(&placement.integration))
    });
}

/// No record is desired in this integration: existing ones are removed.
pub(super) fn close(
    row_state: &mut RowState,
    object_id: ObjectId,
    index: u16,
    engine: &Arc<Engine>,
    priority: Priority,
    batch: &mut WorkBatch,
) {
    let existing = engine.existing(object_id);
    let empty = existing.as_ref().is_none_or(Vec::is_empty);
    if row_state.placement(index).is_none() && empty {
        return;
    }
    let placement = row_state.placement_mut(index);
    placement.target = PlacementTarget::Nothing;
    match existing {
        Some(existing)
            if existing.is_empty() && engine.is_settled(object_id) && engine.is_absent(object_id) =>
        {
            placement.state = PlacementState::Absent;
        }
        Some(_) => {
            placement.state = PlacementState::Waiting;
            batch.push(index, engine, object_id, priority);
        }
        None => placement.state = PlacementState::Waiting,
    }
}

#[cfg(test)]
#[path = "replan_tests.rs"]
mod tests;
