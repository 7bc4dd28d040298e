//! Step 5 of the pass, pure: what the status of a visitor should say.

use jiff::SignedDuration;
use vestibule_core::model::{Field, Fields, Hasher, Mode};
use vestibule_core::plan::{Change, Withheld};
use vestibule_core::status::conditions::{DRIFT_DETECTED, SYNCED};
use vestibule_core::status::{Truth, Verdict, conditions};

use super::plan::Standing;
use super::row::PlaceState;
use super::validate::Said;
use crate::api::Record;
use crate::engine::Outcome;
use crate::system::{self, ErrorCode};

/// How long a trouble of a system may last before `Ready` turns False.
pub const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Why a place is not as wanted, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it means for the object.
    pub kind: TroubleKind,
    /// A sentence.
    pub message: String,
}

/// What a trouble means for the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// A person must change something; the reason of `Stalled`.
    Stalled(&'static str),
    /// Something it needs is not there yet.
    Dependency,
    /// The system is in trouble; tried again.
    Retried,
    /// The system asked us to wait.
    Throttled,
    /// It is as wanted. Beside it stays a record that the system does not remove and that opens nothing.
    Leftover,
}

/// The state of a place after an outcome, with the trouble there is.
pub fn place_state(outcome: &Outcome) -> (PlaceState, Option<Trouble>) {
    if let Outcome::Leftover(_, error) = outcome {
        let trouble = Trouble { kind: TroubleKind::Leftover, message: error.message.clone() };
        return (PlaceState::Present, Some(trouble));
    }
    let Outcome::Failed { error, retried } = outcome else {
        let state = match outcome {
            Outcome::Present(_) | Outcome::Leftover(..) => PlaceState::Present,
            Outcome::Altered(_, fields) => PlaceState::Altered(*fields),
            Outcome::Absent => PlaceState::Absent,
            Outcome::Unconfirmed => PlaceState::Unconfirmed,
            Outcome::Withheld(why, change) => PlaceState::Withheld(*why, *change),
            // In which words depends on the clock of the property: see `waits`.
            Outcome::Waits(_) => PlaceState::Retrying,
            Outcome::Failed { .. } => PlaceState::Failed,
        };
        return (state, None);
    };
    let kind = match error.class {
        system::Class::Terminal if error.code == Some(ErrorCode::CardTaken) => {
            TroubleKind::Stalled(conditions::DUPLICATE_CLAIM)
        }
        system::Class::Terminal if error.code == Some(ErrorCode::Endpoint) => TroubleKind::Dependency,
        system::Class::Terminal if !retried => TroubleKind::Stalled(conditions::NOT_SUPPORTED_BY_SYSTEM),
        system::Class::Dependency | system::Class::Auth => TroubleKind::Dependency,
        system::Class::Throttled(_) => TroubleKind::Throttled,
        system::Class::Terminal | system::Class::Transient | system::Class::NotLeader => TroubleKind::Retried,
    };
    let state = if *retried { PlaceState::Retrying } else { PlaceState::Failed };
    (state, Some(Trouble { kind, message: error.message.clone() }))
}

/// What there is to say of a visitor that is not being deleted; `None`: nothing yet, the status stays as it is.
pub fn verdict(
    standing: &Standing,
    places: &[PlaceState],
    trouble: Option<&Trouble>,
    patience_is_over: bool,
) -> Option<Verdict> {
    let open = places.iter().any(|state| state.may_hold());
    match standing {
        Standing::Missing(message) | Standing::NoTaker(message) => {
            Some(Verdict::dependency_not_ready(and_what_stays(message, places, trouble)))
        }
        Standing::Refused(message) | Standing::NoGroups(message) => {
            Some(Verdict::stalled(conditions::INVALID_SPEC, and_what_stays(message, places, trouble)))
        }
        Standing::Scheduled if !open => Some(Verdict::scheduled("waits for its day")),
        Standing::Expired if !open => Some(Verdict::expired("the visit is over")),
        Standing::Over if !open => Some(Verdict::expired("today's visit is over")),
        Standing::Over if places.iter().all(|state| state.is_settled()) => Some(in_sync(places)),
        Standing::Scheduled | Standing::Expired | Standing::Over => trouble.map(told),
        Standing::Today => today(places, trouble, patience_is_over),
    }
}

