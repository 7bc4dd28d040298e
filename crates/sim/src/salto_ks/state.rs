//! The whole state as JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::api::site_user;
use super::inner::Inner;
use super::seed::find_user;
use super::store::{Group, Site, SiteUser, instant};
use crate::frame::Request;

/// `GET /_sim/state`, limited by `?user=` (site-user id, platform id, e-mail or alias: that user or null),
/// `?site=` (id, site_uid or name) and `?users=none`.
pub(super) fn state(inner: &Inner, now: Timestamp, request: &Request) -> Value {
    let wanted = request.query_value("site");
    let fits = |site: &&Site| {
        wanted.as_deref().is_none_or(|w| w == site.id.to_string() || w == site.site_uid || w == site.name)
    };
    let mut sites = inner.store.sites.values().filter(fits);
    if let Some(who) = request.query_value("user") {
        let mut found = sites.filter_map(|site| Some((site, find_user(&inner.store, site, &who)?)));
        return found.next().map_or(Value::Null, |(site, user)| user_json(inner, site, user, now));
    }
    let with_users = request.query_value("users").as_deref() != Some("none");
    let profile = |p: &super::store::Profile| {
        json!({ "id": p.id.to_string(), "email": p.email, "first_name": p.first_name, "last_name": p.last_name,
                "has_profile": p.completed, "can_log_in": p.password.is_some() })
    };
    let profiles: Vec<Value> =
        if with_users { inner.store.profiles.values().map(profile).collect() } else { Vec::new() };
    json!({
        "now": instant(now),
        "clients": inner.grants.clients().iter().map(|c| c.client_id.as_str()).collect::<Vec<_>>(),
        "refresh_tokens": inner.grants.refresh_tokens(),
        "profiles": profiles,
        "sites": sites.by_ref().map(|site| site_json(inner, site, now, with_users)).collect::<Vec<_>>(),
    })
}

fn user_json(inner: &Inner, site: &Site, user: &SiteUser, now: Timestamp) -> Value {
    let mut all = site_user(inner, site, user, now);
    let groups = site.groups.values().filter(|group| group.members.has(&user.user));
    all["groups"] = groups.map(|group| json!(group.name)).collect();
    all["site"] = json!(site.name);
    all["role_codes"] = json!(user.roles);
    all["has_pin"] = json!(user.pin.is_some());
    all["tag"] = json!(user.tag);
    all["deleted"] = json!(user.gone_at.is_some());
    all["changed"] = json!(instant(user.changed));
    all["changed_by"] = json!(user.changed_by);
    all
}

fn site_json(inner: &Inner, site: &Site, now: Timestamp, with_users: bool) -> Value {
    let keeps = inner.switches.is("blocked.keeps-seat", "yes");
    let users: Vec<Value> = if with_users {
        site.users.values().map(|user| user_json(inner, site, user, now)).collect()
    } else {
        Vec::new()
    };
    let lock =
        |l: &super::store::Lock| json!({ "id": l.id.to_string(), "name": l.name, "iq": l.iq.to_string() });
    let iq = |i: &super::store::Iq| json!({ "id": i.id.to_string(), "name": i.name, "online": i.online, "otp_enabled": i.otp_enabled });
    let entries = site.entries.iter().rev().take(50).map(|e| super::entries::object(site, e));
    json!({
        "id": site.id.to_string(),
        "site_uid": site.site_uid,
        "name": site.name,
        "time_zone": site.zone_name,
        "local": now.to_zoned(site.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "seats_used": site.seats_used(keeps),
        "seats": site.seats,
        "released": site.released,
        "subscription_valid": site.valid,
        "owner": site.owner.map(|owner| owner.to_string()),
        "users": users,
        "groups": site.groups.values().map(|group| group_json(site, group)).collect::<Vec<_>>(),
        "locks": site.locks.values().map(lock).collect::<Vec<_>>(),
        "iqs": site.iqs.values().map(iq).collect::<Vec<_>>(),
        "pods": site.pods.values().map(|p| json!({ "id": p.id.to_string(), "name": p.name })).collect::<Vec<_>>(),
        "tags": site.tags.iter().map(|t| json!({ "id": t.id.to_string(), "number": t.number })).collect::<Vec<_>>(),
        "entries": entries.collect::<Vec<_>>(),
        "last_entry": site.last_entry,
    })
}

fn group_json(site: &Site, group: &Group) -> Value {
    let member = |user: super::ids::Pu| {
        let id = site.user_of(user).map(|user| user.id.to_string());
        json!({ "user": user.to_string(), "site_user": id })
    };
    let lock = |id: &uuid::Uuid| site.locks.get(id).map(|lock| json!(lock.name));
    json!({
        "id": group.id.to_string(),
        "name": group.name,
        "members": group.members.keys().map(member).collect::<Vec<_>>(),
        "locks": group.locks.iter().filter_map(lock).collect::<Vec<_>>(),
        "time_schedules": group.schedules.keys().zip(group.schedules.values())
            .map(|(id, schedule)| schedule.json(id)).collect::<Vec<_>>(),
        "changed": instant(group.changed),
        "changed_by": group.changed_by,
    })
}
