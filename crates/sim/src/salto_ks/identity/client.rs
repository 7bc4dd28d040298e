//! OAuth clients.

use serde::Deserialize;

/// A client as SALTO registers it (2.2).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// Its id.
    #[allow(clippy::struct_field_names)] // the name in OAuth
    pub client_id: String,
    /// Its secret; a public client has none.
    #[serde(default)]
    #[allow(clippy::struct_field_names)] // the name in OAuth
    pub client_secret: Option<String>,
    /// Redirect URIs.
    #[serde(default)]
    pub redirect_uris: Vec<Redirect>,
    /// Scopes that it may request; empty: all.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Grants that it may use; empty: the three that work.
    #[serde(default)]
    pub grants: Vec<String>,
}

/// One redirect URI.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub(crate) enum Redirect {
    /// `loopback`: any port and path on this machine.
    Loopback,
    /// Exactly this URI.
    Exact(String),
}

impl From<String> for Redirect {
    fn from(text: String) -> Self {
        if text == "loopback" { Self::Loopback } else { Self::Exact(text) }
    }
}

impl Client {
    /// True if codes may be sent to this URI.
    pub(super) fn redirects_to(&self, uri: &str) -> bool {
        let sound = uri.bytes().all(|b| b.is_ascii_graphic());
        sound
            && self.redirect_uris.iter().any(|known| match known {
                Redirect::Loopback => is_loopback(uri),
                Redirect::Exact(exact) => exact == uri,
            })
    }

    /// True if it may use this grant.
    pub(super) fn may(&self, grant: &str) -> bool {
        self.grants.is_empty() || self.grants.iter().any(|known| known == grant)
    }

    /// The scopes of a request, or `None` if one is not allowed. The default is `user_api.full_access`.
    pub(super) fn scopes_of(&self, asked: &str) -> Option<Vec<String>> {
        let allowed = |scope: &str| {
            super::SCOPES.contains(&scope)
                && (self.scopes.is_empty() || self.scopes.iter().any(|s| s == scope))
        };
        let mut scopes: Vec<String> = asked.split_whitespace().map(str::to_owned).collect();
        if scopes.is_empty() {
            scopes.push("user_api.full_access".to_owned());
        }
        scopes.iter().all(|scope| allowed(scope)).then_some(scopes)
    }
}

fn is_loopback(uri: &str) -> bool {
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    matches!(host, "localhost" | "::1") || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}
