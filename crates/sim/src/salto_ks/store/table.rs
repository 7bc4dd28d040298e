//! A map in the order of insertion.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Insertion-ordered, with look-up and removal by key.
#[derive(Clone, Debug)]
pub(crate) struct Table<K, V> {
    places: HashMap<K, u64>,
    rows: BTreeMap<u64, (K, V)>,
    last: u64,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { places: HashMap::new(), rows: BTreeMap::new(), last: 0 }
    }
}

impl<K: Copy + Eq + Hash, V> Table<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(self.places.get(key)?).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.rows.get_mut(self.places.get(key)?).map(|(_, value)| value)
    }

    pub(crate) fn has(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    /// Adds at the end and removes an older value of the key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.last += 1;
        self.places.insert(key, self.last);
        self.rows.insert(self.last, (key, value));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.places.remove(key)?;
        self.rows.remove(&place).map(|(_, value)| value)
    }

    /// Takes a value out; [`Self::put_back`] returns it to its place.
    pub(crate) fn take(&mut self, key: &K) -> Option<V> {
        self.rows.remove(self.places.get(key)?).map(|(_, value)| value)
    }

    /// Returns a value that [`Self::take`] took out.
    pub(crate) fn put_back(&mut self, key: K, value: V) {
        match self.places.get(&key) {
            Some(place) => drop(self.rows.insert(*place, (key, value))),
            None => self.insert(key, value),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = K> {
        self.rows.values().map(|(key, _)| *key)
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.values_mut().map(|(_, value)| value)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let removed: Vec<K> = self.rows.values().filter(|(_, v)| !keep(v)).map(|(k, _)| *k).collect();
        for key in removed {
            self.remove(&key);
        }
    }
}
