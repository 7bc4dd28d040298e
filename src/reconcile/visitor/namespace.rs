//! Deletion of a whole namespace, which marks every object in it for deletion, in any order. A Visitor that is deleted
//! with its namespace was not chosen by a person: where its integration has `deletionPolicy: Orphan`, the record stays
//! (design 3.16).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use vestibule_core::identity::ObjectId;
use vestibule_core::model::ObjectKey;

use super::Visitors;
use crate::cluster::rows::Row;
use crate::engine::SourceError;

impl Visitors {
    /// Whether an integration keeps the records of a Visitor although the Visitor is being deleted.
    pub(super) async fn is_kept(
        &self,
        integration: &ObjectKey,
        object_id: ObjectId,
    ) -> Result<bool, SourceError> {
        let deleting = self.table.lock().row(object_id).is_some_and(Row::is_deleting);
        let says = self.references().orphaning.contains(integration);
        Ok(deleting && says && self.is_going(&integration.namespace).await?)
    }

    /// The integrations of a namespace that keep their records because the namespace is being deleted. The API server
    /// is asked only if an integration has `Orphan`; while it cannot be asked, nothing is removed.
    pub(super) async fn keeping(&self, namespace: &str) -> Result<BTreeSet<ObjectKey>, SourceError> {
        let references = self.references();
        let here = references.orphaning.iter().filter(|key| key.namespace == namespace);
        let keeping: BTreeSet<ObjectKey> = here.cloned().collect();
        if keeping.is_empty() || self.is_going(namespace).await? { Ok(keeping) } else { Ok(BTreeSet::new()) }
    }

    async fn is_going(&self, namespace: &str) -> Result<bool, SourceError> {
        let found = Api::<Namespace>::all(self.writer.client.clone()).get_opt(namespace).await;
        let found = found.map_err(|error| {
            if matches!(error, kube::Error::Api(_)) {
                tracing::warn!(namespace, %error, "the Namespace cannot be read: deletions wait where deletionPolicy is Orphan");
            }
            SourceError::Unreachable(error.to_string())
        })?;
        Ok(found.is_none_or(|namespace| namespace.metadata.deletion_timestamp.is_some()))
    }
}
