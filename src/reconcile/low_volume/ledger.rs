//! The statuses of one kind as this process has written them. Any other status was written by another client: no pass
//! uses it, and it is overwritten.

use std::collections::{BTreeMap, BTreeSet};

use vestibule_core::model::ObjectKey;

use crate::cluster::object::{DecodedObject, Meta, Uid};
use crate::cluster::store::Store;

/// See the module.
#[derive(Debug)]
pub(super) struct Ledger<T> {
    said: BTreeMap<ObjectKey, (Uid, T)>,
    /// Objects with a status that is not ours.
    foreign: BTreeSet<ObjectKey>,
}

impl<T> Default for Ledger<T> {
    fn default() -> Self {
        Self { said: BTreeMap::new(), foreign: BTreeSet::new() }
    }
}

impl<T: Clone + PartialEq> Ledger<T> {
    /// Finds the statuses that other clients have written, and replaces them in the store with our last ones.
    pub(super) fn restore<S: Clone>(&mut self, store: &mut Store<S, T>) {
        self.said.retain(|key, _| store.get(key).is_some());
        self.foreign.retain(|key| store.get(key).is_some());
        let foreign = store.iter().filter(|(key, object)| {
            let said = self.said.get(key).filter(|(uid, _)| *uid == object.meta.uid);
            said.is_some_and(|(_, said)| object.status.as_ref() != Some(said))
        });
        let foreign: Vec<ObjectKey> = foreign.map(|(key, _)| key.clone()).collect();
        for key in foreign {
            if let Some((_, said)) = self.said.get(&key) {
                store.set_status(&key, said.clone());
                self.foreign.insert(key);
            }
        }
    }

    /// Whether the status of an object has to be written: it differs from the computed one, or another client wrote it.
    /// A status that need not be written is noted as our last one.
    pub(super) fn has_to_be_written<S>(&mut self, object: &DecodedObject<S, T>, differs: bool) -> bool {
        let write = differs || self.foreign.contains(&object.meta.key);
        if let Some(said) = object.status.as_ref().filter(|_| !write) {
            self.note(&object.meta, said);
        }
        write
    }

    /// Replaces the status of an object, in the store now and in the API server with the next write.
    pub(super) fn correct<S: Clone>(&mut self, store: &mut Store<S, T>, meta: &Meta, said: T) {
        self.note(meta, &said);
        self.foreign.insert(meta.key.clone());
        store.set_status(&meta.key, said);
    }

    /// Notes a status that was written.
    pub(super) fn written<S>(&mut self, answer: &DecodedObject<S, T>, said: &T) {
        self.foreign.remove(&answer.meta.key);
        self.note(&answer.meta, said);
    }

    fn note(&mut self, meta: &Meta, said: &T) {
        let known = self.said.get(&meta.key).is_some_and(|(uid, known)| *uid == meta.uid && known == said);
        if !known {
            self.said.insert(meta.key.clone(), (meta.uid, said.clone()));
        }
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
