//! Work for the engine: an object is queued, and its desired state is read when its turn comes.

use vestibule_core::identity::ObjectId;

use super::Engine;
use crate::work::Work;

impl Engine {
    /// Queues an object. Its desired state is read when its turn comes.
    pub fn push(&self, object_id: ObjectId, work: Work) {
        self.inner.lock().queue.push(object_id, work, None, self.clock.now());
        self.wake.notify_one();
    }

    /// Queues many objects under one lock.
    pub fn push_all(&self, object_ids: impl IntoIterator<Item = (ObjectId, Work)>) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        for (object_id, work) in object_ids {
            if work.is_of_rollover() {
                inner.rollover_since.get_or_insert(now);
            }
            inner.queue.push(object_id, work, None, now);
        }
        drop(inner);
        self.wake.notify_one();
    }
}
