use super::conditions::{READY, RECONCILING, STALLED};
use super::{Condition, Truth};

/// What generic tools (Helm 4, Flux, kpt) take an object's status for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kstatus {
    /// Done: waiting ends well.
    Current,
    /// Not yet: waiting goes on.
    InProgress,
    /// It will not be: waiting ends badly.
    Failed,
    /// It is being deleted.
    Terminating,
}

/// The algorithm of `kubernetes-sigs/cli-utils` (`pkg/kstatus/status`) for a custom resource, step by step; an
/// oracle, so nothing here may be made wiser than the original. An absent `observed_generation` skips its check
/// there too: an object without any status passes for done.
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
