//! The logins of a seed.

use super::spec::UserSpec;
use super::{RightsSpec, Seed};
use crate::frame::logins::lines;

impl Seed {
    /// A line for each user of the API.
    pub(in crate::netbox) fn logins(&self) -> Vec<String> {
        let login = |user: &UserSpec| {
            let rights = match user.rights {
                RightsSpec::ReadOnly => "read only",
                RightsSpec::ReadWrite => "read and write",
                RightsSpec::Setup => "full system setup",
            };
            format!("{} / {} ({rights})", user.username, user.password)
        };
        lines("login", self.users.iter().map(login))
    }
}
