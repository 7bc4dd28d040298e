//! Writes one status per object, only if it differs, and removes the finalizer of a Property when its integrations are
//! drained.

use std::sync::Arc;

use futures::StreamExt;
use vestibule_core::model::ObjectKey;
use vestibule_core::status::{Status, Verdict};

use super::LowVolumeLoop;
use super::counts::PassCounts;
use crate::api::annotation;
use crate::cluster::object::DecodedObject;
use crate::cluster::watch::Event;
use crate::engine::State;
use crate::reconcile::abandon::is_misspelt;
use crate::reconcile::integration::{self, Situation};
use crate::reconcile::property::{self, Children};
use crate::reconcile::references::tenant_id;
use crate::reconcile::tenant;
use crate::reconcile::write::Writer;

/// The number of concurrent writes.
const WRITES: usize = 8;

impl LowVolumeLoop {
    /// Writes every status that differs.
    pub(super) async fn write_statuses(&mut self) {
        self.restore_statuses();
        self.write_integration_statuses().await;
        self.write_tenant_statuses().await;
        self.write_property_statuses().await;
        self.count_objects();
    }

    async fn write_integration_statuses(&mut self) {
        let counts = self.begin_pass("AccessIntegration");
        let now = self.parts.clock.now();
        let mut writes = Vec::new();
        let differing = self.visitors.observed_to_differ();
        let lacking = self.lacking();
        // An integration that has just lost its finalizer is gone: a write would meet another object of its name.
        let there =
            self.integrations.iter().filter(|(key, object)| self.gone.get(*key) != Some(&object.meta.uid));
        for (key, object) in there {
            let differs = self.indexes.get(key).is_some_and(|index| differing.contains(index));
            let connection = self.connections.get(key);
            let state = connection.map(|connection| connection.engine.state().borrow().clone());
            let lacks = lacking.get(key).map(String::as_str);
            let verdict = self.integration_verdict(object, state.as_ref(), differs, lacks);
            let previous = object.status.clone().unwrap_or_default();
            let settled = verdict.map(|it| it.settle(&previous.status, object.meta.generation, now));
            let status = settled.unwrap_or_else(|| previous.status.clone());
            let said = self.said_of_integration(object, &previous, status, state.as_ref());
            let rest = integration::Said { status: previous.status.clone(), ..said.clone() };
            let differs = rest != previous || !said.status.same_without_times(&previous.status);
            if self.ledgers.integrations.has_to_be_written(object, differs) {
                writes.push((Arc::clone(object), said));
            }
        }
        for (answer, said) in write_all(&counts, &self.writers.integration, writes, |said| &said.status).await
        {
            self.ledgers.integrations.written(&answer, &said);
            self.integrations.on(Event::Answer(answer));
        }
    }

