//! The connection to Kubernetes: the client with its deadlines, the leader's lease, the watches, and the rows that are
//! kept of watched objects.

pub mod client;
pub mod lease;
pub mod object;
pub mod rows;
pub mod secrets;
pub mod store;
pub mod watch;

/// The finalizer of every object that has records in a system. It is written just before the first external write.
pub const FINALIZER: &str = "access.vestibule.dev/records";

/// The prefix of the annotations that the controller reads. All other annotations belong to others and are never kept.
pub const ANNOTATIONS: &str = "access.vestibule.dev/";

/// The field manager of everything that the controller writes.
pub const FIELD_MANAGER: &str = "access.vestibule.dev/controller";
