//! A person of a tenant.

use kube::{CustomResource, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{Grant, NameRef, Record, UNSEEN, grant, record, text, unseen};

/// A person of a tenant; imported from a system, or declared.
#[derive(CustomResource, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "Occupant",
    plural = "occupants",
    shortname = "occ",
    category = "access",
    namespaced,
    status = "OccupantStatus",
    derive = "PartialEq",
    selectable = ".spec.email",
    selectable = ".spec.tenantRef.name",
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.tenantRef.name"),
    printcolumn(
        name = "EXTERNAL-ID",
        type_ = "string",
        json_path = ".status.records[0].externalId",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
pub struct OccupantSpec {
    /// The tenant of the person.
    pub tenant_ref: NameRef,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub first_name: Option<String>,
    /// Last name.
    #[schemars(schema_with = "text::line")]
    pub last_name: String,
    /// Email address in lower case. The first search for the person in a system uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::email")]
    pub email: Option<String>,
    /// Phone number, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::phone")]
    pub phone: Option<String>,
    /// Groups beyond those of the tenant, by integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "grant::list")]
    pub access: Vec<Grant>,
    /// Cards, by integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "credentials")]
    pub credentials: Vec<Credential>,
}

debug_without_people!(OccupantSpec { tenant_ref, access });

/// A card of a person in one system.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The integration with the system of the card.
    pub integration_ref: NameRef,
    /// Number of the card, digits in quotes.
    #[schemars(schema_with = "text::card_number")]
    pub number: String,
    /// The name of the card format in the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub format: Option<String>,
}

debug_without_people!(Credential { integration_ref, format });

fn credentials(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": generator.subschema_for::<Credential>(),
        "maxItems": 16,
        "x-kubernetes-list-type": "atomic",
    })
}

/// The actual state of an occupant in the systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct OccupantStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// The occupant's record in each system, by integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "record::list")]
    pub records: Vec<Record>,
}

impl Default for OccupantStatus {
    fn default() -> Self {
        Self { observed_generation: UNSEEN, conditions: Vec::new(), records: Vec::new() }
    }
}
