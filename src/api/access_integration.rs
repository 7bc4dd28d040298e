//! One connection of one property to one system.

use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition};
use super::former_system::{self, FormerSystem};
use super::{Kastle, LenelS2, NameRef, SaltoKs, UNSEEN, text, unseen};

/// One connection of one property to one system: Kastle, LenelS2 NetBox or SALTO KS.
#[derive(CustomResource, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "access.vestibule.dev",
    version = "v1alpha1",
    kind = "AccessIntegration",
    plural = "accessintegrations",
    shortname = "acint",
    category = "access",
    namespaced,
    status = "AccessIntegrationStatus",
    derive = "PartialEq",
    selectable = ".spec.propertyRef.name",
    validation = Rule::new("self.metadata.name.size() <= 63")
        .message("the name of an AccessIntegration has at most 63 characters, since it becomes a label"),
    validation = Rule::new(OWNER_ID_STANDS)
        .message("ownerId cannot be changed once the controller has marked records with it")
        .field_path(".spec.ownerId"),
    printcolumn(name = "SYNCED", type_ = "string", json_path = r#".status.conditions[?(@.type=="Synced")].status"#),
    printcolumn(name = "PROPERTY", type_ = "string", json_path = ".spec.propertyRef.name"),
    printcolumn(name = "MODE", type_ = "string", json_path = ".spec.mode"),
    printcolumn(name = "RECORDS", type_ = "integer", json_path = ".status.records"),
    printcolumn(name = "SUSPENDED", type_ = "boolean", json_path = ".spec.suspend", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "(has(self.kastle) ? 1 : 0) + (has(self.lenelS2) ? 1 : 0) + (has(self.saltoKS) ? 1 : 0) == 1"
    )
    .message("set exactly one of kastle, lenelS2 and saltoKS"),
    validation = Rule::new(
        "has(self.kastle) == has(oldSelf.kastle) && has(self.lenelS2) == has(oldSelf.lenelS2) && has(self.saltoKS) == has(oldSelf.saltoKS)"
    )
    .message("the system cannot be changed; make another AccessIntegration")
)]
pub struct AccessIntegrationSpec {
    /// The property that the integration serves.
    #[x_kube(validation = Rule::new("self == oldSelf").message("propertyRef cannot be changed"))]
    pub property_ref: NameRef,
    /// Connects to Kastle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kastle: Option<Kastle>,
    /// Connects to a LenelS2 NetBox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lenel_s2: Option<LenelS2>,
    /// Connects to a site of SALTO KS.
    #[serde(default, rename = "saltoKS", skip_serializing_if = "Option::is_none")]
    pub salto_ks: Option<SaltoKs>,
    /// The Secret with the login. If it has a key `host`, the value must equal the host of the system.
    pub credentials_secret_ref: NameRef,
    /// The owner of occupants and tenants: the system (`Import`), the cluster (`Export`), or neither (`None`: this integration does
    /// not sync them).
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("occupants cannot be changed; make another AccessIntegration"))]
    pub occupants: OccupantDirection,
    /// Whether visitors are sent to the system; `None` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<VisitorDirection>")]
    pub visitors: Option<VisitorDirection>,
    /// The writes to the system that are allowed: none (`Observe`), new records (`CreateOnly`), new records and repairs of our
    /// records that were changed in the system (`Upsert`), or all (`Enforce`). A changed Visitor gets a new record in place of
    /// the old one, so a change of a Visitor needs `Enforce`.
    pub mode: Mode,
    /// Whether people that are in the system already may be taken over; `Refused` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<Adoption>")]
    pub adoption: Option<Adoption>,
    /// Groups for visitors of tenants that name none themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor_access: Option<VisitorAccess>,
    /// Whether our records are removed when the integration, the property or the namespace is deleted; `Delete` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<DeletionPolicy>")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// The number of records without an object that may be removed within an hour before further removals are held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_guard: Option<DeletionGuard>,
    /// Marks our records in the system. Set it to take over records after a move or a restore, or if several clusters share
    /// a system. It cannot be changed once `status.ownerId` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::owner_id")]
    pub owner_id: Option<String>,
    /// Limits for the calls to the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// The interval between full syncs, which compare all our records with the system: a duration like 1h; 30m if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::duration")]
    pub resync_interval: Option<String>,
    /// Keeps the system's access log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<AccessLogs>,
    /// Stops all new access through this integration; ends, deletions and revocations continue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// Before `status.ownerId` is set, `spec.ownerId` may have any value. Afterwards it must stay as it is, or become equal to
/// the id in status.
const OWNER_ID_STANDS: &str = "!has(oldSelf.status) || !has(oldSelf.status.ownerId) \
    || (!has(self.spec.ownerId) && !has(oldSelf.spec.ownerId)) \
    || (has(self.spec.ownerId) && self.spec.ownerId == oldSelf.status.ownerId) \
    || (has(self.spec.ownerId) && has(oldSelf.spec.ownerId) && self.spec.ownerId == oldSelf.spec.ownerId)";

