//! Computes the status of an AccessIntegration, without I/O.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use vestibule_core::status::{Status, Truth, Verdict, conditions};

use super::Refusal;
use super::deletion::deleting;
use super::held::{held, idle_release};
use crate::api::{FormerSystem, HeldDeletions};
use crate::engine::{ClockState, ConnectionState, CreateStop, State, Unremoved};

/// The content of an AccessIntegration's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The part that every kind has.
    #[serde(flatten)]
    pub status: Status,
    /// The owner id of our records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// The version that the system reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_version: Option<String>,
    /// Our living records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<i64>,
    /// Records that were left behind in a system because of the mode, the deletion policy, a person, or a move to
    /// another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_behind: Option<i64>,
    /// Those of them that are in former systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_systems: Vec<FormerSystem>,
    /// The system that holds these records and those that other statuses name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_to: Option<String>,
    /// When the last full sync ended, in whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<String>,
    /// The sync request that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_sync_at: Option<String>,
    /// Removals that wait for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_deletions: Option<HeldDeletions>,
    /// Hash of the held removals that were released last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_release: Option<String>,
}

impl Said {
    /// The message about a clock that differs, if there is one.
    pub fn clock_differs(&self) -> Option<&str> {
        let ready = self.status.condition(conditions::READY)?;
        (ready.reason == conditions::CLOCK_DIFFERS).then_some(ready.message.as_str())
    }

    /// The same without the facts that were found in the system, since it was another one.
    #[must_use]
    pub fn of_another_system(&self) -> Self {
        let found = Self { system_version: None, records: None, last_sync_time: None, ..self.clone() };
        // `connected_to` names the former system until the new one was listed.
        Self { held_deletions: None, ..found }
    }
}

/// The facts that decide the verdict.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own; no two make a state")]
pub struct Situation<'a> {
    /// Deletion is requested.
    pub deleting: bool,
    /// The annotation that abandons has a value without effect.
    pub misspelt: bool,
    /// `spec.suspend`.
    pub suspended: bool,
    /// `mode: Observe`.
    pub observes: bool,
    /// In that mode: the record of a Visitor differs from the declared one.
    pub differs: bool,
    /// The status describes this generation already: a restart alone does not change it.
    pub is_reported: bool,
    /// The Secret or the bundle was deleted with the namespace.
    pub lost_with_namespace: bool,
    /// The value of the annotation that releases held removals.
    pub release: Option<&'a str>,
    /// The hash of the held removals that were released last, as the status says.
    pub released: Option<&'a str>,
    /// A group or card format that it names and its system does not have, in a sentence.
    pub lacks: Option<&'a str>,
    /// The message in the status about a clock that differs: it stays until the clock has been compared again.
    pub clock_before: Option<&'a str>,
    /// Host and port of the system, from the spec. Only this status may contain them, since readers of other objects
    /// may have no right to read the spec.
    pub address: Option<String>,
    /// Why there is no connection; `None` if there is one.
    pub refusal: Option<&'a Refusal>,
    /// The state of the engine, if there is one.
    pub state: Option<&'a State>,
}

/// The verdict on an integration; `None` if there is nothing new and the status stays as it is.
pub fn verdict(situation: &Situation<'_>) -> Option<Verdict> {
    if situation.deleting {
        return Some(deleting(situation));
    }
    if let (true, Some(Refusal::Missing(sentence))) = (situation.suspended, situation.refusal) {
        return Some(resolved(Verdict::suspended(), Some(sentence)));
    }
    let refusal = situation.refusal.map(|refusal| match refusal {
        Refusal::Unreadable(sentence) => Verdict::stalled(conditions::INVALID_SPEC, sentence),
        Refusal::Invalid(reason, sentence) => Verdict::stalled(reason, sentence),
        Refusal::Missing(sentence) => Verdict::dependency_not_ready(sentence),
    });
    refusal.or_else(|| Some(of_valid(situation)?.validated()))
}

