//! An object as it comes from the API server: its metadata is trusted, its spec and its status are not.
//!
//! A spec that cannot be read is data, a sentence for the user, and never an error of the watch: an object that fails
//! to decode is missing from a streamed list without a word, and would look deleted.

mod decode;
mod uid;

pub use decode::RawObject;
pub use uid::{NotAUid, Uid};

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use vestibule_core::model::ObjectKey;

use super::FINALIZER;

/// What we read of `metadata`. `managedFields`, which often outweigh the object, are skipped while decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Namespace and name.
    pub key: ObjectKey,
    /// `uid`: another one is another object, whatever its name.
    pub uid: Uid,
    /// `resourceVersion`; rises over all objects of a cluster.
    pub resource_version: u64,
    /// `generation`; rises when the spec changes and when deletion is asked for.
    pub generation: i64,
    /// Whether deletion was asked for and waits for finalizers.
    pub deleting: bool,
    /// All finalizers, foreign ones among them.
    pub finalizers: Vec<String>,
    /// Our annotations only.
    pub annotations: BTreeMap<String, String>,
    /// `creationTimestamp`.
    pub created: Option<Timestamp>,
}

impl Meta {
    /// Whether our finalizer is on it.
    pub fn is_ours(&self) -> bool {
        self.finalizers.iter().any(|one| one == FINALIZER)
    }
}

/// An object that was seen: with a spec of kind `S`, or the reason why there is none, and a status of kind `T`.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodedObject<S, T = Value> {
    /// The metadata.
    pub meta: Meta,
    /// The spec, or a sentence that says what in it cannot be read. The sentence holds no value of the spec.
    pub spec: Result<S, String>,
    /// The status; `None` also if it cannot be read, since it is ours to write anew.
    pub status: Option<T>,
}

impl<S, T> fmt::Debug for DecodedObject<S, T> {
    /// Shows which object it is and nothing of what it says: that is about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodedObject").field("meta", &self.meta).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
