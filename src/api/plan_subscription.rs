//! An occupant or a whole tenant has a plan.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{NameRef, UNSEEN, text, unseen};

/// An occupant or a whole tenant has a plan, from one day to another.
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
    /// Who has it.
    pub subscriber: Subscriber,
    /// First day, from 00:00 in the zone of the door, in quotes; at once if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::date")]
    pub start_date: Option<String>,
    /// Last day, to 24:00 in the zone of the door, in quotes; without an end if absent.
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

/// Who has a plan: one occupant, or every occupant of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.occupantRef) != has(self.tenantRef)")
        .message("set exactly one of occupantRef and tenantRef")
)]
pub struct Subscriber {
    /// One person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupant_ref: Option<NameRef>,
    /// Everybody of a tenant, those who join later included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_ref: Option<NameRef>,
}

/// Whether a subscription grants anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SubscriptionState {
    /// It grants, within its dates.
    #[default]
    Active,
    /// It grants nothing.
    Inactive,
}

/// What is true of a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanSubscriptionStatus {
    /// The generation that the controller is done with; -1 before it has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// What holds, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// How many people it grants the plan to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub people: Option<i64>,
}

impl Default for PlanSubscriptionStatus {
    fn default() -> Self {
        Self { observed_generation: UNSEEN, conditions: Vec::new(), people: None }
    }
}
