//! Kinds that this version does not act on. The status of each of their objects says so: without a status a wait for
//! readiness would never end. Nothing stays in memory: each event's status is compared with the expected one, which is
//! written if they differ. There is no finalizer, so a deletion needs no work. A kind that gets a controller is removed
//! from [`kinds`].

use std::time::Duration;

use kube::Client;
use kube::api::ApiResource;
use serde::de::IgnoredAny;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;
use vestibule_core::status::{Status, Verdict, conditions};

use super::events::Events;
use super::write::Writer;
use crate::api::{AccessGroup, AccessPlan, Occupant, PlanSubscription, SelfRegistration};
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::cluster::object;
use crate::cluster::watch::{Event, Scope, watch};
use crate::shutdown::Shutdown;

/// An object of such a kind. Its spec is not read.
type Object = object::DecodedObject<IgnoredAny, Status>;

/// The first and the longest pause after a write that failed.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Writes the statuses of these objects.
#[derive(Clone)]
pub struct Unbuilt {
    /// The cluster.
    pub client: Client,
    /// The namespaces to watch.
    pub scopes: Vec<Scope>,
    /// Time.
    pub clock: SharedClock,
    /// Checked before every write.
    pub fence: Fence,
}

/// The kinds that no other module acts on.
fn kinds() -> [ApiResource; 5] {
    [
        ApiResource::erase::<AccessGroup>(&()),
        ApiResource::erase::<AccessPlan>(&()),
        ApiResource::erase::<Occupant>(&()),
        ApiResource::erase::<PlanSubscription>(&()),
        ApiResource::erase::<SelfRegistration>(&()),
    ]
}

impl Unbuilt {
    /// Writes statuses of objects of all these kinds until shutdown is requested.
    pub async fn run(self, shutdown: Shutdown) {
        let mut running = JoinSet::new();
        for resource in kinds() {
            let events = watch(&self.client, &resource, &self.scopes);
            let writer = Writer {
                events: Events::new(self.client.clone()),
                client: self.client.clone(),
                resource,
                fence: self.fence.clone(),
            };
            running.spawn(answer_all(writer, self.clock.clone(), events, shutdown.clone()));
        }
        while running.join_next().await.is_some() {}
    }
}

/// Handles the objects of a kind one after the other: while a write is retried, later events wait.
async fn answer_all(
    writer: Writer,
    clock: SharedClock,
    mut events: Receiver<Event<Object>>,
    shutdown: Shutdown,
) {
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            event = events.recv() => match event {
                Some(Event::InitApply(object) | Event::Apply(object)) => {
                    tokio::select! {
                        () = shutdown.requested() => return,
                        () = answer(&writer, &clock, &object) => {}
                    }
                }
                Some(_) => {}
                None => return,
            },
        }
    }
}

async fn answer(writer: &Writer, clock: &SharedClock, object: &Object) {
    let Some(status) = wanted(&writer.resource.kind, object, clock.now()) else { return };
    let mut pause = PAUSE.0;
    loop {
        // The same status before and after publishes no Event: one for each object of a kind would be noise.
        let answer = writer.status::<IgnoredAny, Status>(&object.meta, &status, &status, &status).await;
        match answer {
            Ok(_) => return,
            // The object is gone, or another one has its name: an event delivers that one.
            Err(kube::Error::Api(error)) if matches!(error.code, 404 | 409) => return,
            Err(error) => {
                let kind = &writer.resource.kind;
                tracing::debug!(kind, object = %object.meta.key, %error, "the status could not be written; the write is repeated");
                tokio::time::sleep(pause).await;
                pause = PAUSE.1.min(pause * 2);
            }
        }
    }
}

/// The status to write; `None` if the object has it already or is being deleted.
fn wanted(kind: &str, object: &Object, now: jiff::Timestamp) -> Option<Status> {
    if object.meta.deleting {
        return None;
    }
    let previous = object.status.clone().unwrap_or_default();
    let status = verdict(kind).settle(&previous, object.meta.generation, now);
    (!status.same_without_times(&previous)).then_some(status)
}

fn verdict(kind: &str) -> Verdict {
    let sentence = format!(
        "this version of Vestibule does not act on {kind}s yet: nothing that this one declares is carried out, and deleting \
         it changes nothing in any system"
    );
    Verdict::stalled(conditions::NOT_SUPPORTED, sentence)
}

#[cfg(test)]
#[path = "unbuilt_tests.rs"]
mod tests;
