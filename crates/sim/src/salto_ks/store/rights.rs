//! Access groups and pods (2.7, 2.12).

use jiff::Timestamp;
use uuid::Uuid;

use super::super::ids::{Pu, Su};
use super::{Schedule, Table};

/// An access group: members, locks, schedules. One that lacks any of them opens nothing.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// Members by platform id, with the time when each was added.
    pub(crate) members: Table<Pu, Timestamp>,
    pub(crate) locks: Vec<Uuid>,
    pub(crate) schedules: Table<Uuid, Schedule>,
    /// Time when it last got a first schedule.
    pub(crate) scheduled: Timestamp,
    pub(crate) changed: Timestamp,
    pub(crate) changed_by: String,
}

impl Group {
    /// An empty group.
    pub(crate) fn new(id: Uuid, name: String, now: Timestamp) -> Self {
        Self {
            id,
            name,
            members: Table::default(),
            locks: Vec::new(),
            schedules: Table::default(),
            scheduled: now,
            changed: now,
            changed_by: String::new(),
        }
    }

    /// Adds or replaces a schedule; the first one takes long to reach the hardware (2.4).
    pub(crate) fn schedule(&mut self, id: Uuid, schedule: Schedule, now: Timestamp) {
        if self.schedules.is_empty() {
            self.scheduled = now;
        }
        if let Some(old) = self.schedules.get_mut(&id) {
            *old = schedule;
        } else {
            self.schedules.insert(id, schedule);
        }
    }

    /// Records the maker and the time of a change.
    pub(crate) fn touch(&mut self, now: Timestamp, by: &str) {
        self.changed = now;
        by.clone_into(&mut self.changed_by);
    }
}

/// A pod: people of a site that only pod calls may change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pod {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) members: Vec<Su>,
    pub(crate) guests: Vec<Su>,
}
