//! Site users (2.6).

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::ids::{Pu, Su};
use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{Profile, SiteUser, role_id};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, NewUser, create as put_on_site, invite, list, roles, site_user};

const PROPERTIES: Properties = &[
    ("id", Kind::Text),
    ("alias", Kind::Text),
    ("blocked", Kind::Bool),
    ("use_pin", Kind::Bool),
    ("expires_at", Kind::Instant),
    ("subscription_state", Kind::Text),
    ("user/id", Kind::Text),
    ("user/email", Kind::Text),
    ("user/first_name", Kind::Text),
    ("user/last_name", Kind::Text),
];

/// `GET S/users`.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let site = cx.site()?;
    let pairs = site.users.values().filter_map(|user| Some((user, cx.profile(user.user)?)));
    let users: Vec<(&SiteUser, &Profile)> = pairs.collect();
    let text = |text: &Option<String>| text.clone().map_or(Scalar::Null, |text| Scalar::Text(text.into()));
    let field = |(user, profile): &(&SiteUser, &Profile), path: &str| match path {
        "id" => Scalar::id(user.id.0),
        "alias" => text(&user.alias),
        "blocked" => Scalar::Bool(user.blocked),
        "use_pin" => Scalar::Bool(user.use_pin),
        "expires_at" => Scalar::instant(user.expires_at),
        "subscription_state" => {
            Scalar::Text(if site.subscribed(user) { "subscribed" } else { "suspended" }.into())
        }
        "user/id" => Scalar::pu(profile.id),
        "user/email" => text(&profile.email),
        "user/first_name" => Scalar::Text(profile.first_name.clone().into()),
        _ => Scalar::Text(profile.last_name.clone().into()),
    };
    list::page(cx, PROPERTIES, users, field, |(user, _)| site_user(cx.inner, site, user, cx.now()))
}

/// `GET S/users/{SU}`.
pub(super) fn get(cx: &mut Cx<'_>) -> Done {
    let id = cx.su()?;
    show(cx, id, 200)
}

fn show(cx: &Cx<'_>, id: Su, status: u16) -> Done {
    let site = cx.site()?;
    let user = site.users.get(&id).ok_or_else(|| Problem::missing("User"))?;
    let name = user.alias.clone().unwrap_or_default();
    Ok(Answer::json(status, site_user(cx.inner, site, user, cx.now())).about(format!("{name} {id}")))
}

/// `POST S/users`: with an e-mail SALTO mails the invitation, without there is no mail.
pub(super) fn create(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let (first_name, last_name) = (body.need("first_name")?, body.need("last_name")?);
    let roles = role_codes(cx, &body)?.ok_or_else(|| Problem::invalid("The role_ids field is required"))?;
    let email = email(&body)?;
    let fields = Fields::read(cx, &body)?;
    let known = email.as_deref().and_then(|email| cx.inner.store.by_email(email)).map(|profile| profile.id);
    let user = match known {
        Some(known) => match cx.inner.switches.get("users.known-email") {
            "existing" => known,
            "second" => NewUser { first_name, last_name, email }.profile(cx.inner, cx.site),
            _ => return Err(Problem::value("The e-mail address is already in use")),
        },
        None => NewUser { first_name, last_name, email }.profile(cx.inner, cx.site),
    };
    if let Some(id) = cx.site()?.by_user.get(&user).copied() {
        return show(cx, id, 200);
    }
    let id = add(cx, user, roles, fields);
    invite(cx.inner, cx.site, id, &cx.client.clone(), cx.now());
    show(cx, id, 200)
}

/// `POST /v1.1/sites/{id}/users/existing`: links a KS account by its platform id.
pub(super) fn existing(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let user = Pu(body.id("id")?.ok_or_else(|| Problem::invalid("The id field is required"))?);
    let roles = role_codes(cx, &body)?.ok_or_else(|| Problem::invalid("The role_ids field is required"))?;
    let fields = Fields::read(cx, &body)?;
    cx.profile(user).ok_or_else(|| Problem::missing("User"))?;
    if cx.site()?.by_user.contains_key(&user) {
        return Err(Problem::value("The user is already linked to this site"));
    }
    let id = add(cx, user, roles, fields);
    show(cx, id, 200)
}

