//! Namespaces as small numbers. Every row has one, and a cluster has few of them.

use std::collections::HashMap;
use std::sync::Arc;

/// A namespace in an [`Interner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Namespace(u32);

/// The names in use, each stored once. A name that is not used any more is dropped.
#[derive(Debug, Default)]
pub(super) struct Interner {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<(Arc<str>, usize)>,
    free: Vec<u32>,
}

impl Interner {
    /// The number of a name, for one more user.
    pub(super) fn take(&mut self, name: &str) -> Namespace {
        if let Some(number) = self.numbers.get(name) {
            self.names[*number as usize].1 += 1;
            return Namespace(*number);
        }
        let name: Arc<str> = name.into();
        let number = self.place((Arc::clone(&name), 1));
        self.numbers.insert(name, number);
        Namespace(number)
    }

    fn place(&mut self, entry: (Arc<str>, usize)) -> u32 {
        if let Some(number) = self.free.pop() {
            self.names[number as usize] = entry;
            return number;
        }
        self.names.push(entry);
        u32::try_from(self.names.len() - 1).expect("a cluster has fewer than four billion namespaces")
    }

    /// One user less.
    pub(super) fn release(&mut self, Namespace(number): Namespace) {
        let (name, users) = &mut self.names[number as usize];
        *users -= 1;
        if *users == 0 {
            self.numbers.remove(name);
            self.free.push(number);
        }
    }

    /// The name of a number in use.
    pub(super) fn name(&self, Namespace(number): Namespace) -> &str {
        &self.names[number as usize].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_as_long_as_it_is_used() {
        let mut names = Interner::default();
        let (one, two, again) = (names.take("one"), names.take("two"), names.take("one"));
        assert_eq!(one, again);
        assert_ne!(one, two);
        names.release(one);
        assert_eq!((names.name(one), names.name(two)), ("one", "two"));
    }

    #[test]
    fn a_number_out_of_use_is_used_again() {
        let mut names = Interner::default();
        let old = names.take("old");
        names.release(old);
        assert_eq!(names.take("new"), old);
        assert_eq!(names.name(old), "new");
        assert_ne!(names.take("old"), old);
    }
}
