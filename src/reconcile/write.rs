//! Writes statuses and finalizers. Of the finalizers of an object only ours is added or removed, never the whole list.

use kube::api::{ApiResource, Patch, PatchParams};
use kube::{Api, Client};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vestibule_core::status::Status;

use super::events::Events;
use crate::cluster::lease::Fence;
use crate::cluster::object::{DecodedObject, Meta, RawObject};
use crate::cluster::{FIELD_MANAGER, FINALIZER};

/// Writes objects of one kind.
#[derive(Clone)]
pub struct Writer {
    /// The cluster.
    pub client: Client,
    /// The kind.
    pub resource: ApiResource,
    /// Publishes Events.
    pub events: Events,
    /// Checked before every write.
    pub fence: Fence,
}

impl Writer {
    /// The API of this kind in a namespace.
    pub fn api<S, T>(&self, namespace: &str) -> Api<RawObject<S, T>>
    where
        S: DeserializeOwned + Clone,
        T: DeserializeOwned + Clone,
    {
        Api::namespaced_with(self.client.clone(), namespace, &self.resource)
    }

    /// Applies a status and publishes the Event that its change needs. Fields that the status leaves out are removed,
    /// whichever manager wrote them.
    pub async fn status<S, T>(
        &self,
        meta: &Meta,
        before: &Status,
        conditions: &Status,
        status: &T,
    ) -> kube::Result<DecodedObject<S, T>>
    where
        S: DeserializeOwned + Clone,
        T: DeserializeOwned + Serialize + Clone + PartialEq,
    {
        self.check_allowed()?;
        let body = json!({
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "metadata": { "name": meta.key.name, "uid": meta.uid.to_string() },
            "status": status,
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let api = self.api::<S, T>(&meta.key.namespace);
        let answer = api.patch_status(&meta.key.name, &params, &Patch::Apply(&body)).await?.into_seen();
        self.events.on_edge(&self.resource, meta, before, conditions).await;
        if answer.status.as_ref() == Some(status) {
            return Ok(answer);
        }
        match self.replace_status(&answer.meta, status).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                tracing::debug!(object = %meta.key, %error, "fields that other managers wrote into the status stay for now");
                Ok(answer)
            }
        }
    }

    /// Replaces the whole status. Conditions and list entries that other managers wrote belong to them, and an apply
    /// leaves them.
    async fn replace_status<S, T>(&self, meta: &Meta, status: &T) -> kube::Result<DecodedObject<S, T>>
    where
        S: DeserializeOwned + Clone,
        T: DeserializeOwned + Serialize + Clone,
    {
        self.check_allowed()?;
        let operation = json!({ "op": "replace", "path": "/status", "value": status });
        let patch = Patch::<()>::Json(patch(meta, &operation)?);
        let api = self.api::<S, T>(&meta.key.namespace);
        Ok(api.patch_status(&meta.key.name, &of_us(), &patch).await?.into_seen())
    }

    /// Sets or removes our finalizer, on exactly the version of the object that was read.
    pub async fn finalizer<S, T>(
        &self,
        meta: &Meta,
        wanted: bool,
    ) -> kube::Result<Option<DecodedObject<S, T>>>
    where
        S: DeserializeOwned + Clone,
        T: DeserializeOwned + Clone,
    {
        self.check_allowed()?;
        let position = meta.finalizers.iter().position(|one| one == FINALIZER);
        let operation = match (wanted, position) {
            (true, None) if meta.finalizers.is_empty() => {
                json!({ "op": "add", "path": "/metadata/finalizers", "value": [FINALIZER] })
            }
            (true, None) => json!({ "op": "add", "path": "/metadata/finalizers/-", "value": FINALIZER }),
            (false, Some(position)) => {
                json!({ "op": "remove", "path": format!("/metadata/finalizers/{position}") })
            }
            (true, Some(_)) | (false, None) => return Ok(None),
        };
        let patch = Patch::<()>::Json(patch(meta, &operation)?);
        let api = self.api::<S, T>(&meta.key.namespace);
        let answer = api.patch(&meta.key.name, &of_us(), &patch).await?;
        Ok(Some(answer.into_seen()))
    }

    /// A replica that has lost the lease writes nothing: the next leader may be writing already.
    fn check_allowed(&self) -> kube::Result<()> {
        self.fence.check().map_err(|error| kube::Error::Service(error.into()))
    }
}

fn patch(meta: &Meta, operation: &Value) -> kube::Result<json_patch::Patch> {
    serde_json::from_value(fenced(meta, operation)).map_err(kube::Error::SerdeError)
}

/// Parameters of a patch that is not an apply.
fn of_us() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

/// Makes a patch fail on any other object, and on any other version of this one.
fn fenced(meta: &Meta, operation: &Value) -> Value {
    json!([
        { "op": "test", "path": "/metadata/uid", "value": meta.uid.to_string() },
        { "op": "test", "path": "/metadata/resourceVersion", "value": meta.resource_version.to_string() },
        operation,
    ])
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
