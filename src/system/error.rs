//! Errors of systems: a class that decides what happens next, and a sentence for the person who reads it.

use std::fmt;
use std::time::Duration;

/// What an error means for the work at hand; nothing else decides a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The system refuses this for good: not retried until the object changes.
    Terminal,
    /// The login is refused or lacks a right: the integration is parked until its Secret changes.
    Auth,
    /// Something that it needs is not there (a group, a format): retried when it may have come.
    Dependency,
    /// Too fast; not before this time has passed, if the system said one.
    Throttled(Option<Duration>),
    /// Out of reach, slow, or a fault of the system's. The outcome of a write is unknown.
    Transient,
    /// This replica does not hold the leader's lease: the request was not sent, or was given up when the lease ended. It says
    /// nothing about the system. The outcome of a write is unknown.
    NotLeader,
}

impl ErrorKind {
    /// Whether it says something of the login, the account or this replica, and nothing of the work at hand.
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

/// What an error is about, where more than its class is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The credential number has another living holder.
    CardTaken,
    /// The address, the path or a setting of the API: every request fails so, whatever it asks for.
    Endpoint,
}

/// A call to a system failed. The text is one sentence: what was tried, what the system said, what to do.
/// It holds no token, no number of a card, no body and no person's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemError {
    /// What it means.
    pub kind: ErrorKind,
    /// The operation in the system's own word, such as `AddPerson`; a metric label.
    pub operation: &'static str,
    /// The sentence.
    pub message: String,
    /// What it is about, if that is known.
    pub code: Option<ErrorCode>,
}

impl SystemError {
    /// An error of one class.
    pub fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Self { kind, operation, message: message.into(), code: None }
    }

    /// The same, with what it is about.
    #[must_use]
    pub fn with_code(self, code: ErrorCode) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The lease does not allow a request.
    pub fn not_leader(operation: &'static str) -> Self {
        let message = format!(
            "{operation} was not sent, or given up, because this replica does not hold the leader's lease; the replica that \
             holds it goes on"
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
