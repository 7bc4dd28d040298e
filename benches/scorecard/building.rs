//! The declared objects: a namespace with properties, their integrations and tenants, and the visitors of a row.

use futures::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::Fallible;
use crate::sightings::Sightings;

/// The zone of every building of the bench, and of the simulator's seed.
pub(crate) const ZONE: &str = "America/New_York";

/// The number of creates in flight, which an API server on loopback can handle.
const AT_ONCE: usize = 16;

/// One namespace with declared objects.
pub(crate) struct Building {
    client: Client,
    /// Its name.
    pub(crate) namespace: String,
}

/// A visitor to create.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    /// `metadata.name`.
    pub(crate) name: String,
    /// The property of the visitor's tenant.
    pub(crate) property: &'static str,
    /// First and last day.
    pub(crate) days: (Date, Date),
}

impl Building {
    /// Creates a namespace with a property, an integration and a tenant for each NetBox.
    pub(crate) async fn make(client: &Client, name: &str, netboxes: &[(&str, &str)]) -> Fallible<Self> {
        let building = Self { client: client.clone(), namespace: name.to_owned() };
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let namespaces: Api<DynamicObject> = Api::all_with(client.clone(), &core("Namespace"));
        namespaces.create(&PostParams::default(), &serde_json::from_value(namespace)?).await?;
        let login = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "login" },
            "stringData": { "username": "sim", "password": "sim" } });
        let secrets: Api<DynamicObject> = Api::namespaced_with(client.clone(), name, &core("Secret"));
        secrets.create(&PostParams::default(), &serde_json::from_value(login)?).await?;
        for (property, url) in netboxes {
            building.property(property, url).await?;
        }
        Ok(building)
    }

    async fn property(&self, property: &str, url: &str) -> Fallible {
        let reference = json!({ "name": property });
        self.create("Property", property, &json!({ "displayName": property, "timeZone": ZONE })).await?;
        let integration = json!({ "propertyRef": reference, "lenelS2": { "url": url },
            "credentialsSecretRef": { "name": "login" }, "occupants": "None", "visitors": "Push",
            "mode": "Enforce", "resyncInterval": "30m" });
        self.create("AccessIntegration", property, &integration).await?;
        let access = json!([{ "integrationRef": reference, "groups": ["Lobby"] }]);
        let tenant = json!({ "propertyRef": reference, "displayName": "Acme", "visitorAccess": access });
        self.create("Tenant", property, &tenant).await
    }

    async fn create(&self, kind: &str, name: &str, spec: &Value) -> Fallible {
        let api = Api::namespaced_with(self.client.clone(), &self.namespace, &ours(kind));
        api.create(&PostParams::default(), &object(kind, name, spec)?).await?;
        Ok(())
    }

    /// The visitors of this namespace.
    pub(crate) fn visitors(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &ours("Visitor"))
    }

    /// Creates visitors, many at once.
    pub(crate) async fn invite(&self, guests: impl IntoIterator<Item = Guest>) -> Fallible {
        let made = guests.into_iter().map(|guest| async move { self.invite_one(&guest).await });
        futures::stream::iter(made).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Creates one visitor.
    pub(crate) async fn invite_one(&self, guest: &Guest) -> Fallible {
        let spec = json!({ "tenantRef": { "name": guest.property }, "firstName": "Ada", "lastName": guest.name,
            "email": format!("{}@example.org", guest.name),
            "visit": { "from": guest.days.0.to_string(), "to": guest.days.1.to_string() } });
        self.create("Visitor", &guest.name, &spec).await
    }

    /// Deletes visitors, many at once, and returns when they are gone.
    pub(crate) async fn send_off(&self, names: Vec<String>, seen: &Sightings) -> Fallible {
        let api = self.visitors();
        let deleted = names.iter().map(|name| {
            let api = api.clone();
            async move { api.delete(name, &DeleteParams::default()).await.map(drop) }
        });
        let deleted = futures::stream::iter(deleted).buffer_unordered(AT_ONCE).try_collect::<()>();
        deleted.await?;
        for name in &names {
            seen.gone(name).await?;
        }
        Ok(())
    }
}

/// One of our kinds.
pub(crate) fn ours(kind: &str) -> ApiResource {
    let gvk = GroupVersionKind::gvk("access.vestibule.dev", "v1alpha1", kind);
    match kind {
        "Property" => ApiResource::from_gvk_with_plural(&gvk, "properties"),
        _ => ApiResource::from_gvk(&gvk),
    }
}

fn core(kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind))
}

fn object(kind: &str, name: &str, spec: &Value) -> Fallible<DynamicObject> {
    let metadata = json!({ "name": name });
    let whole = json!({ "apiVersion": "access.vestibule.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec });
    Ok(serde_json::from_value(whole)?)
}
