//! Deletion of an integration or a Property: the records are removed first, unless they are to stay.

use std::sync::Arc;

use super::LowVolumeLoop;
use crate::cluster::watch::Event;
use crate::engine::ConnectionState;
use crate::reconcile::abandon::is_abandoned;
use crate::reconcile::integration::{Connection, Object, leaves_records};
use crate::reconcile::property::Object as Property;

impl LowVolumeLoop {
    /// Removes the records of an integration under deletion, and then its finalizer. An integration that was never
    /// connected has no records. One with an unreadable spec waits, since the spec may say that the records stay.
    pub(super) async fn drain(&mut self, object: &Arc<Object>) {
        let key = &object.meta.key;
        if self.gone.get(key) == Some(&object.meta.uid) {
            return;
        }
        let orphan = object.spec.as_ref().is_ok_and(leaves_records);
        let abandoned = is_abandoned(&object.meta);
        if !orphan && !abandoned {
            if !object.meta.is_ours() {
                // It has written nothing, and must write nothing while another finalizer keeps the object.
                if let Some(connection) = self.connections.get(key) {
                    connection.engine.suspend();
                }
                return;
            }
            self.keep_connected(object).await;
            if !self.is_drained(object) {
                return;
            }
        }
        match self.writers.integration.finalizer(&object.meta, false).await {
            Ok(answer) => {
                let left = usize::try_from(self.remaining(object)).unwrap_or_default();
                tracing::info!(integration = %key, orphan, abandoned, left, "the deletion is complete");
                if left > 0 {
                    let writer = &self.writers.integration;
                    writer.events.given_up(&writer.resource, &object.meta, left).await;
                }
                // Otherwise a pass before the next watch event would drain it again, and log in once more.
                self.gone.insert(key.clone(), object.meta.uid);
                answer.map(|answer| self.integrations.on(Event::Answer(answer)));
                self.disconnect(key);
            }
            Err(error) => tracing::debug!(integration = %key, %error, "the finalizer stays for now"),
        }
    }

    /// Makes the engine remove every record, and returns whether none is left.
    fn is_drained(&self, object: &Object) -> bool {
        let Some(connection) = self.connections.get(&object.meta.key) else { return false };
        if !self.is_owner_certain(object) {
            return false;
        }
        if object.spec.is_ok() {
            connection.engine.drain();
        }
        connection.engine.state().borrow().drained || Self::was_never_reached(object, connection)
    }

    /// Whether the system cannot be reached and no record was created in it: the last system that was listed is another
    /// one, and nothing is written before `status.connectedTo` names the system. The records in the former system are
    /// counted.
    fn was_never_reached(object: &Object, connection: &Connection) -> bool {
        let listed = object.status.as_ref().and_then(|said| said.connected_to.as_ref());
        let state = connection.engine.state();
        let state = state.borrow();
        let is_unreachable =
            !matches!(state.condition, ConnectionState::Unchecked | ConnectionState::Connected);
        is_unreachable && state.syncs == 0 && listed.is_some_and(|system| *system != connection.system)
    }

    /// Keeps a connection through which the remaining records are removed: the running session, with the login in its
    /// present form, or a new session after a restart.
    async fn keep_connected(&mut self, object: &Arc<Object>) {
        let key = &object.meta.key;
        let wanted = match self.validated(object).await {
            Ok(wanted) => wanted,
            Err(refusal) => return self.note_refusal(key, Some(refusal)),
        };
        if let Some(connection) = self.connections.get_mut(key) {
            if !connection.is_other(&wanted) && connection.take_over(wanted, &self.parts).is_err() {
                tracing::debug!(integration = %key, "the new login cannot be used; the old one stays in use");
            }
            return self.note_refusal(key, None);
        }
        let started = self.start(object, wanted).await;
        self.note_refusal(key, started.err());
    }

    /// Removes the records of a deleted Property's integrations, whether or not the integrations are deleted as well.
    /// Returns the names of those to wait for. An integration that cannot be connected now is waited for, unless a
    /// person abandons its records. So is one with an unreadable spec: it may serve this Property, and it may say that
    /// its records stay.
    pub(super) fn drain_property(&self, property: &Property) -> Vec<String> {
        let may_serve = |object: &Object| {
            object.meta.key.namespace == property.meta.key.namespace
                && self.served_by(object).is_none_or(|served| served == property.meta.key)
        };
        let given_up = |object: &Object| {
            object.spec.as_ref().is_ok_and(leaves_records)
                || is_abandoned(&object.meta)
                || is_abandoned(&property.meta)
        };
        let is_drained = |object: &Object| !self.may_hold_records(object) || self.is_drained(object);
        let all = self.integrations.iter().filter(|(_, object)| may_serve(object) && !given_up(object));
        all.filter(|(_, object)| !is_drained(object)).map(|(key, _)| key.name.clone()).collect()
    }
}

#[cfg(test)]
#[path = "drain_tests.rs"]
mod tests;
