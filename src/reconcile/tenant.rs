//! Tenants: companies that are visited.

use serde::{Deserialize, Serialize};
use vestibule_core::status::{Status, Verdict, conditions};

use super::declared::Doors;
use super::references::TenantFacts;
use crate::api::{Record, TenantSpec};
use crate::cluster::object::DecodedObject;

/// A Tenant as it comes from the API server.
pub type Object = DecodedObject<TenantSpec, Said>;

/// The content of a Tenant's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The part that every kind has.
    #[serde(flatten)]
    pub status: Status,
    /// The tenant's record in each system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Record>,
    /// The integration that imported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_by: Option<String>,
    /// The last sync token that was handled by every integration that opens doors to its visitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_sync_at: Option<String>,
}

/// The verdict on a Tenant, given the facts gathered about it. `unknown` has the names in its access lists for which
/// its Property has no integration.
pub fn verdict(object: &Object, facts: Option<&TenantFacts>, unknown: &[String]) -> Verdict {
    let (Ok(_), Some(facts)) = (&object.spec, facts) else {
        let sentence = object.spec.as_ref().err().cloned().unwrap_or_default();
        return Verdict::stalled(conditions::INVALID_SPEC, sentence);
    };
    if facts.property.is_none() {
        return Verdict::dependency_not_ready(format!(
            "Property {} does not exist or is not valid: create it or correct it",
            facts.property_key.name
        ))
        .validated();
    }
    if !unknown.is_empty() {
        return Verdict::dependency_not_ready(format!(
            "Property {} has no AccessIntegration named {}: make it, or take it out of the Tenant's access lists",
            facts.property_key.name,
            unknown.join(", ")
        ))
        .validated();
    }
    if let Some(sentence) = facts.declared.missing_group_of_tenant() {
        return Verdict::dependency_not_ready(sentence).validated();
    }
    match facts.declared.doors {
        Doors::NoGroups(_) => {
            Verdict::in_sync("valid; it opens no door to visitors, since no access group is named for them")
        }
        Doors::Declared | Doors::NoIntegration(_) => Verdict::in_sync("valid"),
    }
}

#[cfg(test)]
#[path = "tenant_tests.rs"]
mod tests;
