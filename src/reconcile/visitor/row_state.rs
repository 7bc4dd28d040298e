//! The data of a Visitor that is kept between events: a few dozen bytes, enough to decide about rollover, full sync and
//! status.

use jiff::Timestamp;
use smallvec::SmallVec;
use vestibule_core::identity::RecordId;
use vestibule_core::model::Fields;
use vestibule_core::person_flags::PersonFlags;
use vestibule_core::plan::{Change, Withheld};
use vestibule_core::schedule::PackedVisit;

use super::status_flags::StatusFlags;
use crate::reconcile::references::TenantId;

/// The part of a row that planning and status need.
#[derive(Clone, Debug, Default)]
pub struct RowState {
    /// The Tenant visited.
    pub tenant: TenantId,
    /// Hash of the tenant's facts when the placements below were planned; 0 if there were none.
    pub references_hash: u64,
    /// Hash of the status in the API server, without times.
    pub status_hash: u64,
    /// The days and hours of the visit; `None` if the spec is not valid.
    pub visit: Option<PackedVisit>,
    /// When the phase changes by itself, in minutes since 1970; `u32::MAX` if never.
    pub next_transition: u32,
    /// Whether Ready is True in the API server; `None` if the condition is absent.
    pub ready: Option<bool>,
    /// How much of the present state the status in the API server describes.
    pub status_coverage: StatusCoverage,
    /// Whether a sync is requested, and whether the object needs a person or needed one when its visit ended.
    pub flags: StatusFlags,
    /// The facts about the person that decide whether a system can hold them.
    pub person: PersonFlags,
    /// Target and known state in each integration, usually one.
    pub placements: SmallVec<[Placement; 1]>,
}

/// How much of the present state a status describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusCoverage {
    /// Not even that the spec was read.
    #[default]
    Nothing,
    /// That the spec was read. The records in the status may not be those that are desired now.
    Spec,
    /// Everything that is known until an engine reports.
    Everything,
}

/// A Visitor in one integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The desired record, as far as a row keeps it.
    pub target: PlacementTarget,
    /// Which integration, by its index.
    pub integration: u16,
    /// The last known state.
    pub state: PlacementState,
}

/// The desired state of a placement, as far as a row keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementTarget {
    /// The record of this content (the bits of it that its id holds).
    Content(u32),
    /// No record.
    Nothing,
    /// No record that still opens doors.
    Ended,
    /// The existing records, unchanged.
    Keep,
    /// The existing records, reduced to an entitlement that is computed from the object.
    AtMost,
    /// Not known: the object must be read.
    Unplanned,
}

/// The known state of a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PlacementState {
    /// Queued in the engine, or waiting for the first full sync.
    #[default]
    Waiting,
    /// The system holds the desired record.
    Present,
    /// The system holds the desired record with other texts than it was sent.
    Altered(Fields),
    /// The system holds nothing.
    Absent,
    /// Removed, to be read back.
    Unconfirmed,
    /// Differs and is not changed: why, and the change that is withheld.
    Withheld(Withheld, Change),
    /// Failed; tried again by itself.
    Retrying,
    /// Failed; a person must act.
    Failed,
}

impl PlacementState {
    /// The desired record is there, and the system keeps these fields in another form.
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

    /// Whether the system holds the desired record.
    pub const fn is_present(self) -> bool {
        matches!(self, Self::Present | Self::Altered(_))
    }

    /// Whether the system may hold a record that has to be removed or read.
    pub fn may_hold(self) -> bool {
        match self {
            Self::Absent => false,
            Self::Withheld(..) => self.kept_open().is_some(),
            _ => true,
        }
    }

    /// Whether the last report matched the target.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Present | Self::Altered(_) | Self::Absent)
    }
}

impl PlacementTarget {
    /// Whether a status that names these records in the integration matches the target.
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
    /// The placement in an integration.
    pub fn placement(&self, integration: u16) -> Option<&Placement> {
        self.placements.iter().find(|placement| placement.integration == integration)
    }

    /// The placement in an integration, which is created if there is none.
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

    /// Whether the phase may have changed by itself.
    pub fn is_due(&self, now: Timestamp) -> bool {
        minutes(now) >= u64::from(self.next_transition)
    }

    /// Notes when the phase changes by itself.
    pub fn set_next_transition(&mut self, at: Option<Timestamp>) {
        self.next_transition = minute_of(at);
    }

    /// Whether this is the noted time of the next change.
    pub fn changes_at(&self, at: Option<Timestamp>) -> bool {
        self.next_transition == minute_of(at)
    }

    /// When the phase changes by itself.
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
