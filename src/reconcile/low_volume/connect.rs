//! Applies integrations: an engine for each that can be connected, and none for the others.

use std::sync::Arc;

use jiff::Timestamp;
use vestibule_core::model::ObjectKey;
use vestibule_core::status::conditions::{DUPLICATE_CLAIM, INVALID_SPEC};

use super::LowVolumeLoop;
use crate::cluster::watch::Event;
use crate::reconcile::integration::{Connection, Object, Refusal, Validated};
use crate::reconcile::property;
use crate::system::{ErrorKind, SystemError};

impl LowVolumeLoop {
    /// Makes every engine match its integration.
    pub(super) async fn connect(&mut self) {
        self.stopping.retain(|_, task| !task.is_finished());
        self.check_owner_ids();
        self.collect_neighbours();
        let mut objects: Vec<Arc<Object>> =
            self.integrations.iter().map(|(_, object)| Arc::clone(object)).collect();
        // The older of two integrations with the same owner id has it, after a restart too.
        objects.sort_by_key(|object| age(object));
        let gone: Vec<ObjectKey> =
            self.connections.keys().filter(|key| self.integrations.get(key).is_none()).cloned().collect();
        for key in gone {
            self.disconnect(&key);
        }
        self.replace_ended();
        self.refusals.retain(|key, _| self.integrations.get(key).is_some());
        self.moved.retain(|key| self.integrations.get(key).is_some());
        self.left_behind.retain(|key, _| self.integrations.get(key).is_some());
        self.gone.retain(|key, uid| self.integrations.get(key).is_some_and(|object| object.meta.uid == *uid));
        self.read.retain(|key, _| self.integrations.get(key).is_some());
        for object in objects {
            self.connect_one(&object).await;
        }
        self.keep_pace();
    }

    /// Removes engines that have ended by themselves, so that new ones are started.
    fn replace_ended(&mut self) {
        let ended = self.connections.iter().filter(|(_, connection)| connection.has_ended());
        let ended: Vec<ObjectKey> = ended.map(|(key, _)| key.clone()).collect();
        for key in ended {
            tracing::error!(integration = %key, "the engine has ended by itself and is started again: please report this");
            self.disconnect(&key);
        }
    }

    async fn connect_one(&mut self, object: &Arc<Object>) {
        let key = &object.meta.key;
        if object.meta.deleting {
            self.drain(object).await;
            self.pass_on_requests(object);
            return;
        }
        self.keep_claims(object).await;
        let refusal = match self.validated(object).await {
            Ok(wanted) => match self.owner_elsewhere(object, &wanted.owner_id) {
                Some(other) => Some(Refusal::Invalid(
                    DUPLICATE_CLAIM,
                    format!(
                        "AccessIntegration {} uses this ownerId already: each needs one of its own",
                        other.name
                    ),
                )),
                None => self.apply(object, wanted).await.err(),
            },
            Err(refusal) => Some(refusal),
        };
        // The running session is kept, so that access can still be removed through it.
        if let (Some(_), Some(connection)) = (&refusal, self.connections.get(key)) {
            connection.engine.suspend();
        }
        self.note_refusal(key, refusal);
        self.pass_on_requests(object);
    }

    /// Keeps the reason why an integration is not connected, and logs a new one.
    pub(super) fn note_refusal(&mut self, key: &ObjectKey, refusal: Option<Refusal>) {
        let before = self.refusals.remove(key);
        let Some(refusal) = refusal else { return };
        if before.as_ref() != Some(&refusal) {
            tracing::warn!(integration = %key, why = %refusal, "not connected, or connected only to remove access");
        }
        self.refusals.insert(key.clone(), refusal);
    }

    /// The integration that uses an owner id already; the first one keeps it. An older integration that cannot be
    /// connected now still claims its owner id, but does not take it from a connected one.
    fn owner_elsewhere(&self, object: &Object, owner_id: &str) -> Option<&ObjectKey> {
        let key = &object.meta.key;
        let mut connected =
            self.connections.iter().filter(|(other, it)| *other != key && it.owner_id == owner_id);
        if let Some((other, _)) = connected.next() {
            return Some(other);
        }
        let older = |other: &Object| age(other) < age(object) && self.owner_id_of(other) == owner_id;
        let mut older = self.integrations.iter().filter(|(_, other)| older(other));
        older.next().map(|(other, _)| other).filter(|_| !self.connections.contains_key(key))
    }

    fn is_property_going(&self, object: &Object) -> bool {
        let Ok(spec) = &object.spec else { return false };
        let property = self.properties.get(&property::key(&object.meta.key.namespace, &spec.property_ref));
        property.is_some_and(|property| property.meta.deleting)
    }

