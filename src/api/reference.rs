//! References to other objects, always in the same namespace.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::text;

/// The name of another object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NameRef {
    /// Name of the object.
    #[schemars(schema_with = "text::object_name")]
    pub name: String,
}

/// One key of a Secret or `ConfigMap` in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyRef {
    /// Name of the object.
    #[schemars(schema_with = "text::object_name")]
    pub name: String,
    /// Key in its data.
    #[schemars(schema_with = "text::data_key")]
    pub key: String,
}

impl From<&str> for NameRef {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned() }
    }
}