fn add(cx: &mut Cx<'_>, user: Pu, roles: Vec<String>, fields: Fields) -> Su {
    let (by, now) = (cx.who(), cx.now());
    put_on_site(cx.inner, cx.site, user, now, |new| {
        new.roles = roles;
        fields.apply(new);
        new.touch(now, &by);
    })
}

/// `POST S/guests`: 201, no e-mail, no mail, and a seat.
pub(super) fn guest(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let alias = body.need("alias")?;
    let expires_at = body.instant("expires_at")?;
    let expires_at = expires_at.ok_or_else(|| Problem::invalid("The expires_at field is required"))?;
    let new = NewUser { first_name: alias.clone(), last_name: String::new(), email: None };
    let user = new.profile(cx.inner, cx.site);
    let fields = Fields { alias: Some(alias), expires_at: Some((Some(expires_at),)), ..Fields::default() };
    let id = add(cx, user, vec!["site_guest".to_owned()], fields);
    show(cx, id, 201)
}

/// An empty e-mail is 1101: the key has to be left out.
fn email(body: &Body) -> Result<Option<String>, Problem> {
    let email = body.text("email")?;
    if email.as_deref().is_some_and(|email| !email.contains('@') || email.trim() != email) {
        return Err(Problem::value("The e-mail address is not valid"));
    }
    Ok(email)
}

