//! Authorization codes and refresh tokens.

use jiff::Timestamp;

use super::super::ids::Pu;

/// An authorization code, valid for one use within [`CODE_SECONDS`].
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) user: Pu,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
    /// Time of the login.
    pub(super) logged_in: Timestamp,
    pub(super) expires: Timestamp,
}

/// The lifetime of a code.
pub(super) const CODE_SECONDS: i64 = 300;

/// A refresh token (2.15 #1).
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    pub(super) client_id: String,
    pub(super) user: Pu,
    pub(super) scopes: Vec<String>,
    /// Time of the login.
    pub(super) logged_in: Timestamp,
    pub(super) since: Timestamp,
}
