//! Gathers what is declared for the visitors of each Property, whether or not it is connected.

use std::collections::BTreeMap;

use vestibule_core::model::ObjectKey;

use super::Pass;
use crate::reconcile::declared::{DeclaredIntegration, DeclaredIntegrations, Unusable};
use crate::reconcile::integration::{Connection, Object, takes_visitors};

impl Pass {
    /// What the tenants of each Property can refer to. A Property that no Tenant refers to may be missing.
    pub(super) fn declared(&self) -> BTreeMap<ObjectKey, DeclaredIntegrations<'_>> {
        let named = self.tenants.iter().filter_map(|(key, tenant)| {
            let spec = tenant.spec.as_ref().ok()?;
            Some(crate::reconcile::property::key(&key.namespace, &spec.property_ref))
        });
        let mut declared: BTreeMap<ObjectKey, DeclaredIntegrations<'_>> =
            named.map(|property| (property, DeclaredIntegrations::default())).collect();
        for (property, here) in &mut declared {
            let all = self.integrations.iter().filter(|(key, _)| key.namespace == property.namespace);
            for (key, object) in all {
                match self.unusable(property, object) {
                    Some(why) => drop(here.others.insert(&key.name, why)),
                    None => here.takers.extend(self.taker(key, object)),
                }
            }
        }
        declared
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

    /// Ready is one with a connection that may open doors, to an account that was looked into since it is the account.
    fn taker<'a>(&self, key: &'a ObjectKey, object: &'a Object) -> Option<DeclaredIntegration<'a>> {
        let spec = object.spec.as_ref().ok()?;
        let looked_into = |it: &Connection| !self.moved.contains(key) || it.engine.state().borrow().syncs > 0;
        let ready = self.connections.get(key).is_some_and(looked_into) && !self.refusals.contains_key(key);
        Some(DeclaredIntegration { name: &key.name, visitor_access: spec.visitor_access.as_ref(), ready })
    }
}
