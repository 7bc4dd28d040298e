//! The writers: at the end of a pass the status is written, once, and only if a reader could see a difference.

use std::sync::Arc;

use jiff::SignedDuration;
use scopeguard::{ScopeGuard, guard};
use tokio::task::JoinSet;
use vestibule_core::identity::ObjectId;
use vestibule_core::status::{Truth, conditions};

use super::Visitors;
use super::plan::Phase;
use super::replan::facts_hash;
use super::requests::is_compared;
use super::row_state::{RowState, StatusCoverage};
use super::status_compute::{self, READY_GRACE};
use super::status_input::{StatusInput, disconnected, has_outdated_record};
use super::status_queue::status_work;
use super::validate::{Object, Said};
use super::write::same;
use crate::cluster::rows::{Life, Row};
use crate::engine::{Priority, SourceError};
use crate::reconcile::references::References;

/// Whether a status may have to be written, as far as a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusNeed {
    /// It says what there is to say.
    Nothing,
    /// It differs, or the whole object is needed to know.
    Something,
    /// The work is under way; to be told if it takes long.
    Later,
}

/// How long work may take before the status says that it is under way, or what it waits for.
pub(super) const REPORT_WAITING_AFTER: SignedDuration = SignedDuration::from_secs(10);

impl Visitors {
    /// Queues a slot for a writer, with the rank of the work it tells of: the status of a user's new visitor does not
    /// wait behind those of a whole midnight.
    pub(super) fn queue_status(&self, object_id: ObjectId, priority: Priority) {
        self.status_queue.lock().queue.push(object_id, status_work(priority), None, self.clock.now());
        self.status_wake.notify_one();
    }

    /// Queues a slot if, by its row, its status has something else to say than it says.
    pub(super) fn queue_status_if_it_differs(&self, object_id: ObjectId, priority: Priority) {
        match self.status_need_by_row(object_id) {
            StatusNeed::Nothing => {}
            StatusNeed::Something => self.queue_status(object_id, priority),
            StatusNeed::Later => {
                self.queue_status_later(object_id, REPORT_WAITING_AFTER);
            }
        }
    }

    /// Has a slot looked at again when so much time has gone by, whether or not anything is heard of it. Not before anybody
    /// else: the visitors of a system that hangs are many, and those of a healthy one wait for the same writers.
    pub(super) fn queue_status_later(&self, object_id: ObjectId, wait: SignedDuration) {
        let now = self.clock.now();
        self.status_queue.lock().queue.push(
            object_id,
            status_work(Priority::Drift),
            now.checked_add(wait).ok(),
            now,
        );
        self.status_wake.notify_one();
    }

    /// Whether a slot may be told now that it waits; else it is looked at again when it may.
    fn may_report_waiting(&self, object_id: ObjectId) -> bool {
        let now = self.clock.now();
        let mut status_queue = self.status_queue.lock();
        let Err(at) = status_queue.may_report_waiting(now) else { return true };
        status_queue.queue.push(object_id, status_work(Priority::Drift), Some(at), now);
        false
    }

    /// What is to be told of a slot, as far as its row says; its object is not looked at.
    fn status_need_by_row(&self, object_id: ObjectId) -> StatusNeed {
        let references = self.references();
        let table = self.table.lock();
        let Some(row) = table.row(object_id) else { return StatusNeed::Nothing };
        if is_outdated(row, &references) {
            return StatusNeed::Nothing;
        }
        if row.is_deleting() || row.state.visit.is_none() {
            return StatusNeed::Something;
        }
        if !row.is_ours() && is_held(object_id, &references) {
            return StatusNeed::Something;
        }
        if row.state.flags.is_sync_requested() && is_compared(&row.state) {
            return StatusNeed::Something;
        }
        let (key, previous) = (table.key_of(row), Said::default());
        let input = StatusInput {
            object_id,
            namespace: &key.namespace,
            generation: row.generation(),
            is_ours: row.is_ours(),
            row_state: &row.state,
            references: &references,
            previous: &previous,
        };
        let phase = self.phase(&row.state, &references);
        match self.said(&input, &phase) {
            None if row.state.status_coverage == StatusCoverage::Everything => StatusNeed::Nothing,
            // Until an integration is ready nothing more can be said of a day that has not come; then all are looked at.
            None if row.state.status_coverage == StatusCoverage::Spec && phase == Phase::Scheduled => {
                StatusNeed::Nothing
            }
            None => StatusNeed::Later,
            Some(said) if status_compute::hash(&said) == row.state.status_hash => StatusNeed::Nothing,
            Some(_) => StatusNeed::Something,
        }
    }

    /// Whether nothing but time has passed for a slot: its spec is told, and the systems that it waits for are at work.
    fn is_under_way(&self, object_id: ObjectId) -> bool {
        let references = self.references();
        let table = self.table.lock();
        let told =
            |row: &&Row<RowState>| !row.is_deleting() && row.state.status_coverage == StatusCoverage::Spec;
        table
            .row(object_id)
            .filter(told)
            .is_some_and(|row| disconnected(&row.state, &references).next().is_none())
            && !has_outdated_record(object_id, &references)
    }

    /// Keeps so many writers at work until it is dropped.
    pub(super) async fn write_statuses(self: Arc<Self>, writers: usize) {
        let mut tasks = JoinSet::new();
        loop {
            while tasks.len() < writers {
                tasks.spawn(Arc::clone(&self).write_one_by_one());
            }
            // No writer ends by itself: this one has panicked.
            tasks.join_next().await;
        }
    }

