//! Properties: buildings, each with its time zone.

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

/// The content of a Property's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The part that every kind has.
    #[serde(flatten)]
    pub status: Status,
    /// The last sync token that was handled by every integration able to handle it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_sync_at: Option<String>,
    /// The earliest of the integrations' last full syncs, in whole seconds; absent until each has had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync_time: Option<String>,
    /// How many Visitors there are, and how many Visitors and integrations are not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<api::PropertyCounts>,
}

/// A Property that can be used.
#[derive(Clone, Debug)]
pub struct Validated {
    /// The facts that Visitors depend on.
    pub facts: PropertyFacts,
    /// `spec.suspend`: no new access is granted.
    pub suspended: bool,
}

/// Parses a spec. The error is a sentence for the user.
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

/// Facts about the integrations of a Property.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Children {
    /// How many exist.
    pub integrations: usize,
    /// Those that are not ready, by name.
    pub not_ready: Vec<String>,
    /// Those that the Property's deletion waits for, by name.
    pub draining: Vec<String>,
    /// The earliest of their last full syncs; `None` if one of them has had none.
    pub last_sync_time: Option<String>,
    /// Whether the Property's sync token was handled by at least one integration, and by every one that does not need a
    /// person first.
    pub synced: bool,
}

/// The verdict on a Property.
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
        "waits until these AccessIntegrations have removed their records: {}. An AccessIntegration that cannot remove them says why in its status; annotate it \
         access.vestibule.dev/abandon: \"true\" to leave its records in the system",
        draining.join(", ")
    )
}

/// The Visitors of a Property, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visitors {
    /// All of them.
    pub all: i64,
    /// Those that are not Ready.
    pub not_ready: i64,
}

/// The counts for the status. A health check that reads only the Property sees here that something below it is not
/// ready.
pub fn counts(children: &Children, visitors: Visitors) -> api::PropertyCounts {
    api::PropertyCounts {
        visitors: Some(visitors.all),
        visitors_not_ready: Some(visitors.not_ready),
        integrations_not_ready: i64::try_from(children.not_ready.len()).ok(),
    }
}

/// The key of the Property that an object of the same namespace refers to. The only function for this, so that
/// resolving a reference and finding the referring objects agree.
pub fn key(namespace: &str, reference: &api::NameRef) -> ObjectKey {
    ObjectKey::new(namespace, &reference.name)
}

#[cfg(test)]
#[path = "property_tests.rs"]
mod tests;
