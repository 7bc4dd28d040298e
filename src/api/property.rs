//! A building or site.

use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{UNSEEN, text, unseen};

/// A building or site, with one time zone and its administrators.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "Property",
    plural = "properties",
    shortname = "prop",
    category = "access",
    namespaced,
    status = "PropertyStatus",
    derive = "PartialEq",
    validation = Rule::new("self.metadata.name.size() <= 63")
        .message("the name of a Property has at most 63 characters, since it becomes a label"),
    printcolumn(name = "ZONE", type_ = "string", json_path = ".spec.timeZone"),
    printcolumn(name = "VISITORS", type_ = "integer", json_path = ".status.counts.visitors"),
    printcolumn(name = "SUSPENDED", type_ = "boolean", json_path = ".spec.suspend", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct PropertySpec {
    /// The name for people.
    #[schemars(schema_with = "text::line")]
    pub display_name: String,
    /// Zone of its wall clock, by the name of the IANA database: `America/New_York`.
    #[schemars(schema_with = "text::time_zone")]
    pub time_zone: String,
    /// The type of every imported occupant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub occupant_type: Option<String>,
    /// The people that get a mail about self-registrations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "administrators")]
    pub administrators: Vec<Administrator>,
    /// The times of daily jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<PropertySchedule>,
    /// Settings for the visitors of the property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitors: Option<PropertyVisitors>,
    /// Settings for self-registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_registration: Option<SelfRegistrationPolicy>,
    /// Stops all new access in the property; ends, deletions and revocations continue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// An administrator of a property.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Administrator {
    /// The name in the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub name: Option<String>,
    /// The address of the mail.
    #[schemars(schema_with = "text::email")]
    pub email: String,
}

debug_without_people!(Administrator {});

fn administrators(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": generator.subschema_for::<Administrator>(),
        "maxItems": 32,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["email"],
    })
}

/// The times of daily jobs, on the property's wall clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertySchedule {
    /// The time of the nightly sync of tenants, occupants and groups, in quotes: "02:00".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::time_of_day")]
    pub occupant_sync: Option<String>,
}

/// Settings for the visitors of a property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyVisitors {
    /// Domain of the generated addresses for visitors without an email; visitor.invalid if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::domain")]
    pub dummy_email_domain: Option<String>,
    /// When the record of a visitor of a later day is created; `AtMidnight` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<Provision>")]
    pub provision: Option<Provision>,
}

/// When the record of a visitor of a later day is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Provision {
    /// At the midnight that starts the day of the visit.
    #[default]
    AtMidnight,
    /// At once, if the system itself keeps the door shut until then.
    OnApply,
}

/// Settings for self-registration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelfRegistrationPolicy {
    /// Whether people may sign up; `Disabled` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<SelfRegistrationState>")]
    pub state: Option<SelfRegistrationState>,
    /// When the administrators get a mail; `Always` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<NotifyPolicy>")]
    pub notify: Option<NotifyPolicy>,
}

/// Whether people may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SelfRegistrationState {
    /// People may sign up.
    Enabled,
    /// People may not sign up.
    #[default]
    Disabled,
}

/// When the administrators get a mail about a self-registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NotifyPolicy {
    /// Each time; the mail says whether an action is needed.
    #[default]
    Always,
    /// Only when the person is not in the system yet.
    WhenActionNeeded,
}

/// The actual state of a property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// When the last full sync of all integrations had ended; absent while an integration had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::instant")]
    pub last_sync_time: Option<String>,
    /// The sync request that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub last_handled_sync_at: Option<String>,
    /// The integration that may import occupants here. Once accepted, it does not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::object_name")]
    pub accepted_import: Option<String>,
    /// The numbers of objects of the property, and of those that are not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<PropertyCounts>,
}

impl Default for PropertyStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            conditions: Vec::new(),
            last_sync_time: None,
            last_handled_sync_at: None,
            accepted_import: None,
            counts: None,
        }
    }
}

/// The numbers of objects of a property. A health check of the property alone sees problems of its objects here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyCounts {
    /// Visitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub visitors: Option<i64>,
    /// Visitors that are not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub visitors_not_ready: Option<i64>,
    /// Integrations that are not ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub integrations_not_ready: Option<i64>,
}
