//! The references of Visitors as one value: Tenants, Properties with their time zones, and integrations. Each change of
//! a Property, an integration or a Tenant makes a new value. Rows compare hashes to find out whether the change
//! concerns them.

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

/// Identifies a Tenant in a row: a hash of its namespace and name.
pub type TenantId = u64;

/// The id of a Tenant's key. The only function for this, so that resolving a reference and finding the referring
/// objects agree.
pub fn tenant_id(key: &ObjectKey) -> TenantId {
    Hasher::new("Tenant").text(&key.namespace).text(&key.name).finish()
}

/// A Property that may be used.
#[derive(Clone, Debug)]
pub struct PropertyFacts {
    /// Its time zone.
    pub zone: Zone,
    /// When records are created.
    pub provision: Provision,
}

/// An integration that takes visitors.
#[derive(Clone)]
pub struct IntegrationFacts {
    /// Its index in the list of all integrations that this process has seen.
    pub index: u16,
    /// Its key.
    pub key: ObjectKey,
    /// The owner id of its records.
    pub owner_id: String,
    /// The account of the system. Records known under one account say nothing about another account.
    pub account: u64,
    /// What its system can do.
    pub capabilities: Capabilities,
    /// `spec.visitorAccess`.
    pub visitor_access: Option<VisitorAccess>,
    /// `spec.mode`: another mode may permit changes that were withheld.
    pub mode: Mode,
    /// `spec.suspend`, for the same reason.
    pub suspended: bool,
    /// Its engine.
    pub engine: Arc<Engine>,
}

/// The access of a tenant's visitors in one integration.
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
    /// `spec.displayName`.
    pub display_name: String,
    /// The key of its Property.
    pub property_key: ObjectKey,
    /// The Property; `None` while it is missing, being deleted or not valid.
    pub property: Option<PropertyFacts>,
    /// One entry for each integration of the Property that takes visitors.
    pub access: Vec<Access>,
    /// The declarations for its visitors, whether or not integrations are connected. Verdicts are computed from them.
    pub declared: Declared,
    /// A hash of everything above that records depend on.
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
    /// Every AccessIntegration that is not abandoned, with or without an engine, and the Property it serves, if that is
    /// known.
    pub integrations: BTreeMap<ObjectKey, Option<ObjectKey>>,
    /// Those of them that have written nothing and have found none of our records: they hold at most the records that
    /// statuses name.
    pub untouched: BTreeSet<ObjectKey>,
    /// Integrations with a running engine and an unreadable spec: their desired records are not known, so none is
    /// created or removed until the spec can be read again or the object is deleted.
    pub frozen: BTreeSet<ObjectKey>,
    /// Integrations that are to remove every record: they or their Property are being deleted.
    pub leaving: BTreeSet<ObjectKey>,
    /// Integrations with `deletionPolicy: Orphan`: their records stay when their namespace is deleted.
    pub orphaning: BTreeSet<ObjectKey>,
    /// Integrations that take no visitors: their remaining records of visitors are removed.
    pub declining: BTreeSet<ObjectKey>,
    /// The index of every integration that this process has seen, for use in rows. An index is never reused.
    pub indexes: BTreeMap<ObjectKey, u16>,
}

impl TenantFacts {
    /// The access of the tenant's visitors in an integration, if it takes visitors of the tenant's Property.
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

/// Computes the hashes of the facts.
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
