//! Names of access groups and card formats that are declared, compared with those that the system has.
//!
//! The names are read by each full sync. A declared name that was not among them is asked for again soon, and from then on
//! every [`NAMES_AGAIN`], until the system has it or nothing names it any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::backoff::after;

/// Names are read again when one is missing, but not more often than this.
pub(super) const NAMES_FRESH_FOR: SignedDuration = SignedDuration::from_secs(30);

/// A name that was declared since the last reading is asked for when that is so old.
const NAMES_SOON: SignedDuration = SignedDuration::from_secs(5);

/// While a declared name is missing the names are read again after this time.
const NAMES_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// Something that a spec names and a system should have.
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
    /// It has.
    Found,
    /// It said that it has not, after the name was declared.
    Missing,
    /// It was not asked yet.
    Unknown,
}

/// What a system says of the names that are declared for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Whether its names were ever read.
    known: bool,
    /// Those that are not among them.
    others: BTreeMap<Name, Lookup>,
}

impl Catalogue {
    /// What the system says of a name.
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

/// Names that a system has, as of a moment.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) groups: BTreeSet<String>,
    pub(super) card_formats: BTreeSet<String>,
    pub(super) read_at: Option<Timestamp>,
    /// Declared names that are not among them, and since when they are declared.
    pub(super) lacking: BTreeMap<Name, Timestamp>,
}

impl Names {
    fn has(&self, name: &Name) -> bool {
        match name {
            Name::Group(name) => self.groups.contains(name),
            Name::CardFormat(name) => self.card_formats.contains(name),
        }
    }

    /// Whether one of these lists lacks a name that was there.
    pub(super) fn loses_one(&self, groups: &BTreeSet<String>, card_formats: &BTreeSet<String>) -> bool {
        !self.groups.is_subset(groups) || !self.card_formats.is_subset(card_formats)
    }

    /// Takes over what was read; says whether that tells anything new of what is declared.
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

    /// When the names are to be read again although no full sync is due: a declared one is missing.
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
    /// What the system says of all the names that are declared for it. Those that it is not known to have are asked for
    /// soon, and [`State::catalogue`](super::State::catalogue) rises when there is something new.
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
