//! What is declared to open doors to a tenant's visitors, connected or not. Verdicts are made of this: which integrations
//! happen to be connected decides when a record is made, and never whether a spec is valid (design 3.4).

use std::collections::BTreeMap;

use vestibule_core::model::{Hasher, ObjectKey};

use super::directory::groups;
use crate::api::{Record, TenantSpec, VisitorAccess};

/// An AccessIntegration of a Property that takes visitors, as it is declared.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredIntegration<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// `spec.visitorAccess`.
    pub visitor_access: Option<&'a VisitorAccess>,
    /// Whether records can be made through it now.
    pub ready: bool,
}

/// What the tenants of a Property can refer to.
#[derive(Clone, Debug, Default)]
pub struct DeclaredIntegrations<'a> {
    /// The integrations of the Property that take visitors.
    pub takers: Vec<DeclaredIntegration<'a>>,
    /// All others of the namespace.
    pub others: BTreeMap<&'a str, Unusable>,
}

/// Why an AccessIntegration opens nothing to a tenant's visitors, as it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Its spec cannot be read, and it may serve the Property: what it opens is not known.
    Unreadable,
    /// `spec.visitors` is not `Push`.
    TakesNoVisitors,
    /// It serves another Property.
    OfAnotherProperty,
    /// It is being deleted.
    Deleting,
}

/// A Tenant, as far as it decides which doors open.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredTenant<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// The Property it rents in.
    pub property: &'a ObjectKey,
    /// Its spec.
    pub spec: &'a TenantSpec,
    /// `status.records`.
    pub records: &'a [Record],
}

/// What a tenant's visitors get by what is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Whether anything is declared to open.
    pub doors: Doors,
    /// What has to appear or become ready before everything that is declared can be true; each a sentence.
    pub awaited: Vec<String>,
}

/// Whether any door is declared to open to a tenant's visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doors {
    /// At least one integration, connected or not, there or not.
    Declared,
    /// The Property has no AccessIntegration that takes visitors. The sentence says what to do.
    NoIntegration(String),
    /// There are integrations, and no group is named in any of them. The sentence says what to do.
    NoGroups(String),
}

impl Declared {
    /// What is declared for a tenant.
    pub fn of(tenant: DeclaredTenant<'_>, integrations: &DeclaredIntegrations<'_>) -> Self {
        let DeclaredTenant { spec, records, .. } = tenant;
        let takers = &integrations.takers;
        let opening: Vec<_> = takers
            .iter()
            .filter(|it| !groups(spec, records, it.name, it.visitor_access).is_empty())
            .collect();
        let mut awaited: Vec<String> =
            opening.iter().filter(|it| !it.ready).map(|it| not_ready(it.name)).collect();
        let named = spec.visitor_access.iter().filter(|grant| !grant.groups.is_empty());
        let named = named.map(|grant| grant.integration_ref.name.as_str());
        let named = named.filter(|name| takers.iter().all(|it| it.name != *name));
        awaited.extend(named.filter_map(|name| awaits(name, tenant, integrations.others.get(name).copied())));
        if opening.is_empty() && awaited.is_empty() {
            let unreadable = integrations.others.iter().find(|(_, why)| **why == Unusable::Unreadable);
            match unreadable {
                // It may open doors to everybody in the Property.
                Some((name, _)) => awaited.push(not_ready(name)),
                None => return Self { doors: closed(tenant, integrations), awaited },
            }
        }
        Self { doors: Doors::Declared, awaited }
    }

    /// Feeds a hash with what decides about records.
    pub fn sign(&self, hash: &mut Hasher) {
        hash.number(match self.doors {
            Doors::Declared => 1,
            Doors::NoIntegration(_) => 2,
            Doors::NoGroups(_) => 3,
        });
    }
}

fn not_ready(name: &str) -> String {
    format!("waits for AccessIntegration {name}, which is not ready: see its status")
}

/// What a tenant waits for that names groups in an integration which takes no visitors of its Property.
fn awaits(name: &str, tenant: DeclaredTenant<'_>, why: Option<Unusable>) -> Option<String> {
    let property = &tenant.property.name;
    let (what, remedy) = match why {
        Some(Unusable::Unreadable) => return Some(not_ready(name)),
        // It declines visitors on purpose.
        Some(Unusable::TakesNoVisitors) => return None,
        Some(Unusable::OfAnotherProperty) => {
            (format!("serves another Property than {property}"), format!("Name one of {property}"))
        }
        Some(Unusable::Deleting) => ("is being deleted".to_owned(), "Name another".to_owned()),
        None => ("does not exist".to_owned(), "Make it".to_owned()),
    };
    Some(format!(
        "waits for AccessIntegration {name}, which spec.visitorAccess of Tenant {} names and which {what}. {remedy}, or \
         take it out there",
        tenant.name
    ))
}

fn closed(tenant: DeclaredTenant<'_>, integrations: &DeclaredIntegrations<'_>) -> Doors {
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
        tenant.property.name
    ))
}

#[cfg(test)]
#[path = "declared_tests.rs"]
mod tests;
