//! A bounded cache of whole objects, those that were used last. A miss costs a GET.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use vestibule_core::identity::ObjectId;

use super::validate::Object;

/// The most objects that are kept, about 2 kB each.
const MOST: NonZeroUsize = NonZeroUsize::new(2_048).expect("not zero");

/// The objects; the least recently used one is dropped first.
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

    /// The object, if it is cached in this version.
    pub fn get(&mut self, object_id: ObjectId, resource_version: u64) -> Option<Arc<Object>> {
        self.0.get(&object_id).filter(|object| object.meta.resource_version == resource_version).cloned()
    }

    /// Drops an object that needs no more work.
    pub fn drop_object(&mut self, object_id: ObjectId) {
        self.0.pop(&object_id);
    }
}
