//! Computes the status of a Visitor, without I/O.

use jiff::SignedDuration;
use vestibule_core::model::{Field, Fields, Hasher};
use vestibule_core::status::conditions::{DRIFT_DETECTED, SYNCED};
use vestibule_core::status::{Truth, Verdict, conditions};

use super::plan::Phase;
use super::row_state::PlacementState;
use super::validate::Said;
use super::withheld;
use crate::api::Record;
use crate::engine::Outcome;
use crate::system::{self, ErrorCode};

/// How long a failure of a system may last before `Ready` turns False.
pub const READY_GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Why a placement differs from its target, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The meaning for the object.
    pub kind: FailureKind,
    /// A sentence.
    pub message: String,
}

/// The meaning of a failure for the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A person must change something; the reason of `Stalled`.
    Stalled(&'static str),
    /// Something that the object needs does not exist yet.
    Dependency,
    /// The system has failed; the attempt is repeated.
    Retried,
    /// The system asked us to wait.
    Throttled,
    /// The record is as desired. Beside it there is a record that the system does not remove and that opens nothing.
    Leftover,
}

/// The state of a placement after an outcome, and the failure if there is one.
pub fn placement_state(outcome: &Outcome) -> (PlacementState, Option<Failure>) {
    if let Outcome::Leftover(_, error) = outcome {
        let failure = Failure { kind: FailureKind::Leftover, message: error.message.clone() };
        return (PlacementState::Present, Some(failure));
    }
    let Outcome::Failed { error, retried } = outcome else {
        let state = match outcome {
            Outcome::Present(_) | Outcome::Leftover(..) => PlacementState::Present,
            Outcome::Altered(_, fields) => PlacementState::Altered(*fields),
            Outcome::Absent => PlacementState::Absent,
            Outcome::Unconfirmed => PlacementState::Unconfirmed,
            Outcome::Withheld(why, change) => PlacementState::Withheld(*why, *change),
            // The words depend on the time zone of the Property: see `waits`.
            Outcome::Waits(_) => PlacementState::Retrying,
            Outcome::Failed { .. } => PlacementState::Failed,
        };
        return (state, None);
    };
    let kind = match error.kind {
        system::ErrorKind::Terminal if error.code == Some(ErrorCode::CardTaken) => {
            FailureKind::Stalled(conditions::DUPLICATE_CLAIM)
        }
        system::ErrorKind::Terminal if error.code == Some(ErrorCode::Endpoint) => FailureKind::Dependency,
        system::ErrorKind::Terminal if !retried => FailureKind::Stalled(conditions::NOT_SUPPORTED_BY_SYSTEM),
        system::ErrorKind::Dependency | system::ErrorKind::Auth => FailureKind::Dependency,
        system::ErrorKind::Throttled(_) => FailureKind::Throttled,
        system::ErrorKind::Terminal | system::ErrorKind::Transient | system::ErrorKind::NotLeader => {
            FailureKind::Retried
        }
    };
    let state = if *retried { PlacementState::Retrying } else { PlacementState::Failed };
    (state, Some(Failure { kind, message: error.message.clone() }))
}

/// The verdict on a Visitor that is not being deleted; `None` if there is nothing new to report and the status stays as
/// it is.
pub fn verdict(
    phase: &Phase,
    placements: &[PlacementState],
    failure: Option<&Failure>,
    patience_is_over: bool,
) -> Option<Verdict> {
    let kept_open = withheld::kept_open(placements);
    // A record that opens nothing is the lesser problem.
    let failure = failure.filter(|failure| kept_open.is_none() || failure.kind != FailureKind::Leftover);
    let open = placements.iter().any(|state| state.may_hold());
    let verdict = match phase {
        Phase::Missing(message) | Phase::NoTaker(message) => {
            let message = and_what_stays(message, placements, failure);
            Some(Verdict::dependency_not_ready(message).validated())
        }
        Phase::Refused(message) | Phase::NoGroups(message) => {
            Some(Verdict::stalled(conditions::INVALID_SPEC, and_what_stays(message, placements, failure)))
        }
        Phase::Scheduled if !open => Some(Verdict::scheduled("waits for its day")),
        Phase::Expired if !open => Some(Verdict::expired("the visit is over")),
        Phase::Over if !open => Some(Verdict::expired("today's visit is over")),
        Phase::Over if placements.iter().all(|state| state.is_settled()) => Some(in_sync(placements)),
        Phase::Scheduled | Phase::Expired | Phase::Over => {
            let kept = || kept_open.map(|(why, change)| withheld::verdict(why, change));
            failure.map(verdict_on).or_else(kept)
        }
        Phase::Today => today(placements, failure, patience_is_over),
    };
    verdict.map(|verdict| withheld::not_in_sync(verdict, placements))
}

