use super::conditions::{
    ACCEPTED, CLOCK_DIFFERS, CREATE_RESULT_UNKNOWN, CREDENTIALS_REJECTED, EXPIRED, HELD, READY, STALLED,
};
use super::verdict::{ASPECTS, NOT_ACCEPTED};
use super::{Status, Truth};

/// The reasons, beside those of a refused spec, that stop an object until a person acts.
const STOPPED: [&str; 4] = [CREDENTIALS_REJECTED, HELD, CREATE_RESULT_UNKNOWN, CLOCK_DIFFERS];

impl Status {
    /// Whether the object stopped until a person acts, according to its status, and has not been Ready since. An object in
    /// work again is not `Stalled` any more, but the aspect that caused the stop keeps the reason until a later reconcile
    /// decides the aspect.
    pub fn has_stopped(&self) -> bool {
        let is = |type_, truth| self.condition(type_).is_some_and(|it| it.status == truth);
        if is(STALLED, Truth::True) {
            return true;
        }
        let blamed = ASPECTS.iter().filter_map(|type_| self.condition(type_));
        let mut blamed = blamed.filter(|it| it.status != Truth::True).map(|it| it.reason.as_str());
        !is(READY, Truth::True) && blamed.any(|it| NOT_ACCEPTED.contains(&it) || STOPPED.contains(&it))
    }

    /// Whether the object was stopped until a person acts when its visit or subscription ended, as far as nothing later is
    /// known.
    pub fn has_lapsed(&self) -> bool {
        self.condition(ACCEPTED).is_some_and(|it| it.status != Truth::True && it.reason == EXPIRED)
    }
}
