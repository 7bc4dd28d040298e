use jiff::SignedDuration;

use super::Truth;
use super::conditions::{
    ACCEPTED, ADOPTION_REFUSED, CREDENTIALS_REJECTED, DELETING, DELETION_FAILED, DELETIONS_HELD,
    DEPENDENCY_NOT_READY, DRIFT_DETECTED, DUPLICATE_CLAIM, EXPIRED, HELD, INVALID_SPEC,
    MULTIPLE_INTEGRATIONS_NOT_SUPPORTED, NOT_SUPPORTED, NOT_SUPPORTED_BY_SYSTEM, OBSERVE_ONLY, PROGRESSING,
    PROGRESSING_WITH_RETRY, RESOLVED_REFS, SCHEDULED, SUCCEEDED, SUSPENDED, SYNCED, THROTTLED,
    WAITING_FOR_IMPORT,
};

/// The aspects that every object has, beside the summary. Of an aspect that a verdict does not set, True stays, and False is
/// Unknown from then on: the verdict that set it does not hold any more. It is Unknown in the first status, too.
pub(super) const ASPECTS: [&str; 3] = [ACCEPTED, RESOLVED_REFS, SYNCED];
/// The reasons for which the spec itself is refused.
pub(super) const NOT_ACCEPTED: [&str; 6] = [
    INVALID_SPEC,
    NOT_SUPPORTED,
    NOT_SUPPORTED_BY_SYSTEM,
    DUPLICATE_CLAIM,
    MULTIPLE_INTEGRATIONS_NOT_SUPPORTED,
    ADOPTION_REFUSED,
];

/// The result of a reconcile as one situation of the status contract. It is data, and depends neither on the object's
/// generation nor on its present status: it can wait in a queue until it is written.
///
/// Messages are for people that may read this object but no other: they contain no values of referenced objects, no names
/// of people, and nothing that changes with every reconcile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub(super) ready: Ready,
    pub(super) work: Work,
    /// The reason of the summary, of the work and of the aspect that fails.
    pub(super) reason: &'static str,
    /// The message of the same conditions.
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
    /// It keeps its value until work has been under way for this duration, and is False then. A False stays False.
    KeptFor(SignedDuration),
    /// It keeps its value, with another reason.
    Frozen,
}

/// The progress of the generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// It is carried out.
    Done,
    /// It is being carried out.
    UnderWay,
    /// It waits for a person.
    Stalled,
    /// It is suspended. If a person was needed before, a person is still needed.
    Frozen,
    /// The object is being deleted.
    Deleting,
}

// === impl Verdict: one constructor per situation ===

impl Verdict {
    /// Every system holds what is declared.
    pub fn in_sync(message: impl Into<String>) -> Self {
        Self::fine(SUCCEEDED, message)
    }

    /// A new generation is being carried out. A resync without a change does not use it, and changes no status.
    pub fn progressing(message: impl Into<String>) -> Self {
        Self::new(Ready::Is(Truth::Unknown), Work::UnderWay, PROGRESSING, message)
    }

    /// Accepted, and its first day has not begun. It is Ready, so that a deployment does not wait for a visit of next week.
    pub fn scheduled(message: impl Into<String>) -> Self {
        Self::fine(SCHEDULED, message)
    }

