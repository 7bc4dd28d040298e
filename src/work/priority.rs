//! The priorities of work, in the order in which an engine does it.

use std::time::Duration;

/// How urgent work is, the most urgent first. The [`Reason`](super::Reason) says why it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// A record grants access that is no longer declared.
    Revocation,
    /// A user changed an object and waits for the result.
    UserChange,
    /// At midnight: the records of ended visits are removed.
    RolloverRemoval,
    /// At midnight: the records of the new day are created.
    RolloverAddition,
    /// The work failed before.
    Retry,
    /// The system differs, and no object asked for the difference.
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

    /// Whether a person waits for it. The engine reserves a few places for such work.
    pub const fn urgent(self) -> bool {
        matches!(self, Self::Revocation | Self::UserChange)
    }

    /// Whether the work removes access. Such work is tried for ever, whatever the system answers (design 3.13).
    pub const fn revokes(self) -> bool {
        matches!(self, Self::Revocation | Self::RolloverRemoval)
    }

    /// The priority of the next attempt. Work that removes access keeps its priority.
    #[must_use]
    pub const fn retried(self) -> Self {
        if self.revokes() { self } else { Self::Retry }
    }

    /// How long more urgent work may overtake it, revocations and user changes aside.
    pub(super) const fn patience(self) -> Duration {
        match self {
            Self::Revocation | Self::UserChange | Self::RolloverRemoval => Duration::ZERO,
            Self::RolloverAddition => STEP,
            Self::Retry => STEP.saturating_mul(2),
            Self::Drift => STEP.saturating_mul(3),
        }
    }
}

/// A step of priority is worth this much waiting time. Drift that has waited since half past eleven is as urgent as the
/// removals of midnight.
const STEP: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_listed_in_their_order() {
        assert!(Priority::ALL.is_sorted());
        assert!(Priority::ALL.iter().enumerate().all(|(index, priority)| *priority as usize == index));
    }

    #[test]
    fn names_are_distinct_words_for_labels() {
        let names: std::collections::BTreeSet<_> =
            Priority::ALL.iter().map(|priority| priority.name()).collect();
        assert_eq!(names.len(), 6);
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn work_that_removes_access_keeps_its_priority_when_it_is_tried_again() {
        assert_eq!(Priority::Revocation.retried(), Priority::Revocation);
        assert_eq!(Priority::RolloverRemoval.retried(), Priority::RolloverRemoval);
        assert_eq!(Priority::UserChange.retried(), Priority::Retry);
    }
}
