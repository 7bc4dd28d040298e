//! Fixtures for tests of reconciliation: objects as the API server sends them, read by the decoder that the watch uses,
//! and an engine over a system in memory.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vestibule_core::guard::Limits;
use vestibule_core::identity::{ObjectId, Owner};
use vestibule_core::model::{DesiredRecord, Mode, ObjectKey, ObservedRecord};
use vestibule_core::ownership::Ownership;
use vestibule_core::schedule::{Provision, Zone};
use vestibule_core::status::{Kstatus, Status, check, kstatus};

use super::declared::{Declared, DeclaredIntegration, DeclaredIntegrations, DeclaredTenant};
use super::references::{IntegrationFacts, PropertyFacts, TenantFacts, tenant_facts};
use crate::api::{self, Record as ApiRecord, TenantSpec};
use crate::clock::{SharedClock, SystemClock};
use crate::cluster::lease::Fence;
use crate::cluster::object::{DecodedObject, RawObject};
use crate::engine::catalogue::Catalogue;
use crate::engine::rate_limit;
use crate::engine::rate_limiter::RateLimiter;
use crate::engine::{DesiredStateAnswer, DesiredStateSource, Engine, Parts, Report, Settings, SourceError};
use crate::metrics::Metrics;
use crate::system::AccessSystem;
use crate::system::memory::Memory;

/// The namespace of everything here.
pub const NAMESPACE: &str = "hq";

/// The owner id of every integration here.
pub const OWNER: &str = "cluster/hq/netbox";

/// The uid of every object that does not set another.
pub const UID: &str = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";

/// Parses an instant in RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A key in our namespace.
pub fn key(name: &str) -> ObjectKey {
    ObjectKey::new(NAMESPACE, name)
}

/// A whole object with this spec, of generation 1.
pub fn whole(name: &str, spec: &Value) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": NAMESPACE, "uid": UID, "resourceVersion": "10", "generation": 1,
            "creationTimestamp": "2026-11-30T12:00:00Z",
        },
        "spec": spec,
    })
}

/// The same with some fields changed; `null` removes a field.
pub fn with(mut object: Value, patch: &Value) -> Value {
    json_patch::merge(&mut object, patch);
    object
}

/// Decodes an object as the watch does.
pub fn read<S: DeserializeOwned, T: DeserializeOwned>(object: &Value) -> DecodedObject<S, T> {
    serde_json::from_value::<RawObject<S, T>>(object.clone()).unwrap().into_seen()
}

/// Jane Doe visits acme on the first of December, nine to five.
pub fn jane() -> Value {
    whole(
        "jane",
        &json!({
            "tenantRef": { "name": "acme" }, "firstName": "Jane", "lastName": "Doe", "email": "jane@example.org",
            "visit": { "from": "2026-12-01", "startTime": "09:00", "endTime": "17:00" },
        }),
    )
}

/// A building in Berlin, an hour ahead of UTC in December.
pub fn berlin() -> PropertyFacts {
    PropertyFacts { zone: Zone::parse("Europe/Berlin").unwrap(), provision: Provision::AtMidnight }
}

/// An integration that lets visitors into the lobby, over this engine.
pub fn integration(engine: &Arc<Engine>, index: u16) -> IntegrationFacts {
    let groups = api::VisitorAccess { groups: vec!["Lobby".into()], tenants: Vec::new() };
    IntegrationFacts {
        index,
        key: engine.integration().clone(),
        owner_id: OWNER.to_owned(),
        account: 1,
        capabilities: engine.capabilities(),
        visitor_access: Some(groups),
        mode: api::Mode::Enforce,
        suspended: false,
        engine: Arc::clone(engine),
    }
}

/// The tenant acme of the property tower.
pub fn acme() -> TenantSpec {
    TenantSpec {
        property_ref: "tower".into(),
        display_name: "Acme Ltd".into(),
        visitor_access: Vec::new(),
        occupant_access: Vec::new(),
    }
}

/// The facts of the tenant acme, with these integrations.
pub fn facts(integrations: impl IntoIterator<Item = IntegrationFacts>) -> TenantFacts {
    facts_of(&acme(), &[], berlin(), integrations)
}

