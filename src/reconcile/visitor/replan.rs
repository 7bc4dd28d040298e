//! A row planned anew from what it knows itself: its day has come or is over, or something it refers to has changed.

use std::sync::Arc;

use jiff::Timestamp;
use vestibule_core::identity::Slot;
use vestibule_core::model::ObjectKey;

use super::plan::{self, Standing};
use super::row::{PlaceState, PlaceWant, Plan, Told};
use super::scan::{Cause, Orders};
use super::shift::Shift;
use super::source::state_by_engine;
use crate::engine::{Class, Engine};
use crate::reconcile::directory::{Access, Directory, TenantFacts};

/// The hash of what a row was planned with, as it is now.
pub(super) fn facts_hash(directory: &Directory, plan: &Plan) -> u64 {
    directory.tenant(plan.tenant).map_or(0, |tenant| tenant.hash)
}

/// Plans a row anew from what it knows itself.
pub(super) fn replan(
    plan: &mut Plan,
    slot: Slot,
    shift: &Shift,
    now: Timestamp,
    cause: Cause,
    orders: &mut Orders,
) {
    let Some(visit) = plan.visit else { return };
    let (directory, due) = (&*shift.now, plan.is_due(now) || cause == Cause::SetBack);
    drop_places_of_the_gone(plan, directory);
    let tenant = directory.tenant(plan.tenant);
    let (standing, next) = plan::standing(visit, tenant, now);
    plan.facts = facts_hash(directory, plan);
    plan.told = plan.told.min(Told::Spec);
    plan.set_next(next);
    orders.settle(slot, Class::RolloverAddition);
    if standing == Standing::Over {
        end(plan, slot, directory, tenant, now, orders);
    }
    let access = tenant.map(|tenant| tenant.access.as_slice()).unwrap_or_default();
    if standing.freezes() && !matches!(standing, Standing::NoTaker(_)) {
        if matches!(standing, Standing::Missing(_)) {
            let tenant = plan.tenant;
            let reduced = access.iter().filter(|it| shift.takes_away(tenant, &it.integration.key));
            reduced.for_each(|access| bound(plan, slot, access, orders));
        }
        return;
    }
    let today = standing == Standing::Today;
    let open: Vec<&Access> = access.iter().filter(|access| today && !access.groups.is_empty()).collect();
    for access in &open {
        let integration = &access.integration;
        if !due && plan.place(integration.index).is_some() && !shift.concerns(plan.tenant, &integration.key) {
            continue;
        }
        let loses = shift.takes_away(plan.tenant, &integration.key);
        let place = plan.place_mut(integration.index);
        (place.want, place.state) = (PlaceWant::Unplanned, PlaceState::Waiting);
        if let Some(held) = integration.engine.held(slot) {
            let replaces = loses && !held.is_empty();
            let class = if replaces { Class::Revocation } else { Class::RolloverAddition };
            orders.push(integration.index, &integration.engine, slot, class);
        }
    }
    for (key, engine) in directory.engines.iter().filter(|(key, _)| closes(&standing, directory, key)) {
        let index = directory.indexes.get(key).copied();
        if let Some(index) = index.filter(|index| open.iter().all(|it| it.integration.index != *index)) {
            close(plan, slot, index, engine, cause.takes_away(), orders);
        }
    }
}

/// What is wanted is not known, but a group is known to be taken away: what is held is reduced.
fn bound(plan: &mut Plan, slot: Slot, access: &Access, orders: &mut Orders) {
    let integration = &access.integration;
    if integration.engine.held(slot).is_some_and(|held| !held.is_empty()) {
        let place = plan.place_mut(integration.index);
        (place.want, place.state) = (PlaceWant::AtMost, PlaceState::Waiting);
        orders.push(integration.index, &integration.engine, slot, Class::Revocation);
    }
}

/// Whether an integration that is not to be opened gives up what it holds.
pub(super) fn closes(standing: &Standing, directory: &Directory, integration: &ObjectKey) -> bool {
    match standing {
        Standing::Missing(_) | Standing::Refused(_) => false,
        Standing::NoTaker(_) => directory.declining.contains(integration),
        // What is wanted of one whose spec cannot be read is not known.
        Standing::Today | Standing::Over | Standing::NoGroups(_) => !directory.frozen.contains(integration),
        // But every visit ends.
        Standing::Scheduled | Standing::Expired => true,
    }
}

/// The window is over: what opens no more stays until midnight, what still does goes, and what was never made is not missed
/// any more.
fn end(
    plan: &mut Plan,
    slot: Slot,
    directory: &Directory,
    tenant: Option<&TenantFacts>,
    now: Timestamp,
    orders: &mut Orders,
) {
    for (key, engine) in &directory.engines {
        let Some(index) = directory.indexes.get(key).copied() else { continue };
        let Some(place) = plan.places.iter_mut().find(|place| place.integration == index) else { continue };
        let concerned = tenant.is_some_and(|tenant| tenant.access_in(key).is_some());
        place.want = match concerned {
            true => PlaceWant::Ended,
            false if closes(&Standing::Over, directory, key) => PlaceWant::Nothing,
            false => PlaceWant::Keep,
        };
        let Some(held) = engine.held(slot) else { continue };
        let state = state_by_engine(place.want, engine, slot, &held, now);
        place.state = state.unwrap_or(PlaceState::Waiting);
        if state.is_none() {
            orders.push(index, engine, slot, Class::Revocation);
        }
    }
}

/// Integrations that are gone have removed their records, or were told to leave them.
pub(super) fn drop_places_of_the_gone(plan: &mut Plan, directory: &Directory) {
    plan.places.retain(|place| {
        directory.engines.keys().any(|key| directory.indexes.get(key) == Some(&place.integration))
    });
}

/// Nothing is wanted in this integration: whatever is there goes.
pub(super) fn close(
    plan: &mut Plan,
    slot: Slot,
    index: u16,
    engine: &Arc<Engine>,
    class: Class,
    orders: &mut Orders,
) {
    let held = engine.held(slot);
    let empty = held.as_ref().is_none_or(Vec::is_empty);
    if plan.place(index).is_none() && empty {
        return;
    }
    let place = plan.place_mut(index);
    place.want = PlaceWant::Nothing;
    match held {
        Some(held) if held.is_empty() && engine.is_settled(slot) && engine.is_absent(slot) => {
            place.state = PlaceState::Absent;
        }
        Some(_) => {
            place.state = PlaceState::Waiting;
            orders.push(index, engine, slot, class);
        }
        None => place.state = PlaceState::Waiting,
    }
}

#[cfg(test)]
#[path = "replan_tests.rs"]
mod tests;
