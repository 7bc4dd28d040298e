//! Reads the Secrets and certificates that integrations name, only by `get`: nothing is listed.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::{Api, Client, ResourceExt};
use secrecy::SecretString;

use super::{Object, Secrets};
use crate::api::{AccessIntegrationSpec, CaBundle, KeyRef, NameRef};

/// Reads the Secrets and certificates of integrations.
#[derive(Clone)]
pub struct SecretReader {
    /// The cluster.
    pub client: Client,
}

/// The names of Secret and certificates in a spec, with the address: a login that was read for one address must not be
/// sent to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    secret: NameRef,
    bundle: Option<CaBundle>,
    address: Option<String>,
}

impl Named {
    /// The names in a spec.
    pub fn by(spec: &AccessIntegrationSpec) -> Self {
        let system = spec.lenel_s2.as_ref();
        Self {
            secret: spec.credentials_secret_ref.clone(),
            bundle: system.and_then(|system| system.ca_bundle.clone()),
            address: system.map(|system| system.url.clone()),
        }
    }
}

impl SecretReader {
    /// The credentials and the certificates of an integration, as they are now. A missing one is absent.
    pub async fn read(&self, object: &Object) -> kube::Result<Secrets> {
        let Ok(spec) = &object.spec else { return Ok(Secrets::default()) };
        let namespace = &object.meta.key.namespace;
        let secret = self.secret(namespace, &spec.credentials_secret_ref.name).await?;
        let mut version = secret.as_ref().map(version).unwrap_or_default();
        let bundle = spec.lenel_s2.as_ref().and_then(|system| system.ca_bundle.as_ref());
        let ca_pem = match bundle {
            Some(bundle) => self.bundle(namespace, bundle, &mut version).await?,
            None => None,
        };
        let lacks_one = secret.is_none() || (bundle.is_some() && ca_pem.is_none());
        let lost_with_namespace = object.meta.deleting && lacks_one && self.is_being_deleted(namespace).await;
        Ok(Secrets { credentials: secret.map(texts), ca_pem, version, lost_with_namespace })
    }

    /// Whether a namespace is known to be deleted or being deleted: no object can be created in it.
    async fn is_being_deleted(&self, namespace: &str) -> bool {
        let found = Api::<Namespace>::all(self.client.clone()).get_opt(namespace).await;
        found.is_ok_and(|found| found.is_none_or(|it| it.metadata.deletion_timestamp.is_some()))
    }

    async fn secret(&self, namespace: &str, name: &str) -> kube::Result<Option<Secret>> {
        Api::<Secret>::namespaced(self.client.clone(), namespace).get_opt(name).await
    }

    async fn bundle(
        &self,
        namespace: &str,
        bundle: &CaBundle,
        version: &mut String,
    ) -> kube::Result<Option<Vec<u8>>> {
        if let Some(KeyRef { name, key }) = &bundle.secret_key_ref {
            let Some(found) = self.secret(namespace, name).await? else { return Ok(None) };
            version.push_str(&self::version(&found));
            return Ok(found.data.and_then(|mut data| data.remove(key)).map(|bytes| bytes.0));
        }
        let Some(KeyRef { name, key }) = &bundle.config_map_key_ref else { return Ok(None) };
        let maps = Api::<ConfigMap>::namespaced(self.client.clone(), namespace);
        let Some(found) = maps.get_opt(name).await? else { return Ok(None) };
        version.push_str(&self::version(&found));
        Ok(found.data.and_then(|mut data| data.remove(key)).map(String::into_bytes))
    }
}

/// A version that changes with the content. A new Secret with a former name is another version too.
fn version<K: ResourceExt>(found: &K) -> String {
    format!("{}/{};", found.uid().unwrap_or_default(), found.resource_version().unwrap_or_default())
}

/// The keys with text values. A trailing newline is dropped, since `kubectl create secret --from-file` adds it by
/// accident.
fn texts(secret: Secret) -> BTreeMap<String, SecretString> {
    let entries = secret.data.unwrap_or_default().into_iter();
    let texts = entries.filter_map(|(key, value)| {
        let text = String::from_utf8(value.0).ok()?;
        Some((key, SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())))
    });
    texts.collect()
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
