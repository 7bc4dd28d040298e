//! Objects in the answers of several calls.

use serde_json::{Value, json};

use super::super::inner::Inner;
use super::super::store::{Group, Profile, Role, Site, SiteUser, instant, parent_id, role_id};

/// The `user` of a site user, of a group's list of users, and the owner of a site (2.6, 2.7, A6).
pub(super) fn platform_user(profile: &Profile, site: &Site) -> Value {
    let tag = site.user_of(profile.id).and_then(|user| user.tag.clone());
    json!({
        "id": profile.id.to_string(),
        "email": profile.email,
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "image_url": null,
        "tag_number": tag,
        "is_managed_by_current_site": profile.managed_by == Some(site.id),
        "has_profile": profile.completed,
    })
}

/// A role in a site user and in the list of roles.
pub(super) fn role(inner: &Inner, site: &Site, role: &Role) -> Value {
    json!({
        "id": role_id(&inner.switches, role).to_string(),
        "customer_reference": role.name,
        "code": role.code,
        "parent_id": parent_id(&inner.switches, site, role).map(|id| id.to_string()),
        "is_hierarchical": role.hierarchical,
    })
}

/// A site user (2.6). While it is fresh it has no roles (2.4).
pub(in super::super) fn site_user(
    inner: &Inner,
    site: &Site,
    user: &SiteUser,
    now: jiff::Timestamp,
) -> Value {
    let profile = inner.store.profiles.get(&user.user).map(|profile| platform_user(profile, site));
    let roles: Vec<Value> = if user.fresh(now) {
        Vec::new()
    } else {
        user.roles.iter().filter_map(|code| site.role(code)).map(|r| role(inner, site, &r)).collect()
    };
    json!({
        "id": user.id.to_string(),
        "user": profile,
        "roles": roles,
        "alias": user.alias,
        "toggle_easy_office_mode": user.toggle_easy_office_mode,
        "toggle_manual_office_mode": user.toggle_manual_office_mode,
        "override_privacy_mode": user.override_privacy_mode,
        "remote_access": user.may_open_remotely(),
        "blocked": user.blocked,
        "tag_owned_by_this_site": user.tag.is_some(),
        "subscription_state": if site.subscribed(user) { "subscribed" } else { "suspended" },
        "use_pin": user.use_pin,
        "expires_at": user.expires_at.map(instant),
        "data_removal_expires_at": null,
    })
}

/// An access group; extra fields by 2.15 #13.
pub(in super::super) fn group_object(inner: &Inner, group: &Group) -> Value {
    let mut object = json!({ "id": group.id.to_string(), "customer_reference": group.name });
    if inner.switches.is("groups.object", "extra") {
        object["user_count"] = json!(group.members.len());
        object["lock_count"] = json!(group.locks.len());
        object["description"] = Value::Null;
    }
    object
}
