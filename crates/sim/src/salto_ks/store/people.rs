//! People: on the platform, and on a site (2.6).

use jiff::Timestamp;
use uuid::Uuid;

use super::super::ids::{Pu, Su};

/// A person of the platform.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Platform id.
    pub(crate) id: Pu,
    /// Subject of the identity host, which is another id (2.2).
    pub(crate) subject: Uuid,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) language: String,
    /// The person can log in only with a password.
    pub(crate) password: Option<String>,
    /// The person has completed the KS account of the invitation.
    pub(crate) completed: bool,
    /// The site that manages a person without an account.
    pub(crate) managed_by: Option<Uuid>,
    /// Tokens from before this instant are invalid: the password has changed.
    pub(crate) tokens_from: Timestamp,
}

/// A person on a site.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // the fields on the wire
pub(crate) struct SiteUser {
    /// Site-user id.
    pub(crate) id: Su,
    /// Platform id.
    pub(crate) user: Pu,
    /// Codes of roles.
    pub(crate) roles: Vec<String>,
    pub(crate) alias: Option<String>,
    pub(crate) toggle_easy_office_mode: bool,
    pub(crate) toggle_manual_office_mode: bool,
    pub(crate) override_privacy_mode: bool,
    /// Set by hand; see [`Self::may_open_remotely`].
    pub(crate) remote_access: bool,
    pub(crate) blocked: bool,
    /// Holds no seat (2.9).
    pub(crate) suspended: bool,
    pub(crate) use_pin: bool,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) pin: Option<Pin>,
    /// Number of the tag.
    pub(crate) tag: Option<String>,
    /// Until then the platform has not processed this user everywhere (2.4).
    pub(crate) fresh_until: Timestamp,
    /// Deleted, and readable until then (2.3).
    pub(crate) gone_at: Option<Timestamp>,
    pub(crate) changed: Timestamp,
    pub(crate) changed_by: String,
}

/// A PIN; its digits are never readable again (2.6).
#[derive(Clone, Debug)]
pub(crate) struct Pin {
    pub(crate) digits: String,
    pub(crate) expiry: Option<Timestamp>,
}

impl SiteUser {
    /// A user with default fields.
    pub(crate) const fn new(id: Su, user: Pu, now: Timestamp) -> Self {
        Self {
            id,
            user,
            roles: Vec::new(),
            alias: None,
            toggle_easy_office_mode: false,
            toggle_manual_office_mode: false,
            override_privacy_mode: false,
            remote_access: false,
            blocked: false,
            suspended: false,
            use_pin: false,
            expires_at: None,
            pin: None,
            tag: None,
            fresh_until: now,
            gone_at: None,
            changed: now,
            changed_by: String::new(),
        }
    }

    /// True while the platform has not processed this user everywhere.
    pub(crate) fn fresh(&self, now: Timestamp) -> bool {
        now < self.fresh_until
    }

    /// True for a user with this role.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.roles.iter().any(|role| role == code)
    }

    /// True if the site has allowed it and, as measured, for administrators and mobile users.
    pub(crate) fn may_open_remotely(&self) -> bool {
        self.remote_access || self.is("site_admin") || self.is("site_mobile_user")
    }

    /// Records the maker and the time of a change.
    pub(crate) fn touch(&mut self, now: Timestamp, by: &str) {
        self.changed = now;
        by.clone_into(&mut self.changed_by);
    }
}
