//! What Visitors refer to, as one value: who is visited where, on which clock, through which integrations.
//!
//! Properties, integrations and tenants are few. Each change of one of them makes a new directory, and everything that
//! depends on it compares hashes to find out whether it is concerned.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use vestibule_core::access::{Sources, visitor_groups};
use vestibule_core::adapt::Capabilities;
use vestibule_core::identity::Owner;
use vestibule_core::model::{Hasher, ObjectKey};
use vestibule_core::schedule::{Provision, Zone};

use super::declared::Declared;
use crate::api::{Mode, Record, TenantSpec, VisitorAccess};
use crate::engine::Engine;

/// Stands for a Tenant in a row: a hash of its namespace and name.
pub type TenantId = u64;

/// The id of a Tenant's key. The one function for reading a reference and for finding who refers.
pub fn tenant_id(key: &ObjectKey) -> TenantId {
    Hasher::new("Tenant").text(&key.namespace).text(&key.name).finish()
}

/// A Property that may be used.
#[derive(Clone, Debug)]
pub struct PropertyFacts {
    /// Its clock.
    pub zone: Zone,
    /// When records are made.
    pub provision: Provision,
}

/// An integration that takes visitors.
#[derive(Clone)]
pub struct IntegrationFacts {
    /// Its place in the list of all integrations this process has met.
    pub index: u16,
    /// Its key.
    pub key: ObjectKey,
    /// Whose records it looks after.
    pub owner_id: String,
    /// The account of the system. Records known under one account say nothing about another account.
    pub account: u64,
    /// What its system can do.
    pub capabilities: Capabilities,
    /// `spec.visitorAccess`.
    pub visitor_access: Option<VisitorAccess>,
    /// `spec.mode`: another one may let through what was withheld.
    pub mode: Mode,
    /// `spec.suspend`, for the same reason.
    pub suspended: bool,
    /// Its engine.
    pub engine: Arc<Engine>,
}

/// What a tenant's visitors get through one integration.
#[derive(Clone)]
pub struct Access {
    /// The integration.
    pub integration: Arc<IntegrationFacts>,
    /// Its owner, hashed.
    pub owner: Owner,
    /// Access groups by name; empty means that the integration is skipped.
    pub groups: BTreeSet<String>,
    /// Changes when anything does that records in this integration depend on.
    pub hash: u64,
}

/// A tenant and everything that its visitors depend on.
#[derive(Clone)]
pub struct TenantFacts {
    /// Its name as people write it.
    pub display_name: String,
    /// Its Property.
    pub property_key: ObjectKey,
    /// The Property; `None` while it is missing, going or not valid.
    pub property: Option<PropertyFacts>,
    /// One entry for each integration of the Property that takes visitors.
    pub access: Vec<Access>,
    /// What is declared for its visitors, connected or not: verdicts are made of it.
    pub declared: Declared,
    /// Changes when anything above does that records depend on.
    pub hash: u64,
}

/// Everything that Visitors refer to.
#[derive(Clone, Default)]
pub struct References {
    /// Whether Properties, integrations and tenants have all been listed: before that nothing is known to be missing.
    pub complete: bool,
    /// Tenants by id.
    pub tenants: HashMap<TenantId, TenantFacts>,
    /// Every engine that runs, by integration.
    pub engines: BTreeMap<ObjectKey, Arc<Engine>>,
    /// Every AccessIntegration that is not given up, with or without an engine, and the Property it serves, if that can be
    /// read.
    pub integrations: BTreeMap<ObjectKey, Option<ObjectKey>>,
    /// Those of them that have written nothing and have found nothing of ours: they hold what a status names, if anything.
    pub untouched: BTreeSet<ObjectKey>,
    /// Integrations whose engine runs while their spec cannot be read: what is wanted there is not known, so nothing is
    /// opened and nothing removed until it can be read again or the object is deleted.
    pub frozen: BTreeSet<ObjectKey>,
    /// Integrations that are to remove every record: they or their Property are being deleted.
    pub leaving: BTreeSet<ObjectKey>,
    /// Integrations that say that what they hold stays when their namespace goes.
    pub orphaning: BTreeSet<ObjectKey>,
    /// Integrations that say that they take no visitors: whatever they still hold of them goes.
    pub declining: BTreeSet<ObjectKey>,
    /// The place of every integration that this process has met in the rows; never given anew.
    pub indexes: BTreeMap<ObjectKey, u16>,
}

