//! A group that exists in a system.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{NameRef, UNSEEN, text, unseen};

/// A group, access level or access profile that exists in a system. Only the controller writes these.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "AccessGroup",
    plural = "accessgroups",
    shortname = "acgrp",
    category = "access",
    namespaced,
    status = "AccessGroupStatus",
    derive = "PartialEq",
    selectable = ".spec.integrationRef.name",
    printcolumn(name = "INTEGRATION", type_ = "string", json_path = ".spec.integrationRef.name"),
    printcolumn(name = "GROUP", type_ = "string", json_path = ".spec.displayName"),
    printcolumn(name = "EXTERNAL-ID", type_ = "string", json_path = ".spec.externalId", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct AccessGroupSpec {
    /// The integration whose system has the group.
    pub integration_ref: NameRef,
    /// The system's own id of the group.
    #[schemars(schema_with = "text::external_id")]
    pub external_id: String,
    /// The name of the group in the system.
    #[schemars(schema_with = "text::external_id")]
    pub display_name: String,
}

/// The actual state of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessGroupStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
}

impl Default for AccessGroupStatus {
    fn default() -> Self {
        Self { observed_generation: UNSEEN, conditions: Vec::new() }
    }
}