    /// The visit or subscription is over, and no system holds a record of it.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::fine(EXPIRED, message)
    }

    /// The visit or subscription is over, and was stopped until a person acts when it ended. Nothing is left to do, so it is
    /// Ready, and a deployment does not fail on it permanently. `Accepted` is False, since the spec was not accepted.
    pub fn lapsed(message: impl Into<String>) -> Self {
        let verdict = Self::expired(message);
        let message = verdict.message.clone();
        verdict.with(ACCEPTED, Truth::False, EXPIRED, message)
    }

    /// A system is unreachable or answers with errors. Ready keeps its value for `grace`, counted from when `Reconciling`
    /// became True, so that a short failure raises no alert. An integration uses `SignedDuration::ZERO`, since it reports
    /// an outage at once.
    pub fn retrying(message: impl Into<String>, grace: SignedDuration) -> Self {
        Self::new(Ready::KeptFor(grace), Work::UnderWay, PROGRESSING_WITH_RETRY, message)
    }

    /// The system asked the controller to wait; otherwise like [`retrying`](Self::retrying).
    pub fn throttled(message: impl Into<String>, grace: SignedDuration) -> Self {
        Self::new(Ready::KeptFor(grace), Work::UnderWay, THROTTLED, message)
    }

    /// An object that this one refers to is missing or not ready.
    pub fn dependency_not_ready(message: impl Into<String>) -> Self {
        Self::under_way(DEPENDENCY_NOT_READY, message).failing(RESOLVED_REFS)
    }

    /// Waits until the system that owns people has this person.
    pub fn waiting_for_import(message: impl Into<String>) -> Self {
        Self::under_way(WAITING_FOR_IMPORT, message).all_right(&[ACCEPTED, RESOLVED_REFS])
    }

    /// A person is needed: an invalid spec, an unsupported setting, a duplicate claim, a refused adoption, a create with
    /// an unknown result. The message says what to do.
    pub fn stalled(reason: &'static str, message: impl Into<String>) -> Self {
        let verdict = Self::new(Ready::Is(Truth::False), Work::Stalled, reason, message);
        verdict.failing(if NOT_ACCEPTED.contains(&reason) { ACCEPTED } else { SYNCED })
    }

    /// The system refused the login. For integrations; the objects that depend on one say that it is not ready.
    pub fn credentials_rejected(message: impl Into<String>) -> Self {
        Self::stalled(CREDENTIALS_REJECTED, message)
    }

    /// The guard holds removals. For integrations; the message has counts and the hash that releases them.
    pub fn deletions_held(message: impl Into<String>) -> Self {
        let verdict = Self::stalled(HELD, message);
        let message = verdict.message.clone();
        verdict.with(DELETIONS_HELD, Truth::True, HELD, message)
    }

    /// `spec.suspend` of the object itself: the other conditions keep their value. It is Ready, so that no deployment waits
    /// for it, unless a person was needed.
    pub fn suspended() -> Self {
        let message =
            "spec.suspend is true: no new access is granted; ends, deletions and revocations continue";
        Self::new(Ready::Frozen, Work::Frozen, SUSPENDED, message)
    }

    /// The same if nothing else is known to be wrong: a problem that needed a person before is solved.
    pub fn resting() -> Self {
        let Self { reason, message, .. } = Self::suspended();
        Self::fine(reason, message)
    }

    /// The Property or integration is suspended, and this object has work left. Without work left the status does not
    /// change.
    pub fn parent_suspended(message: impl Into<String>) -> Self {
        Self::under_way(SUSPENDED, message)
    }

    /// `mode: Observe`, and the declared record does not exist.
    pub fn observe_only_absent(message: impl Into<String>) -> Self {
        Self::drift(message)
    }

    /// `mode: Observe`, and the system differs from the declared state.
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
    /// Sets a condition beside the summary. It replaces the one that the situation sets.
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

    /// Adds a sentence to every condition that has the message of the situation, if its reason is this one.
    #[must_use]
    pub fn detailed(mut self, reason: &str, sentence: &str) -> Self {
        if self.reason == reason {
            let whole = format!("{}. {sentence}", self.message);
            for aspect in self.aspects.iter_mut().filter(|aspect| aspect.message == self.message) {
                aspect.message.clone_from(&whole);
            }
            self.message = whole;
        }
        self
    }

    /// The spec is valid and its references exist, whatever else is wrong. A value that the situation itself gives to
    /// `Accepted` or `ResolvedRefs` is kept.
    #[must_use]
    pub fn validated(self) -> Self {
        let silent = [ACCEPTED, RESOLVED_REFS].into_iter();
        let silent = silent.filter(|type_| self.aspects.iter().all(|aspect| aspect.type_ != *type_));
        let silent: Vec<&'static str> = silent.collect();
        self.all_right(&silent)
    }

    /// Leaves out one of `Accepted`, `ResolvedRefs` and `Synced` that has no meaning for the kind.
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

    /// Aspects that hold need no message.
    fn all_right(self, types: &[&'static str]) -> Self {
        types.iter().fold(self, |verdict, type_| verdict.with(type_, Truth::True, SUCCEEDED, ""))
    }

    /// The aspect that fails has the summary's reason and message.
    fn failing(self, type_: &'static str) -> Self {
        let (reason, message) = (self.reason, self.message.clone());
        self.with(type_, Truth::False, reason, message)
    }
}
