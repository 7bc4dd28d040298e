//! Decodes an object from the wire, in a form that kube's `Api` and `watcher` accept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use kube::Resource;
use kube::api::{ApiResource, ObjectMeta};
use kube::core::DynamicResourceScope;
use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::ANNOTATIONS;
use super::{DecodedObject, Meta, ObjectKey, Uid};

/// [`DecodedObject`] as kube needs it: a `Resource`, whose `ObjectMeta` holds only the fields that kube's watcher
/// reads. It lives from the wire to the channel. Use `Api<RawObject<..>>` for single objects and for the answers to own
/// writes too, since a typed `Api` fails on an object whose spec is bad.
#[derive(Clone)]
pub struct RawObject<S, T = Value> {
    seen: DecodedObject<S, T>,
    meta: ObjectMeta,
}

impl<S, T> RawObject<S, T> {
    /// The object without the fields that only kube needs.
    pub fn into_seen(self) -> DecodedObject<S, T> {
        self.seen
    }
}

impl<S, T> fmt::Debug for RawObject<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seen.fmt(f)
    }
}

impl<S, T> Resource for RawObject<S, T> {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(of: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&of.kind)
    }

    fn group(of: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&of.group)
    }

    fn version(of: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&of.version)
    }

    fn plural(of: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&of.plural)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

impl<'de, S: DeserializeOwned, T: DeserializeOwned> Deserialize<'de> for RawObject<S, T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let Wire { metadata, spec, status } = Wire::deserialize(input)?;
        let meta = ObjectMeta {
            name: Some(metadata.name.clone()),
            namespace: metadata.namespace.clone(),
            resource_version: Some(metadata.resource_version.0.to_string()),
            ..ObjectMeta::default()
        };
        let spec = serde_path_to_error::deserialize(spec).map_err(|error| sentence(&error));
        let status = serde_json::from_value(status).ok();
        Ok(Self { seen: DecodedObject { meta: metadata.into(), spec, status }, meta })
    }
}

/// Says where a spec is wrong and what is expected there. The value is left out: it may be a person's name.
fn sentence(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let (path, reason) = (error.path().to_string(), error.inner().to_string());
    let place = if path == "." { "spec".to_owned() } else { format!("spec.{path}") };
    let what = match reason.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if reason.starts_with("missing field") => reason,
        None => "it does not have the form of the schema".to_owned(),
    };
    format!("{place} cannot be read: {what}")
}

#[derive(Deserialize)]
struct Wire {
    metadata: WireMeta,
    #[serde(default)]
    spec: Value,
    #[serde(default)]
    status: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMeta {
    name: String,
    namespace: Option<String>,
    uid: Uid,
    resource_version: Version,
    #[serde(default)]
    generation: i64,
    deletion_timestamp: Option<Timestamp>,
    creation_timestamp: Option<Timestamp>,
    finalizers: Option<Vec<String>>,
    annotations: Option<Ours>,
}

impl From<WireMeta> for Meta {
    fn from(wire: WireMeta) -> Self {
        Self {
            key: ObjectKey::new(wire.namespace.unwrap_or_default(), wire.name),
            uid: wire.uid,
            resource_version: wire.resource_version.0,
            generation: wire.generation,
            deleting: wire.deletion_timestamp.is_some(),
            deleted_at: wire.deletion_timestamp,
            finalizers: wire.finalizers.unwrap_or_default(),
            annotations: wire.annotations.map(|ours| ours.0).unwrap_or_default(),
            created: wire.creation_timestamp,
        }
    }
}

/// A resourceVersion, which Kubernetes lets clients compare as a number.
struct Version(u64);

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let number =
            text.parse().map_err(|_| de::Error::custom("metadata.resourceVersion is not a number"))?;
        Ok(Self(number))
    }
}

/// The controller's annotations. The others, such as kubectl's copy of the whole object, are not even copied.
struct Ours(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Ours {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(OursVisitor)
    }
}

struct OursVisitor;

impl<'de> Visitor<'de> for OursVisitor {
    type Value = Ours;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of annotations")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ours, A::Error> {
        let mut ours = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if key.starts_with(ANNOTATIONS) {
                ours.insert(key, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Ours(ours))
    }
}
