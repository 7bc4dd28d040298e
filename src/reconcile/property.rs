//! Properties: a building and its clock.

use serde::{Deserialize, Serialize};
use vestibule_core::model::ObjectKey;
use vestibule_core::schedule::{Nightly, Provision, Zone};
use vestibule_core::status::{Status, Verdict, conditions};

use super::abandon::{deleting, is_misspelt};
use super::references::PropertyFacts;
use crate::api::{self, PropertySpec};
use crate::cluster::object::DecodedObject;

/// A Property as it comes from the API server.
pub type Object = DecodedObject<PropertySpec, Said>;

/// What the status of a Property says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// What every kind has.
    #[serde(flatten)]
    pub status: Status,
    /// The last sync token that every integration has handled which could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_sync_at: Option<String>,
    /// When all integrations had last been compared as a whole, in whole seconds; absent while one never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<String>,
    /// What is here and not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<api::PropertyCounts>,
}

/// A Property that can be used.
#[derive(Clone, Debug)]
pub struct Validated {
    /// What Visitors need of it.
    pub facts: PropertyFacts,
    /// Nothing is opened.
    pub suspended: bool,
}

/// Parses a spec, or says what is wrong with it.
pub fn validate(object: &Object) -> Result<Validated, String> {
    let spec = object.spec.as_ref().map_err(Clone::clone)?;
    let zone = Zone::parse(&spec.time_zone).map_err(|error| error.to_string())?;
    if let Some(time) = spec.schedule.as_ref().and_then(|schedule| schedule.occupant_sync.as_deref()) {
        Nightly::parse(time).map_err(|error| error.to_string())?;
    }
    let provision = spec.visitors.as_ref().and_then(|visitors| visitors.provision).unwrap_or_default();
    let provision = match provision {
        api::Provision::AtMidnight => Provision::AtMidnight,
        api::Provision::OnApply => Provision::OnApply,
    };
    Ok(Validated { facts: PropertyFacts { zone, provision }, suspended: spec.suspend.unwrap_or_default() })
}

/// What is gathered of a Property's integrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Children {
    /// Integrations that exist.
    pub integrations: usize,
    /// Those that are not ready, by name.
    pub not_ready: Vec<String>,
    /// Those that its deletion waits for, by name.
    pub draining: Vec<String>,
    /// The earliest of the times at which they were last compared as a whole; `None` if one never was.
    pub last_sync_time: Option<String>,
    /// Whether this Property's sync token was handled by every integration that needs no person first, and by one at least.
    pub synced: bool,
}

/// What there is to say of a Property.
pub fn verdict(object: &Object, checked: &Result<Validated, String>, children: &Children) -> Verdict {
    if object.meta.deleting {
        return deleting(waits_for(&children.draining), is_misspelt(&object.meta));
    }
    match checked {
        Err(sentence) => Verdict::stalled(conditions::INVALID_SPEC, sentence),
        Ok(property) if property.suspended => Verdict::resting(),
        Ok(_) if children.integrations == 0 => {
            Verdict::in_sync("valid; no AccessIntegration refers to it yet")
        }
        Ok(_) => Verdict::in_sync("valid"),
    }
}

fn waits_for(draining: &[String]) -> String {
    if draining.is_empty() {
        return "its integrations have removed their records".to_owned();
    }
    format!(
        "waits until these AccessIntegrations have removed their records: {}. One that cannot says why; annotate it \
         access.vestibule.dev/abandon: \"true\" to leave them where they are",
        draining.join(", ")
    )
}

/// The Visitors of a Property, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visitors {
    /// All of them.
    pub all: i64,
    /// Those whose Ready is not True.
    pub not_ready: i64,
}

/// The counts to show; health checks that see only the Property see its children's trouble here.
pub fn counts(children: &Children, visitors: Visitors) -> api::PropertyCounts {
    api::PropertyCounts {
        visitors: Some(visitors.all),
        visitors_not_ready: Some(visitors.not_ready),
        integrations_not_ready: i64::try_from(children.not_ready.len()).ok(),
    }
}

/// The key of the Property that an object of the same namespace refers to. The one function for reading the reference and
/// for finding who refers.
pub fn key(namespace: &str, reference: &api::NameRef) -> ObjectKey {
    ObjectKey::new(namespace, &reference.name)
}

#[cfg(test)]
#[path = "property_tests.rs"]
mod tests;
