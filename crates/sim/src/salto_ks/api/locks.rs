//! Locks and remote opening (2.10).

use serde_json::{Value, json};

use super::super::door::{self, Attempt};
use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{DAYS, Lock, REVISION};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, activation, list};

const PROPERTIES: Properties = &[
    ("id", Kind::Text),
    ("customer_reference", Kind::Text),
    ("mac", Kind::Text),
    ("locked_state", Kind::Text),
    ("online", Kind::Bool),
];

/// A page of these locks.
pub(super) fn page(cx: &Cx<'_>, locks: Vec<&Lock>) -> Done {
    let site = cx.site()?;
    let online = |lock: &Lock| site.iqs.get(&lock.iq).is_some_and(|iq| iq.online);
    let field = |lock: &&Lock, path: &str| match path {
        "id" => Scalar::id(lock.id),
        "mac" => Scalar::Text(lock.mac.clone().into()),
        "locked_state" => Scalar::Text(lock.locked_state.into()),
        "online" => Scalar::Bool(online(lock)),
        _ => Scalar::Text(lock.name.clone().into()),
    };
    list::page(cx, PROPERTIES, locks, field, |lock| object(cx, lock))
}

/// `GET S/locks`.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    page(cx, cx.site()?.locks.values().collect())
}

/// `GET S/locks/{id}`.
pub(super) fn get(cx: &mut Cx<'_>) -> Done {
    let id = cx.id(1)?;
    let lock = cx.site()?.locks.get(&id).ok_or_else(|| Problem::missing("Lock"))?;
    Ok(Answer::json(200, object(cx, lock)))
}

/// The vendor of all locks, with an id that is the same everywhere (A4).
const VENDOR: [&str; 3] = ["d948da26-c404-11ee-8767-000d3a46a880", "sallis", "SALTO Sallis"];

/// All day, every day, as measured for a lock without its own schedule (A4).
fn easy_office_mode() -> Value {
    let mut schedule = json!({ "eom_auto_start": true, "start_time": "00:00:00", "end_time": "23:59:59",
                               "start_date": null, "end_date": null });
    for day in DAYS {
        schedule[day] = json!(true);
    }
    schedule
}

/// A lock; its object has no site id.
fn object(cx: &Cx<'_>, lock: &Lock) -> Value {
    let iq = cx.site().ok().and_then(|site| site.iqs.get(&lock.iq));
    let online = iq.is_some_and(|iq| iq.online);
    let iq = iq.map(|iq| {
        json!({ "id": iq.id.to_string(), "customer_reference": iq.name, "mac_address": iq.mac,
                "is_online": iq.online, "revision": REVISION, "otp_enabled": iq.otp_enabled })
    });
    json!({
        "id": lock.id.to_string(),
        "customer_reference": lock.name,
        "mac": lock.mac,
        "floor": lock.floor,
        "locked_state": lock.locked_state,
        "lock_type": "escutcheon_pin",
        "online": online,
        "iq_link_state": "attached",
        "tag_registration_state": "not_started",
        "battery_level": "fresh",
        "left_open_alarm": false,
        "intrusion_alarm": false,
        "easy_office_mode_schedule": easy_office_mode(),
        "iq": iq,
        "repeater": null,
        "privacy_mode": false,
        "communication_type": "blue_net",
        "vendor": { "id": VENDOR[0], "reference": VENDOR[1], "display_name": VENDOR[2] },
        "offline_access_keys_limit": 360,
        "offline_access_keys_count": 0,
    })
}

/// `PATCH S/locks/{id}/locking {"locked_state":"unlocked","otp":"<5 hex>"}`: opens the door, which relocks by itself.
pub(super) fn open(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    if body.need("locked_state")? != "unlocked" {
        return Err(Problem::execution(403, "command_forbidden"));
    }
    let (id, otp, now) = (cx.id(1)?, body.text("otp")?, cx.now());
    let site = cx.site()?;
    let lock = site.locks.get(&id).ok_or_else(|| Problem::missing("Lock"))?;
    let user = site.user_of(cx.user).ok_or_else(Problem::refused)?;
    if !user.may_open_remotely() || user.blocked {
        return Err(Problem::execution(403, "command_forbidden"));
    }
    let iq = site.iqs.get(&lock.iq).filter(|iq| iq.online).ok_or_else(|| Problem::listed(3101))?;
    if iq.otp_enabled {
        let iq = iq.id;
        activation::check_otp(cx, iq, otp.as_deref())?;
    }
    let attempt = Attempt { lock: id, user: Some(cx.user), by: "remote", tag: None, at: now };
    door::opened(cx.inner, cx.site, &attempt);
    Ok(Answer::empty(200))
}
