//! The search for an unused number, past the dead records of one content (design 3.15).
//!
//! Numbers are used in order from 0, so the search doubles its distance until it finds a free one and then halves the
//! interval: about twenty reads at most, without stored state. If free numbers lie between used ones, the number found is
//! still free as far as the reads say; the create decides.

use crate::identity::NUMBERS;

/// The next action of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextProbe {
    /// Read whether this number is used.
    Read(u16),
    /// This number is free, as far as the answers say: create a record with it.
    Create(u16),
    /// Every number is used.
    Exhausted,
}

/// A search, with the answers so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberSearch {
    /// The highest number that is known to be used.
    used: u16,
    /// The lowest number above it that is known to be free.
    free: Option<u16>,
    /// The distance of the next probe while no free number is known.
    distance: u16,
}

impl NumberSearch {
    /// Searches above a number that is used.
    pub const fn above(used: u16) -> Self {
        Self { used, free: None, distance: 1 }
    }

    /// The next action.
    pub fn next(&self) -> NextProbe {
        let last = NUMBERS - 1;
        match self.free {
            Some(free) if free - self.used <= 1 => NextProbe::Create(free),
            Some(free) => NextProbe::Read(self.used.midpoint(free)),
            None if self.used >= last => NextProbe::Exhausted,
            None => NextProbe::Read(self.used.saturating_add(self.distance).min(last)),
        }
    }

    /// Records the answer to a read of this number.
    pub fn answer(&mut self, number: u16, is_used: bool) {
        if !is_used {
            self.free = Some(number);
            return;
        }
        self.used = number;
        self.distance = self.distance.saturating_mul(2);
    }
}
