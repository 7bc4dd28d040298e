//! "Sync now" for one object: its records are read by id, whatever the last list showed of them.

use vestibule_core::identity::ObjectId;

use super::{Engine, Priority, Reason};

impl Engine {
    /// Reads the records of a slot by id at its next turn, which comes soon, and compares them with what is wanted.
    pub fn reread(&self, object_id: ObjectId) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.rereads.insert(object_id);
        inner.queue.push(object_id, Priority::UserChange.with_reason(Reason::Drift), None, now);
        drop(inner);
        self.wake.notify_one();
    }
}
