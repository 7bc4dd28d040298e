//! What stays of a Visitor between passes: a few dozen bytes, from which rollover, full sync and status are decided.

use jiff::Timestamp;
use smallvec::SmallVec;
use vestibule_core::identity::RecordId;
use vestibule_core::model::Fields;
use vestibule_core::person_flags::PersonFlags;
use vestibule_core::plan::{Change, Withheld};
use vestibule_core::schedule::PackedVisit;

use super::status_flags::StatusFlags;
use crate::reconcile::references::TenantId;

/// The plan part of a row.
#[derive(Clone, Debug, Default)]
pub struct RowState {
    /// The Tenant visited.
    pub tenant: TenantId,
    /// Hash of the tenant's facts when the places below were planned; 0 if it had none.
    pub references_hash: u64,
    /// Hash of the status as it stands in the API server, without times.
    pub status_hash: u64,
    /// When, `None` if the spec cannot be carried out.
    pub visit: Option<PackedVisit>,
    /// When the standing changes by itself, in minutes since 1970; `u32::MAX` if never.
    pub next_transition: u32,
    /// Whether Ready is True, as the status stands in the API server; `None` before it says anything.
    pub ready: Option<bool>,
    /// How much of it the status tells, as it stands in the API server.
    pub status_coverage: StatusCoverage,
    /// A sync that is asked for, and whether the object had stopped when it ended.
    pub flags: StatusFlags,
    /// What of the person decides whether a system can hold them.
    pub person: PersonFlags,
    /// What is wanted and known in each integration: usually one.
    pub placements: SmallVec<[Placement; 1]>,
}

/// How much a status tells of what is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusCoverage {
    /// Not even that the spec was seen.
    #[default]
    Nothing,
    /// That it was, but the records that it names are not those that are wanted now.
    Spec,
    /// All there is to tell until something is heard of the work.
    Everything,
}

/// A visitor in one integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// What is wanted.
    pub target: PlacementTarget,
    /// Which integration, by its index.
    pub integration: u16,
    /// What is known.
    pub state: PlacementState,
}

/// What is wanted of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementTarget {
    /// The record of this content (the bits of it that its id holds).
    Content(u32),
    /// No record.
    Nothing,
    /// Nothing that still opens.
    Ended,
    /// What is there.
    Keep,
    /// What is there, reduced to what may be known of it only by its object.
    AtMost,
    /// A record, or not: its object must be looked at.
    Unplanned,
}

/// What is known of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PlacementState {
    /// Handed over, or waiting for the first full sync.
    #[default]
    Waiting,
    /// The system holds what is wanted.
    Present,
    /// The system holds what is wanted, with other texts than it was sent.
    Altered(Fields),
    /// The system holds nothing.
    Absent,
    /// Removed, to be read back.
    Unconfirmed,
    /// Differs and stays: why, and what would become of it.
    Withheld(Withheld, Change),
    /// Failed; tried again by itself.
    Retrying,
    /// Failed; a person must act.
    Failed,
}

impl PlacementState {
    /// What is wanted is there, with these fields as the system keeps them.
    pub fn present(altered: Fields) -> Self {
        if altered.is_empty() { Self::Present } else { Self::Altered(altered) }
    }

    /// The change that the mode withholds although the record opens more than is declared.
    pub fn kept_open(self) -> Option<(Withheld, Change)> {
        let Self::Withheld(why, change) = self else { return None };
        let mode = why.mode()?;
        let stays_open = match change {
            Change::Make => false,
            Change::Remove => true,
            Change::Replace | Change::Repair | Change::Reduce => !mode.updates(),
        };
        stays_open.then_some((why, change))
    }

    /// Whether the system holds what is wanted.
    pub const fn is_present(self) -> bool {
        matches!(self, Self::Present | Self::Altered(_))
    }

    /// Whether the system may hold a record that is to go or to be looked at.
    pub fn may_hold(self) -> bool {
        match self {
            Self::Absent => false,
            Self::Withheld(..) => self.kept_open().is_some(),
            _ => true,
        }
    }

    /// Whether the system was heard of last as it should be.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Present | Self::Altered(_) | Self::Absent)
    }
}

impl PlacementTarget {
    /// Whether a status that names these records in the integration says what is wanted there.
    pub fn is_named_by(self, ids: &[RecordId]) -> bool {
        match self {
            Self::Content(content) => ids.iter().any(|id| id.content == content),
            Self::Nothing => ids.is_empty(),
            Self::Ended | Self::Keep | Self::AtMost => true,
            Self::Unplanned => false,
        }
    }
}

impl RowState {
    /// The place of an integration.
    pub fn placement(&self, integration: u16) -> Option<&Placement> {
        self.placements.iter().find(|placement| placement.integration == integration)
    }

    /// The place of an integration, made if there is none.
    pub fn placement_mut(&mut self, integration: u16) -> &mut Placement {
        let position = self.placements.iter().position(|placement| placement.integration == integration);
        let position = position.unwrap_or_else(|| {
            self.placements.push(Placement {
                integration,
                target: PlacementTarget::Unplanned,
                state: PlacementState::Waiting,
            });
            self.placements.len() - 1
        });
        &mut self.placements[position]
    }

    /// Whether the standing may have changed by itself.
    pub fn is_due(&self, now: Timestamp) -> bool {
        minutes(now) >= u64::from(self.next_transition)
    }

    /// Notes when the standing changes.
    pub fn set_next_transition(&mut self, at: Option<Timestamp>) {
        self.next_transition = minute_of(at);
    }

    /// Whether the standing changes at this time, as far as is noted.
    pub fn changes_at(&self, at: Option<Timestamp>) -> bool {
        self.next_transition == minute_of(at)
    }

    /// When the standing changes by itself.
    pub fn next_transition(&self) -> Option<Timestamp> {
        (self.next_transition != u32::MAX)
            .then(|| Timestamp::from_second(i64::from(self.next_transition) * 60).ok())
            .flatten()
    }
}

/// Rounded up: a change within a minute is seen at its end, never before it has happened.
fn minute_of(at: Option<Timestamp>) -> u32 {
    let second = at.map(|at| at.as_second().saturating_add(i64::from(at.subsec_nanosecond() > 0)));
    let minute = second.map(|second| u64::try_from(second).unwrap_or(0).div_ceil(60));
    minute.and_then(|minute| u32::try_from(minute).ok()).unwrap_or(u32::MAX)
}

fn minutes(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0) / 60
}

#[cfg(test)]
#[path = "row_state_tests.rs"]
mod tests;
