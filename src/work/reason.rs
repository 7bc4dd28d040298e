//! The work that is queued for an object: its priority, which gives the order, and its reason, which the audit reports.

use super::Priority;

/// Why work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A user has created or changed the object.
    User,
    /// A day of its visit begins, or its visit is over.
    Rollover,
    /// An object that it refers to has changed: a Tenant, a Property, an integration.
    Reference,
    /// The system differs from the last write, and no object asked for the difference.
    Drift,
    /// The object, its integration or its Property is deleted.
    Deletion,
    /// The deletion guard lets a record without an object be removed.
    Guard,
    /// The work could not be done when it was requested, or a process ended before it was done.
    CatchUp,
    /// A record is written as it stands, to compare the system's clock.
    ClockCheck,
}

impl Reason {
    /// Whether an object or a person asked for the work, as opposed to a comparison that found it.
    const fn is_asked_for(self) -> bool {
        !matches!(self, Self::Drift | Self::CatchUp | Self::ClockCheck)
    }

    /// The word in the audit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Rollover => "rollover",
            Self::Reference => "reference",
            Self::Drift => "drift",
            Self::Deletion => "deletion",
            Self::Guard => "guard",
            Self::CatchUp => "catch_up",
            Self::ClockCheck => "clock_check",
        }
    }
}

/// Work for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// How urgent it is.
    pub priority: Priority,
    /// Why it is done.
    pub reason: Reason,
}

impl Work {
    /// Merges two works: the more urgent priority, with its reason unless only the other work was asked for.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let (first, second) = if other.priority < self.priority { (other, self) } else { (self, other) };
        let is_first = first.reason.is_asked_for() || !second.reason.is_asked_for();
        Self { priority: first.priority, reason: if is_first { first.reason } else { second.reason } }
    }

    /// The work with the priority of its next attempt.
    #[must_use]
    pub const fn retried(self) -> Self {
        Self { priority: self.priority.retried(), ..self }
    }

    /// The work with the priority of a revocation.
    #[must_use]
    pub const fn as_revocation(self) -> Self {
        Self { priority: Priority::Revocation, ..self }
    }

    /// The work with a priority that removes access, and so is tried for ever.
    #[must_use]
    pub const fn as_removal(self) -> Self {
        if self.priority.revokes() { self } else { self.as_revocation() }
    }

    /// Whether it is part of a rollover, whose duration is measured.
    pub const fn is_of_rollover(self) -> bool {
        matches!(self.priority, Priority::RolloverRemoval | Priority::RolloverAddition)
            && matches!(self.reason, Reason::Rollover)
    }
}

impl Priority {
    /// Work of this priority for a reason.
    pub const fn with_reason(self, reason: Reason) -> Work {
        Work { priority: self, reason }
    }
}

/// For tests in which the reason does not matter.
#[cfg(test)]
impl From<Priority> for Work {
    fn from(priority: Priority) -> Self {
        priority.with_reason(Reason::CatchUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_work_has_the_reason_of_the_more_urgent_or_older_work() {
        let addition = Priority::RolloverAddition.with_reason(Reason::Reference);
        let removal = Priority::Revocation.with_reason(Reason::Deletion);
        assert_eq!(addition.merged(removal), removal);
        assert_eq!(removal.merged(addition), removal);
        let change = Priority::RolloverAddition.with_reason(Reason::User);
        assert_eq!(addition.merged(change), addition);
    }

    #[test]
    fn merged_work_has_the_reason_that_was_asked_for_rather_than_found() {
        let addition = Priority::RolloverAddition.with_reason(Reason::Reference);
        let both = Priority::UserChange.with_reason(Reason::Reference);
        for found in [Reason::CatchUp, Reason::Drift] {
            let found = Priority::UserChange.with_reason(found);
            assert_eq!((addition.merged(found), found.merged(addition)), (both, both));
        }
        let drift = Priority::Drift.with_reason(Reason::Drift);
        assert_eq!(drift.merged(Priority::Retry.with_reason(Reason::CatchUp)).reason, Reason::CatchUp);
    }

    #[test]
    fn only_rollover_priorities_with_reason_rollover_are_part_of_a_rollover() {
        assert!(Priority::RolloverAddition.with_reason(Reason::Rollover).is_of_rollover());
        assert!(!Priority::RolloverAddition.with_reason(Reason::Reference).is_of_rollover());
        assert!(!Priority::Revocation.with_reason(Reason::Rollover).is_of_rollover());
    }

    #[test]
    fn reasons_are_distinct_words_for_the_audit() {
        let all = [
            Reason::User,
            Reason::Rollover,
            Reason::Reference,
            Reason::Drift,
            Reason::Deletion,
            Reason::Guard,
            Reason::CatchUp,
            Reason::ClockCheck,
        ];
        let names: std::collections::BTreeSet<_> = all.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), all.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }
}
