use super::conditions::{READY, RECONCILING, STALLED};
use super::{Condition, Truth};

/// The result that generic tools (Helm 4, Flux, kpt) read from an object's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kstatus {
    /// Done: a wait ends with success.
    Current,
    /// Not done yet: a wait continues.
    InProgress,
    /// Failed: a wait ends with an error.
    Failed,
    /// The object is being deleted.
    Terminating,
}

/// The algorithm of `kubernetes-sigs/cli-utils` (`pkg/kstatus/status`) for a custom resource, step by step. Tests compare
/// with it, so it must not differ from the original. An absent `observed_generation` skips its check in the original too:
/// an object without any status counts as done.
pub fn kstatus(
    generation: i64,
    is_deleting: bool,
    observed_generation: Option<i64>,
    conditions: &[Condition],
) -> Kstatus {
    if is_deleting {
        return Kstatus::Terminating;
    }
    if observed_generation.is_some_and(|observed| observed != generation) {
        return Kstatus::InProgress;
    }
    for condition in conditions.iter().filter(|condition| condition.status == Truth::True) {
        match condition.type_.as_str() {
            RECONCILING => return Kstatus::InProgress,
            STALLED => return Kstatus::Failed,
            _ => {}
        }
    }
    match conditions.iter().find(|condition| condition.type_ == READY).map(|ready| ready.status) {
        Some(Truth::False | Truth::Unknown) => Kstatus::InProgress,
        Some(Truth::True) | None => Kstatus::Current,
    }
}
