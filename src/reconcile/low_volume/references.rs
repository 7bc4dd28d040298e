//! Builds the references of Visitors from the stores and the engines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vestibule_core::model::{Hasher, ObjectKey};

use super::LowVolumeLoop;
use super::declared::declared_tenant;
use crate::api::AccessIntegrationSpec;
use crate::reconcile::declared::{Declared, DeclaredIntegrations};
use crate::reconcile::integration::{Object, leaves_records, takes_visitors};
use crate::reconcile::references::{
    IntegrationFacts, PropertyFacts, References, TenantFacts, tenant_facts, tenant_id,
};
use crate::reconcile::{abandon::is_abandoned, property};

impl LowVolumeLoop {
    /// Publishes new references if anything in them has changed.
    pub(super) fn publish(&mut self) {
        let references = self.build_references();
        let signature = sign(&references);
        if signature != self.signature {
            self.signature = signature;
            self.references.send_replace(Arc::new(references));
        }
    }

    fn build_references(&self) -> References {
        let (takers, declared) = (self.takers(), self.declared());
        let (none, nothing) = (Vec::new(), DeclaredIntegrations::default());
        let tenants = self.tenants.iter().filter_map(|(key, object)| {
            let tenant = declared_tenant(key, object)?;
            let property = property::key(&key.namespace, &tenant.spec.property_ref);
            let integrations = takers.get(&property).unwrap_or(&none);
            let declared = Declared::of(tenant, declared.get(&property).unwrap_or(&nothing));
            let usable = self.usable_property(&property);
            let facts = tenant_facts(tenant.spec, tenant.records, property, usable, integrations, declared);
            Some((tenant_id(key), facts))
        });
        References {
            complete: true,
            tenants: tenants.collect(),
            engines: self.connections.iter().map(|(key, it)| (key.clone(), Arc::clone(&it.engine))).collect(),
            integrations: self.holders(),
            untouched: self.untouched(),
            frozen: self.frozen(),
            leaving: self.leaving(),
            orphaning: self.with_spec(leaves_records),
            declining: self.with_spec(|spec| !takes_visitors(spec)),
            indexes: self.indexes.clone(),
        }
    }

    /// Integrations that are not abandoned, and the Property that each serves, if that is known. An integration that is
    /// being deleted without our finalizer has no records, or none any more, and is left out.
    fn holders(&self) -> BTreeMap<ObjectKey, Option<ObjectKey>> {
        let goes = |object: &Object| object.meta.deleting && !object.meta.is_ours();
        let all = self.integrations.iter();
        let all = all.filter(|(_, object)| !goes(object) && !is_abandoned(&object.meta));
        all.map(|(key, object)| (key.clone(), self.served_by(object))).collect()
    }

    fn untouched(&self) -> BTreeSet<ObjectKey> {
        let all = self.integrations.iter().filter(|(_, object)| !self.may_hold_records(object));
        all.map(|(key, _)| key.clone()).collect()
    }

    /// Integrations with an engine whose spec cannot be read. Treating them as `visitors: None` would revoke access
    /// that no user withdrew. The same holds under deletion, because their records may be meant to stay.
    fn frozen(&self) -> BTreeSet<ObjectKey> {
        let frozen = |key: &&ObjectKey| self.integrations.get(key).is_some_and(|object| object.spec.is_err());
        self.connections.keys().filter(frozen).cloned().collect()
    }

    /// Integrations that are to remove every record.
    fn leaving(&self) -> BTreeSet<ObjectKey> {
        let all = self.integrations.iter().filter(|(_, object)| self.is_leaving(object));
        all.map(|(key, _)| key.clone()).collect()
    }

    /// Integrations with a spec of which this is true.
    fn with_spec(&self, says: impl Fn(&AccessIntegrationSpec) -> bool) -> BTreeSet<ObjectKey> {
        let all = self.integrations.iter().filter(|(_, object)| object.spec.as_ref().is_ok_and(&says));
        all.map(|(key, _)| key.clone()).collect()
    }

    fn usable_property(&self, key: &ObjectKey) -> Option<PropertyFacts> {
        let property = self.properties.get(key).filter(|property| !property.meta.deleting)?;
        property::validate(property).ok().map(|checked| checked.facts)
    }

    /// The integrations with an engine that take visitors, by Property.
    fn takers(&self) -> BTreeMap<ObjectKey, Vec<Arc<IntegrationFacts>>> {
        let mut takers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, connection) in &self.connections {
            let Some(object) = self.integrations.get(key).filter(|object| !object.meta.deleting) else {
                continue;
            };
            let Some(spec) = object.spec.as_ref().ok().filter(|spec| takes_visitors(spec)) else { continue };
            let Some(index) = self.indexes.get(key) else { continue };
            let facts = IntegrationFacts {
                index: *index,
                key: key.clone(),
                owner_id: connection.owner_id.clone(),
                account: connection.account,
                capabilities: connection.engine.capabilities(),
                visitor_access: spec.visitor_access.clone(),
                mode: spec.mode,
                suspended: connection.engine.is_suspended(),
                engine: Arc::clone(&connection.engine),
            };
            takers
                .entry(property::key(&key.namespace, &spec.property_ref))
                .or_default()
                .push(Arc::new(facts));
        }
        takers
    }
}

/// A hash of everything that Visitors depend on. Equal references are not published again.
fn sign(references: &References) -> u64 {
    let mut hash = Hasher::new("directory");
    let tenants: BTreeMap<u64, &TenantFacts> = references.tenants.iter().map(|(id, it)| (*id, it)).collect();
    for (id, tenant) in tenants {
        hash.number(id).number(tenant.hash).number(tenant.declared.hash);
    }
    for (key, engine) in &references.engines {
        hash.text(&key.to_string()).number(engine.state().borrow().syncs);
    }
    // The length of each list is hashed too, so that the end of one and the start of the next cannot be confused.
    let lists: [Vec<&ObjectKey>; 6] = [
        references.integrations.keys().collect(),
        references.untouched.iter().collect(),
        references.frozen.iter().collect(),
        references.leaving.iter().collect(),
        references.declining.iter().collect(),
        references.orphaning.iter().collect(),
    ];
    for keys in lists {
        hash.number(keys.len() as u64);
        for key in keys {
            hash.text(&key.to_string());
        }
    }
    hash.finish()
}

#[cfg(test)]
#[path = "references_tests.rs"]
mod tests;
