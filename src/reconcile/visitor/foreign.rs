//! Repairs statuses that other clients have written. A row keeps the hash of its status, so that each version of an
//! object shows whether another client has changed it.

use std::sync::Arc;

use vestibule_core::identity::ObjectId;

use super::Visitors;
use super::on_event::status_coverage;
use super::row_state::StatusCoverage;
use super::status_compute;
use super::validate::Object;
use crate::engine::Priority;

impl Visitors {
    /// Compares the status in a newer version of an object, for which nothing is planned anew, with the one that was
    /// known last.
    pub(super) fn compare_status(&self, object_id: ObjectId, object: Arc<Object>) {
        let found = object.status.as_ref().map_or(0, status_compute::hash);
        let references = self.references();
        {
            let mut table = self.table.lock();
            let Some(row) = table.row_mut(object_id).filter(|row| row.state.status_hash != found) else {
                return;
            };
            self.note_status(&mut row.state, object.status.as_ref());
            // At most `Spec`, so that work in progress is reported again.
            row.state.status_coverage =
                status_coverage(&row.state, &object, &references).min(StatusCoverage::Spec);
        }
        self.object_cache.lock().put(object_id, object);
        // The lowest priority: no user waits for this write, and a client that keeps overwriting the status must not
        // delay other writes.
        self.queue_status_if_it_differs(object_id, Priority::Drift);
    }
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
