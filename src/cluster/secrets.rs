//! Which Secrets changed. Only Secrets with the controller's label are watched, and only their metadata.
//!
//! A watch of all Secrets would cost memory for objects that no integration uses, and a right that no cluster should
//! grant. The content of a Secret is read alone, when an integration names it. Secrets without the label work too: they
//! are read again at intervals.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt};
use tokio::sync::mpsc;
use vestibule_core::model::ObjectKey;

use super::watch::{Scope, sentence};

/// The label that makes the controller watch a Secret, whatever its value.
pub const LABEL: &str = "access.vestibule.dev/credentials";

/// The capacity of the channel of changes.
const WAITING: usize = 64;

/// The pause after a failure. After a missing permission, the next attempt comes later.
const PAUSE: Duration = Duration::from_secs(2);
const PAUSE_FORBIDDEN: Duration = Duration::from_mins(1);

type Meta = PartialObjectMeta<Secret>;

/// Reports each labelled Secret that was created, changed or deleted, and at the start all that exist. The tasks end
/// when the receiver is dropped.
pub fn watch(client: &Client, scopes: &[Scope]) -> mpsc::Receiver<ObjectKey> {
    let (changes, reader) = mpsc::channel(WAITING);
    for scope in scopes {
        let api = match scope {
            Scope::Everywhere => Api::all(client.clone()),
            Scope::Namespace(name) => Api::namespaced(client.clone(), name),
        };
        tokio::spawn(feed(api, changes.clone()));
    }
    reader
}

async fn feed(api: Api<Meta>, changes: mpsc::Sender<ObjectKey>) {
    let mut stream = std::pin::pin!(watcher(api, watcher::Config::default().labels(LABEL)));
    let mut versions = Versions::default();
    let mut reported = false;
    loop {
        let next = tokio::select! {
            () = changes.closed() => return,
            next = stream.next() => next,
        };
        match next {
            None => return, // `watcher` never ends
            Some(Ok(event)) => {
                reported &= !matches!(event, Event::InitDone);
                if let Some(key) = versions.on(&event)
                    && changes.send(key).await.is_err()
                {
                    return;
                }
            }
            Some(Err(error)) => {
                if !std::mem::replace(&mut reported, true) {
                    let error = sentence(&error);
                    tracing::warn!(%error, "labelled Secrets cannot be watched: a changed one is noticed later");
                }
                tokio::time::sleep(if forbidden(&error) { PAUSE_FORBIDDEN } else { PAUSE }).await;
            }
        }
    }
}

fn forbidden(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    matches!(error, InitialListFailed(kube::Error::Api(status)) | WatchStartFailed(kube::Error::Api(status))
        | WatchFailed(kube::Error::Api(status)) if status.code == 403)
}

/// The versions reported last, so that a repeated list reports only changes.
#[derive(Default)]
struct Versions(BTreeMap<ObjectKey, (Option<String>, Option<String>)>);

impl Versions {
    /// The Secret that changed, if one did. A deletion that a broken watch hid is not reported: it changes nothing for
    /// a running session, and the next read notices it.
    fn on(&mut self, event: &Event<Meta>) -> Option<ObjectKey> {
        let (Event::Apply(secret) | Event::InitApply(secret) | Event::Delete(secret)) = event else {
            return None;
        };
        let key = ObjectKey::new(secret.namespace().unwrap_or_default(), secret.name_any());
        if matches!(event, Event::Delete(_)) {
            self.0.remove(&key);
            return Some(key);
        }
        let version = (secret.uid(), secret.resource_version());
        let known = self.0.insert(key.clone(), version.clone());
        (known != Some(version)).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str, uid: &str, version: &str) -> Meta {
        let meta = serde_json::json!({ "metadata":
            { "namespace": "acme", "name": name, "uid": uid, "resourceVersion": version } });
        serde_json::from_value(meta).expect("metadata")
    }

    #[test]
    fn a_repeated_list_reports_only_changed_secrets() {
        let (mut versions, key) = (Versions::default(), ObjectKey::new("acme", "netbox"));
        let list = |uid, version| Event::InitApply(secret("netbox", uid, version));
        assert_eq!(versions.on(&list("a", "1")), Some(key.clone()));
        assert_eq!(versions.on(&Event::Init), None);
        assert_eq!(versions.on(&list("a", "1")), None, "nothing happened to it");
        assert_eq!(versions.on(&list("a", "2")), Some(key.clone()), "it was rotated meanwhile");
        assert_eq!(versions.on(&list("b", "2")), Some(key), "it was made anew meanwhile");
    }

    #[test]
    fn a_secret_that_is_deleted_and_created_again_is_reported_twice() {
        let (mut versions, key) = (Versions::default(), ObjectKey::new("acme", "netbox"));
        assert_eq!(versions.on(&Event::Apply(secret("netbox", "a", "1"))), Some(key.clone()));
        assert_eq!(versions.on(&Event::Delete(secret("netbox", "a", "2"))), Some(key.clone()));
        assert_eq!(versions.on(&Event::Apply(secret("netbox", "b", "3"))), Some(key));
    }
}
