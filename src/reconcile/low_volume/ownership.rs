//! Ownership of records: the owner ids that this cluster uses, and when an engine may write for the first time (design
//! 3.15).

use std::sync::Arc;

use vestibule_core::ownership::{Neighbours, default_owner_id};

use super::LowVolumeLoop;
use crate::cluster::watch::Scope;
use crate::reconcile::integration::{Object, named_owner_id};

impl LowVolumeLoop {
    /// The owner id of an integration.
    pub(super) fn owner_id_of(&self, object: &Object) -> String {
        let default = || default_owner_id(&self.cluster, &object.meta.key);
        named_owner_id(object).map_or_else(default, str::to_owned)
    }

    /// Collects the owner ids that the integrations of this cluster use.
    pub(super) fn collect_neighbours(&mut self) {
        let watched = self.scopes.iter().map(|scope| match scope {
            Scope::Everywhere => None,
            Scope::Namespace(name) => Some(name.to_string()),
        });
        let owner_ids = self.integrations.iter().map(|(_, object)| self.owner_id_of(object)).collect();
        let neighbours = Neighbours::new(&*self.cluster, watched.collect(), owner_ids);
        if *self.neighbours != neighbours {
            self.neighbours = Arc::new(neighbours);
        }
    }

    /// Allows an engine to write if its AccessIntegration and Property have our finalizer, and the status names the
    /// owner id of its records and their system. An integration under deletion needs only its own finalizer, since it
    /// only removes access.
    pub(super) fn allow_first_writes(&self) {
        for (key, connection) in &self.connections {
            let Some(object) = self.integrations.get(key) else { continue };
            let said = object.status.as_ref();
            let recorded = said.and_then(|said| said.owner_id.as_ref());
            let is_prepared = recorded == Some(&connection.owner_id)
                && said.and_then(|said| said.connected_to.as_ref()) == Some(&connection.system)
                && self.is_property_prepared(object)
                && self.is_owner_certain(object);
            if object.meta.is_ours() && (is_prepared || object.meta.deleting) {
                connection.engine.allow_writes();
            }
        }
    }

    /// Whether the Property of an integration has our finalizer. A missing Property is no obstacle, since it gives no
    /// access any more.
    fn is_property_prepared(&self, object: &Object) -> bool {
        let property = self.served_by(object).and_then(|key| self.properties.get(&key));
        property.is_none_or(|property| property.meta.is_ours())
    }
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
