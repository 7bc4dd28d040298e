//! Our records in a system, 32 bytes each: enough to decide what must be done, without any personal data.
//!
//! Listings refresh it. For records that we changed during a listing, our change prevails over the listing. A record that
//! is missing from a listing stays and is reported, because absence needs a second witness (design 3).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::plan::ExistingRecord;

use super::listing::{Found, Listing, Merged};

/// What is known of one record besides its owner and object id: 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) fingerprint: u64,
    content: u32,
    number: u16,
    /// Seconds since 1970, [`NEVER`] for a record that does not end.
    pub(super) until: u32,
    /// The generation in which the record was last updated, and [`MISSING`].
    touched: u32,
}

/// No end. An end after 2106 is stored as the second before this value.
const NEVER: u32 = u32::MAX;
/// Set in [`Entry::touched`] if the record is missing from the last listing.
const MISSING: u32 = 1 << 31;

impl Entry {
    pub(super) fn new(id: &RecordId, fingerprint: u64, until: Option<Timestamp>) -> Self {
        let seconds = |at: Timestamp| u32::try_from(at.as_second().max(0)).unwrap_or(NEVER).min(NEVER - 1);
        Self {
            fingerprint,
            content: id.content,
            number: id.number,
            until: until.map_or(NEVER, seconds),
            touched: 0,
        }
    }

    pub(super) const fn id(&self, owner: Owner, object_id: ObjectId) -> RecordId {
        RecordId { owner, object_id, content: self.content, number: self.number }
    }

    fn existing(&self, owner: Owner, object_id: ObjectId) -> ExistingRecord {
        let until =
            (self.until != NEVER).then(|| Timestamp::from_second(i64::from(self.until)).ok()).flatten();
        ExistingRecord { id: self.id(owner, object_id), fingerprint: self.fingerprint, until }
    }

    const fn touched_since(&self, generation: u32) -> bool {
        self.touched & !MISSING >= generation
    }
}

/// Our records in one system. Usually an object has one record, which is in `first`. Further ones, as between the two steps
/// of a replacement, are in `more`.
#[derive(Debug)]
pub struct Snapshot {
    owner: Owner,
    first: HashMap<ObjectId, Entry>,
    more: BTreeMap<ObjectId, Vec<Entry>>,
    /// Counts listings. An entry carries the count of its last update.
    generation: u32,
    /// The running listing, if there is one.
    running: Weak<()>,
    /// Records that were removed during the running listing, whose earlier pages may still show them.
    gone: BTreeSet<RecordId>,
    /// Foreign records in the last listing.
    foreign: usize,
    complete: bool,
}

impl Snapshot {
    /// An empty snapshot.
    pub fn new(owner: Owner) -> Self {
        Self {
            owner,
            first: HashMap::new(),
            more: BTreeMap::new(),
            generation: 0,
            running: Weak::new(),
            gone: BTreeSet::new(),
            foreign: 0,
            complete: false,
        }
    }

    /// The owner of these records.
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// The records of one object, including those that are missing from the last listing.
    pub fn existing(&self, object_id: ObjectId) -> Vec<ExistingRecord> {
        self.entries(object_id).map(|entry| entry.existing(self.owner, object_id)).collect()
    }

    /// Whether a record is known, even if it is missing from the last listing.
    pub fn contains(&self, id: &RecordId) -> bool {
        id.owner == self.owner && self.find(id).is_some()
    }

    /// Whether the record is missing from the last listing, and was neither confirmed nor removed since.
    pub fn is_missing(&self, id: &RecordId) -> bool {
        self.find(id).is_some_and(|entry| entry.touched & MISSING != 0)
    }

    /// The system holds the record with this content: we created it, changed it, or read it. Records of other owners are
    /// ignored.
    pub fn stands(&mut self, id: &RecordId, fingerprint: u64, until: Option<Timestamp>) {
        if id.owner != self.owner {
            return;
        }
        let entry = Entry { touched: self.generation, ..Entry::new(id, fingerprint, until) };
        self.put(id.object_id, entry);
    }

    /// The record is gone or dead: we removed it, or a read did not find it.
    pub fn removed(&mut self, id: &RecordId) {
        if self.running.strong_count() > 0 && id.owner == self.owner {
            self.gone.insert(*id);
        }
        self.take(id);
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.first.len() + self.more.values().map(Vec::len).sum::<usize>()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Whether a complete listing was ever read. Until then a record that is not in the snapshot may still exist.
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// All records, in no order.
    pub fn iter(&self) -> impl Iterator<Item = ExistingRecord> + '_ {
        let beside =
            self.more.iter().flat_map(|(object_id, more)| more.iter().map(move |entry| (object_id, entry)));
        self.first.iter().chain(beside).map(|(object_id, entry)| entry.existing(self.owner, *object_id))
    }

