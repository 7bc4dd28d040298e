//! Changes by hand through the side door: those of an administrator in the KS app, and the states of a site.

mod groups;
mod walk;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ids::{self, Pu, Su};
use super::inner::Inner;
use super::seed::{ScheduleSpec, UserSpec, add_user, find_user};
use super::store::{Site, SiteUser, Table};
use crate::frame::orders;

pub(super) use self::walk::door;

/// One order of `POST /_sim/edit`. `site` is an id, a site_uid or a name, and may be absent for the first site;
/// `user` is a site-user id, a platform id, an e-mail address or an alias; `group`, `lock`, `iq` an id or a name.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    AddUser {
        site: Option<String>,
        user: Box<UserSpec>,
    },
    RemoveUser {
        site: Option<String>,
        user: String,
    },
    SetUser {
        site: Option<String>,
        user: String,
        set: Box<Set>,
    },
    AddMember {
        site: Option<String>,
        group: String,
        user: String,
    },
    RemoveMember {
        site: Option<String>,
        group: String,
        user: String,
    },
    AddGroup {
        site: Option<String>,
        name: String,
    },
    RemoveGroup {
        site: Option<String>,
        group: String,
    },
    AddLock {
        site: Option<String>,
        group: String,
        lock: String,
    },
    RemoveLock {
        site: Option<String>,
        group: String,
        lock: String,
    },
    AddSchedule {
        site: Option<String>,
        group: String,
        schedule: ScheduleSpec,
    },
    RemoveSchedules {
        site: Option<String>,
        group: String,
    },
    SetSite {
        site: Option<String>,
        released: Option<bool>,
        subscription_valid: Option<bool>,
        seats: Option<usize>,
    },
    SetIq {
        site: Option<String>,
        iq: String,
        online: bool,
    },
    CompleteProfile {
        email: String,
        password: Option<String>,
    },
    SetPassword {
        email: String,
        password: String,
    },
    EndSessions {
        email: Option<String>,
    },
}

/// The fields of a user that can be set by hand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    alias: Option<String>,
    roles: Option<Vec<String>>,
    blocked: Option<bool>,
    suspended: Option<bool>,
    remote_access: Option<bool>,
    expires_at: Option<Timestamp>,
}

type Done = Result<Value, String>;

/// One order or an array of them, all or nothing.
pub(super) fn edit(inner: &mut Inner, now: Timestamp, order: &Value) -> Done {
    let orders: Vec<Order> = orders::read(order)?;
    let before = inner.store.clone();
    let results: Result<Vec<Value>, String> =
        orders.into_iter().map(|order| one(inner, now, order)).collect();
    match results {
        Ok(results) => Ok(json!({ "done": results.len(), "results": results })),
        Err(sentence) => {
            inner.store = before;
            Err(sentence)
        }
    }
}

fn one(inner: &mut Inner, now: Timestamp, order: Order) -> Done {
    match order {
        Order::AddUser { .. } | Order::RemoveUser { .. } | Order::SetUser { .. } => users(inner, now, order),
        Order::SetSite { .. } | Order::SetIq { .. } => site_wide(inner, &order),
        Order::CompleteProfile { .. } | Order::SetPassword { .. } | Order::EndSessions { .. } => {
            accounts(inner, now, order)
        }
        _ => groups::groups(inner, now, order),
    }
}

fn site_id(inner: &Inner, wanted: Option<&String>) -> Result<Uuid, String> {
    let fits = |site: &&Site| {
        wanted.is_none_or(|wanted| {
            *wanted == site.id.to_string() || *wanted == site.site_uid || *wanted == site.name
        })
    };
    let found = inner.store.sites.values().find(fits).map(|site| site.id);
    found.ok_or_else(|| format!("there is no site `{}`", wanted.cloned().unwrap_or_default()))
}

fn site_mut<'i>(inner: &'i mut Inner, wanted: Option<&String>) -> Result<&'i mut Site, String> {
    let id = site_id(inner, wanted)?;
    inner.store.sites.get_mut(&id).ok_or_else(|| "the site does not exist".to_owned())
}

fn user_ids(inner: &Inner, site: Option<&String>, who: &str) -> Result<(Su, Pu), String> {
    let id = site_id(inner, site)?;
    let site = inner.store.sites.get(&id).ok_or("the site does not exist")?;
    let user = find_user(&inner.store, site, who).ok_or_else(|| format!("there is no user `{who}`"))?;
    Ok((user.id, user.user))
}

