//! Work that no event of a Visitor causes: midnight, a changed Tenant, Property or integration, a full sync. Everything
//! here is decided from rows; no object is read and no call is made.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::ObjectId;

use super::Visitors;
use super::desired_state::state_by_engine;
use super::plan;
use super::reference_changes::ReferenceChanges;
use super::replan::{facts_hash, replan};
use super::row_state::{PlacementState, PlacementTarget, RowState, StatusCoverage};
use crate::cluster::rows::{Life, Row};
use crate::engine::{Engine, Priority, Reason, Work};
use crate::reconcile::references::References;

/// The shortest time between two scans that only time causes.
const MIN_RESCAN_INTERVAL: SignedDuration = SignedDuration::from_millis(500);

/// Why rows are scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Time has passed: the rollover.
    Time,
    /// The clock was set back: a day that had begun may lie ahead again.
    SetBack,
    /// Something that Visitors refer to has changed.
    References,
}

impl Cause {
    /// The reason of a row's work.
    fn reason(self, row: &Row<RowState>, now: Timestamp) -> Reason {
        match self {
            Self::References if row.state.is_due(now) => Reason::Rollover,
            Self::References if awaits_first_work(row) => Reason::User,
            Self::References => Reason::Reference,
            Self::Time | Self::SetBack => Reason::Rollover,
        }
    }

    /// The priority of work that removes access. Work that adds access is a rollover addition in both cases: a change
    /// of a Tenant concerns thousands of Visitors, and a user's change of one Visitor must not wait behind them.
    pub(super) const fn removal_priority(self) -> Priority {
        match self {
            Self::Time | Self::SetBack => Priority::RolloverRemoval,
            Self::References => Priority::Revocation,
        }
    }
}

/// Work for engines and writers, handed over after the rows are unlocked.
pub(super) struct WorkBatch {
    /// The reason of the work that is pushed from now on.
    pub(super) reason: Reason,
    engines: HashMap<u16, ForEngine>,
    settle: Vec<(ObjectId, Priority)>,
}

/// An engine and the objects that are queued in it.
type ForEngine = (Arc<Engine>, Vec<(ObjectId, Work)>);

impl WorkBatch {
    /// An empty batch. The first work has this reason.
    pub(super) fn new(reason: Reason) -> Self {
        Self { reason, engines: HashMap::new(), settle: Vec::new() }
    }

    /// Queues an object in an engine.
    pub(super) fn push(&mut self, index: u16, engine: &Arc<Engine>, object_id: ObjectId, priority: Priority) {
        let work = priority.with_reason(self.reason);
        self.engines
            .entry(index)
            .or_insert_with(|| (Arc::clone(engine), Vec::new()))
            .1
            .push((object_id, work));
    }

    /// Whether an engine gets work.
    pub(super) fn has_work(&self) -> bool {
        !self.engines.is_empty()
    }

    /// Queues the status of an object.
    pub(super) fn queue_status(&mut self, object_id: ObjectId, priority: Priority) {
        self.settle.push((object_id, priority));
    }
}

impl Visitors {
    /// Plans anew every row that is due or has changed references, and notes when the next one is due.
    pub(super) fn scan(&self, cause: Cause) {
        let (references, now) = (self.references(), self.clock.now());
        let before = std::mem::replace(&mut *self.scanned.lock(), Arc::clone(&references));
        let shift = ReferenceChanges { before, now: Arc::clone(&references) };
        let mut batch = WorkBatch::new(Reason::CatchUp);
        {
            let mut table = self.table.lock();
            let turned = shift.turned();
            let concerned: Vec<ObjectId> = table
                .iter()
                .filter(|row| changes_by_itself(row))
                .filter(|row| {
                    let set_back = cause == Cause::SetBack && has_another_day(&row.state, &references, now);
                    set_back || row.state.is_due(now) || has_shifted(&row.state, &references, &turned)
                })
                .map(Row::object_id)
                .collect();
            for object_id in concerned {
                if let Some(row) = table.row_mut(object_id) {
                    batch.reason = cause.reason(row, now);
                    replan(&mut row.state, object_id, &shift, now, cause, &mut batch);
                }
            }
            if !Arc::ptr_eq(&shift.before, &shift.now) {
                let changed = table.iter().filter(|row| shift.changes_statuses_of(row.state.tenant));
                changed.for_each(|row| batch.queue_status(row.object_id(), Priority::RolloverAddition));
            }
            if cause == Cause::References {
                // The integration that a deletion waits for may be gone because a person has abandoned it.
                let deleting = table.iter().filter(|row| row.is_deleting());
                deleting.for_each(|row| batch.queue_status(row.object_id(), Priority::Revocation));
            }
            // Only rows that the next scan plans anew: the time of any other row would stay in the past, and the loop
            // would never sleep.
            let changing = table.iter().filter(|row| changes_by_itself(row));
            // Never at once, whatever was computed: a loop that spins would starve all other work.
            let soonest = now.checked_add(MIN_RESCAN_INTERVAL).unwrap_or(now);
            *self.due.lock() =
                changing.filter_map(|row| row.state.next_transition()).min().map(|at| at.max(soonest));
        }
        self.hand_over(batch);
    }

