//! The effect of new references on the visitors of a tenant, beside new records: whether a visitor loses access, and
//! whether statuses change although no record does.

use std::sync::Arc;

use vestibule_core::model::ObjectKey;

use crate::reconcile::references::{Access, References, TenantId};

/// The references before and after a change.
pub(super) struct ReferenceChanges {
    /// The references of the last scan; empty at first.
    pub(super) before: Arc<References>,
    /// The references of this scan.
    pub(super) now: Arc<References>,
}

impl ReferenceChanges {
    /// Whether records of the tenant in an integration depend on something that has changed.
    pub(super) fn concerns(&self, tenant: TenantId, integration: &ObjectKey) -> bool {
        let hash = |references| access(references, tenant, integration).map(|access| access.hash);
        hash(&self.before) != hash(&self.now)
    }

    /// Whether records of the tenant in an integration may open more than they should from now on: a group was removed,
    /// or the time zone has changed and with it each window.
    pub(super) fn loses_access(&self, tenant: TenantId, integration: &ObjectKey) -> bool {
        let groups = |references| access(references, tenant, integration).map(|access| &access.groups);
        let lost = groups(&self.before).zip(groups(&self.now)).is_some_and(|(was, is)| !was.is_subset(is));
        let zone = |references: &'_ References| {
            let property = references.tenant(tenant).and_then(|facts| facts.property.as_ref());
            property.map(|property| property.zone.name().to_owned())
        };
        lost || zone(&self.before).zip(zone(&self.now)).is_some_and(|(was, is)| was != is)
    }

    /// The indexes of integrations that have started or stopped to be frozen or to decline visitors: their records may
    /// have to be removed although nothing has changed for any tenant.
    pub(super) fn turned(&self) -> Vec<u16> {
        let stance = |references: &References, key| {
            (references.frozen.contains(key), references.declining.contains(key))
        };
        let turned =
            self.now.indexes.iter().filter(|(key, _)| stance(&self.before, key) != stance(&self.now, key));
        turned.map(|(_, index)| *index).collect()
    }

    /// Whether the declarations for the tenant's visitors, or the knowledge about them, have changed.
    pub(super) fn changes_statuses_of(&self, tenant: TenantId) -> bool {
        let declared = |references: &References| references.tenant(tenant).map_or(0, |it| it.declared.hash);
        declared(&self.before) != declared(&self.now)
    }
}

fn access<'a>(references: &'a References, tenant: TenantId, integration: &ObjectKey) -> Option<&'a Access> {
    references.tenant(tenant)?.access_in(integration)
}

#[cfg(test)]
#[path = "reference_changes_tests.rs"]
mod tests;
