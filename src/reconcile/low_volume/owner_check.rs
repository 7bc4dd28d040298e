//! Whether the owner id in an integration's status is the one under which its records were made. Another client may have
//! written the status while no controller ran. The ids in `status.records` of Visitors carry a hash of the owner and are the
//! second witness (design 3.15).

use std::sync::Arc;

use vestibule_core::identity::Owner;
use vestibule_core::ownership::default_owner_id;
use vestibule_core::status::conditions::DUPLICATE_CLAIM;

use super::LowVolumeLoop;
use crate::reconcile::integration::{Object, Refusal};

/// The result of comparing the owner id of an integration with the records of its Visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OwnerCheck {
    /// Nothing contradicts it, or `spec.ownerId` declares it.
    Agrees,
    /// Not all Visitors are listed yet. `true`: the id is not the default one, so it is not used until they are.
    Unlisted(bool),
    /// The records were made under the default id.
    IsDefault(String),
    /// The records were made under an id that is not known; one of their owners.
    IsUnknown(Owner),
}

impl LowVolumeLoop {
    /// Replaces owner ids in statuses that the records of Visitors contradict. An owner id is checked once, since after
    /// that only this process writes it.
    pub(super) fn check_owner_ids(&mut self) {
        let integrations = &self.integrations;
        self.checked_owners.retain(|key, uid| integrations.get(key).is_some_and(|it| it.meta.uid == *uid));
        let unchecked = self.integrations.iter().filter(|(key, _)| !self.checked_owners.contains_key(*key));
        let unchecked: Vec<Arc<Object>> = unchecked.map(|(_, object)| Arc::clone(object)).collect();
        for object in unchecked {
            let owner_id = match self.check_owner(&object) {
                OwnerCheck::Unlisted(_) => continue,
                OwnerCheck::Agrees => {
                    self.checked_owners.insert(object.meta.key.clone(), object.meta.uid);
                    continue;
                }
                OwnerCheck::IsDefault(owner_id) => Some(owner_id),
                OwnerCheck::IsUnknown(_) => None,
            };
            let Some(said) = object.status.as_ref().filter(|said| said.owner_id != owner_id) else {
                continue;
            };
            tracing::warn!(
                integration = %object.meta.key, status = said.owner_id, records = owner_id,
                "status.ownerId is not the owner of the records in Visitors' status.records: it is replaced"
            );
            let said = crate::reconcile::integration::Said { owner_id, ..said.clone() };
            self.ledgers.integrations.correct(&mut self.integrations, &object.meta, said);
        }
    }

    /// Why an integration may not be connected under its owner id.
    pub(super) fn owner_refusal(&self, object: &Object) -> Option<Refusal> {
        match self.check_owner(object) {
            OwnerCheck::Agrees | OwnerCheck::Unlisted(false) | OwnerCheck::IsDefault(_) => None,
            OwnerCheck::Unlisted(true) => Some(Refusal::Missing(
                "waits until all Visitors are listed: their status.records show whether status.ownerId is right".to_owned(),
            )),
            OwnerCheck::IsUnknown(owner) => Some(Refusal::Invalid(
                DUPLICATE_CLAIM,
                format!(
                    "status.records of Visitors names records of an owner that is neither the one of status.ownerId nor the \
                     default one: status.ownerId was changed while no controller ran. Their ids begin with {}. \
                     No record is created or removed. Set spec.ownerId to the owner that the NOTES of such a record name in \
                     the system; if there is none, to an id of your own",
                    owner.id_prefix()
                ),
            )),
        }
    }

    /// Whether the owner id of an integration is certain. No deletion ends before it is.
    pub(super) fn is_owner_certain(&self, object: &Object) -> bool {
        matches!(self.check_owner(object), OwnerCheck::Agrees)
    }

    pub(super) fn check_owner(&self, object: &Object) -> OwnerCheck {
        let key = &object.meta.key;
        let declared = object.spec.as_ref().is_ok_and(|spec| spec.owner_id.is_some());
        if declared || self.checked_owners.get(key) == Some(&object.meta.uid) {
            return OwnerCheck::Agrees;
        }
        let (used, default) = (self.owner_id_of(object), default_owner_id(&self.cluster, key));
        let Some(owners) = self.visitors.record_owners(key) else {
            return OwnerCheck::Unlisted(used != default);
        };
        let contradicts = |owner_id: &str| !owners.is_empty() && !owners.contains(&Owner::of(owner_id));
        match owners.first() {
            Some(owner) if contradicts(&used) && contradicts(&default) => OwnerCheck::IsUnknown(*owner),
            Some(_) if contradicts(&used) => OwnerCheck::IsDefault(default),
            _ => OwnerCheck::Agrees,
        }
    }
}

#[cfg(test)]
#[path = "owner_check_tests.rs"]
mod tests;
