use jiff::Timestamp;

/// A half-open span of time: `from` is inside, `until` is outside. So two adjacent windows never overlap, and no door is
/// open longer than declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first instant inside.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

impl Window {
    /// Whether `instant` is inside.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.until
    }

    /// Whether no instant is inside, as for a day that a zone skips, or a subscription that ends before it starts.
    pub fn is_empty(&self) -> bool {
        self.until <= self.from
    }

    /// The instants that are in both windows; empty if there are none.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    /// Whether an instant is in both windows.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.from < other.until && other.from < self.until
    }

    /// Whether the window is over at `now`.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until <= now
    }
}
