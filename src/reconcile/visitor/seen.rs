//! One object that the watch has shown: planned at once, from what it says itself, with no call.

use std::sync::Arc;

use jiff::Timestamp;
use vestibule_core::identity::Slot;
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::Want;

use super::Visitors;
use super::plan::{self, Standing};
use super::replan::{close, closes, drop_places_of_the_gone, facts_hash};
use super::requests::{requested, reread};
use super::row::{Place, PlaceState, PlaceWant, Plan, Told};
use super::scan::Orders;
use super::source::{place_want, state_by_engine};
use super::validate::{Object, Validated, known_ids, names, validate};
use crate::engine::{Class, Engine, Reason};
use crate::reconcile::directory::{Access, Directory, TenantFacts, tenant_id};

/// An object, and what it is planned by.
struct Sight<'a> {
    slot: Slot,
    object: &'a Object,
    directory: &'a Directory,
    now: Timestamp,
}

impl Visitors {
    /// Takes an object in: its row is planned anew, and the work is handed over.
    pub(super) fn seen(&self, slot: Slot, object: Arc<Object>) {
        let directory = self.directory();
        let mut orders = Orders::new(Reason::CatchUp);
        let sight = Sight { slot, object: &object, directory: &directory, now: self.clock.now() };
        let checked = validate(&object);
        {
            let mut table = self.table.lock();
            let Some(row) = table.row_mut(slot) else { return };
            self.note_status(&mut row.plan, object.status.as_ref());
            orders.reason = reason(&object, row.is_ours());
            if object.meta.deleting {
                start_deletion(&mut row.plan, &sight, &mut orders);
            } else {
                plan_object(&mut row.plan, &sight, checked, &mut orders);
                row.plan.told = told(&row.plan, &object, &directory);
                row.plan.flags.set_sync_requested(requested(&object).is_some());
                if row.plan.flags.is_sync_requested() {
                    reread(&mut row.plan, slot, &directory);
                }
                self.not_later_than(row.plan.next_at());
            }
        }
        self.troubles.lock().forget(slot);
        self.at_hand.lock().put(slot, object);
        orders.settle(slot, Class::UserChange);
        let work = orders.has_work();
        self.hand_over(orders);
        if !work && !self.settling.lock().queue.contains(slot) {
            self.at_hand.lock().drop_object(slot);
        }
    }
}

/// Why an object has work. Where its spec was taken in before, another event has already said why.
fn reason(object: &Object, is_ours: bool) -> Reason {
    if object.meta.deleting {
        Reason::Deletion
    } else if has_new_spec(object) || !is_ours {
        Reason::User
    } else {
        Reason::CatchUp
    }
}

/// Whether the status does not say that the spec was seen.
fn has_new_spec(object: &Object) -> bool {
    let observed = object.status.as_ref().map(|said| said.status.observed_generation);
    observed != Some(object.meta.generation)
}

/// Validate and plan of one object.
fn plan_object(plan: &mut Plan, sight: &Sight<'_>, checked: Result<Validated, String>, orders: &mut Orders) {
    drop_places_of_the_gone(plan, sight.directory);
    let Ok(visitor) = checked else {
        plan.visit = None;
        plan.next = u32::MAX;
        return;
    };
    plan.tenant = tenant_id(&visitor.tenant);
    (plan.visit, plan.person) = (Some(visitor.packed()), visitor.flags());
    let tenant = sight.directory.tenant(plan.tenant);
    let (standing, next) = plan::standing(visitor.packed(), tenant, sight.now);
    plan.facts = facts_hash(sight.directory, plan);
    plan.set_next(next);
    if matches!(standing, Standing::Missing(_)) {
        for (key, engine) in engines_here(sight) {
            bound(plan, sight, key, engine, orders);
        }
        return;
    }
    for (tenant, access) in tenant.iter().flat_map(|tenant| tenant.access.iter().map(move |it| (tenant, it)))
    {
        let want = plan::record(&visitor, &sight.object.meta.key, tenant, access, sight.now);
        plan_place(plan, sight, access, &want.unwrap_or_else(Want::from), orders);
    }
    close_elsewhere(plan, sight, tenant, &standing, orders);
}

