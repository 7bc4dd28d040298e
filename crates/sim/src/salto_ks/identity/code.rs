//! Codes and refresh tokens that are out.

use jiff::Timestamp;

use super::super::ids::Pu;

/// An authorization code, good for one use within [`CODE_SECONDS`].
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) client_id: String,
    pub(super) user: Pu,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
    /// When the person logged in.
    pub(super) logged_in: Timestamp,
    pub(super) expires: Timestamp,
}

/// How long a code is good.
pub(super) const CODE_SECONDS: i64 = 300;

/// A refresh token (2.15 #1).
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    pub(super) client_id: String,
    pub(super) user: Pu,
    pub(super) scopes: Vec<String>,
    /// When the person logged in.
    pub(super) logged_in: Timestamp,
    pub(super) since: Timestamp,
}
