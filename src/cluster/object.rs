//! An object as it comes from the API server. Its metadata is trusted; its spec and its status are not.
//!
//! A spec that cannot be read is data, with a sentence for the user, and never an error of the watch: an object that
//! fails to decode would be missing from a streamed list without a trace, and would look deleted.

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

/// The fields of `metadata` that the controller reads. `managedFields`, often larger than the rest of the object, is
/// skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Namespace and name.
    pub key: ObjectKey,
    /// `uid`. An object with another uid is another object, even if it has the same name.
    pub uid: Uid,
    /// `resourceVersion`; rises over all objects of a cluster.
    pub resource_version: u64,
    /// `generation`; rises when the spec changes and when deletion is requested.
    pub generation: i64,
    /// Whether deletion was requested and waits for finalizers.
    pub deleting: bool,
    /// `deletionTimestamp`.
    pub deleted_at: Option<Timestamp>,
    /// All finalizers, including foreign ones.
    pub finalizers: Vec<String>,
    /// Only the annotations of the controller.
    pub annotations: BTreeMap<String, String>,
    /// `creationTimestamp`.
    pub created: Option<Timestamp>,
}

impl Meta {
    /// Whether the controller's finalizer is on the object.
    pub fn is_ours(&self) -> bool {
        self.finalizers.iter().any(|one| one == FINALIZER)
    }
}

/// A decoded object, with a spec of type `S` or the reason why there is none, and a status of type `T`.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodedObject<S, T = Value> {
    /// The metadata.
    pub meta: Meta,
    /// The spec, or a sentence that names what in it cannot be read. The sentence contains no value of the spec.
    pub spec: Result<S, String>,
    /// The status. `None` also if it cannot be read: the controller writes it anew.
    pub status: Option<T>,
}

impl<S, T> fmt::Debug for DecodedObject<S, T> {
    /// Shows which object it is and nothing of its spec, which holds personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodedObject").field("meta", &self.meta).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
