//! A whole list of a system's people on its way into the [`Snapshot`](super::snapshot::Snapshot), page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::identity::{Owner, RecordId, Slot};
use vestibule_core::model::{Mark, ObservedRecord};

use super::snapshot::Entry;

/// So many other Vestibule owners are named; one is enough to stop for (design 3.15).
const OTHERS: usize = 10;

/// A record of ours as the list shows it: 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) slot: Slot,
    pub(super) entry: Entry,
}

/// A list that is being read. Dropping it half read changes nothing.
#[derive(Debug)]
pub struct Listing {
    owner: Owner,
    running: Arc<()>,
    found: Vec<Found>,
    unmarked: BTreeSet<RecordId>,
    foreign: usize,
    others: Vec<(Owner, Option<Mark>)>,
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
    /// Other Vestibule owners, each once and ten at most, with the first readable mark of each.
    pub others: Vec<(Owner, Option<Mark>)>,
    /// The list is empty where something was: nothing is to be removed on its word.
    pub suspicious: bool,
}

impl Listing {
    pub(super) const fn new(owner: Owner, running: Arc<()>) -> Self {
        Self { owner, running, found: Vec::new(), unmarked: BTreeSet::new(), foreign: 0, others: Vec::new() }
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
                self.found.push(Found { slot: id.slot, entry });
                if record.mark.is_none() {
                    self.unmarked.insert(id);
                } else {
                    self.unmarked.remove(&id);
                }
            }
            Some(id) => {
                self.foreign += 1;
                self.meet(id.owner, record.mark.as_ref());
            }
            None => self.foreign += 1,
        }
    }

    /// Records of ours whose mark is absent or cannot be read. There are few: nobody but a person makes them.
    pub(super) fn take_unmarked(&mut self) -> BTreeSet<RecordId> {
        std::mem::take(&mut self.unmarked)
    }

    /// Records of ours so far, and people of others.
    pub fn counts(&self) -> (usize, usize) {
        (self.found.len(), self.foreign)
    }

    fn meet(&mut self, owner: Owner, mark: Option<&Mark>) {
        if let Some((_, known)) = self.others.iter_mut().find(|(other, _)| *other == owner) {
            if known.is_none() {
                *known = mark.cloned();
            }
        } else if self.others.len() < OTHERS {
            self.others.push((owner, mark.cloned()));
        }
    }

    pub(super) const fn running(&self) -> &Arc<()> {
        &self.running
    }

    /// What was found, sorted by id and each once, and the part of the result that needs no snapshot.
    pub(super) fn close(self) -> (Vec<Found>, Merged) {
        let Self { owner, running: _, mut found, unmarked: _, foreign, others } = self;
        let id = |one: &Found| one.entry.id(owner, one.slot);
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
