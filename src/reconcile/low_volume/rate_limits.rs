//! One rate limiter per login: all integrations with that login keep to the strictest of their limits.

use super::LowVolumeLoop;
use crate::engine::rate_limit::Limits;
use crate::engine::rate_limiter::RateLimiter;
use crate::reconcile::integration::Validated;

impl LowVolumeLoop {
    /// The rate limiter of a login, shared by its integrations. The limits of a new integration apply before its first
    /// call.
    pub(super) fn rate_limiter(&mut self, wanted: &Validated) -> RateLimiter {
        let limits = self.limits(wanted.login).map_or(wanted.pace, |limits| limits.stricter(wanted.pace));
        let new = || RateLimiter::new(limits, self.parts.clock.clone());
        let rate_limiter = self.pacers.entry(wanted.login).or_insert_with(new);
        rate_limiter.set_limits(limits);
        rate_limiter.clone()
    }

    /// Recomputes the limits of every login. It runs after all integrations are processed, since any of them may have
    /// changed its limits or left. A login without integrations keeps its limits: the last engine may still be
    /// stopping.
    pub(super) fn keep_pace(&self) {
        for (login, rate_limiter) in &self.pacers {
            if let Some(limits) = self.limits(*login) {
                rate_limiter.set_limits(limits);
            }
        }
    }

    /// The strictest of the limits of a login's integrations.
    fn limits(&self, login: u64) -> Option<Limits> {
        let users = self.connections.values().filter(|connection| connection.login == login);
        users.map(|connection| connection.pace).reduce(Limits::stricter)
    }
}

#[cfg(test)]
#[path = "rate_limits_tests.rs"]
mod tests;