    fn said_of_integration(
        &self,
        object: &integration::Object,
        previous: &integration::Said,
        status: Status,
        state: Option<&State>,
    ) -> integration::Said {
        let key = &object.meta.key;
        let connection = self.connections.get(key);
        let requested = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT).map(String::as_str);
        // From the first record on the status has the owner id, and it cannot be changed any more.
        let claims = state.is_some_and(|state| state.claims_owner_id);
        let owner_id = connection.filter(|_| claims).map(|connection| connection.owner_id.clone());
        // Facts about a former system say nothing about the present one.
        let unseen = state.is_some_and(|state| state.last_sync.is_none());
        let moved = unseen && self.moved.contains(key);
        let before = if moved { previous.of_another_system() } else { previous.clone() };
        let mut said = integration::said(&before, status, owner_id, requested, state);
        if let Some((left, former_systems)) = self.left_now(object, state) {
            said.left_behind = (left > 0).then_some(left);
            said.former_systems = former_systems;
        }
        let found = state.is_some_and(|state| state.last_sync.is_some());
        if let Some(connection) = connection.filter(|_| found) {
            said.connected_to = Some(connection.system.clone());
        }
        said
    }

    pub(super) fn integration_verdict(
        &self,
        object: &integration::Object,
        state: Option<&State>,
        differs: bool,
        lacks: Option<&str>,
    ) -> Option<Verdict> {
        let observed = object.status.as_ref().map(|said| said.status.observed_generation);
        let spec = object.spec.as_ref().ok();
        integration::verdict(&Situation {
            deleting: object.meta.deleting,
            misspelt: is_misspelt(&object.meta),
            suspended: spec.is_some_and(|spec| spec.suspend.unwrap_or_default()),
            observes: spec.is_some_and(|spec| spec.mode == crate::api::Mode::Observe),
            differs,
            is_reported: observed == Some(object.meta.generation),
            address: spec.and_then(integration::address),
            lost_with_namespace: self
                .read
                .get(&object.meta.key)
                .is_some_and(|(_, secrets)| secrets.lost_with_namespace),
            release: object.meta.annotations.get(annotation::RELEASE_DELETIONS).map(String::as_str),
            released: object.status.as_ref().and_then(|said| said.last_handled_release.as_deref()),
            lacks,
            clock_before: object.status.as_ref().and_then(integration::Said::clock_differs),
            refusal: self.refusals.get(&object.meta.key),
            state,
        })
    }

    async fn write_tenant_statuses(&mut self) {
        let counts = self.begin_pass("Tenant");
        let now = self.parts.clock.now();
        let references = Arc::clone(&self.references.borrow());
        let mut writes = Vec::new();
        for (key, object) in self.tenants.iter().filter(|(_, object)| !object.meta.deleting) {
            let unknown = self.unknown_integrations(key, object);
            let verdict = tenant::verdict(object, references.tenant(tenant_id(key)), &unknown);
            let previous = object.status.clone().unwrap_or_default();
            let status = verdict.settle(&previous.status, object.meta.generation, now);
            let mut said = tenant::Said { status, ..previous.clone() };
            if let Some(token) = self.answered_tenant_request(key) {
                said.last_handled_sync_at = Some(token.clone());
            }
            let rest = tenant::Said { status: previous.status.clone(), ..said.clone() };
            let differs = rest != previous || !said.status.same_without_times(&previous.status);
            if self.ledgers.tenants.has_to_be_written(object, differs) {
                writes.push((Arc::clone(object), said));
            }
        }
        for (answer, said) in write_all(&counts, &self.writers.tenant, writes, |said| &said.status).await {
            self.ledgers.tenants.written(&answer, &said);
            self.tenants.on(Event::Answer(answer));
        }
    }

    /// Integrations that a tenant grants groups in and that its Property does not have.
    fn unknown_integrations(&self, key: &ObjectKey, tenant: &tenant::Object) -> Vec<String> {
        let Ok(spec) = &tenant.spec else { return Vec::new() };
        let named =
            spec.visitor_access.iter().chain(&spec.occupant_access).map(|grant| &grant.integration_ref.name);
        let mut unknown: Vec<String> = named
            .filter(|name| {
                let found = self.integrations.get(&ObjectKey::new(&key.namespace, name.as_str()));
                let property = found.and_then(|it| it.spec.as_ref().ok()).map(|it| &it.property_ref);
                property != Some(&spec.property_ref)
            })
            .cloned()
            .collect();
        unknown.sort();
        unknown.dedup();
        unknown
    }

    async fn write_property_statuses(&mut self) {
        let counts = self.begin_pass("Property");
        let now = self.parts.clock.now();
        let visitors = self.visitors.counts();
        let (mut writes, mut free) = (Vec::new(), Vec::new());
        for (key, object) in self.properties.iter() {
            let mut children = self.children(key, object);
            if object.meta.deleting && object.meta.is_ours() {
                children.draining = self.drain_property(object);
                if children.draining.is_empty() {
                    free.push(Arc::clone(object));
                    continue;
                }
            }
            let verdict = property::verdict(object, &property::validate(object), &children);
            let previous = object.status.clone().unwrap_or_default();
            let token = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT);
            let said = property::Said {
                status: verdict.settle(&previous.status, object.meta.generation, now),
                last_handled_sync_at: token
                    .filter(|_| children.synced)
                    .or(previous.last_handled_sync_at.as_ref())
                    .cloned(),
                last_sync_time: children.last_sync_time.clone(),
                counts: visitors.as_ref().map_or_else(
                    || previous.counts.clone(),
                    |all| Some(property::counts(&children, all.get(key).copied().unwrap_or_default())),
                ),
            };
            let rest = property::Said { status: previous.status.clone(), ..said.clone() };
            let differs = rest != previous || !said.status.same_without_times(&previous.status);
            if self.ledgers.properties.has_to_be_written(object, differs) {
                writes.push((Arc::clone(object), said));
            }
        }
        for (answer, said) in write_all(&counts, &self.writers.property, writes, |said| &said.status).await {
            self.ledgers.properties.written(&answer, &said);
            self.properties.on(Event::Answer(answer));
        }
        for object in free {
            self.release_property(&object).await;
        }
    }

    pub(super) fn children(&self, property: &ObjectKey, object: &property::Object) -> Children {
        let mut children = Children::default();
        let mut compared = Vec::new();
        for (key, integration) in self.integrations_of(property) {
            children.integrations += 1;
            let status = integration.status.as_ref();
            let ready = status.and_then(|said| said.status.condition("Ready"));
            if ready.is_none_or(|ready| ready.status != vestibule_core::status::Truth::True) {
                children.not_ready.push(key.name.clone());
            }
            compared.push(status.and_then(|said| said.last_sync_time.clone()));
        }
        // All times have the same format, so that the earliest is the first in text order.
        let all: Option<Vec<String>> = compared.into_iter().collect();
        children.last_sync_time = all.and_then(|times| times.into_iter().min());
        let token = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT);
        let keys = || self.integrations_of(property).map(|(key, _)| key);
        children.synced = token.is_some_and(|token| self.have_handled(keys(), token));
        children
    }

    fn integrations_of(
        &self,
        property: &ObjectKey,
    ) -> impl Iterator<Item = (&ObjectKey, &Arc<integration::Object>)> {
        self.integrations.iter().filter(move |(_, object)| self.served_by(object).as_ref() == Some(property))
    }

    /// The Property that an integration serves; while its spec cannot be read, the one that its engine was started for.
    pub(super) fn served_by(&self, object: &integration::Object) -> Option<ObjectKey> {
        let key = &object.meta.key;
        match &object.spec {
            Ok(spec) => Some(property::key(&key.namespace, &spec.property_ref)),
            Err(_) => self.connections.get(key).map(|connection| connection.property.clone()),
        }
    }

    async fn release_property(&mut self, object: &property::Object) {
        match self.writers.property.finalizer(&object.meta, false).await {
            Ok(answer) => {
                answer.map(|answer| self.properties.on(Event::Answer(answer)));
            }
            Err(error) => {
                tracing::debug!(property = %object.meta.key, %error, "the finalizer stays for now");
            }
        }
    }
}