/// Codes of `role_ids`: known, assignable by the caller, one of them hierarchical.
fn role_codes(cx: &Cx<'_>, body: &Body) -> Result<Option<Vec<String>>, Problem> {
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

/// What create, link and PATCH have in common.
#[derive(Default)]
struct Fields {
    alias: Option<String>,
    blocked: Option<bool>,
    use_pin: Option<bool>,
    override_privacy_mode: Option<bool>,
    toggle_easy_office_mode: Option<bool>,
    toggle_manual_office_mode: Option<bool>,
    remote_access: Option<bool>,
    /// Given at all, and to what.
    expires_at: Option<(Option<jiff::Timestamp>,)>,
    tag: Option<String>,
}

impl Fields {
    fn read(cx: &Cx<'_>, body: &Body) -> Result<Self, Problem> {
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

    fn apply(self, user: &mut SiteUser) {
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

/// `PATCH S/users/{SU}`, partial; alias, roles and e-mail by 2.15 #11.
pub(super) fn patch(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let id = cx.su()?;
    let rule = cx.inner.switches.get("users.patch").to_owned();
    let (about_person, about_email) = (body.has("alias") || body.has("role_ids"), body.has("email"));
    if (about_person && rule == "none") || (about_email && rule != "all") {
        return Err(Problem::value("The field cannot be changed"));
    }
    let (roles, email, fields) = (role_codes(cx, &body)?, email(&body)?, Fields::read(cx, &body)?);
    let unblocks = fields.blocked == Some(false);
    let (by, now) = (cx.who(), cx.now());
    let user = cx.user_mut()?;
    let was_blocked = user.blocked;
    fields.apply(user);
    user.roles = roles.unwrap_or_else(|| std::mem::take(&mut user.roles));
    user.touch(now, &by);
    let platform = user.user;
    if unblocks && was_blocked {
        seat_again(cx, id)?;
    }
    if let (Some(email), Some(profile)) = (email, cx.inner.store.profiles.get_mut(&platform)) {
        profile.email = Some(email);
    }
    show(cx, id, 200)
}

/// Where a blocked user keeps no seat, one that comes back needs one (2.15 #10).
fn seat_again(cx: &mut Cx<'_>, id: Su) -> Result<(), Problem> {
    if cx.inner.switches.is("blocked.keeps-seat", "yes") {
        return Ok(());
    }
    let site = cx.site_mut()?;
    let full = site.seats_used(false) > site.seats;
    if let Some(user) = site.users.get_mut(&id).filter(|_| full) {
        user.suspended = true;
    }
    Ok(())
}

/// `PATCH S/users/{SU}/subscription`: `{"state": ...}`; any other field is 1101.
pub(super) fn subscription(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let suspend = match body.text("state")?.as_deref() {
        Some("suspended") => true,
        Some("subscribed") => false,
        _ => return Err(Problem::value("The state field must be subscribed or suspended")),
    };
    let keeps = cx.inner.switches.is("blocked.keeps-seat", "yes");
    let refuses = cx.inner.switches.is("resume.no-seat", "403");
    let site = cx.site()?;
    let full = site.seats_used(keeps) >= site.seats;
    let (by, now, status) = (cx.who(), cx.now(), cx.status("status.subscription"));
    let user = cx.user_mut()?;
    if !suspend && user.suspended && full {
        if refuses {
            return Err(Problem::unpaid());
        }
    } else {
        user.suspended = suspend;
    }
    user.touch(now, &by);
    Ok(Answer::empty(status).about(user.id.to_string()))
}

/// `DELETE S/users/{SU}`: 202, the seat is free at once. A completed profile stays, another goes (2.6).
pub(super) fn delete(cx: &mut Cx<'_>) -> Done {
    let user = cx.user_mut()?;
    let (id, platform) = (user.id, user.user);
    if cx.site()?.owner == Some(platform) {
        return Err(Problem::refused());
    }
    let seconds = cx.inner.switches.whole("users.delete-seconds").unwrap_or(0);
    let until = (seconds > 0).then(|| cx.inner.after(cx.now(), "users.delete-seconds"));
    cx.site_mut()?.remove_user(id, until);
    let elsewhere = cx.inner.store.sites.values().any(|site| site.by_user.contains_key(&platform));
    let completed = cx.profile(platform).is_some_and(|profile| profile.completed);
    if !completed && !elsewhere && until.is_none() {
        cx.inner.store.profiles.remove(&platform);
    } else if let Some(profile) =
        cx.inner.store.profiles.get_mut(&platform).filter(|_| !completed && !elsewhere)
    {
        profile.email = None;
    }
    Ok(Answer::empty(202).about(id.to_string()))
}

/// `GET /v1.1/users/search?search_for={email or tag}&for_site_id={uuid}`.
pub(super) fn search(cx: &mut Cx<'_>) -> Done {
    let wanted = cx.request.query_value("search_for").filter(|text| !text.is_empty());
    let wanted = wanted.ok_or_else(|| Problem::invalid("search_for is required"))?;
    let site = cx.request.query_value("for_site_id").and_then(|id| super::super::ids::read(&id));
    let site = site.ok_or_else(|| Problem::invalid("for_site_id is not a valid UUID"))?;
    let site = cx.inner.store.sites.get(&site).ok_or_else(|| Problem::missing("Site"))?;
    site.user_of(cx.user).ok_or_else(Problem::refused)?;
    let by_tag = || site.users.values().find(|user| user.tag.as_deref() == Some(wanted.as_str()));
    let found = cx.inner.store.by_email(&wanted);
    let found = found.or_else(|| by_tag().and_then(|user| cx.profile(user.user)));
    let Some(profile) = found else {
        return match cx.inner.switches.get("users.search-miss") {
            "null" => Ok(Answer::json(200, Value::Null)),
            "empty" => Ok(Answer::empty(200)),
            _ => Err(Problem::missing("User")),
        };
    };
    Ok(Answer::json(
        200,
        json!({
            "id": profile.id.to_string(),
            "first_name": profile.first_name,
            "last_name": profile.last_name,
            "image_url": null,
            "is_managed": profile.managed_by.is_some(),
            "has_identity": profile.completed,
            "is_linked": site.by_user.contains_key(&profile.id),
        }),
    ))
}
