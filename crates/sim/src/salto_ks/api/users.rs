//! Site users (2.6).

use super::super::ids::{Pu, Su};
use super::super::odata::{Kind, Options, Properties, Scalar};
use super::super::store::{Profile, SiteUser};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::user_fields::{Fields, email, role_codes};
use super::{Answer, Done, NewUser, create as put_on_site, invite, list, site_user};
use serde_json::{Value, json};

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
    // Most look-ups are by e-mail (2.6), and a site may have many users. `page` reports options that do not parse.
    let options = Options::read(cx.request, PROPERTIES).unwrap_or_default();
    let email = options.filter.as_ref().and_then(|filter| filter.wants("user/email")).map(str::to_lowercase);
    let fits = |profile: &Profile| {
        email.as_deref().is_none_or(|wanted| {
            profile.email.as_deref().is_some_and(|email| {
                email.eq_ignore_ascii_case(wanted) || (!email.is_ascii() && email.to_lowercase() == wanted)
            })
        })
    };
    let pairs = site.users.values().filter_map(|user| Some((user, cx.profile(user.user)?)));
    let users: Vec<(&SiteUser, &Profile)> = pairs.filter(|(_, profile)| fits(profile)).collect();
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

/// A user as an answer.
pub(super) fn show(cx: &Cx<'_>, id: Su, status: u16) -> Done {
    let site = cx.site()?;
    let user = site.users.get(&id).ok_or_else(|| Problem::missing("User"))?;
    let name = user.alias.clone().unwrap_or_default();
    Ok(Answer::json(status, site_user(cx.inner, site, user, cx.now())).about(format!("{name} {id}")))
}

/// `POST S/users`: with an e-mail SALTO mails an invitation, without one there is no mail.
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
    let fields = Fields::of_guest(alias, expires_at);
    let id = add(cx, user, vec!["site_guest".to_owned()], fields);
    show(cx, id, 201)
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
