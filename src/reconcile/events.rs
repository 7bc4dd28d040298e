//! Kubernetes Events. One is published when an object starts or stops needing a person, and when records stay behind.
//! Ordinary changes appear in conditions and in the log only: an Event is a write, and the write budget of a Visitor is
//! small (decision 7).

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

/// Objects whose Warning is remembered, 16 bytes each. For other objects only the status shows that they had stopped.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// Publishes Events.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
    stopped: Arc<Mutex<Stopped>>,
}

/// Objects that have stopped and not recovered since, whatever their status was in between.
struct Stopped(LruCache<Uid, ()>);

impl Events {
    /// Events of this controller.
    pub fn new(client: Client) -> Self {
        let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: None };
        Self { recorder: Recorder::new(client, reporter), stopped: Arc::default() }
    }

    /// Publishes that an object has stopped until a person acts, or that it works again, if this status is the first
    /// that says so.
    pub async fn on_edge(&self, resource: &ApiResource, meta: &Meta, before: &Status, now: &Status) {
        let edge = self.stopped.lock().edge(meta.uid, before, now);
        if let Some((type_, reason, message)) = edge {
            self.publish(resource, meta, type_, reason, message).await;
        }
    }

    /// Publishes that an object is removed and its record stays, because of its integration's mode or deletion policy
    /// or because a person gave it up.
    pub async fn left_behind(&self, resource: &ApiResource, meta: &Meta) {
        let message = "its record stays in the system, as the AccessIntegration's mode or deletionPolicy or the annotation demands";
        self.publish(resource, meta, EventType::Warning, "LeftBehind", message).await;
    }

    /// Publishes that an integration is removed and leaves this many records behind, because of its deletion policy or
    /// because a person gave them up.
    pub async fn given_up(&self, resource: &ApiResource, meta: &Meta, records: usize) {
        let message = format!(
            "{} in the system, as deletionPolicy or the annotation demands: each opens doors until its window ends",
            counted(records, "record stays", "records stay")
        );
        self.publish(resource, meta, EventType::Warning, "LeftBehind", &message).await;
    }

    /// Publishes that an integration uses another system or owner id from now on, and how many records stay under the
    /// former one.
    pub async fn moved_away(&self, resource: &ApiResource, meta: &Meta, former: &str, records: usize) {
        let message = format!(
            "{} made at the former address, {former}, or under the former owner id. Records there stay, are counted in \
             status.leftBehind and open doors until their windows end: remove them there",
            counted(records, "record was", "records were")
        );
        self.publish(resource, meta, EventType::Warning, "LeftBehind", &message).await;
    }

    /// Best effort: a failure is logged and changes nothing else.
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
    /// The Event for a change of status, if it needs one. An object that had stopped may have other statuses for a
    /// while before it is Ready again.
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
            // A suspended object has not shown yet whether it works.
            if before.has_stopped() {
                self.0.push(uid, ());
            }
            return None;
        }
        let had_stopped = self.0.pop(&uid).is_some() || before.has_stopped();
        // The end of a visit is no recovery.
        let works =
            has_reason(now, &[conditions::SUCCEEDED, conditions::SCHEDULED, conditions::OBSERVE_ONLY]);
        (had_stopped && works).then_some((EventType::Normal, "Recovered", "it no longer needs a person"))
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
