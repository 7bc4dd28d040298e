//! The access that is declared for a tenant's visitors, whether or not its integrations are connected. Verdicts are
//! computed from it: a connection decides when a record is created, and never whether a spec is valid (design 3.4).
//! [`grant`] has the access groups in one integration and whether its system has them; [`reference`] resolves the names
//! of integrations.

mod grant;
mod reference;

pub use grant::{DeclaredGrant, Reference, names};

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule_core::adapt::Capabilities;
use vestibule_core::model::Hasher;

use crate::api::{Record, TenantSpec, VisitorAccess};
use crate::engine::catalogue::Catalogue;

/// An AccessIntegration of a Property that takes visitors, as it is declared.
#[derive(Clone, Debug)]
pub struct DeclaredIntegration<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// `spec.visitorAccess`.
    pub visitor_access: Option<&'a VisitorAccess>,
    /// What its system can do; `None` if this version does not support the system.
    pub capabilities: Option<Arc<Capabilities>>,
    /// Which declared names its system has; unknown while the integration is not connected.
    pub catalogue: Catalogue,
    /// Whether records can be created through it now.
    pub ready: bool,
}

/// The integrations that the tenants of a Property can refer to.
#[derive(Clone, Debug, Default)]
pub struct DeclaredIntegrations<'a> {
    /// The integrations of the Property that take visitors.
    pub takers: Vec<DeclaredIntegration<'a>>,
    /// All others of the namespace.
    pub others: BTreeMap<&'a str, Unusable>,
}

/// Why an AccessIntegration, as it is declared, opens nothing to a tenant's visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Its spec cannot be read, and it may serve the Property: the access that it gives is not known.
    Unreadable,
    /// `spec.visitors` is not `Push`.
    TakesNoVisitors,
    /// It serves another Property.
    OfAnotherProperty,
    /// It is being deleted.
    Deleting,
}

/// The part of a Tenant that decides which doors open.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredTenant<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// The name of its Property.
    pub property: &'a str,
    /// Its spec.
    pub spec: &'a TenantSpec,
    /// `status.records`.
    pub records: &'a [Record],
}

/// The access that is declared for a tenant's visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Whether any door is declared to open.
    pub doors: Doors,
    /// References to integrations that do not exist or cannot serve the tenant; each a sentence.
    pub missing: Vec<String>,
    /// Integrations that exist and are not ready; each a sentence.
    pub unready: Vec<String>,
    /// The grants, one per integration.
    pub grants: Vec<DeclaredGrant>,
    /// A hash of everything above.
    pub hash: u64,
}

/// Whether any door is declared to open to a tenant's visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doors {
    /// In at least one integration, whether or not it exists and is connected.
    Declared,
    /// The Property has no AccessIntegration that takes visitors. The sentence says what to do.
    NoIntegration(String),
    /// There are integrations, and no group is named in any of them. The sentence says what to do.
    NoGroups(String),
}

impl Declared {
    /// Gathers what is declared for a tenant.
    pub fn of(tenant: DeclaredTenant<'_>, integrations: &DeclaredIntegrations<'_>) -> Self {
        let grants: Vec<_> =
            integrations.takers.iter().filter_map(|it| DeclaredGrant::of(tenant, it)).collect();
        let (missing, unready) = reference::follow(tenant, integrations, &grants);
        let closed = grants.is_empty() && missing.is_empty() && unready.is_empty();
        let doors = if closed { closed_doors(tenant, integrations) } else { Doors::Declared };
        Self { doors, missing, unready, grants, hash: 0 }.hashed()
    }

    /// The first reference that is missing or not ready, in a sentence.
    pub fn awaited(&self) -> Option<&String> {
        self.missing.iter().chain(&self.unready).next()
    }

    /// A group that the Tenant itself names and that a system does not have, in a sentence.
    pub fn missing_group_of_tenant(&self) -> Option<&str> {
        self.grants.iter().filter(|grant| grant.by_tenant).find_map(|grant| grant.group.missing())
    }

    /// For each integration that names a group or card format that its system does not have: its name, and a sentence.
    pub fn missing_of_integrations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.grants.iter().filter_map(|grant| {
            let group = grant.group.missing().filter(|_| !grant.by_tenant);
            Some((grant.integration.as_str(), group.or_else(|| grant.card_format.missing())?))
        })
    }

    /// Adds the part that decides about records to a hash.
    pub fn sign(&self, hash: &mut Hasher) {
        hash.number(match self.doors {
            Doors::Declared => 1,
            Doors::NoIntegration(_) => 2,
            Doors::NoGroups(_) => 3,
        });
    }

    fn hashed(mut self) -> Self {
        let mut hash = Hasher::new("declared");
        self.sign(&mut hash);
        if let Doors::NoIntegration(sentence) | Doors::NoGroups(sentence) = &self.doors {
            hash.text(sentence);
        }
        // The length of each list is hashed too, so that the end of one and the start of the next cannot be confused.
        for sentences in [&self.missing, &self.unready] {
            hash.number(sentences.len() as u64);
            for sentence in sentences {
                hash.text(sentence);
            }
        }
        self.grants.iter().for_each(|grant| grant.sign(&mut hash));
        self.hash = hash.finish();
        self
    }
}

fn closed_doors(tenant: DeclaredTenant<'_>, integrations: &DeclaredIntegrations<'_>) -> Doors {
    if let Some(first) = integrations.takers.first() {
        return Doors::NoGroups(format!(
            "Tenant {} opens no door to visitors: name groups in its spec.visitorAccess, or in spec.visitorAccess of \
             AccessIntegration {}",
            tenant.name, first.name
        ));
    }
    let declines = integrations.others.iter().find(|(_, why)| **why == Unusable::TakesNoVisitors);
    let other = declines.map(|(name, _)| format!(", or set it on {name}")).unwrap_or_default();
    Doors::NoIntegration(format!(
        "waits for an AccessIntegration: Property {} has none with spec.visitors: Push. Make one{other}",
        tenant.property
    ))
}

#[cfg(test)]
mod tests;
