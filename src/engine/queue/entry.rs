//! What a queue holds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestibule_core::identity::ObjectId;

use crate::engine::{Priority, Work};

/// An entry: ready, or not before a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) work: Work,
    pub(super) not_before: Option<Timestamp>,
    /// Since when it is ready, or from when on it will be.
    pub(super) since: Timestamp,
    /// First come, first served, among those of one moment.
    pub(super) seq: u64,
}

impl Entry {
    pub(super) const fn priority(&self) -> Priority {
        self.work.priority
    }

    pub(super) const fn place(&self, object_id: ObjectId) -> Place {
        (self.since, self.seq, object_id)
    }

    /// Both in one: the more urgent class, the earlier time, the older place.
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

/// The entries of one class in their order.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) ready: BTreeSet<Place>,
    pub(super) delayed: BTreeSet<Place>,
}

/// An item in flight, and what was pushed for its slot meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) entry: Entry,
    pub(super) again: Option<Entry>,
}
