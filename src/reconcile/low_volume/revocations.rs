//! Pending revocations in systems that were not listed since the start. Their metrics exist with and without a
//! connection, because an alert must know of a door that is still open (design 3.13).

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestibule_core::model::ObjectKey;

use super::LowVolumeLoop;
use crate::reconcile::abandon::is_abandoned;
use crate::reconcile::integration::{Object, leaves_records};
use crate::reconcile::property;

impl LowVolumeLoop {
    /// Counts the pending revocations that no engine knows.
    pub(super) fn count_revocations(&mut self) {
        let mut unconnected = BTreeSet::new();
        for (key, object) in self.integrations.iter().filter(|(key, _)| !self.gone.contains_key(*key)) {
            let (pending, oldest) = self.unlisted_revocations(object);
            if let Some(connection) = self.connections.get(key) {
                connection.engine.note_unlisted_revocations(pending, oldest);
            } else if !self.stopping.contains_key(key) {
                self.parts.metrics.count_unconnected(&key.to_string(), pending, oldest);
                unconnected.insert(key.clone());
            }
        }
        let before = std::mem::replace(&mut self.unconnected, unconnected);
        for key in before.difference(&self.unconnected).filter(|key| !self.connections.contains_key(*key)) {
            self.parts.metrics.forget_integration(&key.to_string());
        }
    }

    /// Pending revocations according to the statuses of Visitors, and of an integration that is to remove all its records.
    fn unlisted_revocations(&self, object: &Object) -> (usize, Option<Timestamp>) {
        let key = &object.meta.key;
        if self.connections.get(key).is_some_and(|connection| connection.engine.has_listed()) {
            return (0, None);
        }
        let (pending, oldest) = self.visitors.unlisted_revocations(key);
        let records = usize::try_from(self.remaining(object)).unwrap_or_default();
        if !self.is_leaving(object) || records == 0 {
            return (pending, oldest);
        }
        let since = object.meta.deleted_at.or_else(|| self.property_deleted_at(object));
        (pending.max(records), oldest.into_iter().chain(since).min())
    }

    /// Whether every record of an integration is to be removed: the integration or its Property is being deleted.
    pub(super) fn is_leaving(&self, object: &Object) -> bool {
        let stays = object.spec.as_ref().is_ok_and(leaves_records) || is_abandoned(&object.meta);
        let property = || self.served_by(object).and_then(|key| self.properties.get(&key));
        let goes_with_property =
            || property().is_some_and(|property| property.meta.deleting && !is_abandoned(&property.meta));
        object.meta.is_ours() && !stays && (object.meta.deleting || goes_with_property())
    }

    fn property_deleted_at(&self, object: &Object) -> Option<Timestamp> {
        let key: ObjectKey = self.served_by(object)?;
        let property: &property::Object = self.properties.get(&key)?;
        property.meta.deleted_at
    }
}

#[cfg(test)]
#[path = "revocations_tests.rs"]
mod tests;
