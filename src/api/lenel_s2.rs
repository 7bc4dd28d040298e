//! The block of a LenelS2 NetBox.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KeyRef, text};

/// The connection to a LenelS2 NetBox, and the form of records in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LenelS2 {
    /// Address of the NetBox: `https://netbox.example.org`.
    #[schemars(schema_with = "text::url")]
    pub url: String,
    /// Path of its API; /nbws/goforms/nbapi if absent. Versions up to 5.x have /goforms/nbapi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::path")]
    pub path: Option<String>,
    /// The partition to work in; that of the login if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub partition_key: Option<i64>,
    /// Zone of the NetBox's clock; that of the property if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::time_zone")]
    pub time_zone: Option<String>,
    /// The user-defined field (1 to 20) that holds the tenant's name; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub tenant_udf: Option<i32>,
    /// Name of the card format of visitors' credential numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub visitor_card_format: Option<String>,
    /// Certificates (PEM) that are trusted for the NetBox in addition to those of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<CaBundle>,
    /// Details of the protocol that differ between NetBox servers. Omit it unless your NetBox needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<LenelS2Wire>,
}

/// The place of a bundle of certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.secretKeyRef) != has(self.configMapKeyRef)")
        .message("set exactly one of secretKeyRef and configMapKeyRef")
)]
pub struct CaBundle {
    /// In a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<KeyRef>,
    /// In a `ConfigMap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<KeyRef>,
}

/// Details that the documents leave open and that differ between NetBox servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LenelS2Wire {
    /// Form of a request's body; `Xml` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<BodyForm>")]
    pub body_form: Option<BodyForm>,
    /// Whether commands carry the attribute `dateformat`; `Omit` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<DateFormatAttribute>")]
    pub date_format_attribute: Option<DateFormatAttribute>,
    /// Letters that names may have; `Unicode` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<NameAlphabet>")]
    pub names: Option<NameAlphabet>,
    /// Whether the door still opens in the minute of the end; `Exclusive` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<ExpiryEdge>")]
    pub expiry: Option<ExpiryEdge>,
    /// What makes two cards equal beside their number; `NumberAndFormat` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<CardIdentity>")]
    pub card_identity: Option<CardIdentity>,
    /// How often an idle session is kept alive, a duration; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::duration")]
    pub ping_interval: Option<String>,
}

/// Form of a request's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BodyForm {
    /// The XML alone.
    #[default]
    Xml,
    /// `APIcommand=` before the XML, as for old versions.
    ApiCommand,
}

/// Whether commands carry the attribute `dateformat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DateFormatAttribute {
    /// They do not carry it.
    #[default]
    Omit,
    /// They carry the value `tzoffset`.
    TzOffset,
}

/// Letters that names may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NameAlphabet {
    /// All letters.
    #[default]
    Unicode,
    /// ASCII letters; other letters are transliterated.
    Ascii,
}

/// Whether the door still opens in the minute of the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExpiryEdge {
    /// It does not open.
    #[default]
    Exclusive,
    /// It opens, so the minute before the end is sent.
    InclusiveMinute,
}

/// What makes two cards equal beside their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CardIdentity {
    /// The format: cards of several formats may have one number.
    #[default]
    NumberAndFormat,
    /// Nothing else: a number belongs to one person, in all formats.
    Number,
}
