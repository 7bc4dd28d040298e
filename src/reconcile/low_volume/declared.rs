//! Gathers what is declared for the visitors of each Property, whether or not it is connected.

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule_core::model::ObjectKey;

use super::LowVolumeLoop;
use crate::engine::catalogue::Catalogue;
use crate::reconcile::declared::{
    DeclaredIntegration, DeclaredIntegrations, DeclaredTenant, Unusable, names,
};
use crate::reconcile::integration::{Connection, Object, capabilities, takes_visitors};
use crate::reconcile::{property, tenant};

impl LowVolumeLoop {
    /// The integrations that the tenants of each Property can refer to. A Property that no Tenant refers to is left
    /// out.
    pub(super) fn declared(&self) -> BTreeMap<ObjectKey, DeclaredIntegrations<'_>> {
        let mut tenants: BTreeMap<ObjectKey, Vec<DeclaredTenant<'_>>> = BTreeMap::new();
        for (key, object) in self.tenants.iter() {
            if let Some(tenant) = declared_tenant(key, object) {
                let property = property::key(&key.namespace, &tenant.spec.property_ref);
                tenants.entry(property).or_default().push(tenant);
            }
        }
        let declared = tenants.into_iter().map(|(property, tenants)| {
            let here = self.declared_integrations(&property, &tenants);
            (property, here)
        });
        declared.collect()
    }

    fn declared_integrations<'a>(
        &'a self,
        property: &ObjectKey,
        tenants: &[DeclaredTenant<'_>],
    ) -> DeclaredIntegrations<'a> {
        let mut here = DeclaredIntegrations::default();
        let all = self.integrations.iter().filter(|(key, _)| key.namespace == property.namespace);
        for (key, object) in all {
            if let Some(why) = self.unusable(property, object) {
                here.others.insert(&key.name, why);
            } else if let Some(mut taker) = self.taker(key, object) {
                if let Some(connection) = self.connections.get(key) {
                    taker.catalogue = connection.engine.compare_names(names(&taker, tenants.iter().copied()));
                }
                here.takers.push(taker);
            }
        }
        here
    }

    /// For each integration, one group or card format in its spec that its system does not have, in a sentence.
    pub(super) fn lacking(&self) -> BTreeMap<ObjectKey, String> {
        let mut lacking = BTreeMap::new();
        for tenant in self.references.borrow().tenants.values() {
            for (name, sentence) in tenant.declared.missing_of_integrations() {
                let key = ObjectKey::new(&tenant.property_key.namespace, name);
                // The smallest sentence, so that the choice does not depend on the order of tenants.
                let first = lacking.entry(key).or_insert_with(|| sentence.to_owned());
                if sentence < first.as_str() {
                    sentence.clone_into(first);
                }
            }
        }
        lacking
    }

    fn unusable(&self, property: &ObjectKey, object: &Object) -> Option<Unusable> {
        if object.meta.deleting {
            return Some(Unusable::Deleting);
        }
        if self.served_by(object).is_some_and(|served| served != *property) {
            return Some(Unusable::OfAnotherProperty);
        }
        match &object.spec {
            Err(_) => Some(Unusable::Unreadable),
            Ok(spec) => (!takes_visitors(spec)).then_some(Unusable::TakesNoVisitors),
        }
    }

    /// An integration that takes visitors. It is ready if it is not refused and has a connection and, after a move to
    /// another system, a full sync of that system.
    fn taker<'a>(&self, key: &'a ObjectKey, object: &'a Object) -> Option<DeclaredIntegration<'a>> {
        let spec = object.spec.as_ref().ok()?;
        let connection = self.connections.get(key);
        let looked_into = |it: &Connection| !self.moved.contains(key) || it.engine.state().borrow().syncs > 0;
        // Records are adapted to the capabilities of the running client.
        let running = connection.map(|connection| connection.engine.capabilities());
        Some(DeclaredIntegration {
            name: &key.name,
            visitor_access: spec.visitor_access.as_ref(),
            capabilities: running.or_else(|| capabilities(spec)).map(Arc::new),
            catalogue: Catalogue::default(),
            ready: connection.is_some_and(looked_into) && !self.refusals.contains_key(key),
        })
    }
}

/// A Tenant whose spec can be read.
pub(super) fn declared_tenant<'a>(
    key: &'a ObjectKey,
    object: &'a tenant::Object,
) -> Option<DeclaredTenant<'a>> {
    let spec = object.spec.as_ref().ok()?;
    let records = object.status.as_ref().map(|said| said.records.as_slice()).unwrap_or_default();
    Some(DeclaredTenant { name: &key.name, property: &spec.property_ref.name, spec, records })
}