/// The facts of the tenant acme with this spec and these integrations: all are ready, and their systems have all names
/// that are declared.
pub fn facts_of(
    spec: &TenantSpec,
    records: &[ApiRecord],
    property: PropertyFacts,
    integrations: impl IntoIterator<Item = IntegrationFacts>,
) -> TenantFacts {
    let all: Vec<_> = integrations.into_iter().map(Arc::new).collect();
    let takers = all.iter().map(|it| declared_integration(it, Catalogue::lacking([])));
    let takers = DeclaredIntegrations { takers: takers.collect(), ..DeclaredIntegrations::default() };
    let declared = Declared::of(DeclaredTenant { name: "acme", property: "tower", spec, records }, &takers);
    tenant_facts(spec, records, key("tower"), Some(property), &all, declared)
}

/// The declaration of an integration that is ready, with this knowledge about the names in its system.
pub fn declared_integration(facts: &IntegrationFacts, catalogue: Catalogue) -> DeclaredIntegration<'_> {
    DeclaredIntegration {
        name: &facts.key.name,
        visitor_access: facts.visitor_access.as_ref(),
        capabilities: Some(Arc::new(facts.capabilities.clone())),
        catalogue,
        ready: true,
    }
}

/// Settings that permit every write.
pub fn settings() -> Settings {
    Settings {
        mode: Mode::Enforce,
        suspended: false,
        limits: Limits::default(),
        released: None,
        resync: SignedDuration::from_hours(1),
        ownership: Ownership { recorded: true, ..Ownership::default() },
        generation: 1,
        max_in_flight: 1,
    }
}

/// An idle engine over a system, with a desired state source that knows no object.
pub fn engine(name: &str, system: Memory) -> Arc<Engine> {
    engine_for(name, Arc::new(system), Arc::new(EmptySource), Arc::new(SystemClock))
}

/// An idle engine over a system, with this desired state source and this clock.
pub fn engine_for(
    name: &str,
    system: Arc<Memory>,
    source: Arc<dyn DesiredStateSource>,
    clock: SharedClock,
) -> Arc<Engine> {
    Engine::new(Parts {
        integration: key(name),
        owner: Owner::of(OWNER),
        system: system as Arc<dyn AccessSystem>,
        source,
        rate_limiter: RateLimiter::new(
            rate_limit::Limits { rate: None, burst: 10, max_in_flight: 1 },
            Arc::clone(&clock),
        ),
        fence: Fence::always_open(Arc::clone(&clock)),
        clock,
        metrics: Metrics::new(),
        settings: settings(),
    })
}

/// A system that holds these records.
pub fn holding<'a>(records: impl IntoIterator<Item = &'a DesiredRecord>) -> Memory {
    let memory = Memory::with_groups(["Lobby", "Lab"]);
    for record in records {
        memory.put(ObservedRecord {
            external_id: record.id.to_string(),
            id: Some(record.id),
            mark: Some(record.mark.clone()),
            dead: false,
            facts: record.facts(),
        });
    }
    memory
}

/// The kstatus result of a status, which is checked against our rules first.
pub fn reading(status: &Status, generation: i64) -> Kstatus {
    assert_eq!(check(status, generation), Vec::<String>::new(), "{status:#?}");
    kstatus(generation, false, Some(status.observed_generation), &status.conditions)
}

/// Status and reason of a condition, such as `True Succeeded`; empty if it is not there.
pub fn says(status: &Status, type_: &str) -> String {
    status.condition(type_).map(|it| format!("{:?} {}", it.status, it.reason)).unwrap_or_default()
}

/// A desired state source that knows no object.
struct EmptySource;

#[async_trait]
impl DesiredStateSource for EmptySource {
    async fn desired_state(&self, _: &ObjectKey, _: ObjectId) -> Result<DesiredStateAnswer, SourceError> {
        Err(SourceError::Frozen)
    }

    async fn ensure_finalizer(&self, _: ObjectId) -> Result<(), SourceError> {
        Ok(())
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn knows(&self, _: ObjectId) -> bool {
        true
    }

    async fn is_gone(&self, _: &ObjectKey) -> Result<bool, SourceError> {
        Ok(false)
    }

    async fn report(&self, _: Report) {}
}
