//! The self-registration of a person.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{NameRef, UNSEEN, text, unseen};

/// The self-registration of a person. It waits until the system that owns people has the person.
#[derive(CustomResource, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "SelfRegistration",
    plural = "selfregistrations",
    shortname = "selfreg",
    category = "access",
    namespaced,
    status = "SelfRegistrationStatus",
    derive = "PartialEq",
    selectable = ".spec.propertyRef.name",
    printcolumn(name = "PROPERTY", type_ = "string", json_path = ".spec.propertyRef.name"),
    printcolumn(name = "OCCUPANT", type_ = "string", json_path = ".status.occupantRef.name")
)]
#[serde(rename_all = "camelCase")]
pub struct SelfRegistrationSpec {
    /// The property for which the person signed up.
    #[x_kube(validation = Rule::new("self == oldSelf").message("propertyRef cannot be changed"))]
    pub property_ref: NameRef,
    /// The tenant that the person named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_ref: Option<NameRef>,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::line")]
    pub first_name: Option<String>,
    /// Last name.
    #[schemars(schema_with = "text::line")]
    pub last_name: String,
    /// Email address in lower case. The person is found by it.
    #[schemars(schema_with = "text::email")]
    pub email: String,
    /// Phone number, in quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::phone")]
    pub phone: Option<String>,
}

debug_without_people!(SelfRegistrationSpec { property_ref, tenant_ref });

/// The actual state of a self-registration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelfRegistrationStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// The occupant that was found for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupant_ref: Option<NameRef>,
    /// Message-ID of the mail to the administrators. It is the same if the mail is sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub message_id: Option<String>,
    /// The number of administrators to which the mail was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub notified: Option<i64>,
}

impl Default for SelfRegistrationStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            conditions: Vec::new(),
            occupant_ref: None,
            message_id: None,
            notified: None,
        }
    }
}
