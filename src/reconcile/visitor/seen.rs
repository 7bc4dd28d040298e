//! One object that the watch has shown: planned at once, from what it says itself, with no call.

use std::sync::Arc;

use vestibule_core::identity::Slot;
use vestibule_core::plan::Want;

use super::Visitors;
use super::plan::{self, Standing};
use super::row::{PlaceState, PlaceWant, Plan};
use super::scan::{Orders, close, closes, drop_places_of_the_gone};
use super::source::{place_want, state_by_snapshot};
use super::validate::{Object, Validated, names, validate};
use crate::engine::Class;
use crate::reconcile::directory::{Access, Directory, TenantFacts, tenant_id};

impl Visitors {
    /// Takes an object in: its row is planned anew, and the work is handed over.
    pub(super) fn seen(&self, slot: Slot, object: Arc<Object>) {
        let directory = self.directory();
        let mut orders = Orders::default();
        let checked = validate(&object);
        {
            let mut table = self.table.lock();
            let Some(row) = table.row_mut(slot) else { return };
            self.note_status(&mut row.plan, object.status.as_ref());
            let observed = object.status.as_ref().map(|said| said.status.observed_generation);
            row.plan.told = observed == Some(object.meta.generation);
            if object.meta.deleting {
                start_deletion(&mut row.plan, slot, &object, &directory, &mut orders);
            } else {
                self.plan_object(&mut row.plan, slot, &object, checked, &directory, &mut orders);
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

    /// Validate and plan of one object.
    fn plan_object(
        &self,
        plan: &mut Plan,
        slot: Slot,
        object: &Object,
        checked: Result<Validated, String>,
        directory: &Directory,
        orders: &mut Orders,
    ) {
        plan.refused = checked.is_err();
        drop_places_of_the_gone(plan, directory);
        let Ok(visitor) = checked else {
            plan.visit = None;
            plan.next = u32::MAX;
            return;
        };
        let now = self.clock.now();
        plan.tenant = tenant_id(&visitor.tenant);
        plan.visit = Some(visitor.packed());
        let tenant = directory.tenant(plan.tenant);
        let (standing, next) = plan::standing(visitor.packed(), tenant, now);
        plan.facts = tenant.map_or(0, |tenant| tenant.hash);
        plan.set_next(next);
        if matches!(standing, Standing::Missing(_)) {
            return;
        }
        for (tenant, access) in
            tenant.iter().flat_map(|tenant| tenant.access.iter().map(move |it| (tenant, it)))
        {
            let want = plan::record(&visitor, &object.meta.key, tenant, access, now);
            plan.refused |= want.is_err();
            plan_place(plan, slot, object, access, &want.unwrap_or(Want::Keep), orders);
        }
        let here = (&standing, directory);
        close_elsewhere(plan, slot, object, tenant, here, orders);
    }
}

/// What one integration should hold, and whether it has to do something for it.
fn plan_place(
    plan: &mut Plan,
    slot: Slot,
    object: &Object,
    access: &Access,
    want: &Want,
    orders: &mut Orders,
) {
    let integration = &access.integration;
    let nothing = matches!(want, Want::Nothing | Want::Keep);
    if nothing && !names(object, &integration.key.name) && plan.place(integration.index).is_none() {
        return;
    }
    let place = plan.place_mut(integration.index);
    (place.want, place.state) = (place_want(want), PlaceState::Waiting);
    let Some(held) = integration.engine.held(slot) else { return };
    match state_by_snapshot(place.want, &held) {
        Some(state) if integration.engine.is_settled(slot) => place.state = state,
        _ => orders.push(integration.index, &integration.engine, slot, class_of(place.want)),
    }
}

/// An integration that the tenant has nothing to do with gives up what the status says is there.
fn close_elsewhere(
    plan: &mut Plan,
    slot: Slot,
    object: &Object,
    tenant: Option<&TenantFacts>,
    (standing, directory): (&Standing, &Directory),
    orders: &mut Orders,
) {
    let planned = |index: u16| {
        tenant.iter().flat_map(|tenant| &tenant.access).any(|access| access.integration.index == index)
    };
    let here = directory.engines.iter().filter(|(key, _)| key.namespace == object.meta.key.namespace);
    for (key, engine) in here.filter(|(key, _)| names(object, &key.name)) {
        let Some(index) = directory.indexes.get(key).copied().filter(|index| !planned(*index)) else {
            continue;
        };
        plan.place_mut(index);
        if closes(standing, directory, key) {
            close(plan, slot, index, engine, Class::Revocation, orders);
        }
    }
}

const fn class_of(want: PlaceWant) -> Class {
    match want {
        PlaceWant::Nothing => Class::Revocation,
        _ => Class::UserChange,
    }
}

/// Deletion resolves no reference: every engine that holds something of the slot, or is said to, removes it.
fn start_deletion(plan: &mut Plan, slot: Slot, object: &Object, directory: &Directory, orders: &mut Orders) {
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