/// The owner of occupants and tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OccupantDirection {
    /// The system: they are created, changed and removed in the cluster.
    Import,
    /// The cluster: they are created, changed and removed in the system.
    Export,
    /// Neither: this integration does not sync them.
    None,
}

/// Whether visitors are sent to the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VisitorDirection {
    /// They are sent.
    Push,
    /// They are not sent.
    #[default]
    None,
}

/// The writes to the system that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// None: differences are reported.
    Observe,
    /// New records only.
    CreateOnly,
    /// New records, and repairs of our records that were changed in the system. No removals.
    Upsert,
    /// All writes.
    Enforce,
}

/// Whether people that are in the system already may be taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Adoption {
    /// They may not be taken over.
    #[default]
    Refused,
    /// They may be taken over one by one, each named by an annotation on the object.
    Allowed,
}

/// Whether our records are removed when the integration is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// They are removed.
    #[default]
    Delete,
    /// They stay.
    Orphan,
}

/// Groups for visitors of tenants that name none themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct VisitorAccess {
    /// Groups for visitors of every tenant without groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "text::groups")]
    pub groups: Vec<String>,
    /// Groups by tenant. An entry may name an imported tenant before its import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "tenant_groups")]
    pub tenants: Vec<TenantGroups>,
}

/// Groups for visitors of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantGroups {
    /// External id or exact display name of the tenant.
    #[schemars(schema_with = "text::external_id")]
    pub tenant: String,
    /// Groups by name, or by id as `id:<external id>`. An empty list means no groups.
    #[schemars(schema_with = "text::groups")]
    pub groups: Vec<String>,
}

fn tenant_groups(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": generator.subschema_for::<TenantGroups>(),
        "maxItems": 512,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["tenant"],
    })
}

/// If more records without an object would be removed within an hour than the larger of the two limits, the removals are
/// held until a person releases them. Removals of records that open doors now are always held. Removals that follow from
/// an object, such as its deletion or the end of a visit, are never held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeletionGuard {
    /// The number of removals that need no release; 10 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_deletions: Option<i32>,
    /// The percentage of the living records that may be removed without a release; 5 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_percent: Option<i32>,
}

/// Limits for the calls to a system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Requests a second. If absent there is no fixed limit, and the controller slows down when the system asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub requests_per_second: Option<i32>,
    /// Requests in flight at the same time; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub max_in_flight: Option<i32>,
}

/// Where the system's access log is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogs {
    /// Name of a store that the operator of the controller configured.
    #[schemars(schema_with = "text::label_name")]
    pub store: String,
    /// Form of the files; `JSONLines` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::choice::<LogFormat>")]
    pub format: Option<LogFormat>,
}

/// Form of the files of an access log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LogFormat {
    /// One JSON object per line.
    #[default]
    #[serde(rename = "JSONLines")]
    JsonLines,
    /// Apache Parquet.
    Parquet,
}

/// The actual state of an integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessIntegrationStatus {
    /// The last generation that the controller has finished; -1 before it has seen the object.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// The conditions, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// The id that marks our records in the system. Set with the first record that is created or taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::owner_id")]
    pub owner_id: Option<String>,
    /// The version that the system reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub system_version: Option<String>,
    /// The number of our records in the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub records: Option<i64>,
    /// The number of records that were left behind: by a deletion that may not remove them, or in a former system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub left_behind: Option<i64>,
    /// The former systems in which records were left behind. A system that the integration returns to is none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "former_system::list")]
    pub former_systems: Vec<FormerSystem>,
    /// The number of people and tenants that the last import skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub skipped: Option<i64>,
    /// The system's own ids of the first few people and tenants that were skipped or failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "text::external_ids")]
    pub external_ids: Vec<String>,
    /// The system that holds these records: host, port, path and partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::system")]
    pub connected_to: Option<String>,
    /// When the last comparison of all our records ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::instant")]
    pub last_sync_time: Option<String>,
    /// The sync request that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub last_handled_sync_at: Option<String>,
    /// Removals that wait for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_deletions: Option<HeldDeletions>,
    /// Hash of the held removals that were released last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text::token")]
    pub last_handled_release: Option<String>,
}

impl Default for AccessIntegrationStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            conditions: Vec::new(),
            owner_id: None,
            system_version: None,
            records: None,
            left_behind: None,
            former_systems: Vec::new(),
            connected_to: None,
            skipped: None,
            external_ids: Vec::new(),
            last_sync_time: None,
            last_handled_sync_at: None,
            held_deletions: None,
            last_handled_release: None,
        }
    }
}

/// A fixed set of removals that waits for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldDeletions {
    /// The value of the annotation `access.vestibule.dev/release-deletions` that releases the removals.
    #[schemars(schema_with = "text::token")]
    pub hash: String,
    /// The number of held removals.
    #[schemars(range(min = 0))]
    pub count: i64,
}
