//! The access of a tenant's visitors in one integration, and whether its system has the declared names.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::adapt::{Capabilities, group_name};
use vestibule_core::model::Hasher;

use super::{DeclaredIntegration, DeclaredTenant};
use crate::engine::catalogue::{Lookup, Name};
use crate::reconcile::references::{groups, groups_by_tenant};

/// Access groups that a tenant's visitors get in one integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredGrant {
    /// The integration.
    pub integration: String,
    /// Their names, as they are written.
    pub groups: BTreeSet<String>,
    /// Whether the Tenant itself names them.
    pub by_tenant: bool,
    /// The capabilities of the system.
    pub capabilities: Option<Arc<Capabilities>>,
    /// Whether the system has all of the groups.
    pub group: Reference,
    /// Whether the system has the card format that its integration names.
    pub card_format: Reference,
}

/// Whether a declared name exists in a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// It exists.
    Found,
    /// The system was not asked yet.
    Unknown,
    /// It does not exist. The sentence says what to do.
    Missing(String),
}

impl Reference {
    /// The sentence about the missing name.
    pub fn missing(&self) -> Option<&str> {
        match self {
            Self::Missing(sentence) => Some(sentence),
            Self::Found | Self::Unknown => None,
        }
    }
}

impl DeclaredGrant {
    /// The grant of a tenant's visitors in an integration, if they have one.
    pub(super) fn of(tenant: DeclaredTenant<'_>, integration: &DeclaredIntegration<'_>) -> Option<Self> {
        let written = groups(tenant.spec, tenant.records, integration.name, integration.visitor_access);
        if written.is_empty() {
            return None;
        }
        let looked_up = written.iter().map(|group| (integration.catalogue.look_up(&name_of(group)), group));
        let format = card_format(integration);
        let format = format.iter().map(|name| (integration.catalogue.look_up(name), name));
        let group = reference(looked_up, |group| missing_group(group, tenant, integration));
        Some(Self {
            integration: integration.name.to_owned(),
            groups: written,
            by_tenant: names_itself(tenant, integration),
            capabilities: integration.capabilities.clone(),
            group,
            card_format: reference(format, |_| missing_format(integration)),
        })
    }

    /// Adds all of it to a hash.
    pub(super) fn sign(&self, hash: &mut Hasher) {
        hash.text(&self.integration).number(self.groups.len() as u64).number(u64::from(self.by_tenant));
        self.groups.iter().for_each(|group| {
            hash.text(group);
        });
        for reference in [&self.group, &self.card_format] {
            match reference {
                Reference::Found => hash.number(1),
                Reference::Unknown => hash.number(2),
                Reference::Missing(sentence) => hash.text(sentence),
            };
        }
        let Some(system) = &self.capabilities else { return };
        hash.number(system.contact as u64).number(system.names as u64).number(system.max_groups as u64);
        hash.text(system.system).text(system.card_format.as_deref().unwrap_or_default());
    }
}

/// All names in an integration's system that tenants depend on: access groups, and the card format.
pub fn names<'a>(
    integration: &DeclaredIntegration<'_>,
    tenants: impl Iterator<Item = DeclaredTenant<'a>>,
) -> BTreeSet<Name> {
    let groups = tenants
        .flat_map(|tenant| groups(tenant.spec, tenant.records, integration.name, integration.visitor_access));
    groups.map(|group| name_of(&group)).chain(card_format(integration)).collect()
}

fn name_of(written: &str) -> Name {
    Name::Group(group_name(written).to_owned())
}

fn card_format(integration: &DeclaredIntegration<'_>) -> Option<Name> {
    Some(Name::CardFormat(integration.capabilities.as_ref()?.card_format.clone()?))
}

/// Whether a Tenant has an entry of its own for an integration.
fn names_itself(tenant: DeclaredTenant<'_>, integration: &DeclaredIntegration<'_>) -> bool {
    tenant.spec.visitor_access.iter().any(|grant| grant.integration_ref.name == integration.name)
}

/// The result for several names: missing if one is missing, else unknown if one is unknown.
fn reference<T>(looked_up: impl Iterator<Item = (Lookup, T)>, missing: impl Fn(T) -> String) -> Reference {
    let mut reference = Reference::Found;
    for (lookup, name) in looked_up {
        match lookup {
            Lookup::Missing => return Reference::Missing(missing(name)),
            Lookup::Unknown => reference = Reference::Unknown,
            Lookup::Found => {}
        }
    }
    reference
}

fn missing_group(written: &str, tenant: DeclaredTenant<'_>, integration: &DeclaredIntegration<'_>) -> String {
    let DeclaredIntegration { name, visitor_access, .. } = integration;
    let by_tenant =
        visitor_access.and_then(|access| groups_by_tenant(tenant.spec, tenant.records, name, access));
    let field = if names_itself(tenant, integration) {
        format!("spec.visitorAccess of Tenant {} names for AccessIntegration {name}", tenant.name)
    } else if by_tenant.is_some() {
        format!("spec.visitorAccess.tenants of AccessIntegration {name} names for Tenant {}", tenant.name)
    } else {
        format!("spec.visitorAccess.groups of AccessIntegration {name} names")
    };
    let group = match written.strip_prefix("id:") {
        Some(id) => format!("the access group with the id {id:?}"),
        None => format!("the access group {written:?}"),
    };
    let system = system(integration);
    format!(
        "waits for {group}, which {field} and which {system} does not have: create it there, or name another"
    )
}

fn missing_format(integration: &DeclaredIntegration<'_>) -> String {
    format!(
        "waits for the card format that spec.lenelS2.visitorCardFormat of AccessIntegration {} names and that {} does \
         not have: name one that it has",
        integration.name,
        system(integration)
    )
}

fn system(integration: &DeclaredIntegration<'_>) -> &'static str {
    integration.capabilities.as_ref().map_or("the system", |it| it.system)
}
