//! The owners of the records that statuses of Visitors name: a record id contains a hash of the owner id of its
//! integration.

use std::collections::{BTreeMap, BTreeSet};

use vestibule_core::identity::{Owner, RecordId};
use vestibule_core::model::ObjectKey;

use super::Visitors;
use super::validate::Object;

/// The owners of records in statuses, by integration.
pub(super) type RecordOwners = BTreeMap<ObjectKey, BTreeSet<Owner>>;

impl Visitors {
    /// The owners of the records that statuses name in an integration; `None` before all Visitors are listed.
    pub fn record_owners(&self, integration: &ObjectKey) -> Option<BTreeSet<Owner>> {
        let listed = self.table.lock().is_complete();
        listed.then(|| self.record_owners.lock().get(integration).cloned().unwrap_or_default())
    }

    /// Waits until all Visitors are listed for the first time; each list that completes wakes one caller.
    pub async fn first_list(&self) {
        self.on_list.notified().await;
    }

    pub(super) fn note_record_owners(&self, object: &Object) {
        for record in object.status.iter().flat_map(|said| &said.records) {
            let Ok(id) = record.external_id.parse::<RecordId>() else { continue };
            let key = ObjectKey::new(&object.meta.key.namespace, &record.integration);
            self.record_owners.lock().entry(key).or_default().insert(id.owner);
        }
    }
}
