//! A company in a property.

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::{Grant, NameRef, Record, UNSEEN, grant, record, text, unseen};

/// A company in a property; imported from a system, or declared.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "Tenant",
    plural = "tenants",
    shortname = "ten",
    category = "access",
    namespaced,
    status = "TenantStatus",
    derive = "PartialEq",
    selectable = ".spec.propertyRef.name",
    printcolumn(name = "PROPERTY", type_ = "string", json_path = ".spec.propertyRef.name"),
    printcolumn(name = "TENANT", type_ = "string", json_path = ".spec.displayName"),
    printcolumn(name = "IMPORTED-BY", type_ = "string", json_path = ".status.importedBy", priority = 1),
    printcolumn(
        name = "EXTERNAL-ID",
        type_ = "string",
        json_path = ".status.records[0].externalId",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
pub struct TenantSpec {
    /// The property of the tenant.
    #[x_kube(validation = Rule::new("self == oldSelf").message("propertyRef cannot be changed"))]
    pub property_ref: NameRef,
    /// The name of the tenant, in the cluster and in the systems.
    #[schemars(schema_with = "text::line")]
    pub display_name: String,
    /// Groups of its visitors, by integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "grant::list")]
    pub visitor_access: Vec<Grant>,
    /// Groups of all its occupants, by integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "grant::list")]
    pub occupant_access: Vec<Grant>,
}

/// The actual state of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// The tenant's record in each system, by integration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "record::list")]
    pub records: Vec<Record>,
    /// The integration that imported the tenant; absent if it is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::object_name")]
    pub imported_by: Option<String>,
    /// The sync request that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub last_handled_sync_at: Option<String>,
}

impl Default for TenantStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            conditions: Vec::new(),
            records: Vec::new(),
            imported_by: None,
            last_handled_sync_at: None,
        }
    }
}
