//! Errors of systems: a kind that decides what happens next, and a sentence for the reader.

use std::fmt;
use std::time::Duration;

/// The consequence of an error for the work; nothing else decides a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The system refuses this permanently: not retried until the object changes.
    Terminal,
    /// The login is refused or lacks a right: the integration is rejected until its Secret changes.
    Auth,
    /// A dependency does not exist (a group, a format): retried when it may have been created.
    Dependency,
    /// Too many requests: not before this time has passed, if the system named one.
    Throttled(Option<Duration>),
    /// The system is unreachable, slow or faulty. The outcome of a write is unknown.
    Transient,
    /// This replica does not hold the leader's lease: the request was not sent, or was cancelled when the lease ended.
    /// It says nothing about the system. The outcome of a write is unknown.
    NotLeader,
}

impl ErrorKind {
    /// Whether the error concerns the login, the account or this replica, and not the work itself.
    pub const fn is_of_connection(self) -> bool {
        matches!(self, Self::Auth | Self::Throttled(_) | Self::NotLeader)
    }

    /// The word in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Auth => "auth",
            Self::Dependency => "dependency",
            Self::Throttled(_) => "throttled",
            Self::Transient => "transient",
            Self::NotLeader => "not_leader",
        }
    }
}

/// The subject of an error, for errors whose kind alone does not decide everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The credential number has another living holder.
    CardTaken,
    /// The address, the path or a setting of the API: every request fails in the same way.
    Endpoint,
    /// The login has no right to create records. It may have other rights.
    MayNotCreate,
}

/// A call to a system failed. The message is one sentence: what was tried, what the system answered, what to do. It
/// contains no token, no card number, no body and no person's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemError {
    /// Its kind.
    pub kind: ErrorKind,
    /// The operation in the system's own term, such as `AddPerson`; a metric label.
    pub operation: &'static str,
    /// The sentence.
    pub message: String,
    /// The subject of the error, if it is known.
    pub code: Option<ErrorCode>,
}

impl SystemError {
    /// An error of a kind.
    pub fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Self { kind, operation, message: message.into(), code: None }
    }

    /// The same error with a code.
    #[must_use]
    pub fn with_code(self, code: ErrorCode) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The lease does not allow the request.
    pub fn not_leader(operation: &'static str) -> Self {
        let message = format!(
            "{operation} was not sent, or was cancelled, because this replica does not hold the leader's lease; the replica that \
             holds it continues"
        );
        Self::new(ErrorKind::NotLeader, operation, message)
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SystemError {}
