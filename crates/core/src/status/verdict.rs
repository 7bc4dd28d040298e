use jiff::SignedDuration;

use super::Truth;
use super::conditions::{
    ACCEPTED, ADOPTION_REFUSED, CREDENTIALS_REJECTED, DELETING, DELETION_FAILED, DELETIONS_HELD,
    DEPENDENCY_NOT_READY, DRIFT_DETECTED, DUPLICATE_CLAIM, EXPIRED, HELD, INVALID_SPEC,
    MULTIPLE_INTEGRATIONS_NOT_SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED_BY_SYSTEM, OBSERVE_ONLY, PROGRESSING,
    PROGRESSING_WITH_RETRY, RESOLVED_REFS, SCHEDULED, SUCCEEDED, SUSPENDED, SYNCED, THROTTLED,
    WAITING_FOR_IMPORT,
};

/// The aspects that every object has, beside the summary. One that a verdict does not speak of stays as it was,
/// and is Unknown on the first visit.
pub(super) const ASPECTS: [&str; 3] = [ACCEPTED, RESOLVED_REFS, SYNCED];
/// The reasons for which the spec itself is turned down.
pub(super) const NOT_ACCEPTED: [&str; 6] = [
    INVALID_SPEC,
    NOT_SUPPORTED,
    NOT_SUPPORTED_BY_SYSTEM,
    DUPLICATE_CLAIM,
    MULTIPLE_INTEGRATIONS_NOT_SUPPORTED,
    ADOPTION_REFUSED,
];

/// What a pass found out about an object, as one situation of the status contract. It is data and knows
/// neither the object's generation nor its present status: it can wait in a queue until its outcome is written.
///
/// Messages are for people who may read this object but no other: no values of referenced objects, no names of
/// people, nothing that differs from pass to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub(super) ready: Ready,
    pub(super) work: Work,
    /// The reason of the summary, of the work and of the aspect that is to blame.
    pub(super) reason: &'static str,
    /// The words of the same.
    pub(super) message: String,
    /// Conditions that this situation sets beside the summary.
    pub(super) aspects: Vec<Aspect>,
    /// Aspects that the kind does not have.
    pub(super) without: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aspect {
    pub(super) type_: &'static str,
    pub(super) status: Truth,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    Is(Truth),
    /// Unless it was False, it stays untouched until work has been under way for so long; then it is False.
    KeptFor(SignedDuration),
    /// Its value stays, with another reason.
    Frozen,
}

/// What becomes of the generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// It is carried out.
    Done,
    /// We are at it.
    UnderWay,
    /// Only a person can help.
    Stalled,
    /// It rests; a person who was needed is needed still.
    Frozen,
    /// The object goes.
    Deleting,
}

// === impl Verdict: one constructor per situation ===

impl Verdict {
    /// What was declared is true in every system.
    pub fn in_sync(message: impl Into<String>) -> Self {
        Self::fine(SUCCEEDED, message)
    }

    /// A new generation is being carried out. Not for a resync without a change: that says nothing at all.
    pub fn progressing(message: impl Into<String>) -> Self {
        Self::new(Ready::Is(Truth::Unknown), Work::UnderWay, PROGRESSING, message)
    }

    /// Accepted, and waiting for its day. Ready, so that a deployment does not hang on a visitor of next week.
    pub fn scheduled(message: impl Into<String>) -> Self {
        Self::fine(SCHEDULED, message)
    }

