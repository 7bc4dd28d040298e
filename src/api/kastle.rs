//! The block of Kastle. Kastle's API documents are not public, so every name in the protocol can be configured.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{NameRef, text};

/// The connection to Kastle, and the settings of visits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Kastle {
    /// The interface for people and places.
    pub oasis_connect: KastleDoor,
    /// The interface for visits.
    pub visitor_connect: KastleDoor,
    /// The interface for access activity; not used if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_stream: Option<KastleDoor>,
    /// Kastle's number of the property, in quotes.
    #[schemars(schema_with = "text::external_id")]
    pub institution_id: String,
    /// The floor of visits to tenants without a floor of their own, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::external_id")]
    pub floor_id: Option<String>,
    /// The host of visitors without a host of their own. Kastle needs a host for every visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::email")]
    pub default_host_email: Option<String>,
    /// Institution and floor of tenants that have their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "tenants")]
    pub tenants: Vec<KastleTenant>,
    /// Whether a visitor's phone number is sent; `Omit` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<VisitorPhone>")]
    pub visitor_phone: Option<VisitorPhone>,
    /// Whether access activity is read; `Ignore` if absent, since Kastle may not offer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<ReaderActivity>")]
    pub reader_activity: Option<ReaderActivity>,
    /// Limits of Kastle's API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<KastleLimits>,
    /// Names and formats of the protocol. Omit it unless Kastle's documents differ from the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<KastleWire>,
}

/// One of Kastle's interfaces. Each has its own address and its own login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct KastleDoor {
    /// Base address.
    #[schemars(schema_with = "text::url")]
    pub url: String,
    /// The Secret with the login of this interface; that of the integration if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<NameRef>,
}

/// Institution and floor of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct KastleTenant {
    /// External id or exact display name of the tenant.
    #[schemars(schema_with = "text::external_id")]
    pub tenant: String,
    /// Kastle's number of the institution, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::external_id")]
    pub institution_id: Option<String>,
    /// The floor, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::external_id")]
    pub floor_id: Option<String>,
}

fn tenants(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": generator.subschema_for::<KastleTenant>(),
        "maxItems": 512,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["tenant"],
    })
}

/// Whether a visitor's phone number is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VisitorPhone {
    /// It is not sent.
    #[default]
    Omit,
    /// It is sent if it fits Kastle's rule.
    Send,
}

/// Whether access activity is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReaderActivity {
    /// It is not read.
    #[default]
    Ignore,
    /// It is read.
    Read,
}

/// Limits of Kastle's API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct KastleLimits {
    /// Visitors in one call; 10 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub visitors_per_call: Option<i32>,
    /// Days of one visit; 180 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3660))]
    pub days: Option<i32>,
    /// Characters of a host's name; 40 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 256))]
    pub host_name_length: Option<i32>,
    /// Regular expression that names must match after transliteration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub name_pattern: Option<String>,
}

/// Names and formats of Kastle's protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct KastleWire {
    /// How calls are authorised; `Basic` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<KastleAuth>")]
    pub auth: Option<KastleAuth>,
    /// Header that carries the owner's GUID; `OwnerGuid` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::header_name")]
    pub owner_header: Option<String>,
    /// Whether answers come in an envelope; `Wrapped` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<KastleEnvelope>")]
    pub envelope: Option<KastleEnvelope>,
    /// Names of the envelope's fields, by our names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "text::small_map")]
    pub envelope_fields: BTreeMap<String, String>,
    /// Path templates, by call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "text::small_map")]
    pub paths: BTreeMap<String, String>,
    /// Names of JSON fields, by object and by our name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "text::map_of_maps")]
    pub field_names: BTreeMap<String, BTreeMap<String, String>>,
    /// How time zones are named; `Iana` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<TimeZoneStyle>")]
    pub time_zone_style: Option<TimeZoneStyle>,
    /// Format of dates, by strftime; `%Y-%m-%d` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub date_format: Option<String>,
    /// Items per page; 100 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub page_size: Option<i32>,
    /// Query parameter of the page's number; `page` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub page_parameter: Option<String>,
    /// Query parameter of the page's size; `pageSize` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub page_size_parameter: Option<String>,
}

/// How calls are authorised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KastleAuth {
    /// HTTP Basic.
    #[default]
    Basic,
    /// A bearer token, requested with HTTP Basic.
    Token,
}

/// Whether answers come in an envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KastleEnvelope {
    /// They have an envelope.
    #[default]
    Wrapped,
    /// They are the data without an envelope.
    Bare,
}

/// How time zones are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TimeZoneStyle {
    /// `America/New_York`.
    #[default]
    Iana,
    /// `Eastern Standard Time`.
    Windows,
}
