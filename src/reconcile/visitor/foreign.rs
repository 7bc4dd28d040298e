//! A status that others have written is repaired. A row keeps the hash of what its status says, so that each state of an
//! object shows whether somebody else has written there.

use std::sync::Arc;

use vestibule_core::identity::Slot;

use super::Visitors;
use super::row::Told;
use super::seen::told;
use super::status;
use super::validate::Object;
use crate::engine::Class;

impl Visitors {
    /// Compares a newer state of an object, in which no plan changes, with what its status said last.
    pub(super) fn compare_status(&self, slot: Slot, object: Arc<Object>) {
        let found = object.status.as_ref().map_or(0, status::hash);
        let directory = self.directory();
        {
            let mut table = self.table.lock();
            let Some(row) = table.row_mut(slot).filter(|row| row.plan.says != found) else { return };
            self.note_status(&mut row.plan, object.status.as_ref());
            // What is under way is told again as if the status had said no more than that the spec was seen.
            row.plan.told = told(&row.plan, &object, &directory).min(Told::Spec);
        }
        self.at_hand.lock().put(slot, object);
        // Nobody waits for it, and whoever writes against us does so no faster than the others let us.
        self.settle_if_it_differs(slot, Class::Drift);
    }
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
