//! Kubernetes Events: only what a person must notice, once, on the edge. Ordinary changes are told by conditions and the
//! log: an Event is a write, and a visitor has few to spend (decision 7).

use std::num::NonZeroUsize;
use std::sync::Arc;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::api::ApiResource;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use lru::LruCache;
use parking_lot::Mutex;
use vestibule_core::status::{Status, Truth, conditions, note};

use super::counted::counted;
use crate::cluster::FIELD_MANAGER;
use crate::cluster::object::{Meta, Uid};

/// Objects whose Warning is remembered, 16 bytes each; of others their status tells.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// Publishes Events.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
    stopped: Arc<Mutex<Stopped>>,
}

/// Objects that have stopped and not recovered since, whatever their status has said in between.
struct Stopped(LruCache<Uid, ()>);

impl Events {
    /// Events of this controller.
    pub fn new(client: Client) -> Self {
        let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: None };
        Self { recorder: Recorder::new(client, reporter), stopped: Arc::default() }
    }

    /// Publishes that an object stopped until a person acts, or that it works again, if this status is the first to say so.
    pub async fn on_edge(&self, resource: &ApiResource, meta: &Meta, before: &Status, now: &Status) {
        let edge = self.stopped.lock().edge(meta.uid, before, now);
        if let Some((type_, reason, message)) = edge {
            self.publish(resource, meta, type_, reason, message).await;
        }
    }

    /// Tells that an object goes while its record stays, by its integration's mode or by order of a person.
    pub async fn left_behind(&self, resource: &ApiResource, meta: &Meta) {
        let message = "its record stays in the system, as the AccessIntegration's mode or deletionPolicy or the annotation demands";
        self.publish(resource, meta, EventType::Warning, "LeftBehind", message).await;
    }

    /// Tells that an integration goes and leaves so many records behind, by its deletionPolicy or by order of a person.
    pub async fn given_up(&self, resource: &ApiResource, meta: &Meta, records: usize) {
        let message = format!(
            "{} in the system, as deletionPolicy or the annotation demands: each opens doors until its window ends",
            counted(records, "record stays", "records stay")
        );
        self.publish(resource, meta, EventType::Warning, "LeftBehind", &message).await;
    }

    /// Says that an integration works with another system or owner id from now on, and what stays in the former one.
    pub async fn moved_away(&self, resource: &ApiResource, meta: &Meta, former: &str, records: usize) {
        let message = format!(
            "{} made at the former address, {former}, or under the former owner id. What is there stays, is counted in \
             status.leftBehind and opens until its window ends: remove it there",
            counted(records, "record was", "records were")
        );
        self.publish(resource, meta, EventType::Warning, "LeftBehind", &message).await;
    }

    /// Best effort: no pass fails on an Event.
    async fn publish(
        &self,
        resource: &ApiResource,
        meta: &Meta,
        type_: EventType,
        reason: &str,
        message: &str,
    ) {
        let regarding = ObjectReference {
            api_version: Some(resource.api_version.clone()),
            kind: Some(resource.kind.clone()),
            namespace: Some(meta.key.namespace.clone()),
            name: Some(meta.key.name.clone()),
            uid: Some(meta.uid.to_string()),
            ..ObjectReference::default()
        };
        let event = Event {
            type_,
            reason: reason.to_owned(),
            note: Some(note(message)),
            action: reason.to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, &regarding).await {
            tracing::debug!(object = %meta.key, %error, "the Event was not published");
        }
    }
}

impl Default for Stopped {
    fn default() -> Self {
        Self(LruCache::new(REMEMBERED))
    }
}

impl Stopped {
    /// The Event of an edge, if there is one. An object that stopped may be worked on for a while before it is Ready.
    fn edge<'a>(
        &mut self,
        uid: Uid,
        before: &Status,
        now: &'a Status,
    ) -> Option<(EventType, &'a str, &'a str)> {
        if let Some((reason, message)) = stalled(now) {
            self.0.push(uid, ());
            let is_new = stalled(before).is_none_or(|(was, _)| was != reason);
            return is_new.then_some((EventType::Warning, reason, message));
        }
        if !is_ready(now) {
            if before.has_stopped() {
                self.0.push(uid, ());
            }
            return None;
        }
        if has_reason(now, &[conditions::SUSPENDED]) {
            // It has not shown yet whether it works.
            if before.has_stopped() {
                self.0.push(uid, ());
            }
            return None;
        }
        let had_stopped = self.0.pop(&uid).is_some() || before.has_stopped();
        // A visit that is over has not recovered.
        let works =
            has_reason(now, &[conditions::SUCCEEDED, conditions::SCHEDULED, conditions::OBSERVE_ONLY]);
        (had_stopped && works).then_some((EventType::Normal, "Recovered", "it needs a person no longer"))
    }
}

fn stalled(status: &Status) -> Option<(&str, &str)> {
    let stalled = status.condition(conditions::STALLED).filter(|stalled| stalled.status == Truth::True);
    stalled.map(|stalled| (stalled.reason.as_str(), stalled.message.as_str()))
}

fn is_ready(status: &Status) -> bool {
    status.condition(conditions::READY).is_some_and(|ready| ready.status == Truth::True)
}

fn has_reason(status: &Status, reasons: &[&str]) -> bool {
    status.condition(conditions::READY).is_some_and(|ready| reasons.contains(&ready.reason.as_str()))
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
