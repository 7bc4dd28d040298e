//! One pace a login: all integrations that use it keep to the strictest of their limits.

use super::Pass;
use crate::engine::pace::Limits;
use crate::engine::pacer::Pacer;
use crate::reconcile::integration::Validated;

impl Pass {
    /// The pace of a login, shared by all who use it. Whoever comes to it is heeded before his first call.
    pub(super) fn pacer(&mut self, wanted: &Validated) -> Pacer {
        let limits = self.limits(wanted.login).map_or(wanted.pace, |limits| limits.stricter(wanted.pace));
        let new = || Pacer::new(limits, self.parts.clock.clone());
        let pacer = self.pacers.entry(wanted.login).or_insert_with(new);
        pacer.set_limits(limits);
        pacer.clone()
    }

    /// Who changed his limits, or left, is heeded once all have been looked at. What nobody uses stays as it is: the last
    /// engine may still be on its way out.
    pub(super) fn keep_pace(&self) {
        for (login, pacer) in &self.pacers {
            if let Some(limits) = self.limits(*login) {
                pacer.set_limits(limits);
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
#[path = "pace_tests.rs"]
mod tests;
