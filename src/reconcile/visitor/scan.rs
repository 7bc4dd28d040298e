//! What changes without an event: midnight, a changed tenant or property or integration, a full sync. Everything here is
//! decided from rows; no object is looked at and no call is made.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::Slot;

use super::Visitors;
use super::plan;
use super::replan::{facts_hash, replan};
use super::row::{PlaceState, PlaceWant, Plan, Told};
use super::shift::Shift;
use super::source::state_by_engine;
use crate::cluster::rows::{Life, Row};
use crate::engine::{Class, Engine, Reason, Work};
use crate::reconcile::directory::Directory;

/// The shortest time between two scans that nobody asked for.
const BREATH: SignedDuration = SignedDuration::from_millis(500);

/// Why rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Time has passed: the rollover.
    Time,
    /// The clock was set back: the day of some may not have come after all.
    SetBack,
    /// Something that Visitors refer to has changed.
    Directory,
}

impl Cause {
    /// Why a row gets work.
    fn reason(self, row: &Row<Plan>, now: Timestamp) -> Reason {
        match self {
            Self::Directory if row.plan.is_due(now) => Reason::Rollover,
            Self::Directory if awaits_first_work(row) => Reason::User,
            Self::Directory => Reason::Reference,
            Self::Time | Self::SetBack => Reason::Rollover,
        }
    }

    /// The class of work that takes away. What opens is a midnight's addition in both cases: a change of a tenant concerns
    /// thousands, and a user who has changed one visitor does not wait behind them.
    pub(super) const fn takes_away(self) -> Class {
        match self {
            Self::Time | Self::SetBack => Class::RolloverRemoval,
            Self::Directory => Class::Revocation,
        }
    }
}

/// Work for engines and writers, handed over after the rows are unlocked.
pub(super) struct Orders {
    /// Why engines get what is pushed from now on.
    pub(super) reason: Reason,
    engines: HashMap<u16, ForEngine>,
    settle: Vec<(Slot, Class)>,
}

/// Slots for one engine.
type ForEngine = (Arc<Engine>, Vec<(Slot, Work)>);

impl Orders {
    /// No work yet; what comes has this reason.
    pub(super) fn new(reason: Reason) -> Self {
        Self { reason, engines: HashMap::new(), settle: Vec::new() }
    }

    /// Queues a slot in an engine.
    pub(super) fn push(&mut self, index: u16, engine: &Arc<Engine>, slot: Slot, class: Class) {
        let work = class.with_reason(self.reason);
        self.engines.entry(index).or_insert_with(|| (Arc::clone(engine), Vec::new())).1.push((slot, work));
    }

    /// Whether an engine gets work.
    pub(super) fn has_work(&self) -> bool {
        !self.engines.is_empty()
    }

    /// Has the status of a slot looked at.
    pub(super) fn settle(&mut self, slot: Slot, class: Class) {
        self.settle.push((slot, class));
    }
}

impl Visitors {
    /// Looks at every row that may be concerned, and notes when the next one changes by itself.
    pub(super) fn scan(&self, cause: Cause) {
        let (directory, now) = (self.directory(), self.clock.now());
        let before = std::mem::replace(&mut *self.scanned.lock(), Arc::clone(&directory));
        let shift = Shift { before, now: Arc::clone(&directory) };
        let mut orders = Orders::new(Reason::CatchUp);
        {
            let mut table = self.table.lock();
            let turned = shift.turned();
            let concerned: Vec<Slot> = table
                .iter()
                .filter(|row| changes_by_itself(row))
                .filter(|row| {
                    let set_back = cause == Cause::SetBack && has_another_day(&row.plan, &directory, now);
                    set_back || row.plan.is_due(now) || has_shifted(&row.plan, &directory, &turned)
                })
                .map(Row::slot)
                .collect();
            for slot in concerned {
                if let Some(row) = table.row_mut(slot) {
                    orders.reason = cause.reason(row, now);
                    replan(&mut row.plan, slot, &shift, now, cause, &mut orders);
                }
            }
            if !Arc::ptr_eq(&shift.before, &shift.now) {
                let retold = table.iter().filter(|row| shift.retells(row.plan.tenant));
                retold.for_each(|row| orders.settle(row.slot(), Class::RolloverAddition));
            }
            if cause == Cause::Directory {
                // The integration that a deletion waits for may be gone, given up by its user.
                let deleting = table.iter().filter(|row| row.is_deleting());
                deleting.for_each(|row| orders.settle(row.slot(), Class::Revocation));
            }
            // Only of rows that the next scan looks at: the time of another would stay in the past, and never let us sleep.
            let changing = table.iter().filter(|row| changes_by_itself(row));
            // And never at once again, whatever was computed: a loop that spins would starve everything else.
            let soonest = now.checked_add(BREATH).unwrap_or(now);
            *self.due.lock() = changing.filter_map(|row| row.plan.next_at()).min().map(|at| at.max(soonest));
        }
        self.hand_over(orders);
    }

