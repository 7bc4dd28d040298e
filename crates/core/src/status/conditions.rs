//! The types and reasons of our conditions: the one table, which the documentation mirrors.
//!
//! Both are API: a name that has been released keeps its meaning for ever, and one that is not here does not
//! pass [`check`](super::check).

/// Declares constants together with the table of them, so that neither can lack what the other has.
macro_rules! names {
    ($(#[$doc:meta])* $table:ident: $($constant:ident = $name:literal, $says:literal;)+) => {
        $(#[doc = $says] pub const $constant: &str = $name;)+
        $(#[$doc])*
        pub const $table: &[(&str, &str)] = &[$(($name, $says)),+];
    };
}

names! {
    /// Every type and what it says, in the order in which they are written.
    TYPES:
    STALLED = "Stalled", "Stopped until a person acts; the message says what to do. Present only while True.";
    RECONCILING = "Reconciling", "Work is under way or will be retried without anybody's help. Present only while True.";
    READY = "Ready", "The summary: what was declared is true in the systems.";
    ACCEPTED = "Accepted", "The spec is valid and permitted here.";
    RESOLVED_REFS = "ResolvedRefs", "Every reference, Secrets included, was found and may be used.";
    SYNCED = "Synced", "The last comparison with the system worked and found no difference left.";
    DELETIONS_HELD = "DeletionsHeld", "The guard holds removals; the message has counts and the hash that releases them. Present only while True.";
}

names! {
    /// Every reason and when it is given.
    REASONS:
    SUCCEEDED = "Succeeded", "What was declared is true in the systems.";
    PROGRESSING = "Progressing", "A new generation is being carried out.";
    PROGRESSING_WITH_RETRY = "ProgressingWithRetry", "A system is out of reach or answers with errors; it is tried again.";
    SUSPENDED = "Suspended", "`spec.suspend` is true here or on a parent: nothing new is opened.";
    DEPENDENCY_NOT_READY = "DependencyNotReady", "A reference or Secret is missing or not ready itself.";
    INVALID_SPEC = "InvalidSpec", "The spec contradicts itself or what it refers to.";
    NOT_SUPPORTED_BY_SYSTEM = "NotSupportedBySystem", "The system cannot hold what the spec asks for.";
    NOT_SUPPORTED = "NotSupported", "This version of Vestibule does not act on objects of this kind.";
    DUPLICATE_CLAIM = "DuplicateClaim", "Somebody else holds what this object claims.";
    MULTIPLE_INTEGRATIONS_NOT_SUPPORTED = "MultipleIntegrationsNotSupported", "The property has another integration that owns its people.";
    ADOPTION_REFUSED = "AdoptionRefused", "The system has such a person already, and nobody allowed to take it over.";
    CREDENTIALS_REJECTED = "CredentialsRejected", "The system refused the login; it is not repeated until the Secret changes or somebody asks for a sync.";
    THROTTLED = "Throttled", "The system asked us to wait.";
    HELD = "DeletionsHeld", "The guard holds removals until somebody releases them.";
    CREATE_RESULT_UNKNOWN = "CreateResultUnknown", "The answer to a creation was lost, and looking for it did not settle the matter.";
    CLOCK_DIFFERS = "ClockDiffers", "The clock of the system is not that of the declared time zone: doors open and close at other times.";
    DRIFT_DETECTED = "DriftDetected", "The system differs from what is declared, and the mode forbids to repair it or the system does not keep it.";
    OBSERVE_ONLY = "ObserveOnly", "`mode: Observe`: nothing is written to the system.";
    SCHEDULED = "Scheduled", "It waits for its day.";
    EXPIRED = "Expired", "Its time is over.";
    WAITING_FOR_IMPORT = "WaitingForImport", "It waits until the system that owns people has this person.";
    DELETING = "Deleting", "Its records are being removed from the systems.";
    DELETION_FAILED = "DeletionFailed", "A record could not be removed yet; it is tried again.";
}

/// The types that exist only while True: their absence is the good news.
pub const ABNORMAL: [&str; 3] = [STALLED, RECONCILING, DELETIONS_HELD];
