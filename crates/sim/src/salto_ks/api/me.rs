//! The caller (2.5).

use serde_json::{Value, json};

use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, site_user};

/// `GET /v1.2/me`: the platform profile.
pub(super) fn me(cx: &mut Cx<'_>) -> Done {
    let profile = cx.profile(cx.user).ok_or_else(Problem::unauthorized)?;
    let tag = cx.inner.store.sites.values().find_map(|site| site.user_of(cx.user)?.tag.clone());
    Ok(Answer::json(
        200,
        json!({
            "id": profile.id.to_string(),
            "first_name": profile.first_name,
            "last_name": profile.last_name,
            "phone": profile.phone,
            "email": profile.email,
            "language": profile.language,
            "tag_number": tag,
            "tag_rf_id_uid": null,
            "image_url": null,
        }),
    ))
}

/// `GET S/me`: the caller's site user, its ownership and its pods.
pub(super) fn site_me(cx: &mut Cx<'_>) -> Done {
    let site = cx.site()?;
    let user = site.user_of(cx.user).ok_or_else(Problem::refused)?;
    let mut object = site_user(cx.inner, site, user, cx.now());
    let owner = site.owner == Some(cx.user);
    let pods = |member: bool| -> Value {
        let held = site.pods.values().filter(|pod| {
            let list = if member { &pod.members } else { &pod.guests };
            list.contains(&user.id)
        });
        held.map(|pod| json!({ "id": pod.id.to_string(), "customer_reference": pod.name })).collect()
    };
    object["ownership_state"] = json!(if owner { "owner" } else { "site_user" });
    object["member_of_pods"] = pods(true);
    object["guest_of_pods"] = pods(false);
    Ok(Answer::json(200, object))
}