    /// Compares the rows with what an engine found in its system.
    pub(super) fn after_sync(&self, engine: &Arc<Engine>) {
        let (directory, now) = (self.directory(), self.clock.now());
        let Some(index) = directory.indexes.get(engine.integration()).copied() else { return };
        let mut orders = Orders::new(Reason::CatchUp);
        {
            let mut table = self.table.lock();
            let slots: Vec<Slot> = table
                .iter()
                .filter(|row| {
                    let held = || engine.held(row.slot()).is_some_and(|held| !held.is_empty());
                    row.is_deleting() || row.plan.place(index).is_some() || held()
                })
                .map(Row::slot)
                .collect();
            for slot in slots {
                let (Some(row), Some(held)) = (table.row_mut(slot), engine.held(slot)) else { continue };
                orders.reason = found_by_sync(row, index);
                if row.is_deleting() {
                    if !held.is_empty() || row.plan.place(index).is_some() {
                        orders.push(index, engine, slot, Class::Revocation);
                    }
                    orders.settle(slot, Class::Revocation);
                    continue;
                }
                if row.plan.place(index).is_none() {
                    // Nothing is planned here and no status names it: made by a process that could not tell any more.
                    orders.push(index, engine, slot, Class::RolloverRemoval);
                    continue;
                }
                let place = row.plan.place_mut(index);
                match state_by_engine(place.want, engine, slot, &held, now) {
                    Some(state) if engine.is_settled(slot) => {
                        let told = place.state == state;
                        place.state = state;
                        if !told {
                            orders.settle(slot, Class::RolloverAddition);
                        }
                    }
                    Some(_) => {}
                    None if matches!(place.state, PlaceState::Withheld(why, _) if engine.withholds(why)) => {}
                    None => orders.push(index, engine, slot, catch_up(place.want, place.state)),
                }
            }
        }
        self.hand_over(orders);
    }

    /// Gives the work to those who do it.
    pub(super) fn hand_over(&self, orders: Orders) {
        for (engine, slots) in orders.engines.into_values() {
            engine.push_all(slots);
        }
        for (slot, class) in orders.settle {
            self.settle_if_it_differs(slot, class);
        }
    }
}

/// Why a row gets the work that a full sync has found.
fn found_by_sync(row: &Row<Plan>, index: u16) -> Reason {
    match row.plan.place(index) {
        _ if row.is_deleting() => Reason::Deletion,
        Some(place) if place.state.is_settled() => Reason::Drift,
        Some(_) if awaits_first_work(row) => Reason::User,
        _ => Reason::CatchUp,
    }
}

/// Whether nothing was done yet for the spec that the user has applied, however long ago: what it refers to came late, or no
/// system was connected.
fn awaits_first_work(row: &Row<Plan>) -> bool {
    !row.is_ours() || row.plan.told == Told::Nothing
}

/// The class of what a full sync found missing or too much.
const fn catch_up(want: PlaceWant, state: PlaceState) -> Class {
    match (want, state) {
        (PlaceWant::Nothing, _) => Class::RolloverRemoval,
        (_, PlaceState::Waiting) => Class::RolloverAddition,
        _ => Class::Drift,
    }
}

/// Whether time and references decide about a row: not if it is on its way out, or its spec cannot be carried out.
fn changes_by_itself(row: &Row<Plan>) -> bool {
    row.life() == Life::Living && !row.is_deleting() && row.plan.visit.is_some()
}

/// Whether the standing of a row is another one than it was planned with: it changes at another time.
fn has_another_day(plan: &Plan, directory: &Directory, now: Timestamp) -> bool {
    let next = plan.visit.map(|visit| plan::standing(visit, directory.tenant(plan.tenant), now).1);
    next.is_some_and(|next| !plan.changes_at(next))
}

/// Whether what a row was planned by has changed: its tenant's facts, or what an integration that it is in wants at all.
fn has_shifted(plan: &Plan, directory: &Directory, turned: &[u16]) -> bool {
    facts_hash(directory, plan) != plan.facts
        || plan.places.iter().any(|place| turned.contains(&place.integration))
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
