//! Members of a group, by platform id; no dates (2.3, 2.7, 2.8).

use uuid::Uuid;

use super::super::ids::Pu;
use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::Profile;
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::user_json::platform_user;
use super::{Answer, Done, list};

const PROPERTIES: Properties =
    &[("id", Kind::Text), ("email", Kind::Text), ("first_name", Kind::Text), ("last_name", Kind::Text)];

/// `GET .../{ag}/users`: platform users.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let site = cx.site()?;
    let members: Vec<&Profile> = cx.group()?.members.keys().filter_map(|user| cx.profile(user)).collect();
    let field = |profile: &&Profile, path: &str| match path {
        "id" => Scalar::pu(profile.id),
        "email" => profile.email.clone().map_or(Scalar::Null, |email| Scalar::Text(email.into())),
        "first_name" => Scalar::Text(profile.first_name.clone().into()),
        _ => Scalar::Text(profile.last_name.clone().into()),
    };
    list::page(cx, PROPERTIES, members, field, |profile| platform_user(profile, site))
}

/// The user of the site with this platform id; a site-user id in its place is 2202.
fn user(cx: &Cx<'_>, id: Uuid) -> Result<Pu, Problem> {
    let site = cx.site()?;
    let user = site.user_of(Pu(id)).filter(|user| !user.fresh(cx.now()));
    let user = user.ok_or_else(|| Problem::missing("User"))?;
    if site.pod_of(user.id).is_some() {
        return Err(Problem::listed(2220));
    }
    Ok(user.user)
}

/// The answer of a switch to a change that changes nothing (2.15 #6).
fn already(cx: &Cx<'_>, switch: &str) -> Result<(), Problem> {
    match cx.inner.switches.get(switch) {
        "400" => Err(Problem::value("The membership is already so")),
        "404" => Err(Problem::missing("User")),
        _ => Ok(()),
    }
}

/// Checks a whole change, then applies it.
fn change(cx: &mut Cx<'_>, adds: &[Uuid], removes: &[Uuid]) -> Result<(), Problem> {
    let users = adds.iter().map(|id| user(cx, *id)).collect::<Result<Vec<Pu>, _>>()?;
    let group = cx.group()?;
    if users.iter().any(|user| group.members.has(user)) {
        already(cx, "members.added-twice")?;
    }
    if removes.iter().any(|id| !group.members.has(&Pu(*id))) {
        already(cx, "members.removed-absent")?;
    }
    let now = cx.now();
    let group = cx.group_mut()?;
    for id in removes {
        group.members.remove(&Pu(*id));
    }
    for user in users {
        if !group.members.has(&user) {
            group.members.insert(user, now);
        }
    }
    Ok(())
}

/// `POST .../{ag}/users {user_id}`.
pub(super) fn add(cx: &mut Cx<'_>) -> Done {
    cx.group()?;
    let id = Body::read(cx.request)?.id("user_id")?;
    let id = id.ok_or_else(|| Problem::invalid("The user_id field is required"))?;
    change(cx, &[id], &[])?;
    Ok(Answer::empty(200).about(id.to_string()))
}

/// `PATCH .../{ag}/users {add_ids, remove_ids}`: in bulk, all or nothing.
pub(super) fn patch(cx: &mut Cx<'_>) -> Done {
    cx.group()?;
    let body = Body::read(cx.request)?;
    if !body.has("add_ids") && !body.has("remove_ids") {
        return Err(Problem::invalid("add_ids or remove_ids is required"));
    }
    let (adds, removes) =
        (body.ids("add_ids")?.unwrap_or_default(), body.ids("remove_ids")?.unwrap_or_default());
    change(cx, &adds, &removes)?;
    Ok(Answer::empty(200).about(format!("{} in, {} out", adds.len(), removes.len())))
}

/// `DELETE .../{ag}/users/{PU}`.
pub(super) fn delete(cx: &mut Cx<'_>) -> Done {
    let id = Pu(cx.id(2)?);
    if !cx.group()?.members.has(&id) {
        already(cx, "members.deleted-twice")?;
        return Ok(Answer::empty(200));
    }
    cx.group_mut()?.members.remove(&id);
    Ok(Answer::empty(cx.status("status.delete")).about(id.to_string()))
}
