//! What is queued for an object: how urgent it is, which gives the order, and why it is done, which the audit reports.

use vestibule_core::identity::ObjectId;

use super::{Engine, Priority};

/// Why an object has work in a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A user has made or changed the object.
    User,
    /// Its day has come, or its visit is over.
    Rollover,
    /// Something that it refers to has changed: a Tenant, a Property, an integration.
    Reference,
    /// The system differs from what was last written, and no object asks for that.
    Drift,
    /// The object, its integration or its Property is deleted.
    Deletion,
    /// The deletion guard lets a record go that has no object.
    Guard,
    /// What could not be done when it was asked for, or was forgotten by a process that ended.
    CatchUp,
    /// A record is written as it stands, to compare the system's clock.
    ClockCheck,
}

impl Reason {
    /// Whether something has asked for the work, and not a comparison has found it.
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

/// How urgent work is, and why it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// How urgent.
    pub priority: Priority,
    /// Why.
    pub reason: Reason,
}

impl Work {
    /// Both in one: the more urgent of the two, with its reason, unless only the other one was asked for.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        let (first, second) = if other.priority < self.priority { (other, self) } else { (self, other) };
        let is_first = first.reason.is_asked_for() || !second.reason.is_asked_for();
        Self { priority: first.priority, reason: if is_first { first.reason } else { second.reason } }
    }

    /// The same as it is tried again.
    #[must_use]
    pub const fn retried(self) -> Self {
        Self { priority: self.priority.retried(), ..self }
    }

    /// The same with the urgency of a revocation.
    #[must_use]
    pub const fn as_revocation(self) -> Self {
        Self { priority: Priority::Revocation, ..self }
    }

    /// The same as work that takes something away, and is tried for ever.
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
    /// Work of this class for a reason.
    pub const fn with_reason(self, reason: Reason) -> Work {
        Work { priority: self, reason }
    }
}

/// For tests to which the reason means nothing.
#[cfg(test)]
impl From<Priority> for Work {
    fn from(priority: Priority) -> Self {
        priority.with_reason(Reason::CatchUp)
    }
}

impl Engine {
    /// Queues a slot: what is wanted of it is asked when its turn comes.
    pub fn push(&self, object_id: ObjectId, work: Work) {
        self.inner.lock().queue.push(object_id, work, None, self.clock.now());
        self.wake.notify_one();
    }

    /// Queues many slots under one lock.
    pub fn push_all(&self, object_ids: impl IntoIterator<Item = (ObjectId, Work)>) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        for (object_id, work) in object_ids {
            if work.is_of_rollover() {
                inner.rollover_since.get_or_insert(now);
            }
            inner.queue.push(object_id, work, None, now);
        }
        drop(inner);
        self.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_the_more_urgent_keeps_its_reason_and_of_equals_the_older() {
        let addition = Priority::RolloverAddition.with_reason(Reason::Reference);
        let removal = Priority::Revocation.with_reason(Reason::Deletion);
        assert_eq!(addition.merged(removal), removal);
        assert_eq!(removal.merged(addition), removal);
        let change = Priority::RolloverAddition.with_reason(Reason::User);
        assert_eq!(addition.merged(change), addition);
    }

    #[test]
    fn what_a_comparison_has_found_takes_the_reason_of_what_was_asked_for() {
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
    fn only_what_a_midnight_asks_for_is_part_of_a_rollover() {
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
