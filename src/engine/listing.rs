//! A whole list of a system's people on its way into the [`Snapshot`](super::snapshot::Snapshot), page by page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::ObservedRecord;

use super::snapshot::Entry;

/// So many other Vestibule owners are named: far more than share one system, most of them neighbours of one cluster.
const OTHERS: usize = 1000;

/// A record of ours as the list shows it: 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) object_id: ObjectId,
    pub(super) entry: Entry,
}

/// A list that is being read. Dropping it half read changes nothing.
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

/// What a whole list told. Ids are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Ours, and we did not know them.
    pub appeared: Vec<RecordId>,
    /// Ours, and not as we left them.
    pub changed: Vec<RecordId>,
    /// Held, and the list lacks them: each id is to be asked for, then it stands or is removed.
    pub missing: Vec<RecordId>,
    /// People who are not ours, those of other Vestibule owners among them.
    pub foreign: usize,
    /// Owner ids of other Vestibule owners whose records carry a mark that agrees with their id. A text that only looks
    /// like an id of a Vestibule is a person of the site.
    pub others: BTreeSet<String>,
    /// The list is empty where something was: nothing is to be removed on its word.
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

    /// Adds a record of a page. A dead one is no witness of anything and is left out; one that two pages show, because
    /// the list moved under us, counts as the later shows it.
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

    /// Records whose id is what a system left of one of ours, by the ids that it shows.
    pub(super) fn take_misnamed(&mut self) -> BTreeMap<String, RecordId> {
        std::mem::take(&mut self.misnamed)
    }

    /// Records of ours whose mark is absent or cannot be read. There are few: nobody but a person makes them.
    pub(super) fn take_unmarked(&mut self) -> BTreeSet<RecordId> {
        std::mem::take(&mut self.unmarked)
    }

    /// Records of ours so far, and people of others.
    pub fn counts(&self) -> (usize, usize) {
        (self.found.len(), self.foreign)
    }

    pub(super) const fn running(&self) -> &Arc<()> {
        &self.running
    }

    /// What was found, sorted by id and each once, and the part of the result that needs no snapshot.
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
