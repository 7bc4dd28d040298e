//! The part of a status about a withheld change: it is planned and not carried out, because the mode forbids it or the
//! integration is suspended.

use vestibule_core::model::Mode;
use vestibule_core::plan::{Change, Withheld};
use vestibule_core::status::conditions::{DRIFT_DETECTED, NOT_SUPPORTED_BY_SYSTEM, SYNCED};
use vestibule_core::status::{Truth, Verdict};

use super::row_state::PlacementState;

/// The withheld change to report: one that leaves access open before any other.
pub(super) fn withheld_change(placements: &[PlacementState]) -> Option<(Withheld, Change)> {
    let any = || {
        placements.iter().find_map(|state| match state {
            PlacementState::Withheld(why, change) => Some((*why, *change)),
            _ => None,
        })
    };
    kept_open(placements).or_else(any)
}

/// The change that a mode withholds although a record opens more than is declared.
pub(super) fn kept_open(placements: &[PlacementState]) -> Option<(Withheld, Change)> {
    placements.iter().find_map(|state| state.kept_open())
}

/// The verdict on a Visitor with nothing worse than a withheld change.
pub(super) fn verdict(why: Withheld, change: Change) -> Verdict {
    match why {
        Withheld::Mode(Mode::Observe) => Verdict::observe_only_absent(sentence(Mode::Observe, change)),
        Withheld::Mode(mode) | Withheld::Beside(mode) => {
            let verdict = Verdict::stalled(NOT_SUPPORTED_BY_SYSTEM, sentence(mode, change));
            with_synced(verdict, why, change)
        }
        Withheld::Suspended => Verdict::parent_suspended(
            "the AccessIntegration or its Property is suspended: nothing new is opened; revocations go on",
        ),
    }
}

/// Sets Synced to False in a verdict if a mode keeps a record open.
pub(super) fn not_in_sync(verdict: Verdict, placements: &[PlacementState]) -> Verdict {
    match kept_open(placements) {
        Some((why, change)) => with_synced(verdict, why, change),
        None => verdict,
    }
}

fn with_synced(verdict: Verdict, why: Withheld, change: Change) -> Verdict {
    let (mode, reason) = match why {
        Withheld::Mode(Mode::Observe) | Withheld::Beside(Mode::Observe) => (Mode::Observe, DRIFT_DETECTED),
        Withheld::Mode(mode) | Withheld::Beside(mode) => (mode, NOT_SUPPORTED_BY_SYSTEM),
        Withheld::Suspended => return verdict,
    };
    verdict.with(SYNCED, Truth::False, reason, sentence(mode, change))
}

fn sentence(mode: Mode, change: Change) -> String {
    let (planned, meanwhile) = (planned(change), meanwhile(mode, change));
    let remedy = match change {
        Change::Remove => "set mode: Enforce, or remove the record in the system",
        Change::Make | Change::Replace | Change::Repair | Change::Reduce => {
            "set mode: Enforce, or make another Visitor"
        }
    };
    match (mode, change) {
        (Mode::Observe, Change::Remove) => {
            format!("the system differs: {planned}; mode Observe: nothing is written{meanwhile}: {remedy}")
        }
        (Mode::Observe, _) => format!("the system differs: {planned}; mode Observe: nothing is written"),
        _ => format!(
            "mode {mode:?} of the AccessIntegration does not let this happen: {planned}{meanwhile}; {remedy}"
        ),
    }
}

/// The change that is planned and not carried out.
const fn planned(change: Change) -> &'static str {
    match change {
        Change::Make => "a record would be made",
        Change::Remove => "the record would be removed",
        Change::Replace => "the record would be replaced by the one that is declared now",
        Change::Repair => "the record, which was changed in the system, would be set right",
        Change::Reduce => "the record would be reduced to what is still declared",
    }
}

/// The access of the record that stays, in words.
const fn meanwhile(mode: Mode, change: Change) -> &'static str {
    match change {
        Change::Remove => ". The record stays, and opens doors until its own end",
        Change::Replace if mode.updates() => ". Until then it opens only what is still declared",
        Change::Replace | Change::Repair | Change::Reduce => ". It opens what it did before",
        Change::Make => "",
    }
}