    /// The visit or subscription is over, and nothing of it is left in a system.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::fine(EXPIRED, message)
    }

    /// The visit or subscription is over, and it had stopped until a person acts when it ended. Nothing is left to do, so
    /// it is Ready: a deployment does not fail for ever on it. What was declared was not accepted to the end.
    pub fn lapsed(message: impl Into<String>) -> Self {
        let verdict = Self::expired(message);
        let message = verdict.message.clone();
        verdict.with(ACCEPTED, Truth::False, EXPIRED, message)
    }

    /// A system is down or answers with errors. Ready keeps its value for `grace`, counted from when
    /// `Reconciling` turned True: a short hiccup rings nobody's bell. `SignedDuration::ZERO` on the integration,
    /// which tells of an outage at once.
    pub fn retrying(message: impl Into<String>, grace: SignedDuration) -> Self {
        Self::new(Ready::KeptFor(grace), Work::UnderWay, PROGRESSING_WITH_RETRY, message)
    }

    /// The system asked us to wait; otherwise like [`retrying`](Self::retrying).
    pub fn throttled(message: impl Into<String>, grace: SignedDuration) -> Self {
        Self::new(Ready::KeptFor(grace), Work::UnderWay, THROTTLED, message)
    }

    /// Something that the object refers to is missing, or not ready itself.
    pub fn dependency_not_ready(message: impl Into<String>) -> Self {
        Self::under_way(DEPENDENCY_NOT_READY, message).failing(RESOLVED_REFS)
    }

    /// Waits until the system that owns people has this person.
    pub fn waiting_for_import(message: impl Into<String>) -> Self {
        Self::under_way(WAITING_FOR_IMPORT, message).all_right(&[ACCEPTED, RESOLVED_REFS])
    }

    /// Only a person can help: an invalid spec, something unsupported, a duplicate claim, a refused adoption, a
    /// creation whose result cannot be found out. The message says what to do.
    pub fn stalled(reason: &'static str, message: impl Into<String>) -> Self {
        let verdict = Self::new(Ready::Is(Truth::False), Work::Stalled, reason, message);
        verdict.failing(if NOT_ACCEPTED.contains(&reason) { ACCEPTED } else { SYNCED })
    }

    /// The system refused the login: on the integration. Its dependents say that it is not ready.
    pub fn credentials_rejected(message: impl Into<String>) -> Self {
        Self::stalled(CREDENTIALS_REJECTED, message)
    }

    /// The guard holds removals: on the integration. The message names counts and the hash that releases them.
    pub fn deletions_held(message: impl Into<String>) -> Self {
        let verdict = Self::stalled(HELD, message);
        let message = verdict.message.clone();
        verdict.with(DELETIONS_HELD, Truth::True, HELD, message)
    }

    /// `spec.suspend` of the object itself: everything else stays as it was. Ready, so that no deployment waits for it,
    /// unless a person was needed.
    pub fn suspended() -> Self {
        let message = "spec.suspend is true: nothing new is opened; ends, deletions and revocations go on";
        Self::new(Ready::Frozen, Work::Frozen, SUSPENDED, message)
    }

    /// The same where nothing else is known to be wrong: what a person was needed for before is done.
    pub fn resting() -> Self {
        let Self { reason, message, .. } = Self::suspended();
        Self::fine(reason, message)
    }

    /// The Property or integration is suspended and something is left to do here. With nothing left, the status
    /// stays untouched.
    pub fn parent_suspended(message: impl Into<String>) -> Self {
        Self::under_way(SUSPENDED, message)
    }

    /// `mode: Observe`, and the record that would be made is not there.
    pub fn observe_only_absent(message: impl Into<String>) -> Self {
        Self::drift(message)
    }

    /// `mode: Observe`, and the system differs from what is declared.
    pub fn drift(message: impl Into<String>) -> Self {
        let verdict = Self::fine(OBSERVE_ONLY, message);
        let message = verdict.message.clone();
        verdict.with(SYNCED, Truth::False, DRIFT_DETECTED, message)
    }

    /// Its records are being removed.
    pub fn deleting(message: impl Into<String>) -> Self {
        Self::new(Ready::Is(Truth::False), Work::Deleting, DELETING, message)
    }

    /// A record could not be removed yet; the message says what to do if it never can.
    pub fn deletion_failed(message: impl Into<String>) -> Self {
        Self::new(Ready::Is(Truth::False), Work::Deleting, DELETION_FAILED, message)
    }
}

// === impl Verdict: details ===

impl Verdict {
    /// Sets a condition beside the summary, in place of what the situation says of it.
    #[must_use]
    pub fn with(
        mut self,
        type_: &'static str,
        status: Truth,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        self.aspects.retain(|aspect| aspect.type_ != type_);
        self.aspects.push(Aspect { type_, status, reason, message: message.into() });
        self
    }

    /// Leaves out one of `Accepted`, `ResolvedRefs` and `Synced` that makes no sense for the kind.
    #[must_use]
    pub fn without(mut self, type_: &'static str) -> Self {
        self.without.push(type_);
        self
    }

    fn new(ready: Ready, work: Work, reason: &'static str, message: impl Into<String>) -> Self {
        Self { ready, work, reason, message: message.into(), aspects: Vec::new(), without: Vec::new() }
    }

    fn under_way(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Ready::Is(Truth::False), Work::UnderWay, reason, message)
    }

    fn fine(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Ready::Is(Truth::True), Work::Done, reason, message).all_right(&ASPECTS)
    }

    /// Aspects that are as they should be need no words.
    fn all_right(self, types: &[&'static str]) -> Self {
        types.iter().fold(self, |verdict, type_| verdict.with(type_, Truth::True, SUCCEEDED, ""))
    }

    /// The aspect that is to blame has the summary's reason and words.
    fn failing(self, type_: &'static str) -> Self {
        let (reason, message) = (self.reason, self.message.clone());
        self.with(type_, Truth::False, reason, message)
    }
}
