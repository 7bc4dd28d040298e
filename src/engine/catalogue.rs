//! Compares the declared names of access groups and card formats with those of the system.
//!
//! Each full sync reads the names. While a declared name is missing, the names are read again soon and then every
//! [`NAMES_AGAIN`], until the system has the name or nothing refers to it any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use crate::work::backoff::after;

/// While a turn lacks a name, the names are read again, but not more often than this.
pub(super) const NAMES_FRESH_FOR: SignedDuration = SignedDuration::from_secs(30);

/// A name that was declared since the last read makes the names be read again when that read is this old.
const NAMES_SOON: SignedDuration = SignedDuration::from_secs(5);

/// While a declared name is missing, the names are read again after this time.
const NAMES_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// A name that a spec refers to and that the system should have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// An access group, by the system's own name or id.
    Group(String),
    /// A card format.
    CardFormat(String),
}

/// Whether a system has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The system has the name.
    Found,
    /// The system did not have the name when it was read after the name was declared.
    Missing,
    /// The names were not read since the name was declared.
    Unknown,
}

/// Which of the declared names a system has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Whether the system's names were ever read.
    known: bool,
    /// The declared names that are not among them.
    others: BTreeMap<Name, Lookup>,
}

impl Catalogue {
    /// Whether the system has a name.
    pub fn look_up(&self, name: &Name) -> Lookup {
        let found = if self.known { Lookup::Found } else { Lookup::Unknown };
        self.others.get(name).copied().unwrap_or(found)
    }

    /// The catalogue of a system that lacks these names, for tests.
    #[cfg(test)]
    pub fn lacking(names: impl IntoIterator<Item = Name>) -> Self {
        Self { known: true, others: names.into_iter().map(|name| (name, Lookup::Missing)).collect() }
    }
}

/// The names that a system had when they were last read.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) groups: BTreeSet<String>,
    pub(super) card_formats: BTreeSet<String>,
    pub(super) read_at: Option<Timestamp>,
    /// Declared names that the system lacks, and since when they are declared.
    pub(super) lacking: BTreeMap<Name, Timestamp>,
}

impl Names {
    fn has(&self, name: &Name) -> bool {
        match name {
            Name::Group(name) => self.groups.contains(name),
            Name::CardFormat(name) => self.card_formats.contains(name),
        }
    }

    /// Whether one of these lists lacks a name that was known before.
    pub(super) fn loses_one(&self, groups: &BTreeSet<String>, card_formats: &BTreeSet<String>) -> bool {
        !self.groups.is_subset(groups) || !self.card_formats.is_subset(card_formats)
    }

    /// Takes over the names that were read. Returns whether this may change a [`Lookup`].
    pub(super) fn take(
        &mut self,
        groups: BTreeSet<String>,
        card_formats: BTreeSet<String>,
        now: Timestamp,
    ) -> bool {
        let first = self.read_at.is_none();
        let changed = self.groups != groups || self.card_formats != card_formats;
        let asked = self.lacking.values().any(|since| self.read_at.is_none_or(|at| at < *since));
        (self.groups, self.card_formats, self.read_at) = (groups, card_formats, Some(now));
        first || changed || asked
    }

    /// When the names are to be read again before the next full sync because a declared name is missing.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let read_at = self.read_at?;
        let newest = self.lacking.values().max()?;
        let wait = if *newest > read_at { NAMES_SOON } else { NAMES_AGAIN };
        Some(after(read_at, wait.unsigned_abs()))
    }

    fn compare(&mut self, declared: BTreeSet<Name>, now: Timestamp) -> Catalogue {
        let before = std::mem::take(&mut self.lacking);
        let Some(read_at) = self.read_at else { return Catalogue::default() };
        let mut others = BTreeMap::new();
        for name in declared {
            if self.has(&name) {
                continue;
            }
            let since = before.get(&name).copied().unwrap_or(now);
            let lookup = if read_at >= since { Lookup::Missing } else { Lookup::Unknown };
            others.insert(name.clone(), lookup);
            self.lacking.insert(name, since);
        }
        Catalogue { known: true, others }
    }
}

impl Engine {
    /// Compares the declared names with those of the system. If one is missing, the names are read again soon, and
    /// [`State::catalogue`](super::State::catalogue) rises when the comparison may have changed.
    pub fn compare_names(&self, declared: BTreeSet<Name>) -> Catalogue {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        let before = inner.names.due();
        let catalogue = inner.names.compare(declared, now);
        let sooner = inner.names.due() != before;
        drop(inner);
        if sooner {
            self.wake.notify_one();
        }
        catalogue
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
