//! Somebody at a lock: `POST /_sim/door`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::door::{self, Attempt};
use super::super::ids::Pu;
use super::super::inner::Inner;
use super::super::store::{Site, SiteUser};
use super::{Done, named, site_id, user_ids};

/// What `POST /_sim/door` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Walk {
    site: Option<String>,
    lock: String,
    user: Option<String>,
    pin: Option<String>,
    by: Option<String>,
    at: Option<Timestamp>,
    #[serde(default)]
    dry: bool,
}

/// Somebody walks up to a lock; with `dry` nothing is written down.
pub(in super::super) fn door(inner: &mut Inner, now: Timestamp, order: &Value) -> Done {
    let walk: Walk = serde_json::from_value(order.clone()).map_err(|e| e.to_string())?;
    let id = site_id(inner, walk.site.as_ref())?;
    let site = inner.store.sites.get(&id).ok_or("the site has gone")?;
    let lock = named(&site.locks, &walk.lock, |lock| &lock.name)?;
    let at = walk.at.unwrap_or(now);
    let user = match (&walk.user, &walk.pin) {
        (Some(who), _) => Some(user_ids(inner, walk.site.as_ref(), who)?.1),
        (None, Some(pin)) => by_pin(site, pin, at),
        (None, None) => return Err("who is at the door? `user` or `pin`".to_owned()),
    };
    let by = match (walk.by.as_deref(), &walk.pin) {
        (Some("inside_handle"), _) => "inside_handle",
        (Some("pin_code"), _) | (None, Some(_)) => "pin_code",
        (Some("tag") | None, _) => "tag",
        (Some(other), _) => return Err(format!("nobody opens by `{other}`; tag, pin_code or inside_handle")),
    };
    let attempt = Attempt { lock, user, by, at };
    let decision = match user {
        Some(user) if walk.dry => door::may(site, &inner.switches, user, lock, at),
        _ => door::attempt(inner, id, &attempt),
    };
    let (granted, reason) = (decision.is_ok(), decision.err());
    let detail = reason.map(|refusal| refusal.detail);
    Ok(json!({ "granted": granted, "detail": detail, "reason": reason.map_or("", |refusal| refusal.reason) }))
}

/// Whose PIN this is; it is typed with `#` behind it (2.6).
fn by_pin(site: &Site, pin: &str, at: Timestamp) -> Option<Pu> {
    let digits = pin.trim_end_matches('#');
    let fits = |user: &&SiteUser| {
        let pin = user.pin.as_ref();
        user.use_pin && pin.is_some_and(|p| p.digits == digits && p.expiry.is_none_or(|end| at < end))
    };
    site.users.values().find(fits).map(|user| user.user)
}
