//! "Sync now" for one object: its records are read by id, whatever the last listing showed of them.

use vestibule_core::identity::ObjectId;

use super::{Engine, Priority, Reason};

impl Engine {
    /// Queues a turn in which the records of an object are read by id and compared with the desired state.
    pub fn reread(&self, object_id: ObjectId) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.rereads.insert(object_id);
        inner.queue.push(object_id, Priority::UserChange.with_reason(Reason::Drift), None, now);
        drop(inner);
        self.wake.notify_one();
    }
}