    /// One writer: takes slots until it is dropped.
    async fn write_one_by_one(self: Arc<Self>) {
        loop {
            let (popped, next) = {
                let mut status_queue = self.status_queue.lock();
                (status_queue.next(self.clock.now()), status_queue.queue.next_at())
            };
            let Some((object_id, priority)) = popped else {
                let wake = async {
                    match next {
                        Some(at) => self.clock.sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = self.status_wake.notified() => {}
                    () = wake => {}
                }
                continue;
            };
            // Another writer may have slept over a notification that was meant for more than one slot.
            self.status_wake.notify_one();
            // A writer that panics or is aborted leaves the slot to another one.
            let unfinished = guard((), |()| self.requeue_status(object_id, priority));
            let pass = self.begin_pass(object_id);
            let result = self.update_status(object_id, priority).await;
            self.count_pass(object_id, &pass, result.is_ok());
            ScopeGuard::into_inner(unfinished);
            if let Err(error) = result {
                tracing::debug!(%object_id, %error, "the status could not be written; tried again");
                self.requeue_status(object_id, priority);
            } else {
                self.status_queue.lock().queue.done(object_id);
            }
        }
    }

    /// Puts a slot back whose status could not be written.
    fn requeue_status(&self, object_id: ObjectId, priority: Priority) {
        let (now, error) = (self.clock.now(), crate::system::ErrorKind::Transient);
        self.status_queue.lock().queue.retry(object_id, status_work(priority), now, error, rand::random());
    }

    /// One look at a slot: what there is to say is written, if it is not what the status says.
    async fn update_status(&self, object_id: ObjectId, priority: Priority) -> Result<(), SourceError> {
        let Some(object) = self.object_to_report(object_id).await? else { return Ok(()) };
        let (row_state, ours) = {
            let table = self.table.lock();
            let Some(row) = table.row(object_id).filter(|row| !is_outdated(row, &self.references())) else {
                return Ok(());
            };
            (row.state.clone(), row.is_ours())
        };
        let (references, previous) = (self.references(), object.status.clone().unwrap_or_default());
        self.note_unlisted(object_id, &object, &references);
        let input = StatusInput {
            object_id,
            namespace: &object.meta.key.namespace,
            generation: object.meta.generation,
            is_ours: ours,
            row_state: &row_state,
            references: &references,
            previous: &previous,
        };
        if object.meta.deleting {
            return if ours { self.finish_deletion(&input, &object, priority).await } else { Ok(()) };
        }
        if !ours && is_held(object_id, &references) {
            // Taken over, or somebody took the finalizer away: without it a deletion would leave the record behind.
            self.put_finalizer(object_id, &object).await?;
        }
        if Self::ask_for_witnesses(&input) {
            self.queue_status_later(object_id, REPORT_WAITING_AFTER);
        }
        let phase = self.standing_of(&object, &row_state, &references);
        let Some(said) = self.status_of_waiting(&input, &phase, &object) else {
            self.note_status_of(object_id, &previous);
            self.queue_status_later(object_id, REPORT_WAITING_AFTER);
            return Ok(());
        };
        if is_in_grace(&said) {
            self.queue_status_later(object_id, READY_GRACE);
        }
        let said = Self::with_echo(said, &object, &row_state);
        if !same(&said, &previous) {
            return self.write_status(object_id, &object, said).await;
        }
        self.note_status_of(object_id, &previous);
        self.note_status_is_complete(object_id);
        Ok(())
    }

    /// The object of a slot that there may be something to tell of.
    async fn object_to_report(&self, object_id: ObjectId) -> Result<Option<Arc<Object>>, SourceError> {
        let missing = {
            let table = self.table.lock();
            table.row(object_id).filter(|row| row.life() == Life::Missing).map(|row| table.key_of(row))
        };
        if let Some(key) = missing {
            return self.fetch(object_id, &key).await;
        }
        // A trouble is told in another way as time goes by.
        let to_tell = if self.is_troubled(object_id) {
            StatusNeed::Something
        } else {
            self.status_need_by_row(object_id)
        };
        match to_tell {
            StatusNeed::Nothing => self.object_cache.lock().drop_object(object_id),
            StatusNeed::Later if self.is_under_way(object_id) => {
                self.queue_status_later(object_id, REPORT_WAITING_AFTER);
            }
            StatusNeed::Later if !self.may_report_waiting(object_id) => {}
            StatusNeed::Later | StatusNeed::Something => return self.object(object_id).await,
        }
        Ok(None)
    }

    /// Notes that a status says all there is to say until something is heard of the work.
    fn note_status_is_complete(&self, object_id: ObjectId) {
        if let Some(row) = self.table.lock().row_mut(object_id) {
            row.state.status_coverage = StatusCoverage::Everything;
        }
    }
}

/// Whether what a row refers to has changed since it was planned: the scan that comes plans it anew, and until then what is
/// known of its places does not belong to what is wanted now.
fn is_outdated(row: &Row<RowState>, references: &References) -> bool {
    !row.is_deleting()
        && row.state.visit.is_some()
        && facts_hash(references, &row.state) != row.state.references_hash
}

/// Whether a system holds something of the slot.
pub(super) fn is_held(object_id: ObjectId, references: &References) -> bool {
    references
        .engines
        .values()
        .any(|engine| engine.existing(object_id).is_some_and(|existing| !existing.is_empty()))
}

/// Whether `Ready` keeps its value only until the grace time is over: while a system is down, nothing else will ask.
fn is_in_grace(said: &Said) -> bool {
    let retried = said.status.condition(conditions::RECONCILING).is_some_and(|reconciling| {
        [conditions::PROGRESSING_WITH_RETRY, conditions::THROTTLED].contains(&reconciling.reason.as_str())
    });
    let ready = said.status.condition(conditions::READY);
    retried && ready.is_none_or(|ready| ready.status != Truth::False)
}
