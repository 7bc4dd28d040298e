//! The parts of a client that no system changes: the addresses that may be called, and the certificates that are trusted.

pub(super) mod address;
pub(super) mod tls;