/// What one integration should hold, and whether it has to do something for it.
fn plan_place(plan: &mut Plan, sight: &Sight<'_>, access: &Access, want: &Want, orders: &mut Orders) {
    let (integration, slot) = (&access.integration, sight.slot);
    let held = integration.engine.held(slot);
    let here = held.as_ref().is_some_and(|held| !held.is_empty());
    let named = names(sight.object, &integration.key.name);
    if !(here || named || plan.place(integration.index).is_some() || matches!(want, Want::Record(_))) {
        return;
    }
    let place = plan.place_mut(integration.index);
    (place.want, place.state) = (place_want(want), PlaceState::Waiting);
    let Some(held) = held else { return };
    match state_by_engine(place.want, &integration.engine, slot, &held, sight.now) {
        Some(state) if integration.engine.is_settled(slot) => place.state = state,
        _ => orders.push(integration.index, &integration.engine, slot, class_of(place.want)),
    }
}

/// How much of what is wanted the object's status tells.
pub(super) fn told(plan: &Plan, object: &Object, directory: &Directory) -> Told {
    if has_new_spec(object) {
        return Told::Nothing;
    }
    let named = |place: &Place| {
        let here = directory.indexes.iter().find(|(_, index)| **index == place.integration);
        here.is_some_and(|(key, _)| place.want.is_named_by(&known_ids(object, &key.name)))
    };
    if plan.places.iter().all(named) { Told::Everything } else { Told::Spec }
}

/// An integration that the tenant has nothing to do with gives up what it holds, or may hold: what the status names, and
/// what was planned there and may still be on its way.
fn close_elsewhere(
    plan: &mut Plan,
    sight: &Sight<'_>,
    tenant: Option<&TenantFacts>,
    standing: &Standing,
    orders: &mut Orders,
) {
    let Sight { slot, object, directory, .. } = *sight;
    for (key, engine) in
        engines_here(sight).filter(|(key, _)| tenant.is_none_or(|tenant| tenant.access_in(key).is_none()))
    {
        let Some(index) = directory.indexes.get(key).copied() else { continue };
        if names(object, &key.name) {
            plan.place_mut(index);
        }
        if closes(standing, directory, key) {
            close(plan, slot, index, engine, Class::Revocation, orders);
        } else {
            bound(plan, sight, key, engine, orders);
        }
    }
}

fn engines_here<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a ObjectKey, &'a Arc<Engine>)> {
    let namespace = &sight.object.meta.key.namespace;
    sight.directory.engines.iter().filter(move |(key, _)| key.namespace == *namespace)
}

/// What is wanted in an integration is not known: what it holds stays, but opens no more than is known to be declared.
fn bound(
    plan: &mut Plan,
    sight: &Sight<'_>,
    integration: &ObjectKey,
    engine: &Arc<Engine>,
    orders: &mut Orders,
) {
    let Some(index) = sight.directory.indexes.get(integration).copied() else { return };
    let held = engine.held(sight.slot);
    let may_hold =
        held.as_ref().map_or_else(|| names(sight.object, &integration.name), |held| !held.is_empty());
    if !may_hold {
        return;
    }
    let place = plan.place_mut(index);
    (place.want, place.state) = (PlaceWant::AtMost, PlaceState::Waiting);
    if held.is_some() {
        orders.push(index, engine, sight.slot, Class::UserChange);
    }
}

const fn class_of(want: PlaceWant) -> Class {
    match want {
        PlaceWant::Nothing | PlaceWant::Ended => Class::Revocation,
        _ => Class::UserChange,
    }
}

/// Deletion resolves no reference: every engine that holds something of the slot, or is said to, removes it.
fn start_deletion(plan: &mut Plan, sight: &Sight<'_>, orders: &mut Orders) {
    let Sight { slot, object, directory, .. } = *sight;
    for (key, engine) in &directory.engines {
        let Some(index) = directory.indexes.get(key).copied() else { continue };
        let named = names(object, &key.name);
        if named && key.namespace == object.meta.key.namespace {
            plan.place_mut(index);
        }
        close(plan, slot, index, engine, Class::Revocation, orders);
        if let Some(place) = plan.places.iter_mut().find(|place| place.integration == index && named) {
            // A list that lacks it is one witness; the engine asks for the id that the status names.
            place.state = PlaceState::Waiting;
            orders.push(index, engine, slot, Class::Revocation);
        }
    }
}
