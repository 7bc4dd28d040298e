//! Writes the status and the finalizer of a Visitor, and notes the answers in its row.

use std::sync::Arc;
use std::time::Instant;

use vestibule_core::identity::ObjectId;
use vestibule_core::status::{Truth, conditions};

use super::Visitors;
use super::row_state::{RowState, StatusCoverage};
use super::status_compute;
use super::status_writer::is_held;
use super::validate::{Object, Said};
use crate::cluster::rows::Row;
use crate::engine::{Priority, SourceError};
use crate::metrics::Outcome;

impl Visitors {
    pub(super) async fn write_status(
        &self,
        object_id: ObjectId,
        object: &Object,
        said: Said,
    ) -> Result<(), SourceError> {
        let before = object.status.clone().unwrap_or_default();
        let answer = self.writer.status(&object.meta, &before.status, &said.status, &said).await;
        if answer.is_ok() {
            self.note_first_ready(object, &before, &said);
            self.note_status_of(object_id, &said);
            self.note_echo(object_id, object, &said);
        }
        self.take_written(object_id, answer.map(Some))
    }

    pub(super) fn begin_pass(&self, object_id: ObjectId) -> (Option<u64>, Instant) {
        (self.version(object_id), Instant::now())
    }

    /// Counts a pass over a Visitor. The pass has changed the object if its version is another one than at the start.
    pub(super) fn count_pass(
        &self,
        object_id: ObjectId,
        (version, began): &(Option<u64>, Instant),
        succeeded: bool,
    ) {
        let outcome = match succeeded {
            false => Outcome::Failed,
            true if self.version(object_id) == *version => Outcome::Unchanged,
            true => Outcome::Changed,
        };
        self.metrics.controllers.pass("Visitor", outcome, began.elapsed().as_secs_f64());
    }

    fn version(&self, object_id: ObjectId) -> Option<u64> {
        self.table.lock().row(object_id).map(Row::resource_version)
    }

    /// Records the time from the creation of an object to its first Ready.
    fn note_first_ready(&self, object: &Object, before: &Said, said: &Said) {
        let first = before.status.condition(conditions::READY).is_none() && is_ready(said) == Some(true);
        if let Some(created) = object.meta.created.filter(|_| first) {
            let seconds = jiff::Timestamp::now().duration_since(created).as_secs_f64();
            self.metrics.controllers.first_ready("Visitor", seconds);
        }
    }

    pub(super) fn note_status_of(&self, object_id: ObjectId, said: &Said) {
        if let Some(row) = self.table.lock().row_mut(object_id) {
            self.note_status(&mut row.state, Some(said));
            if said.status.observed_generation == row.generation() {
                row.state.status_coverage = row.state.status_coverage.max(StatusCoverage::Spec);
            }
        }
        self.object_cache.lock().drop_object(object_id);
    }

    /// Sets our finalizer before the first write for an object.
    pub(super) async fn claim_object(&self, object_id: ObjectId) -> Result<(), SourceError> {
        let object = self.object(object_id).await?.ok_or_else(|| self.without_object())?;
        if let Ok(set) = self.put_finalizer(object_id, &object).await {
            self.note_new(object_id, &object, set);
            return Ok(());
        }
        // Another client has written in between: try once more, on the present version.
        let object = self.fetch(object_id, &object.meta.key).await?.ok_or_else(|| self.without_object())?;
        let set = self.put_finalizer(object_id, &object).await?;
        self.note_new(object_id, &object, set);
        Ok(())
    }

    /// Notes in each engine of the namespace that an object is new: its finalizer was absent and nothing shows an
    /// earlier record, so these engines create every record that it will have.
    fn note_new(&self, object_id: ObjectId, object: &Object, set: bool) {
        let references = self.references();
        let named = object.status.as_ref().is_some_and(|said| !said.records.is_empty());
        if !set || named || is_held(object_id, &references) {
            return;
        }
        let here = references.engines.iter().filter(|(key, _)| key.namespace == object.meta.key.namespace);
        here.for_each(|(_, engine)| engine.note_new(object_id));
    }

    /// Sets our finalizer, on exactly the version that was read. Returns whether it was absent.
    pub(super) async fn put_finalizer(
        &self,
        object_id: ObjectId,
        object: &Object,
    ) -> Result<bool, SourceError> {
        if object.meta.is_ours() {
            return Ok(false);
        }
        if object.meta.deleting {
            return Err(SourceError::Frozen);
        }
        self.fence.check()?;
        self.take_written(object_id, self.writer.finalizer(&object.meta, true).await)?;
        Ok(true)
    }

    /// Processes the answer to a write. After an error the object is read again before the next attempt.
    pub(super) fn take_written(
        &self,
        object_id: ObjectId,
        answer: kube::Result<Option<Object>>,
    ) -> Result<(), SourceError> {
        match answer {
            Ok(object) => {
                if let Some(object) = object {
                    self.take_answer(object_id, &Arc::new(object));
                }
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.code == 404 => {
                self.object_cache.lock().drop_object(object_id);
                self.queue_status(object_id, Priority::UserChange);
                Err(SourceError::Frozen)
            }
            Err(error) => {
                self.object_cache.lock().drop_object(object_id);
                Err(SourceError::Unreachable(error.to_string()))
            }
        }
    }

    /// Notes a status in its row and in the metrics.
    pub(super) fn note_status(&self, row_state: &mut RowState, said: Option<&Said>) {
        let word = |ready: Option<bool>| ready.map(|ready| if ready { "True" } else { "False" });
        let ready = said.and_then(is_ready);
        if ready != row_state.ready {
            self.metrics.controllers.object("Visitor", conditions::READY, word(row_state.ready), word(ready));
        }
        (row_state.status_hash, row_state.ready) = (said.map_or(0, status_compute::hash), ready);
        row_state
            .flags
            .set_lapsed(said.is_some_and(|said| said.status.has_stopped() || said.status.has_lapsed()));
    }
}

fn is_ready(said: &Said) -> Option<bool> {
    said.status.condition(conditions::READY).map(|ready| ready.status == Truth::True)
}

/// Whether two statuses differ in nothing but times.
pub(super) fn same(a: &Said, b: &Said) -> bool {
    let rest = |said: &Said| (said.records.clone(), said.last_handled_sync_at.clone());
    a.status.same_without_times(&b.status) && rest(a) == rest(b)
}
