//! A person at a lock: `POST /_sim/door`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::door::{self, Attempt};
use super::super::ids::Pu;
use super::super::inner::Inner;
use super::super::store::{Site, SiteUser};
use super::{Done, named, site_id, user_ids};
use crate::frame::orders;

/// The order of `POST /_sim/door`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Walk {
    site: Option<String>,
    lock: String,
    user: Option<String>,
    pin: Option<String>,
    tag: Option<String>,
    by: Option<String>,
    at: Option<Timestamp>,
    #[serde(default)]
    dry: bool,
}

/// A person tries a lock; with `dry` no entry is written.
pub(in super::super) fn door(inner: &mut Inner, now: Timestamp, order: &Value) -> Done {
    let walk: Walk = orders::read_one(order)?;
    let id = site_id(inner, walk.site.as_ref())?;
    let site = inner.store.sites.get(&id).ok_or("the site does not exist")?;
    let lock = named(&site.locks, &walk.lock, |lock| &lock.name)?;
    let at = walk.at.unwrap_or(now);
    let attempt = walk.attempt(inner, site, lock, at)?;
    let decision = if walk.dry {
        door::decide(site, &inner.switches, &attempt)
    } else {
        door::attempt(inner, id, &attempt)
    };
    let (granted, reason) = (decision.is_ok(), decision.err());
    let detail = reason.and_then(|refusal| refusal.detail);
    Ok(json!({ "granted": granted, "detail": detail, "reason": reason.map_or("", |refusal| refusal.reason) }))
}

impl Walk {
    /// The user and the means. An inside handle has no user, and a user without a given means has the tag.
    fn attempt(&self, inner: &Inner, site: &Site, lock: Uuid, at: Timestamp) -> Result<Attempt, String> {
        let by = self.by()?;
        let user = match (&self.user, &self.pin, &self.tag) {
            _ if by == "inside_handle" => None,
            (Some(who), ..) => Some(user_ids(inner, self.site.as_ref(), who)?.1),
            (None, Some(pin), _) => by_pin(site, pin, at),
            (None, None, Some(tag)) => by_tag(site, tag),
            (None, None, None) => return Err("no user at the door; give `user`, `pin` or `tag`".to_owned()),
        };
        let own = || user.and_then(|user| site.user_of(user)?.tag.clone());
        let tag = if by == "tag" { self.tag.clone().or_else(own) } else { None };
        Ok(Attempt { lock, user, by, tag, at })
    }

    fn by(&self) -> Result<&'static str, String> {
        match (self.by.as_deref(), &self.pin) {
            (Some("inside_handle"), _) => Ok("inside_handle"),
            (Some("pin_code"), _) | (None, Some(_)) => Ok("pin_code"),
            (Some("tag") | None, _) => Ok("tag"),
            (Some(other), _) => {
                Err(format!("there is no means `{other}`; give tag, pin_code or inside_handle"))
            }
        }
    }
}

fn by_tag(site: &Site, number: &str) -> Option<Pu> {
    site.users.values().find(|user| user.tag.as_deref() == Some(number)).map(|user| user.user)
}

/// The user with this PIN, which is typed with `#` after it (2.6).
fn by_pin(site: &Site, pin: &str, at: Timestamp) -> Option<Pu> {
    let digits = pin.trim_end_matches('#');
    let fits = |user: &&SiteUser| {
        user.pin.as_ref().is_some_and(|p| p.digits == digits && p.expiry.is_none_or(|end| at < end))
    };
    site.users.values().find(fits).map(|user| user.user)
}
