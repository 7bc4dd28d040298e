//! A person who is expected on certain days.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{NameRef, Record, UNSEEN, record, text, unseen};

/// A person who is expected on certain days. Each system gets a record for each day; a change of the visitor replaces it.
#[derive(CustomResource, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "Visitor",
    plural = "visitors",
    shortname = "vis",
    category = "access",
    namespaced,
    status = "VisitorStatus",
    derive = "PartialEq",
    selectable = ".spec.tenantRef.name",
    selectable = ".spec.visit.from",
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.tenantRef.name"),
    printcolumn(name = "FROM", type_ = "string", json_path = ".spec.visit.from"),
    printcolumn(name = "TO", type_ = "string", json_path = ".spec.visit.to"),
    printcolumn(
        name = "EXTERNAL-ID",
        type_ = "string",
        json_path = ".status.records[0].externalId",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
pub struct VisitorSpec {
    /// The tenant that is visited; the visitor's groups come from it.
    pub tenant_ref: NameRef,
    /// The occupant who is visited. This is information for people: it is not sent to a system, and the object may be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_ref: Option<NameRef>,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub first_name: Option<String>,
    /// Last name.
    #[schemars(schema_with = "text::line")]
    pub last_name: String,
    /// The company of the visitor. This is information for people: it is not sent to a system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub company: Option<String>,
    /// Email address in lower case. Some systems require it, or a phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::email")]
    pub email: Option<String>,
    /// Phone number, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::phone")]
    pub phone: Option<String>,
    /// The days and hours of the visit.
    pub visit: VisitWindow,
    /// The number of the visitor's card, digits in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::card_number")]
    pub credential_number: Option<String>,
}

debug_without_people!(VisitorSpec { tenant_ref, host_ref, visit });

/// Days and hours of a visit, on the wall clock of the property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(to_is_not_before_from())
        .message("to must not be before from")
        .field_path(".to"),
    validation = Rule::new(lasts_180_days_at_most())
        .message("a visit lasts at most 180 days")
        .field_path(".to"),
    validation = Rule::new("has(self.startTime) == has(self.endTime)")
        .message("set both startTime and endTime, or neither for the whole day")
)]
pub struct VisitWindow {
    /// First day, in quotes: "2026-12-01".
    #[schemars(schema_with = "text::date")]
    pub from: String,
    /// Last day; the same as `from` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::date")]
    pub to: Option<String>,
    /// Start of the visit on each day, in quotes: "09:00". The whole day if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::time_of_day")]
    pub start_time: Option<String>,
    /// End of the visit on each day, in quotes. An end at or before `startTime` is on the next day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::time_of_day")]
    pub end_time: Option<String>,
}

/// ISO dates sort as text. The guard prevents a second message for a malformed date, which has one already.
fn to_is_not_before_from() -> String {
    format!("{} || self.to >= self.from", no_two_dates())
}

fn lasts_180_days_at_most() -> String {
    format!(
        "{} || timestamp(self.to + 'T00:00:00Z') - timestamp(self.from + 'T00:00:00Z') < duration('4320h')",
        no_two_dates()
    )
}

fn no_two_dates() -> String {
    format!("!has(self.to) || !{} || !{}", text::is_date("self.from"), text::is_date("self.to"))
}

/// The actual state of a visitor in the systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct VisitorStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// The visitor's record in each system, by integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "record::list")]
    pub records: Vec<Record>,
    /// The generated address for a system that requires one. It can never receive mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::email")]
    pub dummy_email: Option<String>,
    /// The sync request that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub last_handled_sync_at: Option<String>,
}

impl Default for VisitorStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            conditions: Vec::new(),
            records: Vec::new(),
            dummy_email: None,
            last_handled_sync_at: None,
        }
    }
}
