//! Rows in blocks. Growing copies no row and never needs twice the memory.

/// Entries of one block.
const BLOCK: usize = 1024;

/// A list with stable indices. An index is used again once its value was removed.
#[derive(Debug)]
pub(super) struct Slab<V> {
    blocks: Vec<Vec<Option<V>>>,
    free: Vec<usize>,
}

impl<V> Default for Slab<V> {
    fn default() -> Self {
        Self { blocks: Vec::new(), free: Vec::new() }
    }
}

impl<V> Slab<V> {
    /// Stores a value and returns its index.
    pub(super) fn insert(&mut self, value: V) -> usize {
        if let Some(place) = self.free.pop() {
            self.blocks[place / BLOCK][place % BLOCK] = Some(value);
            return place;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let last = self.blocks.len() - 1;
        let block = &mut self.blocks[last];
        block.push(Some(value));
        last * BLOCK + block.len() - 1
    }

    /// Removes a value and returns it.
    pub(super) fn remove(&mut self, place: usize) -> Option<V> {
        let value = self.blocks.get_mut(place / BLOCK)?.get_mut(place % BLOCK)?.take();
        if value.is_some() {
            self.free.push(place);
        }
        value
    }

    /// The value at an index.
    pub(super) fn get(&self, place: usize) -> Option<&V> {
        self.blocks.get(place / BLOCK)?.get(place % BLOCK)?.as_ref()
    }

    /// The value at an index.
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut V> {
        self.blocks.get_mut(place / BLOCK)?.get_mut(place % BLOCK)?.as_mut()
    }

    /// All values, in the order of their indices.
    pub(super) fn iter(&self) -> impl Iterator<Item = &V> {
        self.blocks.iter().flatten().flatten()
    }

    /// All values, in the order of their indices.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.blocks.iter_mut().flatten().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_over_the_end_of_a_block_and_are_used_again() {
        let mut slab = Slab::default();
        let places: Vec<usize> = (0..BLOCK + 2).map(|value| slab.insert(value)).collect();
        assert!(places.iter().enumerate().all(|(value, place)| slab.get(*place) == Some(&value)));
        assert_eq!(slab.remove(places[7]), Some(7));
        assert_eq!(slab.get(places[7]), None);
        assert_eq!(slab.remove(places[7]), None);
        assert_eq!(slab.insert(70), places[7]);
        assert_eq!(slab.iter().count(), BLOCK + 2);
    }
}
