use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::conditions::TYPES;

/// The part of a status that every kind has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The last generation that is *done* (Ready, Stalled or Suspended), not the last that was seen. It is -1 for an object
    /// that no controller has seen, so that the object never counts as done.
    #[serde(default = "never")]
    pub observed_generation: i64,
    /// One condition per type.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}

/// A condition in the form of `metav1.Condition`. It is a type of our own, because the core depends on no Kubernetes
/// crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// One of [`TYPES`](super::conditions::TYPES).
    #[serde(rename = "type")]
    pub type_: String,
    /// Whether it holds.
    pub status: Truth,
    /// The cause for programs: one of [`REASONS`](super::conditions::REASONS).
    pub reason: String,
    /// The cause for people: a sentence that they can act on. May be empty.
    #[serde(default)]
    pub message: String,
    /// The generation from which the condition was computed; `kubectl wait` ignores an older one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When `status` last changed, in whole seconds. A change of reason or message does not count.
    #[serde(serialize_with = "whole_seconds")]
    pub last_transition_time: Timestamp,
}

/// A condition as it should be written, without its transition time, which [`merge`](super::merge) computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// See [`Condition::type_`].
    pub type_: String,
    /// See [`Condition::status`].
    pub status: Truth,
    /// See [`Condition::reason`].
    pub reason: String,
    /// See [`Condition::message`].
    pub message: String,
    /// See [`Condition::observed_generation`].
    pub observed_generation: Option<i64>,
}

/// The three values of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Truth {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// Not known yet.
    Unknown,
}

// === impl Status ===

impl Status {
    /// The condition of a type.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// Whether the two differ at most in times. Only another difference is worth a write.
    pub fn same_without_times(&self, other: &Self) -> bool {
        self.observed_generation == other.observed_generation
            && super::same_without_times(&self.conditions, &other.conditions)
    }
}

impl Default for Status {
    fn default() -> Self {
        Self { observed_generation: never(), conditions: Vec::new() }
    }
}

// === impl Condition ===

impl Condition {
    /// Everything but the time: the part that is compared, and hashed where only a hash is kept.
    pub fn without_time(&self) -> (&str, Truth, &str, &str, Option<i64>) {
        (&self.type_, self.status, &self.reason, &self.message, self.observed_generation)
    }

    /// The position of a type in the list: Stalled first, then Reconciling, then the summary, then the rest.
    pub(super) fn place(type_: &str) -> (usize, &str) {
        let known = TYPES.iter().position(|(name, _)| *name == type_);
        (known.unwrap_or(usize::MAX), type_)
    }
}

impl From<&Condition> for Wanted {
    fn from(condition: &Condition) -> Self {
        Self {
            type_: condition.type_.clone(),
            status: condition.status,
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            observed_generation: condition.observed_generation,
        }
    }
}

/// Kubernetes keeps times in whole seconds: a finer time would read back as another value.
pub(super) fn truncated(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

fn never() -> i64 {
    -1
}

fn whole_seconds<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    truncated(*instant).serialize(serializer)
}
