//! The access of a membership.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{Grant, UNSEEN, grant, text, unseen};

/// The access of a membership. Members of these groups without a subscription are removed.
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
    /// The name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub display_name: Option<String>,
    /// The groups that the plan grants, by integration. They belong to this plan alone. An emptied list revokes them.
    #[schemars(schema_with = "grant::list")]
    pub grants: Vec<Grant>,
}

/// The actual state of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessPlanStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// The number of running subscriptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub subscriptions: Option<i64>,
    /// The number of members without a subscription that were removed from its groups.
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
