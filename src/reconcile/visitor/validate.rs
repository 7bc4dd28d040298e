//! Validates a Visitor object: its spec becomes a value that needs no further checks.

use serde::{Deserialize, Serialize};
use vestibule_core::identity::RecordId;
use vestibule_core::model::{ObjectKey, Person};
use vestibule_core::person_flags::PersonFlags;
use vestibule_core::schedule::{PackedVisit, Visit};
use vestibule_core::status::Status;
use vestibule_core::text::clean;

use crate::api::{Record, VisitorSpec};
use crate::cluster::object::DecodedObject;

/// A Visitor as it comes from the API server.
pub type Object = DecodedObject<VisitorSpec, Said>;

/// The content of a Visitor's status. It is read leniently, since we can write it anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The part that every kind has.
    #[serde(flatten)]
    pub status: Status,
    /// The visitor's record in each system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Record>,
    /// The sync request that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_sync_at: Option<String>,
}

/// A Visitor with a valid spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// The person.
    pub person: Person,
    /// The days and hours.
    pub visit: Visit,
    /// The Tenant visited.
    pub tenant: ObjectKey,
    /// `spec.credentialNumber`.
    pub credential_number: Option<String>,
}

/// Parses a spec. The error is a sentence for the user, with the field.
pub fn validate(object: &Object) -> Result<Validated, String> {
    let spec = object.spec.as_ref().map_err(Clone::clone)?;
    let when = &spec.visit;
    let visit =
        Visit::parse(&when.from, when.to.as_deref(), when.start_time.as_deref(), when.end_time.as_deref())
            .map_err(|error| error.to_string())?;
    let text = |field: &Option<String>| field.as_deref().map(clean).unwrap_or_default();
    let person = Person {
        first_name: text(&spec.first_name),
        last_name: clean(&spec.last_name),
        email: text(&spec.email).to_lowercase(),
        phone: text(&spec.phone),
    };
    if person.last_name.is_empty() {
        return Err("spec.lastName is empty: write the visitor's last name".to_owned());
    }
    let tenant = ObjectKey::new(&object.meta.key.namespace, &spec.tenant_ref.name);
    Ok(Validated { person, visit, tenant, credential_number: spec.credential_number.clone() })
}

impl Validated {
    /// The facts about the person that decide whether a system can hold them.
    pub fn flags(&self) -> PersonFlags {
        PersonFlags::of(&self.person, self.credential_number.is_some())
    }

    /// The visit as a row keeps it.
    pub fn packed(&self) -> PackedVisit {
        self.visit.into()
    }
}

/// Our record ids that a status names for an integration.
pub fn known_ids(object: &Object, integration: &str) -> Vec<RecordId> {
    let records = object.status.iter().flat_map(|said| &said.records);
    let here = records.filter(|record| record.integration == integration);
    here.filter_map(|record| record.external_id.parse().ok()).collect()
}

/// Whether the status names a record in an integration.
pub fn names(object: &Object, integration: &str) -> bool {
    object.status.iter().flat_map(|said| &said.records).any(|record| record.integration == integration)
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