fn today(
    placements: &[PlacementState],
    failure: Option<&Failure>,
    patience_is_over: bool,
) -> Option<Verdict> {
    if let Some(failure) = failure {
        return Some(verdict_on(failure));
    }
    if let Some((why, change)) = withheld::withheld_change(placements) {
        return Some(withheld::verdict(why, change));
    }
    if placements.iter().all(|state| state.is_settled()) && placements.iter().any(|state| state.is_present())
    {
        return Some(in_sync(placements));
    }
    patience_is_over.then(|| Verdict::progressing("the record is being made"))
}

/// The message why no record is created, with a note if an existing record could not be reduced.
pub fn and_what_stays(message: &str, placements: &[PlacementState], failure: Option<&Failure>) -> String {
    if let Some(failure) = failure {
        return format!(
            "{message}; access that is no longer declared could not be removed: {}",
            failure.message
        );
    }
    let kept = withheld::kept_open(placements).and_then(|(why, _)| why.mode());
    kept.map_or_else(
        || message.to_owned(),
        |mode| {
            format!(
                "{message}; its record stays and opens more than is declared now, and mode {mode:?} of the \
                 AccessIntegration does not change it: set mode: Enforce, or remove the record in the system"
            )
        },
    )
}

fn in_sync(placements: &[PlacementState]) -> Verdict {
    let altered = placements.iter().filter_map(|state| match state {
        PlacementState::Altered(fields) => Some(fields.iter()),
        _ => None,
    });
    let verdict = Verdict::in_sync("every system holds what is declared");
    match altered.flatten().collect::<Fields>() {
        fields if fields.is_empty() => verdict,
        fields => verdict.with(SYNCED, Truth::False, DRIFT_DETECTED, does_not_keep(fields)),
    }
}

fn does_not_keep(fields: Fields) -> String {
    let paths: Vec<_> = fields.iter().map(path).collect();
    format!(
        "the system does not keep {} as sent: look at the record there, then write it in letters and a length that \
         the system keeps, or set spec.lenelS2.wire.names: Ascii on the AccessIntegration",
        paths.join(" and ")
    )
}

/// The names of the fields in which the system differs. Their values are personal data and are left out.
pub fn differing(fields: Fields) -> Option<String> {
    let paths: Vec<_> = fields.iter().map(path).collect();
    (!paths.is_empty()).then(|| format!("Different: {}", paths.join("; ")))
}

/// The path under which a user declares a field.
const fn path(field: Field) -> &'static str {
    match field {
        Field::Name => "spec.firstName or spec.lastName",
        Field::Contact => "spec.email or spec.phone",
        Field::Tenant => "the Tenant's spec.displayName",
        Field::Window => "spec.visit",
        Field::Groups => "the access groups",
        Field::Cards => "spec.credentialNumber",
    }
}

fn verdict_on(failure: &Failure) -> Verdict {
    // The system was asked, so spec and references are valid unless the failure itself says otherwise.
    let verdict = match failure.kind {
        FailureKind::Stalled(reason) => Verdict::stalled(reason, &failure.message),
        FailureKind::Dependency => Verdict::dependency_not_ready(&failure.message),
        FailureKind::Retried => Verdict::retrying(&failure.message, READY_GRACE),
        FailureKind::Throttled => Verdict::throttled(&failure.message, READY_GRACE),
        FailureKind::Leftover => {
            let reason = conditions::PROGRESSING_WITH_RETRY;
            let message = format!("its former record cannot be removed: {}", failure.message);
            in_sync(&[]).with(conditions::SYNCED, Truth::False, reason, message)
        }
    };
    verdict.validated()
}

/// The records that a status names: one per integration, at most ten.
pub fn records(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by(|a, b| a.integration.cmp(&b.integration));
    records.dedup_by(|a, b| a.integration == b.integration);
    records.truncate(10);
    records
}

/// A hash of the conditions and records of a status, without times.
pub fn hash(said: &Said) -> u64 {
    let mut hash = Hasher::new("status");
    hash.number(said.status.observed_generation.cast_unsigned());
    for condition in &said.status.conditions {
        let (type_, truth, reason, message, generation) = condition.without_time();
        hash.text(type_).text(&format!("{truth:?}")).text(reason).text(message);
        hash.number(generation.unwrap_or(-1).cast_unsigned());
    }
    for record in &said.records {
        hash.text(&record.integration).text(&record.external_id);
    }
    hash.finish()
}

#[cfg(test)]
#[path = "status_compute_tests.rs"]
mod tests;
