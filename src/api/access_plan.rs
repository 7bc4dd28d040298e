//! What a membership opens.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{Grant, UNSEEN, grant, text, unseen};

/// What a membership opens. Members of these groups that nobody declared are removed.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "AccessPlan",
    plural = "accessplans",
    shortname = "acplan",
    category = "access",
    namespaced,
    status = "AccessPlanStatus",
    derive = "PartialEq",
    printcolumn(name = "PLAN", type_ = "string", json_path = ".spec.displayName"),
    printcolumn(name = "SUBSCRIPTIONS", type_ = "integer", json_path = ".status.subscriptions")
)]
#[serde(rename_all = "camelCase")]
pub struct AccessPlanSpec {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub display_name: Option<String>,
    /// The groups it opens, by integration. They belong to this plan alone. An emptied list revokes.
    #[schemars(schema_with = "grant::list")]
    pub grants: Vec<Grant>,
}

/// What is true of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessPlanStatus {
    /// The generation that the controller is done with; -1 before it has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// What holds, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// How many subscriptions it has that are running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub subscriptions: Option<i64>,
    /// How many members that nobody declared were removed from its groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub strangers_removed: Option<i64>,
}

impl Default for AccessPlanStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            conditions: Vec::new(),
            subscriptions: None,
            strangers_removed: None,
        }
    }
}
