//! Talking to Kubernetes: the client with its deadlines, the leader's lease, what is watched.

pub mod client;
pub mod lease;