    /// The objects with records, each once, in no order.
    pub fn object_ids(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.first.keys().copied()
    }

    /// Begins a listing. An earlier unfinished listing becomes void.
    pub fn begin_listing(&mut self) -> Listing {
        self.generation = self.generation.saturating_add(1).min(!MISSING);
        self.gone.clear();
        let running = Arc::new(());
        self.running = Arc::downgrade(&running);
        Listing::new(self.owner, running)
    }

    /// Forgets the content of all records. A running listing becomes void.
    pub fn forget_contents(&mut self) {
        self.running = Weak::new();
        for entry in self.first.values_mut().chain(self.more.values_mut().flatten()) {
            entry.fingerprint = 0;
        }
    }

    /// Takes over a complete listing; `None` if the listing is void.
    pub fn finish(&mut self, listing: Listing) -> Option<Merged> {
        if !std::ptr::eq(self.running.as_ptr(), Arc::as_ptr(listing.running())) {
            return None;
        }
        let (found, mut merged) = listing.close();
        for one in &found {
            self.merge(one, &mut merged);
        }
        merged.missing = self.flag_missing(&found);
        let had_something = !merged.missing.is_empty() || self.foreign > 0;
        merged.suspicious = found.is_empty() && merged.foreign == 0 && had_something;
        self.foreign = merged.foreign;
        self.complete = true;
        self.running = Weak::new();
        self.gone = BTreeSet::new();
        self.trim();
        Some(merged)
    }

    fn merge(&mut self, found: &Found, merged: &mut Merged) {
        let id = found.entry.id(self.owner, found.object_id);
        if self.gone.contains(&id) {
            return;
        }
        match self.find(&id) {
            None => merged.appeared.push(id),
            Some(known) if known.touched_since(self.generation) => return,
            Some(known)
                if (known.fingerprint, known.until) == (found.entry.fingerprint, found.entry.until) => {}
            Some(_) => merged.changed.push(id),
        }
        self.put(found.object_id, found.entry);
    }

    /// Flags records that are missing from the listing, unless they were updated meanwhile.
    fn flag_missing(&mut self, found: &[Found]) -> Vec<RecordId> {
        let (owner, generation) = (self.owner, self.generation);
        let beside = self
            .more
            .iter_mut()
            .flat_map(|(object_id, more)| more.iter_mut().map(move |entry| (object_id, entry)));
        let mut missing = Vec::new();
        for (object_id, entry) in self.first.iter_mut().chain(beside) {
            let id = entry.id(owner, *object_id);
            let lacking =
                || found.binary_search_by_key(&id, |one| one.entry.id(owner, one.object_id)).is_err();
            if !entry.touched_since(generation) && lacking() {
                entry.touched |= MISSING;
                missing.push(id);
            }
        }
        missing.sort_unstable();
        missing
    }

    fn entries(&self, object_id: ObjectId) -> impl Iterator<Item = &Entry> {
        self.first.get(&object_id).into_iter().chain(self.more.get(&object_id).into_iter().flatten())
    }

    fn find(&self, id: &RecordId) -> Option<&Entry> {
        self.entries(id.object_id).find(|entry| entry.id(self.owner, id.object_id) == *id)
    }

    fn put(&mut self, object_id: ObjectId, entry: Entry) {
        let Some(first) = self.first.get_mut(&object_id) else {
            self.first.insert(object_id, entry);
            return;
        };
        if (first.content, first.number) == (entry.content, entry.number) {
            *first = entry;
            return;
        }
        let more = self.more.entry(object_id).or_default();
        match more.iter_mut().find(|known| (known.content, known.number) == (entry.content, entry.number)) {
            Some(known) => *known = entry,
            None => more.push(entry),
        }
    }

    fn take(&mut self, id: &RecordId) {
        if !self.contains(id) {
            return;
        }
        let mut rest: Vec<Entry> = self
            .entries(id.object_id)
            .filter(|entry| entry.id(self.owner, id.object_id) != *id)
            .copied()
            .collect();
        self.more.remove(&id.object_id);
        match rest.pop() {
            None => self.first.remove(&id.object_id),
            Some(entry) => self.first.insert(id.object_id, entry),
        };
        if !rest.is_empty() {
            self.more.insert(id.object_id, rest);
        }
    }

    /// Frees memory when most of it is unused.
    fn trim(&mut self) {
        if self.first.capacity() / 4 > self.first.len() {
            self.first.shrink_to_fit();
        }
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
