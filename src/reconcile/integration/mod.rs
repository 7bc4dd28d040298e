//! Integrations: one connection of one Property to one system, and the engine that serves it.

mod connection;
mod deletion;
mod described;
mod held;
mod secrets;
mod status;
mod validate;

pub use connection::{Connection, ConnectionParts};
pub use described::{address, capabilities};
pub use secrets::{Named, SecretReader};
pub use status::{Said, Situation, said, verdict};
pub use validate::{Refusal, Secrets, Validated, leaves_records, named_owner_id, takes_visitors, validate};

use crate::api::AccessIntegrationSpec;
use crate::cluster::object::DecodedObject;

/// An AccessIntegration as it comes from the API server.
pub type Object = DecodedObject<AccessIntegrationSpec, Said>;