impl TenantFacts {
    /// What the tenant's visitors get through an integration, if it takes visitors of the tenant's Property.
    pub fn access_in(&self, integration: &ObjectKey) -> Option<&Access> {
        self.access.iter().find(|access| access.integration.key == *integration)
    }
}

impl References {
    /// The tenant of an id.
    pub fn tenant(&self, id: TenantId) -> Option<&TenantFacts> {
        self.tenants.get(&id)
    }
}

/// The facts of a tenant, given its Property and the Property's integrations that take visitors.
pub fn tenant_facts(
    spec: &TenantSpec,
    records: &[Record],
    property_key: ObjectKey,
    property: Option<PropertyFacts>,
    integrations: &[Arc<IntegrationFacts>],
    declared: Declared,
) -> TenantFacts {
    let access = integrations.iter().map(|integration| Access {
        owner: Owner::of(&integration.owner_id),
        groups: groups(spec, records, &integration.key.name, integration.visitor_access.as_ref()),
        integration: Arc::clone(integration),
        hash: 0,
    });
    let (display_name, access) = (spec.display_name.clone(), access.collect());
    hashed(TenantFacts { display_name, property_key, property, access, declared, hash: 0 })
}

/// The groups that visitors of a tenant get in an integration with this `visitorAccess`.
pub fn groups(
    spec: &TenantSpec,
    records: &[Record],
    integration: &str,
    visitor_access: Option<&VisitorAccess>,
) -> BTreeSet<String> {
    let own = spec.visitor_access.iter().find(|grant| grant.integration_ref.name == integration);
    visitor_groups(Sources {
        tenant: own.map(|grant| grant.groups.as_slice()),
        by_tenant: visitor_access.and_then(|access| groups_by_tenant(spec, records, integration, access)),
        default: visitor_access.map(|access| access.groups.as_slice()),
    })
}

/// The groups that the integration itself names for a tenant.
pub fn groups_by_tenant<'a>(
    spec: &TenantSpec,
    records: &[Record],
    integration: &str,
    access: &'a VisitorAccess,
) -> Option<&'a [String]> {
    let external = records.iter().find(|record| record.integration == integration);
    let names = [Some(&spec.display_name), external.map(|record| &record.external_id)];
    let entry = access.tenants.iter().find(|entry| names.contains(&Some(&entry.tenant)));
    entry.map(|entry| entry.groups.as_slice())
}

/// The same facts with the hashes that belong to them.
fn hashed(mut facts: TenantFacts) -> TenantFacts {
    let mut hash = Hasher::new("tenant facts");
    hash.text(&facts.display_name);
    match &facts.property {
        Some(property) => hash.text(property.zone.name()).text(&format!("{:?}", property.provision)),
        None => hash.text("no property"),
    };
    let everywhere = hash.finish();
    facts.declared.sign(&mut hash);
    for access in &mut facts.access {
        access.hash = hash_of(access, everywhere);
        hash.number(access.hash);
    }
    facts.hash = hash.finish();
    facts
}

fn hash_of(access: &Access, everywhere: u64) -> u64 {
    let integration = &access.integration;
    let mut hash = Hasher::new("access");
    hash.number(everywhere)
        .text(&integration.key.name)
        .text(&integration.owner_id)
        .number(integration.account);
    hash.text(&format!("{:?} {:?} {}", integration.capabilities, integration.mode, integration.suspended));
    hash.number(integration.engine.record_format());
    access.groups.iter().for_each(|group| {
        hash.text(group);
    });
    hash.finish()
}

#[cfg(test)]
#[path = "references_tests.rs"]
mod tests;