    /// Compares the rows with what an engine found in its system.
    pub(super) fn after_sync(&self, engine: &Arc<Engine>) {
        let (references, now) = (self.references(), self.clock.now());
        let Some(index) = references.indexes.get(engine.integration()).copied() else { return };
        let mut batch = WorkBatch::new(Reason::CatchUp);
        self.ask_for_second_list(engine, &references, &mut batch);
        {
            let mut table = self.table.lock();
            let object_ids: Vec<ObjectId> = table
                .iter()
                .filter(|row| {
                    let existing =
                        || engine.existing(row.object_id()).is_some_and(|existing| !existing.is_empty());
                    row.is_deleting() || row.state.placement(index).is_some() || existing()
                })
                .map(Row::object_id)
                .collect();
            for object_id in object_ids {
                let (Some(row), Some(existing)) = (table.row_mut(object_id), engine.existing(object_id))
                else {
                    continue;
                };
                batch.reason = found_by_sync(row, index);
                if row.is_deleting() {
                    if !existing.is_empty() || row.state.placement(index).is_some() {
                        batch.push(index, engine, object_id, Priority::Revocation);
                    }
                    batch.queue_status(object_id, Priority::Revocation);
                    continue;
                }
                if row.state.placement(index).is_none() {
                    // No placement and no status names this record: its process ended before it could report it.
                    batch.push(index, engine, object_id, Priority::RolloverRemoval);
                    continue;
                }
                let placement = row.state.placement_mut(index);
                match state_by_engine(placement.target, engine, object_id, &existing, now) {
                    Some(state) if engine.is_settled(object_id) => {
                        let unchanged = placement.state == state;
                        placement.state = state;
                        if !unchanged {
                            batch.queue_status(object_id, Priority::RolloverAddition);
                        }
                    }
                    Some(_) => {}
                    // Nothing is to be done, but the record that is kept may have ended.
                    None if matches!(placement.state, PlacementState::Withheld(why, _) if engine.withholds(why)) =>
                    {
                        batch.queue_status(object_id, Priority::RolloverAddition);
                    }
                    None => batch.push(index, engine, object_id, catch_up(placement.target, placement.state)),
                }
            }
        }
        self.hand_over(batch);
    }

    /// After its first list a process cannot exclude records that an earlier process created and that neither the list
    /// nor a status shows. Requests a second list, and queues the statuses that wait for it once it was read.
    fn ask_for_second_list(&self, engine: &Engine, references: &References, batch: &mut WorkBatch) {
        let is_witnessed = engine.take_witnessed();
        if engine.lists_are_enough() && !is_witnessed {
            return;
        }
        let table = self.table.lock();
        let taken_here = |row: &&Row<RowState>| {
            let tenant = references.tenant(row.state.tenant);
            row.is_ours() && tenant.is_some_and(|tenant| tenant.access_in(engine.integration()).is_some())
        };
        let mut rows = table.iter().filter(taken_here);
        if is_witnessed {
            rows.for_each(|row| batch.queue_status(row.object_id(), Priority::RolloverAddition));
        } else if rows.any(|row| engine.lacks_witness(row.object_id())) {
            engine.request_witness();
        }
    }

    /// Hands the work to the engines and the status writers.
    pub(super) fn hand_over(&self, batch: WorkBatch) {
        for (engine, object_ids) in batch.engines.into_values() {
            engine.push_all(object_ids);
        }
        for (object_id, priority) in batch.settle {
            self.queue_status_if_it_differs(object_id, priority);
        }
    }
}

/// The reason of work that a full sync has found.
fn found_by_sync(row: &Row<RowState>, index: u16) -> Reason {
    match row.state.placement(index) {
        _ if row.is_deleting() => Reason::Deletion,
        Some(placement) if placement.state.is_settled() => Reason::Drift,
        Some(_) if awaits_first_work(row) => Reason::User,
        _ => Reason::CatchUp,
    }
}

/// Whether no work was done yet for the spec that the user has applied, however long ago: a reference came late, or no
/// system was connected.
fn awaits_first_work(row: &Row<RowState>) -> bool {
    !row.is_ours() || row.state.status_coverage == StatusCoverage::Nothing
}

/// The priority of a difference that a full sync has found.
const fn catch_up(target: PlacementTarget, state: PlacementState) -> Priority {
    match (target, state) {
        (PlacementTarget::Nothing, _) => Priority::RolloverRemoval,
        (_, PlacementState::Waiting) => Priority::RolloverAddition,
        _ => Priority::Drift,
    }
}

/// Whether time and references decide about a row. They do not if its object is being deleted or its spec is not valid.
fn changes_by_itself(row: &Row<RowState>) -> bool {
    row.life() == Life::Living && !row.is_deleting() && row.state.visit.is_some()
}

/// Whether the phase of a row has changed since it was planned: its next transition is at another time.
fn has_another_day(row_state: &RowState, references: &References, now: Timestamp) -> bool {
    let next = row_state.visit.map(|visit| plan::phase(visit, references.tenant(row_state.tenant), now).1);
    next.is_some_and(|next| !row_state.changes_at(next))
}

/// Whether the references of a row have changed since it was planned: the facts of its tenant, or one of its
/// integrations has started or stopped to be frozen or to decline visitors.
fn has_shifted(row_state: &RowState, references: &References, turned: &[u16]) -> bool {
    facts_hash(references, row_state) != row_state.references_hash
        || row_state.placements.iter().any(|placement| turned.contains(&placement.integration))
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
