//! A status that others have written is repaired. A row keeps the hash of what its status says, so that each state of an
//! object shows whether somebody else has written there.

use std::sync::Arc;

use vestibule_core::identity::ObjectId;

use super::Visitors;
use super::on_event::told;
use super::row_state::StatusCoverage;
use super::status_compute;
use super::validate::Object;
use crate::engine::Priority;

impl Visitors {
    /// Compares a newer state of an object, in which no plan changes, with what its status said last.
    pub(super) fn compare_status(&self, object_id: ObjectId, object: Arc<Object>) {
        let found = object.status.as_ref().map_or(0, status_compute::hash);
        let references = self.references();
        {
            let mut table = self.table.lock();
            let Some(row) = table.row_mut(object_id).filter(|row| row.state.status_hash != found) else {
                return;
            };
            self.note_status(&mut row.state, object.status.as_ref());
            // What is under way is told again as if the status had said no more than that the spec was seen.
            row.state.status_coverage = told(&row.state, &object, &references).min(StatusCoverage::Spec);
        }
        self.object_cache.lock().put(object_id, object);
        // Nobody waits for it, and whoever writes against us does so no faster than the others let us.
        self.queue_status_if_it_differs(object_id, Priority::Drift);
    }
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
