//! A building or site.

use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{UNSEEN, text, unseen};

/// A building or site: one clock, and the people in charge of it.
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
    /// What people call it.
    #[schemars(schema_with = "text::line")]
    pub display_name: String,
    /// Zone of its wall clock, by the name of the IANA database: `America/New_York`.
    #[schemars(schema_with = "text::time_zone")]
    pub time_zone: String,
    /// The type that every imported occupant gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub occupant_type: Option<String>,
    /// Who is told about self-registrations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "administrators")]
    pub administrators: Vec<Administrator>,
    /// When what is done daily is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<PropertySchedule>,
    /// How visitors are handled here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitors: Option<PropertyVisitors>,
    /// Whether people may sign up by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_registration: Option<SelfRegistrationPolicy>,
    /// Stops everything that opens doors here; ends, deletions and revocations go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// Somebody in charge of a property.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Administrator {
    /// What the mail calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub name: Option<String>,
    /// Where the mail goes.
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

/// When what is done daily is done, on the property's wall clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertySchedule {
    /// When tenants, occupants and groups are synced each night, in quotes: "02:00".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::time_of_day")]
    pub occupant_sync: Option<String>,
}

/// How visitors of a property are handled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyVisitors {
    /// Domain of the addresses made up for visitors without one; visitor.invalid if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::domain")]
    pub dummy_email_domain: Option<String>,
    /// When a visitor of a later day is sent to the systems; `AtMidnight` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<Provision>")]
    pub provision: Option<Provision>,
}

/// When a visitor of a later day is sent to the systems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Provision {
    /// At the midnight that begins the visitor's day.
    #[default]
    AtMidnight,
    /// At once, where the system keeps the visitor out until then by itself.
    OnApply,
}

/// What happens when somebody signs up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelfRegistrationPolicy {
    /// Whether anybody may sign up; `Disabled` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<SelfRegistrationState>")]
    pub state: Option<SelfRegistrationState>,
    /// When the administrators get a mail; `Always` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<NotifyPolicy>")]
    pub notify: Option<NotifyPolicy>,
}

/// Whether anybody may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SelfRegistrationState {
    /// People may sign up.
    Enabled,
    /// Nobody may.
    #[default]
    Disabled,
}

/// When the administrators get a mail about somebody who signed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NotifyPolicy {
    /// Each time; the mail says whether anything is left to do.
    #[default]
    Always,
    /// Only when the person is not in the system yet.
    WhenActionNeeded,
}

/// What is true of a property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyStatus {
    /// The generation that the controller is done with; -1 before it has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// What holds, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// When all integrations had last been compared as a whole; absent while one never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::instant")]
    pub last_sync_time: Option<String>,
    /// The sync request that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub last_handled_sync_at: Option<String>,
    /// The integration that may import occupants here. Once accepted it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::object_name")]
    pub accepted_import: Option<String>,
    /// How much there is here, and how much of it is not ready.
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

/// How much a property holds. Health checks that see only the property see its children's trouble here.
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