    async fn apply(&mut self, object: &Arc<Object>, wanted: Validated) -> Result<(), Refusal> {
        let key = object.meta.key.clone();
        // A spec from which no client can be made is no move: the accepted session stays.
        if self.connections.get(&key).is_some_and(|connection| connection.is_other(&wanted)) {
            wanted.make_client(&self.parts).map_err(refused)?;
        }
        self.leave_former(object, &wanted).await;
        if self.stopping.contains_key(&key) {
            return Err(Refusal::Missing("the connection to the former account is being closed".to_owned()));
        }
        let drains = self.is_property_going(object);
        if let Some(connection) = self.connections.get_mut(&key) {
            if !drains {
                connection.engine.end_drain();
            }
            return connection.take_over(wanted, &self.parts).map_err(refused);
        }
        self.start(object, wanted).await
    }

    /// Starts the engine of an integration.
    pub(super) async fn start(&mut self, object: &Arc<Object>, wanted: Validated) -> Result<(), Refusal> {
        let key = object.meta.key.clone();
        let client = wanted.make_client(&self.parts).map_err(refused)?;
        self.notice_move(object, &wanted).await;
        let rate_limiter = self.rate_limiter(&wanted);
        let connected_to = object.status.as_ref().and_then(|said| said.connected_to.as_deref());
        let connection = Connection::start(&key, wanted, client, rate_limiter, connected_to, &self.parts);
        self.listen(&connection);
        let engine = Arc::clone(&connection.engine);
        self.diagnostics.show(format!("engine {key}"), move || engine.diagnostics());
        let next = u16::try_from(self.indexes.len()).unwrap_or(u16::MAX);
        self.indexes.entry(key.clone()).or_insert(next);
        tracing::info!(integration = %key, "engine started");
        self.connections.insert(key, connection);
        Ok(())
    }

    /// Whether an integration may have records: its engine is about to write or has found some, or an earlier process
    /// has set the finalizer.
    pub(super) fn may_hold_records(&self, object: &Object) -> bool {
        let claims = |connection: &Connection| connection.engine.state().borrow().claims_owner_id;
        object.meta.is_ours() || self.connections.get(&object.meta.key).is_some_and(claims)
    }

    /// Sets the finalizers on an integration that may have records and on its Property, even if the integration is
    /// refused: another client may have removed one, or the Property may be a new object. A failure is tried again by
    /// the next pass.
    async fn keep_claims(&mut self, object: &Arc<Object>) {
        let key = &object.meta.key;
        if !self.may_hold_records(object) {
            return;
        }
        if let Err(refusal) = self.claim(object).await {
            tracing::debug!(integration = %key, ?refusal, "a finalizer is missing for now");
        }
    }

    async fn claim(&mut self, object: &Arc<Object>) -> Result<(), Refusal> {
        let unreachable = |error: kube::Error| Refusal::Missing(crate::cluster::client::sentence(&error));
        let answer = self.writers.integration.finalizer(&object.meta, true).await.map_err(unreachable)?;
        if let Some(answer) = answer {
            self.integrations.on(Event::Answer(answer));
        }
        let Ok(spec) = &object.spec else { return Ok(()) };
        let key = property::key(&object.meta.key.namespace, &spec.property_ref);
        let Some(property) = self.properties.get(&key).filter(|property| !property.meta.deleting) else {
            return Ok(());
        };
        let answer = self.writers.property.finalizer(&property.meta, true).await.map_err(unreachable)?;
        if let Some(answer) = answer {
            self.properties.on(Event::Answer(answer));
        }
        Ok(())
    }

    /// Wakes the loop when the state of an engine changes.
    pub(super) fn listen(&self, connection: &Connection) {
        let (mut state, news) = (connection.engine.state(), Arc::clone(&self.news));
        tokio::spawn(async move {
            while state.changed().await.is_ok() {
                news.notify_one();
            }
        });
    }

    pub(super) fn disconnect(&mut self, key: &ObjectKey) {
        let Some(connection) = self.connections.remove(key) else { return };
        self.keep_left_behind(&connection);
        self.diagnostics.hide(&format!("engine {key}"));
        // The next engine of the same integration has received no request yet.
        self.asked.retain(|(asked, _), _| asked != key);
        let (news, metrics, label) =
            (Arc::clone(&self.news), Arc::clone(&self.parts.metrics), key.to_string());
        let stop = tokio::spawn(async move {
            connection.stop().await;
            // After the last update by this engine, and before another engine of the integration starts.
            metrics.forget_integration(&label);
            news.notify_one();
        });
        self.stopping.insert(key.clone(), stop);
    }
}

fn refused(error: SystemError) -> Refusal {
    match error.kind {
        ErrorKind::Terminal => Refusal::Invalid(INVALID_SPEC, error.message),
        _ => Refusal::Missing(error.message),
    }
}

/// Sorts integrations, the oldest first.
fn age(object: &Object) -> (Option<Timestamp>, ObjectKey) {
    (object.meta.created, object.meta.key.clone())
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
