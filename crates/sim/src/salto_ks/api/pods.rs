//! Pods (2.12): only the effects on a client that does not use them.

use serde_json::json;

use super::super::ids::Su;
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, NewUser, create, invite};

/// `PATCH /v1.1/sites/{s}/pods/{p}/members {add_members, remove_member_ids}`.
pub(super) fn members(cx: &mut Cx<'_>) -> Done {
    let id = cx.id(1)?;
    cx.site()?.pods.get(&id).ok_or_else(|| Problem::missing("Pod"))?;
    let body = Body::read(cx.request)?;
    let removes = body.ids("remove_member_ids")?.unwrap_or_default();
    let adds = body.objects("add_members")?;
    let adds = adds.iter().map(new_member).collect::<Result<Vec<_>, _>>()?;
    if removes.iter().any(|removed| cx.site().is_ok_and(|site| site.pod_of(Su(*removed)).is_none())) {
        return Err(Problem::missing("User"));
    }
    for removed in removes {
        cx.site_mut()?.remove_user(Su(removed), None);
    }
    for new in adds {
        let (now, client) = (cx.now(), cx.client.clone());
        let user = new.profile(cx.inner, cx.site);
        let member = create(cx.inner, cx.site, user, now, |new| new.roles.push("site_pod_member".to_owned()));
        invite(cx.inner, cx.site, member, &client, now);
        if let Some(pod) = cx.site_mut()?.pods.get_mut(&id) {
            pod.members.push(member);
        }
    }
    Ok(Answer::json(200, json!({ "id": id.to_string() })))
}

fn new_member(body: &Body) -> Result<NewUser, Problem> {
    let (first_name, last_name) = (body.need("first_name")?, body.need("last_name")?);
    Ok(NewUser { first_name, last_name, email: body.text("email")? })
}

/// `POST /v1.1/pods/guests {first_name,last_name}`: a guest of the caller's own pod.
pub(super) fn guest(cx: &mut Cx<'_>) -> Done {
    let new = new_member(&Body::read(cx.request)?)?;
    let own = cx.inner.store.sites.values().find_map(|site| {
        let user = site.user_of(cx.user)?.id;
        let pod = site.pods.values().find(|pod| pod.members.contains(&user))?;
        Some((site.id, pod.id))
    });
    let (site, pod) = own.ok_or_else(Problem::refused)?;
    let now = cx.now();
    let user = new.profile(cx.inner, site);
    let guest = create(cx.inner, site, user, now, |new| new.roles.push("site_guest".to_owned()));
    if let Some(pod) = cx.inner.store.sites.get_mut(&site).and_then(|site| site.pods.get_mut(&pod)) {
        pod.guests.push(guest);
    }
    Ok(Answer::json(201, json!({ "id": guest.to_string() })))
}
