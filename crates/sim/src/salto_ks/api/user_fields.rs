//! The fields that create, link and PATCH of a user share (2.6).

use jiff::Timestamp;
use uuid::Uuid;

use super::super::store::{SiteUser, role_id};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::roles;

/// An empty e-mail is 1101: the key must be absent.
pub(super) fn email(body: &Body) -> Result<Option<String>, Problem> {
    let email = body.text("email")?;
    match email {
        Some(email) if !email.contains('@') || email.trim() != email => {
            Err(Problem::value(format!("Email '{email}' is not valid")))
        }
        email => Ok(email),
    }
}

/// Codes of `role_ids`: known, assignable by the caller, one of them hierarchical.
pub(super) fn role_codes(cx: &Cx<'_>, body: &Body) -> Result<Option<Vec<String>>, Problem> {
    let Some(ids) = body.ids("role_ids")? else {
        return Ok(None);
    };
    let assignable = roles::assignable(cx)?;
    let find = |id: &Uuid| assignable.iter().find(|role| role_id(&cx.inner.switches, role) == *id);
    let found: Option<Vec<_>> = ids.iter().map(find).collect();
    let found = found.ok_or_else(|| Problem::value("A role is unknown or may not be assigned"))?;
    if !found.iter().any(|role| role.hierarchical) {
        return Err(Problem::value("At least one hierarchical role is required"));
    }
    Ok(Some(found.iter().map(|role| role.code.clone()).collect()))
}

/// The fields that create, link and PATCH share.
#[derive(Default)]
pub(super) struct Fields {
    alias: Option<String>,
    pub(super) blocked: Option<bool>,
    use_pin: Option<bool>,
    override_privacy_mode: Option<bool>,
    toggle_easy_office_mode: Option<bool>,
    toggle_manual_office_mode: Option<bool>,
    remote_access: Option<bool>,
    /// The field as sent: `null` clears the expiry.
    expires_at: Option<(Option<Timestamp>,)>,
    tag: Option<String>,
}

impl Fields {
    /// The fields of a guest.
    pub(super) fn of_guest(alias: String, expires_at: Timestamp) -> Self {
        Self { alias: Some(alias), expires_at: Some((Some(expires_at),)), ..Self::default() }
    }

    /// Reads them.
    pub(super) fn read(cx: &Cx<'_>, body: &Body) -> Result<Self, Problem> {
        let tag = match body.id("tag_id")? {
            None => None,
            Some(id) => {
                let tag = cx.site()?.tags.iter().find(|tag| tag.id == id);
                Some(tag.ok_or_else(|| Problem::missing("Tag"))?.number.clone())
            }
        };
        let accepted = cx.inner.switches.is("expires-at.users", "accepted") && body.has("expires_at");
        Ok(Self {
            alias: body.text("alias")?,
            blocked: body.flag("blocked")?,
            use_pin: body.flag("use_pin")?,
            override_privacy_mode: body.flag("override_privacy_mode")?,
            toggle_easy_office_mode: body.flag("toggle_easy_office_mode")?,
            toggle_manual_office_mode: body.flag("toggle_manual_office_mode")?,
            remote_access: None,
            expires_at: if accepted { Some((body.instant("expires_at")?,)) } else { None },
            tag,
        })
    }

    /// Applies the fields that are given.
    pub(super) fn apply(self, user: &mut SiteUser) {
        if self.alias.is_some() {
            user.alias = self.alias;
        }
        user.blocked = self.blocked.unwrap_or(user.blocked);
        user.use_pin = self.use_pin.unwrap_or(user.use_pin);
        user.override_privacy_mode = self.override_privacy_mode.unwrap_or(user.override_privacy_mode);
        user.toggle_easy_office_mode = self.toggle_easy_office_mode.unwrap_or(user.toggle_easy_office_mode);
        user.toggle_manual_office_mode =
            self.toggle_manual_office_mode.unwrap_or(user.toggle_manual_office_mode);
        user.remote_access = self.remote_access.unwrap_or(user.remote_access);
        if let Some((end,)) = self.expires_at {
            user.expires_at = end;
        }
        if self.tag.is_some() {
            user.tag = self.tag;
        }
    }
}
