//! The context of a call, and the checks before it runs.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::ids::{self, Pu, Su};
use super::super::inner::Inner;
use super::super::store::{Group, Profile, Site, SiteUser};
use super::problem::Problem;
use super::routes::{Rights, Route};
use crate::frame::{Call, Request};

/// A call.
pub(in super::super) struct Cx<'a> {
    pub(in super::super) inner: &'a mut Inner,
    pub(in super::super) request: &'a Request,
    pub(in super::super) call: &'a Call<'a>,
    /// Ids of the path, the site's first.
    pub(super) ids: &'a [String],
    /// Platform id of the caller.
    pub(super) user: Pu,
    /// The OAuth client.
    pub(super) client: String,
    /// The site, nil for calls without one.
    pub(super) site: Uuid,
}

/// The caller.
pub(in super::super) struct Caller {
    pub(in super::super) user: Pu,
    pub(in super::super) client: String,
}

/// The person behind the bearer token; a token always acts as one KS user (2.2).
pub(in super::super) fn caller(inner: &Inner, request: &Request, now: Timestamp) -> Result<Caller, Problem> {
    let header = request.header("authorization").unwrap_or_default();
    let bearer = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    // A browser cannot set headers on a stream, so SignalR puts the token into the query.
    let in_query = || request.query_value("access_token").filter(|_| request.path.contains("/hub/"));
    let token = bearer.map(|(_, token)| token.trim().to_owned()).or_else(in_query);
    let holder =
        token.and_then(|token| inner.grants.holder(&token, now)).ok_or_else(Problem::unauthorized)?;
    let profile = inner.store.profiles.by_subject(holder.subject);
    let profile = profile.filter(|profile| profile.tokens_from <= holder.issued);
    let profile = profile.ok_or_else(Problem::unauthorized)?;
    if !holder.scopes.iter().any(|scope| scope == "user_api.full_access") {
        return Err(Problem::bare(403));
    }
    Ok(Caller { user: profile.id, client: holder.client_id })
}

/// Finds the site and checks the rights of the caller on it.
pub(super) fn admit(cx: &mut Cx<'_>, route: &Route) -> Result<(), Problem> {
    if route.rights == Rights::Token {
        return Ok(());
    }
    let id = cx.ids.first().and_then(|id| ids::read(id));
    let id = id.ok_or_else(|| Problem::invalid("The site id is not a valid UUID"))?;
    let site = cx.inner.store.sites.get(&id).ok_or_else(|| Problem::missing("Site"))?;
    let user = site.user_of(cx.user).ok_or_else(Problem::refused)?;
    let owner = site.owner == Some(cx.user);
    let custom = user.roles.iter().any(|code| site.custom_roles.iter().any(|role| role.code == *code));
    let manages = owner || custom || user.is("site_admin") || user.is("site_super_user");
    match route.rights {
        Rights::Admin if !(owner || user.is("site_admin")) => return Err(Problem::forbidden()),
        Rights::Manage if !manages => return Err(Problem::refused()),
        _ => {}
    }
    if matches!(route.rights, Rights::Manage | Rights::Act) {
        act(site, user, route)?;
    }
    cx.site = id;
    Ok(())
}

/// A suspended user cannot act (2.9); a site must be released (2210) and, for changes, have a subscription (2212).
fn act(site: &Site, user: &SiteUser, route: &Route) -> Result<(), Problem> {
    if user.suspended {
        return Err(Problem::refused());
    }
    if !site.released {
        return Err(Problem::new(400, 2210, "The site is not released by the installer"));
    }
    if !site.valid && route.method != "GET" {
        return Err(Problem::unpaid());
    }
    Ok(())
}

impl Cx<'_> {
    /// The simulated present.
    pub(super) const fn now(&self) -> Timestamp {
        self.call.now
    }

    /// The id at this index of the path; the site has index 0.
    pub(super) fn id(&self, place: usize) -> Result<Uuid, Problem> {
        let id = self.ids.get(place).and_then(|id| ids::read(id));
        id.ok_or_else(|| Problem::invalid("The id is not a valid UUID"))
    }

    /// The site.
    pub(in super::super) fn site(&self) -> Result<&Site, Problem> {
        self.inner.store.sites.get(&self.site).ok_or_else(|| Problem::missing("Site"))
    }

    /// The site, mutable.
    pub(super) fn site_mut(&mut self) -> Result<&mut Site, Problem> {
        self.inner.store.sites.get_mut(&self.site).ok_or_else(|| Problem::missing("Site"))
    }

    /// The user whose site-user id is in the path.
    pub(super) fn su(&self) -> Result<Su, Problem> {
        let id = Su(self.id(1)?);
        let user = self.site()?.users.get(&id).ok_or_else(|| Problem::missing("User"))?;
        Ok(user.id)
    }

    /// The same, mutable: neither deleted nor a member of a pod (2220).
    pub(super) fn user_mut(&mut self) -> Result<&mut SiteUser, Problem> {
        let id = self.su()?;
        if self.site()?.pod_of(id).is_some() {
            return Err(Problem::listed(2220));
        }
        let user = self.site_mut()?.users.get_mut(&id).filter(|user| user.gone_at.is_none());
        user.ok_or_else(|| Problem::missing("User"))
    }

    /// The group whose id is in the path.
    pub(super) fn group(&self) -> Result<&Group, Problem> {
        let id = self.id(1)?;
        self.site()?.groups.get(&id).ok_or_else(|| Problem::missing("Access group"))
    }

    /// The same, mutable.
    pub(super) fn group_mut(&mut self) -> Result<&mut Group, Problem> {
        let (id, now, by) = (self.id(1)?, self.now(), self.who());
        let group = self.site_mut()?.groups.get_mut(&id).ok_or_else(|| Problem::missing("Access group"))?;
        group.touch(now, &by);
        Ok(group)
    }

    /// The caller's name for the page.
    pub(super) fn who(&self) -> String {
        let email = self.profile(self.user).and_then(|p| p.email.clone());
        format!("{} ({})", email.unwrap_or_default(), self.client)
    }

    /// A person of the platform.
    pub(super) fn profile(&self, user: Pu) -> Option<&Profile> {
        self.inner.store.profiles.get(&user)
    }

    /// A success code that a switch decides (2.15 #8).
    pub(super) fn status(&self, switch: &str) -> u16 {
        self.inner.switches.get(switch).parse().unwrap_or(204)
    }
}
