//! The whole state of SALTO KS.

use jiff::Timestamp;

use super::identity::Grants;
use super::seed::Seed;
use super::store::Store;
use super::stream::Hub;
use crate::frame::{Request, Switches};

/// The platform, its identity host, and the seed and switches that they were made from.
pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) grants: Grants,
    pub(super) hub: Hub,
    pub(super) seed: Seed,
    pub(super) switches: Switches,
    /// Base URL of the API and of the identity host, as served.
    pub(super) api_url: String,
    pub(super) identity_url: String,
}

impl Inner {
    /// A switch that is a number of seconds.
    pub(super) fn seconds(&self, switch: &str) -> jiff::SignedDuration {
        jiff::SignedDuration::from_secs(self.switches.whole(switch).unwrap_or(0).clamp(0, 1_000_000_000))
    }

    /// `now` and the seconds of a switch.
    pub(super) fn after(&self, now: Timestamp, switch: &str) -> Timestamp {
        now.saturating_add(self.seconds(switch)).unwrap_or(Timestamp::MAX)
    }

    /// Base URL of a listener with the host name that the caller used.
    pub(super) fn base(&self, request: &Request) -> String {
        let own = if request.listener == "identity" { &self.identity_url } else { &self.api_url };
        let scheme = own.split_once("://").map_or("http", |(scheme, _)| scheme);
        match request.header("host") {
            Some(host) if !host.is_empty() => format!("{scheme}://{host}"),
            _ => own.clone(),
        }
    }

    /// Does what has become due.
    pub(super) fn do_due(&mut self, now: Timestamp) {
        self.store.tick(now);
        self.grants.tick(now);
        self.hub.tick(&self.store, &self.switches, now);
    }
}
