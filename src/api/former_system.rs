//! Systems that an integration was connected to before.

use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::text;

/// A system that an integration was connected to before, and the records that were left behind there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct FormerSystem {
    /// Host, port and partition of the system.
    #[schemars(schema_with = "text::system")]
    pub system: String,
    /// The number of records that were left behind there.
    #[schemars(range(min = 0))]
    pub records: i64,
}

/// A list with one entry for each system.
pub(super) fn list(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": generator.subschema_for::<FormerSystem>(),
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["system"],
    })
}
