//! Sync requests on an integration, its Property or a Tenant: they are passed on to engines, and answered when every
//! engine concerned has compared everything since.

use std::collections::BTreeMap;

use vestibule_core::model::ObjectKey;

use super::LowVolumeLoop;
use crate::api::annotation;
use crate::engine::{ConnectionState, CreateStop};
use crate::reconcile::integration::Object;
use crate::reconcile::property;
use crate::reconcile::references::tenant_id;

/// A sync request on a Tenant.
#[derive(Debug)]
pub(super) struct TenantRequest {
    token: String,
    /// The integrations that open doors to its visitors.
    integrations: Vec<ObjectKey>,
}

impl LowVolumeLoop {
    /// Passes on the unanswered requests on Tenants. The references show which integrations they concern.
    pub(super) fn pass_on_tenant_requests(&mut self) {
        self.note_tenant_requests();
        let requests = self.tenant_requests.values();
        let requests =
            requests.flat_map(|it| it.integrations.iter().map(|key| (key.clone(), it.token.clone())));
        let requests: Vec<(ObjectKey, String)> = requests.collect();
        for (integration, token) in requests {
            self.request(&integration, &token);
        }
    }

    fn note_tenant_requests(&mut self) {
        let references = self.references.borrow();
        let requests = self.tenants.iter().filter_map(|(key, object)| {
            let token = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT)?;
            let handled = object.status.as_ref().and_then(|said| said.last_handled_sync_at.as_ref());
            if handled == Some(token) {
                return None;
            }
            let names =
                references.tenant(tenant_id(key))?.declared.grants.iter().map(|grant| &grant.integration);
            let integrations = names.map(|name| ObjectKey::new(&key.namespace, name.as_str())).collect();
            Some((key.clone(), TenantRequest { token: token.clone(), integrations }))
        });
        let requests: BTreeMap<ObjectKey, TenantRequest> = requests.collect();
        drop(references);
        self.tenant_requests = requests;
    }

    /// The token of a Tenant that can be answered now.
    pub(super) fn answered_tenant_request(&self, tenant: &ObjectKey) -> Option<&String> {
        let TenantRequest { token, integrations } = self.tenant_requests.get(tenant)?;
        self.have_handled(integrations.iter(), token).then_some(token)
    }

    /// Passes on the requests on an integration and on its Property.
    pub(super) fn pass_on_requests(&mut self, object: &Object) {
        let key = &object.meta.key;
        let tokens = self.tokens_for(object);
        for token in &tokens {
            self.request(key, token);
        }
        let of_tenants = self.tenant_requests.values().filter(|request| request.integrations.contains(key));
        let of_tenants: Vec<&String> = of_tenants.map(|request| &request.token).collect();
        let stays = |token: &String| tokens.contains(token) || of_tenants.contains(&token);
        self.asked.retain(|(asked, token), _| asked != key || stays(token));
    }

    /// Requests a sync from an engine, once per token.
    fn request(&mut self, integration: &ObjectKey, token: &str) {
        let Some(connection) = self.connections.get_mut(integration) else { return };
        let asked = (integration.clone(), token.to_owned());
        if self.asked.contains_key(&asked) {
            return;
        }
        let (syncs, rejected) = {
            let state = connection.engine.state();
            let state = state.borrow();
            let denied = matches!(state.creates_stopped, Some(CreateStop::MayNotCreate(_)));
            (state.syncs, denied || matches!(state.condition, ConnectionState::Rejected(_)))
        };
        self.asked.insert(asked, syncs);
        // A request makes the engine try a rejected login once more, with a client that knows of no rejection.
        if rejected {
            connection.forget_client();
            self.news.notify_one();
        }
        connection.engine.request_sync(token);
    }

    /// The tokens that concern an integration and are not answered yet.
    fn tokens_for(&self, object: &Object) -> Vec<String> {
        let key = &object.meta.key;
        let property =
            object.spec.as_ref().ok().map(|spec| property::key(&key.namespace, &spec.property_ref));
        let property = property.and_then(|key| self.properties.get(&key));
        let of_property = property.and_then(|property| {
            let token = property.meta.annotations.get(annotation::SYNC_REQUESTED_AT)?;
            let handled = property.status.as_ref().and_then(|said| said.last_handled_sync_at.as_ref());
            (handled != Some(token)).then_some(token)
        });
        let own = object.meta.annotations.get(annotation::SYNC_REQUESTED_AT);
        let handled = object.status.as_ref().and_then(|said| said.last_handled_sync_at.as_ref());
        let own = own.filter(|token| handled != Some(*token));
        own.into_iter().chain(of_property).cloned().collect()
    }

    /// Whether an engine has compared everything since the request with this token. An engine with very many requests
    /// forgets tokens; the second sync that ended since then began after the request.
    fn has_handled(&self, integration: &ObjectKey, token: &str) -> bool {
        let Some(connection) = self.connections.get(integration) else { return false };
        let state = connection.engine.state();
        let state = state.borrow();
        let asked = self.asked.get(&(integration.clone(), token.to_owned()));
        state.handled_syncs.iter().any(|handled| handled == token)
            || asked.is_some_and(|syncs| state.syncs >= syncs + 2)
    }

    /// Whether a sync was handled by at least one of these integrations, and by each one that is waited for. An
    /// integration that a person has to correct, because it is refused here or rejected by its system, says so in its
    /// own status and is not waited for. One that is starting or moving is waited for.
    pub(super) fn have_handled<'a>(
        &self,
        integrations: impl Iterator<Item = &'a ObjectKey>,
        token: &str,
    ) -> bool {
        let (mut all, mut awaited, mut handled) = (0, 0, 0);
        for key in integrations {
            all += 1;
            let has_handled = self.has_handled(key, token);
            handled += usize::from(has_handled);
            let refused = self.refusals.contains_key(key) && !self.stopping.contains_key(key);
            let stopped = self
                .connections
                .get(key)
                .is_some_and(|connection| connection.engine.state().borrow().condition.needs_a_person());
            awaited += usize::from(!has_handled && !refused && !stopped);
        }
        awaited == 0 && (handled > 0 || all == 0)
    }
}
