//! Groups of one integration: all kinds declare access in this form.

use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{NameRef, text};

/// Groups of one integration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The integration that has the groups.
    pub integration_ref: NameRef,
    /// Groups by name, or by id as `id:<external id>`. An empty list means no groups.
    #[schemars(schema_with = "text::groups")]
    pub groups: Vec<String>,
}

/// A list of grants with each integration at most once. It is atomic, since a nested field cannot be the key of a list.
pub(super) fn list(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": generator.subschema_for::<Grant>(),
        "maxItems": 16,
        "x-kubernetes-list-type": "atomic",
        "x-kubernetes-validations": [{
            "rule": "self.all(a, self.exists_one(b, b.integrationRef.name == a.integrationRef.name))",
            "message": "names an integration twice; put all of its groups into one entry",
        }],
    })
}
