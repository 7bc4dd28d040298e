use super::conditions::{
    ACCEPTED, CLOCK_DIFFERS, CREATE_RESULT_UNKNOWN, CREDENTIALS_REJECTED, EXPIRED, HELD, READY, STALLED,
};
use super::verdict::{ASPECTS, NOT_ACCEPTED};
use super::{Status, Truth};

/// The reasons beside those of a refused spec for which an object stops until a person acts.
const STOPPED: [&str; 4] = [CREDENTIALS_REJECTED, HELD, CREATE_RESULT_UNKNOWN, CLOCK_DIFFERS];

impl Status {
    /// Whether the object stopped until a person acts, as far as its status tells, and has not been Ready since. An
    /// object that is being worked on again is not `Stalled` any more, but the aspect that was to blame is False until
    /// something succeeds.
    pub fn has_stopped(&self) -> bool {
        let is = |type_, truth| self.condition(type_).is_some_and(|it| it.status == truth);
        if is(STALLED, Truth::True) {
            return true;
        }
        let blamed = ASPECTS.iter().filter_map(|type_| self.condition(type_));
        let mut blamed = blamed.filter(|it| it.status == Truth::False).map(|it| it.reason.as_str());
        !is(READY, Truth::True) && blamed.any(|it| NOT_ACCEPTED.contains(&it) || STOPPED.contains(&it))
    }

    /// Whether the object had stopped until a person acts when its time was over.
    pub fn has_lapsed(&self) -> bool {
        self.condition(ACCEPTED).is_some_and(|it| it.status == Truth::False && it.reason == EXPIRED)
    }
}
