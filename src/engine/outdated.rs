//! Records whose known content is outdated, because a setting that decides how a record is written has changed, such as the
//! zone of the system's dates. Every record is compared again at once, and does not count as in sync before that.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestibule_core::identity::ObjectId;

use super::inner::Inner;
use super::{Engine, Priority, Reason, Work};

/// The work that writes a record again after such a change.
pub(super) const REWRITE: Work = Priority::RolloverAddition.with_reason(Reason::Reference);

/// The records that were not compared since such a change.
#[derive(Debug, Default)]
pub(super) struct Outdated {
    objects: BTreeSet<ObjectId>,
    /// The number of listings at the change. A later listing is awaited.
    listing_after: Option<u64>,
}

impl Outdated {
    /// Whether a record remains to be compared.
    fn is_pending(&self) -> bool {
        self.listing_after.is_some() || !self.objects.is_empty()
    }

    /// Whether the record of an object remains to be compared.
    pub(super) fn contains(&self, object_id: ObjectId) -> bool {
        self.objects.contains(&object_id)
    }
}

impl Engine {
    /// Changes with every setting that decides how a record is written.
    pub fn record_format(&self) -> u64 {
        self.system.read().record_format()
    }

    /// Whether the record of an object was not compared since such a change.
    pub fn is_outdated(&self, object_id: ObjectId) -> bool {
        self.inner.lock().outdated.contains(object_id)
    }

    /// Publishes whether records remain to be compared, if that has changed.
    pub(super) fn publish_outdated(&self, inner: &Inner) {
        let outdated = inner.outdated.is_pending();
        if self.state.borrow().outdated != outdated {
            self.publish(|state| state.outdated = outdated);
        }
    }
}

impl Inner {
    /// Such a setting has changed: forgets the content of all records, and requests a listing.
    pub(super) fn outdate(&mut self, now: Timestamp) {
        self.snapshot.forget_contents();
        self.outdated =
            Outdated { objects: self.snapshot.object_ids().collect(), listing_after: Some(self.listings) };
        self.sync_due = None;
        // A turn under way may still write with the former setting.
        for object_id in self.queue.in_flight_ids() {
            self.rereads.insert(object_id);
            self.outdated.objects.insert(object_id);
            self.queue.push(object_id, REWRITE, None, now);
        }
    }

    /// A listing has compared the records, and the records of these objects differ.
    pub(super) fn compared(&mut self, differing: &BTreeSet<ObjectId>) {
        if self.outdated.listing_after.is_some_and(|before| self.listings > before) {
            self.outdated.listing_after = None;
            let queue = &self.queue;
            self.outdated.objects.retain(|id| differing.contains(id) || queue.contains(*id));
        }
    }

    /// The turn of an object has ended. If it is not repeated, its record is as declared, or a status says why not.
    pub(super) fn turn_compared(&mut self, object_id: ObjectId) {
        if !self.queue.contains(object_id) {
            self.outdated.objects.remove(&object_id);
        }
    }
}
