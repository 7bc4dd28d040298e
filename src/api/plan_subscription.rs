//! The subscription of an occupant or a whole tenant to a plan.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{NameRef, UNSEEN, text, unseen};

/// The subscription of an occupant or a whole tenant to a plan, from one day to another.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "PlanSubscription",
    plural = "plansubscriptions",
    shortname = "psub",
    category = "access",
    namespaced,
    status = "PlanSubscriptionStatus",
    derive = "PartialEq",
    selectable = ".spec.planRef.name",
    printcolumn(name = "PLAN", type_ = "string", json_path = ".spec.planRef.name"),
    printcolumn(name = "OCCUPANT", type_ = "string", json_path = ".spec.subscriber.occupantRef.name"),
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.subscriber.tenantRef.name"),
    printcolumn(name = "FROM", type_ = "string", json_path = ".spec.startDate"),
    printcolumn(name = "TO", type_ = "string", json_path = ".spec.endDate")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(end_is_not_before_start())
        .message("endDate must not be before startDate")
        .field_path(".endDate")
)]
pub struct PlanSubscriptionSpec {
    /// The plan.
    pub plan_ref: NameRef,
    /// The occupant or tenant that has the plan.
    pub subscriber: Subscriber,
    /// First day, from 00:00 in the zone of the door, in quotes. If absent, the subscription begins at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::date")]
    pub start_date: Option<String>,
    /// Last day, to 24:00 in the zone of the door, in quotes. If absent, the subscription has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::date")]
    pub end_date: Option<String>,
    /// `Inactive` revokes at once; `Active` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<SubscriptionState>")]
    pub state: Option<SubscriptionState>,
}

fn end_is_not_before_start() -> String {
    format!(
        "!has(self.startDate) || !has(self.endDate) || !{} || !{} || self.endDate >= self.startDate",
        text::is_date("self.startDate"),
        text::is_date("self.endDate")
    )
}

/// The subscriber of a plan: one occupant, or every occupant of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.occupantRef) != has(self.tenantRef)")
        .message("set exactly one of occupantRef and tenantRef")
)]
pub struct Subscriber {
    /// One occupant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupant_ref: Option<NameRef>,
    /// All occupants of a tenant, including those that are added later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_ref: Option<NameRef>,
}

/// Whether a subscription grants access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SubscriptionState {
    /// It grants access within its dates.
    #[default]
    Active,
    /// It grants no access.
    Inactive,
}

/// The actual state of a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanSubscriptionStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// The number of people that have the plan by this subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub people: Option<i64>,
}

impl Default for PlanSubscriptionStatus {
    fn default() -> Self {
        Self { observed_generation: UNSEEN, conditions: Vec::new(), people: None }
    }
}
