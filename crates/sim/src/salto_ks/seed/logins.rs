//! The logins of a seed.

use super::super::identity::Client;
use super::super::store::{Site, Store};
use super::{ProfileSpec, Seed};
use crate::frame::logins::lines;

impl Seed {
    /// A line for each OAuth client, each KS account that can log in, and each site with its id.
    pub(in crate::salto_ks) fn logins(&self, store: &Store) -> Vec<String> {
        let client = |client: &Client| match &client.client_secret {
            Some(secret) => format!("{} / {secret}", client.client_id),
            None => format!("{} (public, no secret)", client.client_id),
        };
        let user = |profile: &ProfileSpec| {
            let password = profile.password.as_ref()?;
            Some(format!("{} / {password}", profile.email))
        };
        let site = |site: &Site| format!("{} ({})", site.id, site.name);
        let clients = lines("login client", self.clients.iter().map(client));
        let users = lines("login user", self.profiles.iter().filter_map(user));
        let sites = lines("site", store.sites.values().map(site));
        [clients, users, sites].concat()
    }
}
