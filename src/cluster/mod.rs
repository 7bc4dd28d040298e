//! Talking to Kubernetes: the client with its deadlines, the leader's lease, the watch, and the rows that stay of what
//! it tells.

pub mod client;
pub mod lease;
pub mod object;
pub mod rows;
pub mod secrets;
pub mod store;
pub mod watch;

/// The finalizer of everything that has records in a system. It is written just before the first external write.
pub const FINALIZER: &str = "access.vestibule.dev/records";

/// What the annotations that we read start with; all others are somebody else's and never kept.
pub const ANNOTATIONS: &str = "access.vestibule.dev/";

/// The field manager of everything that the controller writes.
pub const FIELD_MANAGER: &str = "access.vestibule.dev/controller";
