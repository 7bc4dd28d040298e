//! The records of an object in the systems.

use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::text;

/// The record of an object in one system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Name of the integration.
    #[schemars(schema_with = "text::object_name")]
    pub integration: String,
    /// The system's own id of the object.
    #[schemars(schema_with = "text::external_id")]
    pub external_id: String,
}

/// A map of records by integration.
pub(super) fn list(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": generator.subschema_for::<Record>(),
        "maxItems": 10,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["integration"],
    })
}
