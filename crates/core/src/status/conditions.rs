//! The types and reasons of our conditions. The tables in the documentation are generated from this file.
//!
//! Both are API: a released name keeps its meaning, and a name that is not in these tables does not
//! pass [`check`](super::check).

/// Declares constants and the table of them together, so that both have the same entries.
macro_rules! names {
    ($(#[$doc:meta])* $table:ident: $($constant:ident = $name:literal, $says:literal;)+) => {
        $(#[doc = $says] pub const $constant: &str = $name;)+
        $(#[$doc])*
        pub const $table: &[(&str, &str)] = &[$(($name, $says)),+];
    };
}

names! {
    /// Every type and its meaning, in the order in which the types are written.
    TYPES:
    STALLED = "Stalled", "Stopped until a person acts; the message says what to do. Present only while True.";
    RECONCILING = "Reconciling", "Work is under way or will be retried automatically. Present only while True.";
    READY = "Ready", "The summary: the systems hold what is declared.";
    ACCEPTED = "Accepted", "The spec is valid and permitted here.";
    RESOLVED_REFS = "ResolvedRefs", "Every reference, Secrets included, was found and may be used.";
    SYNCED = "Synced", "The last comparison with the system worked and found no difference left.";
    DELETIONS_HELD = "DeletionsHeld", "The guard holds removals; the message has counts and the hash that releases them. Present only while True.";
}

names! {
    /// Every reason and its meaning.
    REASONS:
    SUCCEEDED = "Succeeded", "The systems hold what is declared.";
    PROGRESSING = "Progressing", "A new generation is being carried out.";
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry", "A system is unreachable or answers with errors; the call is retried.";
    SUSPENDED = "Suspended", "`spec.suspend` is true here or on a parent: no new access is granted.";
    DEPENDENCY_NOT_READY = "DependencyNotReady", "A reference or Secret is missing or not ready itself.";
    INVALID_SPEC = "InvalidSpec", "The spec contradicts itself or an object that it refers to.";
    NOT_SUPPORTED_BY_SYSTEM = "NotSupportedBySystem", "The system does not support a setting in the spec.";
    NOT_SUPPORTED = "NotSupported", "This version of Vestibule does not act on objects of this kind.";
    DUPLICATE_CLAIM = "DuplicateClaim", "Another object or person holds what this object claims.";
    MULTIPLE_INTEGRATIONS_NOT_SUPPORTED = "MultipleIntegrationsNotSupported", "The property has another integration that owns its people.";
    ADOPTION_REFUSED = "AdoptionRefused", "The system has such a person already, and adoption is not allowed.";
    CREDENTIALS_REJECTED = "CredentialsRejected", "The system refused the login; it is not repeated until the Secret changes or a sync is requested.";
    THROTTLED = "Throttled", "The system asked the controller to wait.";
    HELD = "DeletionsHeld", "The guard holds removals until a person releases them.";
    CREATE_RESULT_UNKNOWN = "CreateResultUnknown", "The answer to a create was lost, and a search could not find out whether the record exists.";
    CLOCK_DIFFERS = "ClockDiffers", "The clock of the system differs from the declared time zone: doors open and close at other times.";
    DRIFT_DETECTED = "DriftDetected", "The system differs from the spec, and the mode forbids the repair or the system does not keep the value.";
    OBSERVE_ONLY = "ObserveOnly", "`mode: Observe`: nothing is written to the system.";
    SCHEDULED = "Scheduled", "The first day has not begun.";
    EXPIRED = "Expired", "Its time is over.";
    WAITING_FOR_IMPORT = "WaitingForImport", "It waits until the system that owns people has this person.";
    DELETING = "Deleting", "Its records are being removed from the systems.";
    DELETION_FAILED = "DeletionFailed", "A record could not be removed yet; the removal is retried.";
}

/// The types that are present only while True: their absence means that all is well.
pub const ABNORMAL: [&str; 3] = [STALLED, RECONCILING, DELETIONS_HELD];
