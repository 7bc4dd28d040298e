//! The classes of work in the order in which an engine does it.

use std::time::Duration;

/// How urgent work is, the most urgent first. Why it is done is its [`Reason`](super::Reason).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// A door stands open to somebody who lost the right to it.
    Revocation,
    /// A user changed something and waits.
    UserChange,
    /// Midnight: yesterday's visitors go.
    RolloverRemoval,
    /// Midnight: today's visitors come.
    RolloverAddition,
    /// It failed before.
    Retry,
    /// The system differs and nobody declared it.
    Drift,
}

impl Priority {
    /// All of them, most urgent first.
    pub const ALL: [Self; 6] = [
        Self::Revocation,
        Self::UserChange,
        Self::RolloverRemoval,
        Self::RolloverAddition,
        Self::Retry,
        Self::Drift,
    ];

    /// The word in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revocation => "revocation",
            Self::UserChange => "user_change",
            Self::RolloverRemoval => "rollover_removal",
            Self::RolloverAddition => "rollover_addition",
            Self::Retry => "retry",
            Self::Drift => "drift",
        }
    }

    /// Whether somebody waits for it: the engine keeps a few places for these.
    pub const fn urgent(self) -> bool {
        matches!(self, Self::Revocation | Self::UserChange)
    }

    /// Whether it takes away: tried for ever, whatever the system answers (design 3.13).
    pub const fn revokes(self) -> bool {
        matches!(self, Self::Revocation | Self::RolloverRemoval)
    }

    /// The class in which it is tried again: what takes away keeps its rank.
    #[must_use]
    pub const fn retried(self) -> Self {
        if self.revokes() { self } else { Self::Retry }
    }

    /// How long it lets the more urgent ones of the unhurried classes overtake it.
    pub(super) const fn patience(self) -> Duration {
        match self {
            Self::Revocation | Self::UserChange | Self::RolloverRemoval => Duration::ZERO,
            Self::RolloverAddition => STEP,
            Self::Retry => STEP.saturating_mul(2),
            Self::Drift => STEP.saturating_mul(3),
        }
    }
}

/// What a rank is worth in time. Ten minutes: work left over from before half past eleven may mix into the removals
/// of midnight, nothing younger does.
const STEP: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_stand_in_the_order_of_their_rank() {
        assert!(Priority::ALL.is_sorted());
        assert!(Priority::ALL.iter().enumerate().all(|(rank, priority)| *priority as usize == rank));
    }

    #[test]
    fn names_are_distinct_words_for_labels() {
        let names: std::collections::BTreeSet<_> =
            Priority::ALL.iter().map(|priority| priority.name()).collect();
        assert_eq!(names.len(), 6);
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn what_takes_away_keeps_its_rank_when_it_is_tried_again() {
        assert_eq!(Priority::Revocation.retried(), Priority::Revocation);
        assert_eq!(Priority::RolloverRemoval.retried(), Priority::RolloverRemoval);
        assert_eq!(Priority::UserChange.retried(), Priority::Retry);
    }
}