fn today(places: &[PlaceState], trouble: Option<&Trouble>, patience_is_over: bool) -> Option<Verdict> {
    let withheld = places.iter().find_map(|state| match state {
        PlaceState::Withheld(why, change) => Some((*why, *change)),
        _ => None,
    });
    if let Some(trouble) = trouble {
        return Some(told(trouble));
    }
    if let Some((why, change)) = withheld {
        return Some(self::withheld(why, change));
    }
    if places.iter().all(|state| state.is_settled()) && places.iter().any(|state| state.is_present()) {
        return Some(in_sync(places));
    }
    patience_is_over.then(|| Verdict::progressing("the record is being made"))
}

/// Why nothing is made, and what of a record that is there could not be taken away.
pub fn and_what_stays(message: &str, places: &[PlaceState], trouble: Option<&Trouble>) -> String {
    if let Some(trouble) = trouble {
        return format!("{message}; what is no longer declared could not be taken away: {}", trouble.message);
    }
    let reducing = places.iter().find_map(|state| match state {
        PlaceState::Withheld(Withheld::Mode(mode), Change::Reduce) => Some(*mode),
        _ => None,
    });
    reducing.map_or_else(
        || message.to_owned(),
        |mode| {
            format!(
                "{message}; its record opens more than is declared now, and mode {mode:?} of the AccessIntegration changes \
                 nothing"
            )
        },
    )
}

fn in_sync(places: &[PlaceState]) -> Verdict {
    let altered = places.iter().filter_map(|state| match state {
        PlaceState::Altered(fields) => Some(fields.iter()),
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
        "the system does not keep what it is sent of {}: look at the record there, then write it in letters and a length that \
         the system keeps, or set lenelS2.wire.names: Ascii on the AccessIntegration",
        paths.join(" and of ")
    )
}

/// Where a user declares what is in a field.
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

fn told(trouble: &Trouble) -> Verdict {
    match trouble.kind {
        TroubleKind::Stalled(reason) => Verdict::stalled(reason, &trouble.message),
        TroubleKind::Dependency => Verdict::dependency_not_ready(&trouble.message),
        TroubleKind::Retried => Verdict::retrying(&trouble.message, GRACE),
        TroubleKind::Throttled => Verdict::throttled(&trouble.message, GRACE),
        TroubleKind::Leftover => {
            let reason = conditions::PROGRESSING_WITH_RETRY;
            let message = format!("its former record cannot be removed: {}", trouble.message);
            in_sync(&[]).with(conditions::SYNCED, Truth::False, reason, message)
        }
    }
}

fn withheld(why: Withheld, change: Change) -> Verdict {
    match why {
        Withheld::Mode(Mode::Observe) => Verdict::observe_only_absent(format!(
            "the system differs: {}; mode Observe: nothing is written",
            would(change)
        )),
        Withheld::Mode(mode) | Withheld::Beside(mode) => {
            let message = format!(
                "mode {mode:?} of the AccessIntegration does not let this happen: {}{}; set mode: Enforce, or make another \
                 Visitor",
                would(change),
                meanwhile(mode, change)
            );
            // What an earlier mode said of it is not true any more.
            Verdict::stalled(conditions::NOT_SUPPORTED_BY_SYSTEM, &message).with(
                conditions::SYNCED,
                Truth::False,
                conditions::NOT_SUPPORTED_BY_SYSTEM,
                message,
            )
        }
        Withheld::Suspended => Verdict::parent_suspended(
            "the AccessIntegration or its Property is suspended: nothing new is opened; revocations go on",
        ),
    }
}

/// What is planned and not done.
const fn would(change: Change) -> &'static str {
    match change {
        Change::Make => "a record would be made",
        Change::Remove => "the record would be removed",
        Change::Replace => "the record would be replaced by one of what is declared now",
        Change::Repair => "the record, which was changed in the system, would be set right",
        Change::Reduce => "the record would be reduced to what is still declared",
    }
}

/// What the record opens that is not replaced.
const fn meanwhile(mode: Mode, change: Change) -> &'static str {
    match change {
        Change::Replace if mode.updates() => ". Until then it opens only what is still declared",
        Change::Replace | Change::Repair | Change::Reduce => ". It opens what it did before",
        Change::Make | Change::Remove => "",
    }
}

/// The records that a status names: one an integration.
pub fn records(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by(|a, b| a.integration.cmp(&b.integration));
    records.dedup_by(|a, b| a.integration == b.integration);
    records.truncate(10);
    records
}

/// A hash of all that a reader of a status could tell apart, times aside.
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
#[path = "status_tests.rs"]
mod tests;
