//! The few whole objects at hand: those that were just seen or are about to be needed. Bounded; a miss costs a GET.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use vestibule_core::identity::ObjectId;

use super::validate::Object;

/// Objects kept at most, about 2 kB each.
const MOST: NonZeroUsize = NonZeroUsize::new(2_048).expect("not zero");

/// The objects, those longest unused going first.
pub struct ObjectCache(LruCache<ObjectId, Arc<Object>>);

impl Default for ObjectCache {
    fn default() -> Self {
        Self(LruCache::new(MOST))
    }
}

impl ObjectCache {
    /// Keeps an object.
    pub fn put(&mut self, object_id: ObjectId, object: Arc<Object>) {
        self.0.put(object_id, object);
    }

    /// The object, if it is the one that its row speaks of.
    pub fn get(&mut self, object_id: ObjectId, resource_version: u64) -> Option<Arc<Object>> {
        self.0.get(&object_id).filter(|object| object.meta.resource_version == resource_version).cloned()
    }

    /// Lets an object go that nothing is left to do for.
    pub fn drop_object(&mut self, object_id: ObjectId) {
        self.0.pop(&object_id);
    }
}
