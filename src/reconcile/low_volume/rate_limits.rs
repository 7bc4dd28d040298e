//! One pace a login: all integrations that use it keep to the strictest of their limits.

use super::LowVolumeLoop;
use crate::engine::rate_limit::Limits;
use crate::engine::rate_limiter::RateLimiter;
use crate::reconcile::integration::Validated;

impl LowVolumeLoop {
    /// The pace of a login, shared by all who use it. Whoever comes to it is heeded before his first call.
    pub(super) fn rate_limiter(&mut self, wanted: &Validated) -> RateLimiter {
        let limits = self.limits(wanted.login).map_or(wanted.pace, |limits| limits.stricter(wanted.pace));
        let new = || RateLimiter::new(limits, self.parts.clock.clone());
        let rate_limiter = self.pacers.entry(wanted.login).or_insert_with(new);
        rate_limiter.set_limits(limits);
        rate_limiter.clone()
    }

    /// Who changed his limits, or left, is heeded once all have been looked at. What nobody uses stays as it is: the last
    /// engine may still be on its way out.
    pub(super) fn keep_pace(&self) {
        for (login, rate_limiter) in &self.pacers {
            if let Some(limits) = self.limits(*login) {
                rate_limiter.set_limits(limits);
            }
        }
    }

    /// The strictest of what the integrations of a login allow.
    fn limits(&self, login: u64) -> Option<Limits> {
        let users = self.connections.values().filter(|connection| connection.login == login);
        users.map(|connection| connection.pace).reduce(Limits::stricter)
    }
}

#[cfg(test)]
#[path = "rate_limits_tests.rs"]
mod tests;
