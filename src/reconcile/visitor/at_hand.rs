//! The few whole objects at hand: those that were just seen or are about to be needed. Bounded; a miss costs a GET.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use vestibule_core::identity::Slot;

use super::validate::Object;

/// Objects kept at most, about 2 kB each.
const MOST: NonZeroUsize = NonZeroUsize::new(2_048).expect("not zero");

/// The objects, those longest unused going first.
pub struct AtHand(LruCache<Slot, Arc<Object>>);

impl Default for AtHand {
    fn default() -> Self {
        Self(LruCache::new(MOST))
    }
}

impl AtHand {
    /// Keeps an object.
    pub fn put(&mut self, slot: Slot, object: Arc<Object>) {
        self.0.put(slot, object);
    }

    /// The object, if it is the one that its row speaks of.
    pub fn get(&mut self, slot: Slot, resource_version: u64) -> Option<Arc<Object>> {
        self.0.get(&slot).filter(|object| object.meta.resource_version == resource_version).cloned()
    }

    /// Lets an object go that nothing is left to do for.
    pub fn drop_object(&mut self, slot: Slot) {
        self.0.pop(&slot);
    }
}