fn users(inner: &mut Inner, now: Timestamp, order: Order) -> Done {
    match order {
        Order::AddUser { site, user } => {
            let id = site_id(inner, site.as_ref())?;
            let mut place = inner.store.sites.take(&id).ok_or("the site does not exist")?;
            let added = add_user(&mut inner.store, &mut place, &user, now);
            inner.store.sites.put_back(id, place);
            Ok(json!({ "user": added?.to_string() }))
        }
        Order::RemoveUser { site, user } => {
            let (id, _) = user_ids(inner, site.as_ref(), &user)?;
            site_mut(inner, site.as_ref())?.remove_user(id, None);
            Ok(json!({ "user": id.to_string() }))
        }
        Order::SetUser { site, user, set } => {
            let (id, _) = user_ids(inner, site.as_ref(), &user)?;
            let site = site_mut(inner, site.as_ref())?;
            if let Some(unknown) = set.roles.iter().flatten().find(|code| site.role(code).is_none()) {
                return Err(format!("there is no role `{unknown}`"));
            }
            if let Some(user) = site.users.get_mut(&id) {
                apply(user, *set);
                user.touch(now, "by hand");
            }
            Ok(json!({ "user": id.to_string() }))
        }
        _ => Err("this is no order about users".to_owned()),
    }
}

fn apply(user: &mut SiteUser, set: Set) {
    if set.alias.is_some() {
        user.alias = set.alias;
    }
    user.roles = set.roles.unwrap_or_else(|| std::mem::take(&mut user.roles));
    user.blocked = set.blocked.unwrap_or(user.blocked);
    user.suspended = set.suspended.unwrap_or(user.suspended);
    user.remote_access = set.remote_access.unwrap_or(user.remote_access);
    user.expires_at = set.expires_at.or(user.expires_at);
}

fn site_wide(inner: &mut Inner, order: &Order) -> Done {
    match order {
        Order::SetSite { site, released, subscription_valid, seats } => {
            let site = site_mut(inner, site.as_ref())?;
            site.released = released.unwrap_or(site.released);
            site.valid = subscription_valid.unwrap_or(site.valid);
            site.seats = seats.unwrap_or(site.seats);
            Ok(json!({ "site": site.id.to_string() }))
        }
        Order::SetIq { site, iq, online } => {
            let site = site_mut(inner, site.as_ref())?;
            let id = named(&site.iqs, iq, |iq| &iq.name)?;
            if let Some(iq) = site.iqs.get_mut(&id) {
                iq.online = *online;
            }
            Ok(json!({ "iq": id.to_string() }))
        }
        _ => Err("this is no order about a site".to_owned()),
    }
}

/// The id of the object with this id or name.
fn named<V>(table: &Table<Uuid, V>, wanted: &str, name: impl Fn(&V) -> &String) -> Result<Uuid, String> {
    let by_id = ids::read(wanted).filter(|id| table.has(id));
    let by_name = || table.keys().zip(table.values()).find(|(_, v)| name(v) == wanted).map(|(id, _)| id);
    by_id.or_else(by_name).ok_or_else(|| format!("there is no `{wanted}`"))
}

fn accounts(inner: &mut Inner, now: Timestamp, order: Order) -> Done {
    let email = match &order {
        Order::CompleteProfile { email, .. }
        | Order::SetPassword { email, .. }
        | Order::EndSessions { email: Some(email) } => email.clone(),
        _ => {
            inner.grants.revoke(None);
            return Ok(json!({ "ended": "all" }));
        }
    };
    let id = inner
        .store
        .by_email(&email)
        .map(|p| p.id)
        .ok_or_else(|| format!("there is no user with the e-mail {email}"))?;
    let profile = inner.store.profiles.get_mut(&id).ok_or("the profile does not exist")?;
    match order {
        Order::CompleteProfile { password, .. } => {
            profile.completed = true;
            if password.is_some() {
                profile.password = password;
            }
            return Ok(json!({ "user": id.to_string() }));
        }
        Order::SetPassword { password, .. } => profile.password = Some(password),
        _ => {}
    }
    // Tokens carry whole seconds: a token of this second is invalid too.
    profile.tokens_from = Timestamp::from_second(now.as_second() + 1).unwrap_or(now);
    inner.grants.revoke(Some(id));
    Ok(json!({ "user": id.to_string() }))
}
