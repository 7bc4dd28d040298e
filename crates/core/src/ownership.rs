//! The other owners of records in one system, and which of them stop creates (design 3.15).
//!
//! An integration that has never written may have been moved or restored. Records of another Vestibule owner may then be
//! its own records, and creating them again would make duplicates. So creates stop until a user declares the owner id.
//! Creates do not stop if the integration has records already, or if the other owner is an integration of this cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::ObjectKey;

/// The owner id of an integration without `spec.ownerId`: cluster, namespace and name.
pub fn default_owner_id(cluster: &str, integration: &ObjectKey) -> String {
    format!("{cluster}/{integration}")
}

/// The owner ids that integrations of this cluster use.
///
/// A default id of this cluster in a namespace that the controller does not watch counts as used: the controller cannot
/// see whether that integration exists, and another controller may serve it. In a watched namespace the integration must
/// exist: after a rename no integration uses the former id, and its records count as moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    cluster: String,
    /// The watched namespaces; `None` if all are watched.
    watched: Option<BTreeSet<String>>,
    owner_ids: BTreeSet<String>,
}

impl Neighbours {
    /// The neighbours in a cluster in which these namespaces are watched; `None` watches all.
    pub fn new(
        cluster: impl Into<String>,
        watched: Option<BTreeSet<String>>,
        owner_ids: BTreeSet<String>,
    ) -> Self {
        Self { cluster: cluster.into(), watched, owner_ids }
    }

    /// Whether an integration of this cluster uses an owner id, as far as the controller can see.
    pub fn contains(&self, owner_id: &str) -> bool {
        self.owner_ids.contains(owner_id) || self.is_out_of_sight(owner_id)
    }

    fn is_out_of_sight(&self, owner_id: &str) -> bool {
        let Some(watched) = &self.watched else { return false };
        let key = owner_id.strip_prefix(self.cluster.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let parts = key.and_then(|key| key.split_once('/'));
        parts.is_some_and(|(namespace, name)| {
            !namespace.is_empty() && !name.is_empty() && !name.contains('/') && !watched.contains(namespace)
        })
    }
}

/// The facts that decide whether an integration may create records beside other owners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// `spec.ownerId` is declared: a user has decided.
    pub declared: bool,
    /// `status.ownerId` is set: the integration has written.
    pub recorded: bool,
    /// The other integrations of the cluster.
    pub neighbours: Arc<Neighbours>,
}

impl Ownership {
    /// The first of these other owners whose records stop the creates of the integration. `holds_records` says whether the
    /// system holds records of the integration itself.
    pub fn stopped_by<'a>(
        &self,
        others: impl IntoIterator<Item = &'a str>,
        holds_records: bool,
    ) -> Option<&'a str> {
        if self.declared || self.recorded || holds_records {
            return None;
        }
        others.into_iter().find(|owner_id| !self.neighbours.contains(owner_id))
    }
}
