//! Collects the pages of a listing of all people of a system for the [`Snapshot`](super::snapshot::Snapshot).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::ObservedRecord;

use super::snapshot::Entry;

/// At most this many other Vestibule owners are kept: far more than share one system.
const OTHERS: usize = 1000;

/// A record of ours as the listing shows it: 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) object_id: ObjectId,
    pub(super) entry: Entry,
}

/// A listing in progress. Dropping it before its end changes nothing.
#[derive(Debug)]
pub struct Listing {
    owner: Owner,
    running: Arc<()>,
    found: Vec<Found>,
    unmarked: BTreeSet<RecordId>,
    misnamed: BTreeMap<String, RecordId>,
    foreign: usize,
    others: BTreeSet<String>,
}

/// The result of a complete listing. Ids are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Records of ours that the snapshot did not contain.
    pub appeared: Vec<RecordId>,
    /// Records of ours whose content differs from the snapshot.
    pub changed: Vec<RecordId>,
    /// Records of the snapshot that are missing from the listing. Each is read by its id, and then kept or removed.
    pub missing: Vec<RecordId>,
    /// How many records are foreign; records of other Vestibule owners count as foreign.
    pub foreign: usize,
    /// Owner ids of other Vestibule owners whose records carry an owner mark that matches their record id. A person whose
    /// id only looks like a record id does not count.
    pub others: BTreeSet<String>,
    /// The listing is empty although the system had records before. It proves no absence.
    pub suspicious: bool,
}

impl Listing {
    pub(super) const fn new(owner: Owner, running: Arc<()>) -> Self {
        Self {
            owner,
            running,
            found: Vec::new(),
            unmarked: BTreeSet::new(),
            misnamed: BTreeMap::new(),
            foreign: 0,
            others: BTreeSet::new(),
        }
    }

    /// Adds a record of a page. A dead record proves nothing and is ignored. If two pages show the same record, because the
    /// list changed meanwhile, the later page counts.
    pub fn add(&mut self, record: &ObservedRecord) {
        if record.dead {
            return;
        }
        match record.id {
            Some(id) if id.owner == self.owner => {
                let until = record.facts.window.map(|window| window.until);
                let entry = Entry::new(&id, record.facts.fingerprint(), until);
                self.found.push(Found { object_id: id.object_id, entry });
                if record.mark.is_none() {
                    self.unmarked.insert(id);
                } else {
                    self.unmarked.remove(&id);
                }
            }
            Some(_) => {
                self.foreign += 1;
                if let Some(mark) = record.mark.as_ref().filter(|_| self.others.len() < OTHERS) {
                    self.others.insert(mark.owner_id.clone());
                }
            }
            None => {
                self.foreign += 1;
                if let Some(id) = RecordId::from_altered(self.owner, &record.external_id) {
                    self.misnamed.insert(record.external_id.clone(), id);
                }
            }
        }
    }

    /// Records under an altered form of one of our ids, by the id that the system shows.
    pub(super) fn take_misnamed(&mut self) -> BTreeMap<String, RecordId> {
        std::mem::take(&mut self.misnamed)
    }

    /// Records of ours whose owner mark is absent or unreadable. They are few, because only manual changes cause them.
    pub(super) fn take_unmarked(&mut self) -> BTreeSet<RecordId> {
        std::mem::take(&mut self.unmarked)
    }

    /// The numbers of our records and of foreign records so far.
    pub fn counts(&self) -> (usize, usize) {
        (self.found.len(), self.foreign)
    }

    pub(super) const fn running(&self) -> &Arc<()> {
        &self.running
    }

    /// The records of ours, sorted by id and without duplicates, and the part of the result that needs no snapshot.
    pub(super) fn close(self) -> (Vec<Found>, Merged) {
        let Self { owner, running: _, mut found, unmarked: _, misnamed: _, foreign, others } = self;
        let id = |one: &Found| one.entry.id(owner, one.object_id);
        found.sort_by_key(id);
        found.dedup_by(|later, kept| {
            let same = id(later) == id(kept);
            if same {
                *kept = *later;
            }
            same
        });
        (found, Merged { foreign, others, ..Merged::default() })
    }
}
