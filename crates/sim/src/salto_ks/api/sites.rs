//! Sites (2.5).

use jiff::tz::TimeZone;
use serde_json::json;

use super::super::ids::Su;
use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{Site, SiteUser};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::user_json::platform_user;
use super::{Answer, Done, list};

const PROPERTIES: Properties =
    &[("id", Kind::Text), ("site_uid", Kind::Text), ("customer_reference", Kind::Text)];

/// `GET /v1.2/sites`: the sites where the caller is a user, in any role.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let own: Vec<&Site> =
        cx.inner.store.sites.values().filter(|site| site.user_of(cx.user).is_some()).collect();
    let field = |site: &&Site, path: &str| match path {
        "id" => Scalar::id(site.id),
        "site_uid" => Scalar::Text(site.site_uid.clone().into()),
        _ => Scalar::Text(site.name.clone().into()),
    };
    list::page(
        cx,
        PROPERTIES,
        own,
        field,
        |site| json!({ "id": site.id.to_string(), "site_uid": site.site_uid, "customer_reference": site.name }),
    )
}

/// `GET S`. Durations are .NET text (2.3).
pub(super) fn get(cx: &mut Cx<'_>) -> Done {
    let site = cx.site()?;
    let owner = site.owner.and_then(|owner| cx.profile(owner)).map(|profile| platform_user(profile, site));
    let keeps = cx.inner.switches.is("blocked.keeps-seat", "yes");
    let used = if site.valid { site.seats_used(keeps) } else { 0 };
    Ok(Answer::json(
        200,
        json!({
            "id": site.id.to_string(),
            "site_uid": site.site_uid,
            "customer_reference": site.name,
            "active_user_amount": used,
            "subscribed_user_amount": site.seats,
            "active_iq_amount": site.iqs.len(),
            "pin_enabled": true,
            "subscription_valid": site.valid,
            "country_code": site.country,
            "time_zone": site.zone_name,
            "owner": owner,
            "installation_state": if site.released { "released" } else { "not_released" },
            "mkey_compatible": true,
            "store_events_ttl": format!("{}.00:00:00", site.ttl_days),
        }),
    ))
}

/// `GET S/subscription`.
pub(super) fn subscription(cx: &mut Cx<'_>) -> Done {
    let site = cx.site()?;
    let body = json!({ "user_amount": site.seats, "type": site.kind, "features": site.features });
    Ok(Answer::json(200, body))
}

/// `POST /v1.1/sites` (2.5): the new site has no seat and is not released.
pub(super) fn create(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    let (name, country) = (body.need("customer_reference")?, body.need("country_code")?);
    let zone_name = body.need("time_zone")?;
    let zone = TimeZone::get(&zone_name).map_err(|_| Problem::value("The time_zone is unknown"))?;
    let (id, user) = (cx.inner.store.id(), Su(cx.inner.store.id()));
    let number = cx.inner.store.number(10_000);
    let mut site = Site::empty(id, format!("{country}{number:04}"), name, zone, zone_name);
    site.country = country;
    site.owner = Some(cx.user);
    let mut owner = SiteUser::new(user, cx.user, cx.now());
    owner.roles.push("site_admin".to_owned());
    site.by_user.insert(cx.user, user);
    site.users.insert(user, owner);
    let body = json!({ "id": id.to_string(), "site_uid": site.site_uid, "customer_reference": site.name });
    cx.inner.store.sites.insert(id, site);
    Ok(Answer::json(200, body))
}