/// The same for an integration with a valid spec and all references.
fn of_valid(situation: &Situation<'_>) -> Option<Verdict> {
    let stopped = situation.state.and_then(|state| stopped(state, situation));
    if stopped.is_some() {
        return stopped;
    }
    if let Some(sentence) = clock(situation) {
        return Some(Verdict::stalled(conditions::CLOCK_DIFFERS, sentence));
    }
    if situation.suspended {
        // Before its first sync it is not known whether the engine needs a person.
        let looked =
            situation.state.is_some_and(|it| it.condition == ConnectionState::Connected && it.syncs > 0);
        return Some(if looked { Verdict::resting() } else { Verdict::suspended() });
    }
    let on_the_way = |message: &str| (!situation.is_reported).then(|| Verdict::progressing(message));
    match situation.state {
        // An outage is reported on the integration at once.
        Some(State { condition: ConnectionState::Unreachable(sentence), .. }) => {
            Some(Verdict::retrying(at_address(sentence, situation), SignedDuration::ZERO))
        }
        None | Some(State { condition: ConnectionState::Unchecked, .. }) => on_the_way("connecting"),
        Some(State { syncs: 0, .. }) => on_the_way("the first full sync is under way"),
        Some(State { unremoved: Some(them), .. }) => {
            Some(Verdict::retrying(unremoved(them), SignedDuration::ZERO))
        }
        Some(State { outdated: true, .. }) => Some(resolved(
            Verdict::progressing(
                "a setting that decides how a record is written has changed: every record is compared, and written again \
                 where it differs",
            ),
            situation.lacks,
        )),
        Some(_) => Some(resolved(connected(situation), situation.lacks)),
    }
}

/// An error of a system, with the address that was tried.
pub(super) fn at_address(sentence: &str, situation: &Situation<'_>) -> String {
    match &situation.address {
        Some(address) => format!("{sentence}. It was looked for at {address}"),
        None => sentence.to_owned(),
    }
}

/// Adds a missing name to a verdict. Only objects that use the name are concerned: the connection works.
fn resolved(verdict: Verdict, lacks: Option<&str>) -> Verdict {
    let Some(sentence) = lacks else { return verdict };
    verdict.with(conditions::RESOLVED_REFS, Truth::False, conditions::DEPENDENCY_NOT_READY, sentence)
}

/// The remedies for a rejected login: the Secret may be wrong, or the account itself.
pub(super) const ONCE_MORE: &str = "It is not tried again by itself, since systems lock accounts: change the Secret, or annotate this \
    AccessIntegration with a new value of access.vestibule.dev/sync-requested-at to have the same login tried once more";

/// Why an integration has stopped until a person acts.
fn stopped(state: &State, situation: &Situation<'_>) -> Option<Verdict> {
    match &state.condition {
        ConnectionState::Rejected(sentence) => {
            return Some(Verdict::credentials_rejected(format!("{sentence}. {ONCE_MORE}")));
        }
        ConnectionState::Misconfigured(sentence) => {
            let message =
                format!("{}. It is looked at again within a minute", at_address(sentence, situation));
            return Some(Verdict::stalled(conditions::INVALID_SPEC, message));
        }
        ConnectionState::Unchecked | ConnectionState::Connected | ConnectionState::Unreachable(_) => {}
    }
    let creates = state.creates_stopped.as_ref().map(|stop| creates_stopped(stop, state.unremoved.as_ref()));
    creates.or_else(|| state.held.as_ref().map(|them| held(them, situation.release)))
}

/// Why no record is created, and what to do.
fn creates_stopped(stop: &CreateStop, left: Option<&Unremoved>) -> Verdict {
    let left = left.map(|left| format!("; {}", unremoved(left))).unwrap_or_default();
    let ids = |what: &str, remedy: &str| {
        Verdict::stalled(
            conditions::NOT_SUPPORTED_BY_SYSTEM,
            format!(
                "{what}: no record is created, since no later change would find it; records made in this way are removed. \
                 {remedy}, then annotate this AccessIntegration with a new value of \
                 access.vestibule.dev/sync-requested-at{left}"
            ),
        )
    };
    match stop {
        CreateStop::OtherOwner(other) => Verdict::stalled(conditions::DUPLICATE_CLAIM, taken(other)),
        CreateStop::ShortenedIds { sent, kept } => ids(
            &format!("the system keeps {kept} of the {sent} characters of an id"),
            "Have it keep ids of at least 48 characters",
        ),
        CreateStop::MayNotCreate(sentence) => {
            Verdict::credentials_rejected(format!("{sentence}. {ONCE_MORE}{left}"))
        }
        CreateStop::ChosenIds => {
            ids("the system gives records ids of its own instead of ours", "Have it accept ids from its API")
        }
        CreateStop::HiddenIds => ids(
            "the system says that an id is used and shows neither a living nor a removed record of it, as one does that \
             shortens ids",
            "Have it keep ids of at least 48 characters, and let our user see removed records",
        ),
    }
}

