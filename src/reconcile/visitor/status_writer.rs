//! The status writers: a status is written once after the work on its object, and only if it differs visibly.

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

/// Whether a status may have to be written, according to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusNeed {
    /// It is up to date.
    Nothing,
    /// It differs, or the whole object is needed to know.
    Something,
    /// Work is in progress; it is reported if it takes long.
    Later,
}

/// How long work may take before the status reports it, or what it waits for.
pub(super) const REPORT_WAITING_AFTER: SignedDuration = SignedDuration::from_secs(10);

impl Visitors {
    /// Queues the status of an object with the priority of the work that it reports: the status of a user's new Visitor
    /// does not wait behind those of a whole midnight.
    pub(super) fn queue_status(&self, object_id: ObjectId, priority: Priority) {
        self.status_queue.lock().queue.push(object_id, status_work(priority), None, self.clock.now());
        self.status_wake.notify_one();
    }

    /// Queues the status of an object if, according to the row, it is not up to date.
    pub(super) fn queue_status_if_it_differs(&self, object_id: ObjectId, priority: Priority) {
        match self.status_need_by_row(object_id) {
            StatusNeed::Nothing => {}
            StatusNeed::Something => self.queue_status(object_id, priority),
            StatusNeed::Later => {
                self.queue_status_later(object_id, REPORT_WAITING_AFTER);
            }
        }
    }

    /// Queues the status of an object for a check after this time, with or without a report. The priority is the
    /// lowest: a system that hangs has many Visitors, and those of a healthy system wait for the same writers.
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

    /// Whether the "waiting" status of an object may be written now; if not, the object is queued for the time when it
    /// may.
    fn may_report_waiting(&self, object_id: ObjectId) -> bool {
        let now = self.clock.now();
        let mut status_queue = self.status_queue.lock();
        let Err(at) = status_queue.may_report_waiting(now) else { return true };
        status_queue.queue.push(object_id, status_work(Priority::Drift), Some(at), now);
        false
    }

    /// Whether the status of an object has to be written, according to its row; the object is not read.
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
            // There is no more to report about a day that has not come until an integration is ready; then all rows are
            // checked.
            None if row.state.status_coverage == StatusCoverage::Spec && phase == Phase::Scheduled => {
                StatusNeed::Nothing
            }
            None => StatusNeed::Later,
            Some(said) if status_compute::hash(&said) == row.state.status_hash => StatusNeed::Nothing,
            Some(_) => StatusNeed::Something,
        }
    }

    /// Whether only time has passed for an object: its status describes its spec, and the systems that it waits for are
    /// connected.
    fn is_under_way(&self, object_id: ObjectId) -> bool {
        let references = self.references();
        let table = self.table.lock();
        let describes_spec =
            |row: &&Row<RowState>| !row.is_deleting() && row.state.status_coverage == StatusCoverage::Spec;
        table
            .row(object_id)
            .filter(describes_spec)
            .is_some_and(|row| disconnected(&row.state, &references).next().is_none())
            && !has_outdated_record(object_id, &references)
    }

    /// Runs this many writers until it is dropped.
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

    /// One writer: handles queued objects until it is dropped.
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
            // One notification may be about several objects, so the next writer is woken as well.
            self.status_wake.notify_one();
            // If this writer panics or is aborted, the object is queued again for another one.
            let unfinished = guard((), |()| self.requeue_status(object_id, priority));
            let pass = self.begin_pass(object_id);
            let result = self.update_status(object_id, priority).await;
            self.count_pass(object_id, &pass, result.is_ok());
            ScopeGuard::into_inner(unfinished);
            if let Err(error) = result {
                tracing::debug!(%object_id, %error, "the status could not be written; the write is repeated");
                self.requeue_status(object_id, priority);
            } else {
                self.status_queue.lock().queue.done(object_id);
            }
        }
    }

    /// Queues an object again after its status could not be written.
    fn requeue_status(&self, object_id: ObjectId, priority: Priority) {
        let (now, error) = (self.clock.now(), crate::system::ErrorKind::Transient);
        self.status_queue.lock().queue.retry(object_id, status_work(priority), now, error, rand::random());
    }

    /// Computes the status of an object, and writes it if it differs.
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
            // The record was taken over, or another client has removed the finalizer: without it a deletion would leave
            // the record behind.
            self.put_finalizer(object_id, &object).await?;
        }
        if Self::ask_for_witnesses(&input) {
            self.queue_status_later(object_id, REPORT_WAITING_AFTER);
        }
        let phase = self.phase_of(&object, &row_state, &references);
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

    /// The object, if its status may have to be written.
    async fn object_to_report(&self, object_id: ObjectId) -> Result<Option<Arc<Object>>, SourceError> {
        let missing = {
            let table = self.table.lock();
            table.row(object_id).filter(|row| row.life() == Life::Missing).map(|row| table.key_of(row))
        };
        if let Some(key) = missing {
            return self.fetch(object_id, &key).await;
        }
        // The status of a failure changes as time passes.
        let need = if self.is_troubled(object_id) {
            StatusNeed::Something
        } else {
            self.status_need_by_row(object_id)
        };
        match need {
            StatusNeed::Nothing => self.object_cache.lock().drop_object(object_id),
            StatusNeed::Later if self.is_under_way(object_id) => {
                self.queue_status_later(object_id, REPORT_WAITING_AFTER);
            }
            StatusNeed::Later if !self.may_report_waiting(object_id) => {}
            StatusNeed::Later | StatusNeed::Something => return self.object(object_id).await,
        }
        Ok(None)
    }

    /// Notes that a status is complete until an engine reports.
    fn note_status_is_complete(&self, object_id: ObjectId) {
        if let Some(row) = self.table.lock().row_mut(object_id) {
            row.state.status_coverage = StatusCoverage::Everything;
        }
    }
}

/// Whether the references of a row have changed since it was planned. The next scan plans it anew; until then the
/// states of its placements belong to former targets.
fn is_outdated(row: &Row<RowState>, references: &References) -> bool {
    !row.is_deleting()
        && row.state.visit.is_some()
        && facts_hash(references, &row.state) != row.state.references_hash
}

/// Whether a system holds a record of the object.
pub(super) fn is_held(object_id: ObjectId, references: &References) -> bool {
    references
        .engines
        .values()
        .any(|engine| engine.existing(object_id).is_some_and(|existing| !existing.is_empty()))
}

/// Whether `Ready` keeps its value only until the grace time is over. While a system is down, nothing else queues the
/// status.
fn is_in_grace(said: &Said) -> bool {
    let retried = said.status.condition(conditions::RECONCILING).is_some_and(|reconciling| {
        [conditions::PROGRESSING_WITH_RETRY, conditions::THROTTLED].contains(&reconciling.reason.as_str())
    });
    let ready = said.status.condition(conditions::READY);
    retried && ready.is_none_or(|ready| ready.status != Truth::False)
}
