//! Kubernetes Events: only what a person must notice, once, on the edge. Ordinary changes are told by conditions and the
//! log: an Event is a write, and a visitor has few to spend (lessons B4, row 8).

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::api::ApiResource;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use vestibule_core::status::{Status, Truth, conditions, note};

use super::write::FIELD_MANAGER;
use crate::cluster::object::Meta;

/// Publishes Events.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// Events of this controller.
    pub fn new(client: Client) -> Self {
        let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: None };
        Self { recorder: Recorder::new(client, reporter) }
    }

    /// Tells that an object stopped until a person acts, or goes on again, if this status says so for the first time.
    pub async fn on_edge(&self, resource: &ApiResource, meta: &Meta, before: &Status, now: &Status) {
        if let Some((type_, reason, message)) = edge(before, now) {
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
            "{records} records stay in the system, as deletionPolicy or the annotation demands, and open until their windows \
             end"
        );
        self.publish(resource, meta, EventType::Warning, "LeftBehind", &message).await;
    }

    /// Tells that an integration works with another address or account from now on, and what stays at the former one.
    pub async fn moved_away(&self, resource: &ApiResource, meta: &Meta, records: usize) {
        let message = format!(
            "{records} records were made at the former address or account. If that is another system they stay there and open \
             until their windows end: remove them there"
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

/// What to tell when a status turns from one into the other; nothing while it only changes its words.
fn edge<'a>(before: &Status, now: &'a Status) -> Option<(EventType, &'a str, &'a str)> {
    match (stalled(before), stalled(now)) {
        (was, Some((reason, message))) if was.map(|(reason, _)| reason) != Some(reason) => {
            Some((EventType::Warning, reason, message))
        }
        (Some(_), None) if is_ready(now) => {
            Some((EventType::Normal, "Recovered", "nobody is needed any more"))
        }
        _ => None,
    }
}

fn stalled(status: &Status) -> Option<(&str, &str)> {
    let stalled = status.condition(conditions::STALLED).filter(|stalled| stalled.status == Truth::True);
    stalled.map(|stalled| (stalled.reason.as_str(), stalled.message.as_str()))
}

fn is_ready(status: &Status) -> bool {
    status.condition(conditions::READY).is_some_and(|ready| ready.status == Truth::True)
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