/// Writes statuses, a few concurrently, and returns each answer with its status. A status that could not be written is
/// written by the next pass.
async fn write_all<S, T>(
    counts: &PassCounts,
    writer: &Writer,
    differing: Vec<(Arc<DecodedObject<S, T>>, T)>,
    status: fn(&T) -> &Status,
) -> Vec<(DecodedObject<S, T>, T)>
where
    S: serde::de::DeserializeOwned + Clone,
    T: serde::de::DeserializeOwned + serde::Serialize + Clone + PartialEq,
{
    let all = differing.len();
    let answers = differing.into_iter().map(|(object, said)| async move {
        let before = object.status.as_ref().map(|said| status(said).clone()).unwrap_or_default();
        let answer = writer.status(&object.meta, &before, status(&said), &said).await;
        let failed = |error: &kube::Error| {
            tracing::debug!(object = %object.meta.key, %error, "the status could not be written");
        };
        answer.inspect_err(failed).ok().map(|answer| (answer, said))
    });
    let answers = futures::stream::iter(answers).buffer_unordered(WRITES);
    let written: Vec<_> = answers.filter_map(std::future::ready).collect().await;
    counts.end_pass(all, written.len());
    written
}

#[cfg(test)]
#[path = "statuses_tests.rs"]
mod tests;
