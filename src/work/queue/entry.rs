//! The entries of a queue.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestibule_core::identity::ObjectId;

use crate::work::{Priority, Work};

/// An entry: ready, or delayed until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) work: Work,
    pub(super) not_before: Option<Timestamp>,
    /// Since when it is ready, or when it becomes ready.
    pub(super) since: Timestamp,
    /// The order of entries with the same `since`.
    pub(super) seq: u64,
}

impl Entry {
    pub(super) const fn priority(&self) -> Priority {
        self.work.priority
    }

    pub(super) const fn place(&self, object_id: ObjectId) -> Place {
        (self.since, self.seq, object_id)
    }

    /// Merges two entries of one object: the more urgent priority, the earlier time, the older place.
    pub(super) fn merged(self, other: Self) -> Self {
        Self {
            work: self.work.merged(other.work),
            not_before: self.not_before.zip(other.not_before).map(|(mine, theirs)| mine.min(theirs)),
            since: self.since.min(other.since),
            seq: self.seq.min(other.seq),
        }
    }
}

pub(super) type Place = (Timestamp, u64, ObjectId);

/// The entries of one priority in their order.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) ready: BTreeSet<Place>,
    pub(super) delayed: BTreeSet<Place>,
}

/// An entry in flight, and what was pushed for its object meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) entry: Entry,
    pub(super) again: Option<Entry>,
}
