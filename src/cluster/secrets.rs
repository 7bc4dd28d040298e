//! Which Secrets changed: their metadata only, and only of those that carry our label.
//!
//! Watching all Secrets would cost memory for strangers and a right nobody should give; content is read one by one
//! where an integration names it. Secrets without the label work too: they are read again at intervals.

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

/// The label that has a Secret watched, whatever its value.
pub const LABEL: &str = "access.vestibule.dev/credentials";

/// Changes that may wait for their reader.
const WAITING: usize = 64;

/// The pause after a failure; a right that is missing is asked for more rarely.
const PAUSE: Duration = Duration::from_secs(2);
const PAUSE_FORBIDDEN: Duration = Duration::from_mins(1);

type Meta = PartialObjectMeta<Secret>;

/// Tells which labelled Secrets were made, changed or deleted; at the start all that are there. In tasks that end when
/// the receiver is dropped.
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
    let mut told = false;
    loop {
        let next = tokio::select! {
            () = changes.closed() => return,
            next = stream.next() => next,
        };
        match next {
            None => return, // `watcher` never ends
            Some(Ok(event)) => {
                told &= !matches!(event, Event::InitDone);
                if let Some(key) = versions.on(&event)
                    && changes.send(key).await.is_err()
                {
                    return;
                }
            }
            Some(Err(error)) => {
                if !std::mem::replace(&mut told, true) {
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

/// What was told last, so that a list that is read again tells only what is new.
#[derive(Default)]
struct Versions(BTreeMap<ObjectKey, (Option<String>, Option<String>)>);

impl Versions {
    /// The Secret that changed, if one did. Deletions that a broken watch hid are not told: a Secret that vanishes
    /// changes nothing for a session that runs, and the next read finds it gone.
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
    fn a_list_that_is_read_again_tells_only_what_is_new() {
        let (mut versions, key) = (Versions::default(), ObjectKey::new("acme", "netbox"));
        let list = |uid, version| Event::InitApply(secret("netbox", uid, version));
        assert_eq!(versions.on(&list("a", "1")), Some(key.clone()));
        assert_eq!(versions.on(&Event::Init), None);
        assert_eq!(versions.on(&list("a", "1")), None, "nothing happened to it");
        assert_eq!(versions.on(&list("a", "2")), Some(key.clone()), "it was rotated meanwhile");
        assert_eq!(versions.on(&list("b", "2")), Some(key), "it was made anew meanwhile");
    }

    #[test]
    fn a_secret_that_is_deleted_and_made_again_is_told_twice() {
        let (mut versions, key) = (Versions::default(), ObjectKey::new("acme", "netbox"));
        assert_eq!(versions.on(&Event::Apply(secret("netbox", "a", "1"))), Some(key.clone()));
        assert_eq!(versions.on(&Event::Delete(secret("netbox", "a", "2"))), Some(key.clone()));
        assert_eq!(versions.on(&Event::Apply(secret("netbox", "b", "3"))), Some(key));
    }
}
