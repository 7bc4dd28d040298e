//! Pending revocations in integrations without a list since the start, for example because they are not connected. They
//! are known from the records in the statuses of Visitors. After the first list the engine's queue has them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::ObjectKey;

use super::Visitors;
use super::plan::is_declared;
use super::validate::{Object, known_ids, validate};
use crate::reconcile::references::{References, tenant_id};

/// Visitors with a pending revocation, by integration, and since when it is pending.
#[derive(Debug, Default)]
pub(super) struct UnlistedRevocations(BTreeMap<ObjectKey, BTreeMap<ObjectId, Timestamp>>);

impl UnlistedRevocations {
    /// Sets the integrations in which a Visitor has a pending revocation. A known one keeps its time.
    fn note(&mut self, object_id: ObjectId, integrations: BTreeSet<ObjectKey>, since: Timestamp) {
        for (key, pending) in &mut self.0 {
            if !integrations.contains(key) {
                pending.remove(&object_id);
            }
        }
        for key in integrations {
            self.0.entry(key).or_default().entry(object_id).or_insert(since);
        }
        self.0.retain(|_, pending| !pending.is_empty());
    }
}

impl Visitors {
    /// The number of Visitors with a pending revocation in an integration that was not listed yet, and the time of the oldest.
    pub fn unlisted_revocations(&self, integration: &ObjectKey) -> (usize, Option<Timestamp>) {
        let unlisted = self.unlisted.lock();
        let Some(pending) = unlisted.0.get(integration) else { return (0, None) };
        (pending.len(), pending.values().min().copied())
    }

    /// Compares the records in an object's status with its spec, where no list has shown the records yet.
    pub(super) fn note_unlisted(&self, object_id: ObjectId, object: &Object, references: &References) {
        let now = self.clock.now();
        let pending = pending_in(object, references, now);
        let since = object.meta.deleted_at.map_or(now, |at| at.min(now));
        self.unlisted.lock().note(object_id, pending, since);
    }

    /// Forgets an object that is gone.
    pub(super) fn forget_unlisted(&self, object_id: ObjectId) {
        self.unlisted.lock().note(object_id, BTreeSet::new(), Timestamp::MIN);
    }
}

/// The integrations without a list in which a record of the object is to be removed or replaced.
fn pending_in(object: &Object, references: &References, now: Timestamp) -> BTreeSet<ObjectKey> {
    let records = object.status.iter().flat_map(|said| &said.records);
    let named = records.map(|record| ObjectKey::new(&object.meta.key.namespace, &record.integration));
    let is_unlisted = |key: &ObjectKey| {
        let listed = references.engines.get(key).is_some_and(|engine| engine.has_listed());
        references.integrations.contains_key(key) && !listed
    };
    let is_pending = |key: &ObjectKey| {
        let ids = known_ids(object, &key.name);
        !ids.is_empty()
            && (is_ending(object, references, key) || !is_wanted(object, references, key, &ids, now))
    };
    named.filter(|key| is_unlisted(key) && is_pending(key)).collect()
}

/// Whether the object is being deleted, or every record of the integration is to be removed.
fn is_ending(object: &Object, references: &References, integration: &ObjectKey) -> bool {
    (object.meta.deleting && object.meta.is_ours()) || references.leaving.contains(integration)
}

/// Whether one of these records is the declared one. A spec that cannot be read revokes nothing.
fn is_wanted(
    object: &Object,
    references: &References,
    integration: &ObjectKey,
    named: &[RecordId],
    now: Timestamp,
) -> bool {
    let Ok(visitor) = validate(object) else { return true };
    let tenant = references.tenant(tenant_id(&visitor.tenant));
    is_declared(&visitor, tenant, integration, references, named, now)
}

#[cfg(test)]
#[path = "unlisted_tests.rs"]
mod tests;
