use jiff::Timestamp;

/// A span of time, half-open: `from` is inside, `until` is the first instant that is not. Two windows that
/// touch therefore never overlap, and no door is open a moment longer than was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first instant inside.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

impl Window {
    /// Whether `instant` lies inside.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.until
    }

    /// Whether nothing is inside: a day that a zone skipped, or a subscription that ends before it starts.
    pub fn is_empty(&self) -> bool {
        self.until <= self.from
    }

    /// What lies in both; empty if nothing does.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    /// Whether some instant lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.from < other.until && other.from < self.until
    }

    /// Whether it is over at `now`.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until <= now
    }
}