/// The message about a wrong clock of the system; `None` if no difference is known.
fn clock(situation: &Situation<'_>) -> Option<String> {
    match situation.state?.clock {
        ClockState::Unknown => situation.clock_before.map(str::to_owned),
        ClockState::Right => None,
        ClockState::Differs(difference) => Some(format!(
            "the clock of the system is {} {} the time of the declared zone: every door opens and closes at another time than \
             declared. Set the clock and the daylight saving of the system, or, if it runs in another time zone, set \
             spec.lenelS2.timeZone to that. The clock is compared again with the next record written and by each full sync; \
             annotate access.vestibule.dev/sync-requested-at to have it compared now",
            hours_and_minutes(difference),
            if difference.is_negative() { "behind" } else { "ahead of" },
        )),
    }
}

fn hours_and_minutes(difference: SignedDuration) -> String {
    let minutes = difference.as_mins().unsigned_abs();
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Records that the system does not remove, and what to do.
pub(super) fn unremoved(them: &Unremoved) -> String {
    let Unremoved { count, open, message } = them;
    let disarmed = count - open;
    format!(
        "records that may not stay and that the system does not remove: {count} (disarmed, so that no door opens: {disarmed}; \
         may still open doors: {open}). The first of them: {message}. Their removal is tried again: give the role of the login \
         the right to delete persons, or remove them by hand; the log has their ids"
    )
}

fn connected(situation: &Situation<'_>) -> Verdict {
    let idle = idle_release(situation).unwrap_or_default();
    if !situation.observes {
        return Verdict::in_sync(format!("connected, and every record of ours was compared{idle}"));
    }
    let verdict = Verdict::in_sync(format!("connected; mode Observe: nothing is written{idle}"));
    if situation.differs {
        let message = "the system differs from what is declared: see the Visitors whose Synced is False";
        return verdict.with(conditions::SYNCED, Truth::False, conditions::DRIFT_DETECTED, message);
    }
    verdict.with(conditions::SYNCED, Truth::True, conditions::OBSERVE_ONLY, "")
}

fn taken(other: &str) -> String {
    format!(
        "the system holds records of the Vestibule owner {other}, and this AccessIntegration has none yet: no record is \
         created. Set spec.ownerId to {other} to take them over after a move or a restore, or to an id of your own to \
         work beside them"
    )
}

/// Builds the whole status. Values that are not known now stay as they were.
pub fn said(
    previous: &Said,
    status: Status,
    owner_id: Option<String>,
    requested: Option<&str>,
    state: Option<&State>,
) -> Said {
    let mut said = Said { status, ..previous.clone() };
    if let Some(owner_id) = owner_id {
        said.owner_id = Some(owner_id);
    }
    let Some(state) = state else { return said };
    if let Some(records) = state.records {
        said.records = i64::try_from(records).ok();
    }
    if let Some(version) = &state.version {
        said.system_version = Some(version.clone());
    }
    if let Some(at) = state.last_sync {
        said.last_sync_time = jiff::Timestamp::from_second(at.as_second()).ok().map(|at| at.to_string());
        said.held_deletions = state.held.as_ref().map(|held| HeldDeletions {
            hash: held.hash.clone(),
            count: i64::try_from(held.count).unwrap_or(i64::MAX),
        });
    }
    if let Some(token) = requested.filter(|token| state.handled_syncs.iter().any(|handled| handled == token))
    {
        said.last_handled_sync_at = Some(token.to_owned());
    }
    if let Some(hash) = &state.used_release {
        said.last_handled_release = Some(hash.clone());
    }
    said
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
