//! IQs and what it takes to command them (2.10).

use md5::{Digest, Md5};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::odata::{Kind, Properties, Scalar};
use super::super::outbox::Mail;
use super::super::store::{Activation, Iq};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, list};

const PROPERTIES: Properties =
    &[("id", Kind::Text), ("customer_reference", Kind::Text), ("mac", Kind::Text), ("online", Kind::Bool)];

/// `GET S/iqs`.
pub(super) fn list(cx: &mut Cx<'_>) -> Done {
    let all: Vec<&Iq> = cx.site()?.iqs.values().collect();
    let field = |iq: &&Iq, path: &str| match path {
        "id" => Scalar::id(iq.id),
        "mac" => Scalar::Text(iq.mac.clone().into()),
        "online" => Scalar::Bool(iq.online),
        _ => Scalar::Text(iq.name.clone().into()),
    };
    list::page(cx, PROPERTIES, all, field, |iq| object(iq))
}

/// `not_synced` is ordinary.
fn object(iq: &Iq) -> Value {
    json!({
        "id": iq.id.to_string(),
        "customer_reference": iq.name,
        "time_zone": iq.zone,
        "mac": iq.mac,
        "operator": "unknown",
        "state": if iq.online { "online" } else { "offline" },
        "restore_required": false,
        "reset_date": null,
        "online": iq.online,
        "led_enabled": true,
        "data_sync_state": if iq.online { "synced" } else { "not_synced" },
        "signal_strength": 4,
        "revision": "IQ2.0",
        "otp_enabled": iq.otp_enabled,
    })
}

fn find<'c>(cx: &'c Cx<'_>) -> Result<&'c Iq, Problem> {
    let id = cx.id(1)?;
    cx.site()?.iqs.get(&id).ok_or_else(|| Problem::missing("IQ"))
}

/// `GET S/iqs/{id}`.
pub(super) fn get(cx: &mut Cx<'_>) -> Done {
    Ok(Answer::json(200, object(find(cx)?)))
}

/// `POST S/iqs/{id}/restore`.
pub(super) fn restore(cx: &mut Cx<'_>) -> Done {
    let id = find(cx)?.id;
    if let Some(iq) = cx.site_mut()?.iqs.get_mut(&id) {
        iq.restored += 1;
    }
    Ok(Answer::empty(200))
}

fn activation<'c>(cx: &'c mut Cx<'_>, iq: Uuid) -> Result<&'c mut Activation, Problem> {
    let user = cx.user;
    let iq = cx.site_mut()?.iqs.get_mut(&iq).ok_or_else(|| Problem::missing("IQ"))?;
    Ok(iq.activations.entry(user).or_default())
}

/// `GET S/iqs/{iq}/secret`: once.
pub(super) fn secret(cx: &mut Cx<'_>) -> Done {
    let iq = find(cx)?.id;
    let fresh = cx.inner.store.id().simple().to_string();
    let activation = activation(cx, iq)?;
    if activation.secret_read {
        return Err(Problem::refused());
    }
    activation.secret_read = true;
    activation.secret = fresh;
    let secret = activation.secret.clone();
    Ok(Answer::json(200, json!({ "secret": secret })))
}

/// `GET .../pin?send_email=true`: mails the IQ PIN to the caller.
pub(super) fn pin(cx: &mut Cx<'_>) -> Done {
    let iq = find(cx)?.id;
    if cx.request.query_value("send_email").as_deref() != Some("true") {
        return Err(Problem::invalid("send_email is required"));
    }
    let pin: String = (0..4).map(|_| cx.inner.store.number(10).to_string()).collect();
    let entry = activation(cx, iq)?;
    if entry.pin.is_some() {
        return Err(Problem::refused());
    }
    entry.pin = Some(pin.clone());
    let to = cx.profile(cx.user).and_then(|p| p.email.clone()).unwrap_or_default();
    let site = cx.site()?;
    let user = site.user_of(cx.user).map(|user| user.id.to_string()).unwrap_or_default();
    let text = format!("The PIN of your IQ is {pin}.");
    let mail = Mail { at: cx.now(), kind: "iq_pin", to, site: site.name.clone(), user, text };
    cx.inner.store.mails.push(mail);
    Ok(Answer::empty(204))
}

/// `PUT .../pin {otp, delta:"0000"}`: activates the caller on the IQ.
pub(super) fn activate(cx: &mut Cx<'_>) -> Done {
    let iq = find(cx)?.id;
    let body = Body::read(cx.request)?;
    body.need("delta")?;
    let otp = body.need("otp")?;
    try_otp(cx, iq, &otp)?;
    activation(cx, iq)?.active = true;
    Ok(Answer::empty(204))
}

/// An OTP to open with: missing 2202, not activated 3104, wrong or blocked 3102.
pub(super) fn check_otp(cx: &mut Cx<'_>, iq: Uuid, otp: Option<&str>) -> Result<(), Problem> {
    let otp = otp.ok_or_else(|| Problem::missing("OTP"))?;
    if !activation(cx, iq)?.active {
        return Err(Problem::listed(3104));
    }
    try_otp(cx, iq, otp)
}

fn try_otp(cx: &mut Cx<'_>, iq: Uuid, otp: &str) -> Result<(), Problem> {
    let now = cx.now();
    let most = u32::try_from(cx.inner.switches.count("otp.wrong").unwrap_or(3)).unwrap_or(3);
    let held = activation(cx, iq)?;
    if held.wrong >= most {
        return Err(Problem::new(403, 3102, "otp_blocked"));
    }
    let pin = held.pin.clone().ok_or_else(|| Problem::listed(3104))?;
    let good = (-180..=180).any(|seconds| {
        let at = now.saturating_add(jiff::SignedDuration::from_secs(seconds));
        at.is_ok_and(|at| one_time(at, &held.secret, &pin).eq_ignore_ascii_case(otp))
    });
    if !good {
        held.wrong += 1;
        return Err(Problem::new(400, 3102, "otp_invalid"));
    }
    held.wrong = 0;
    Ok(())
}

/// First 5 hex digits of MD5(UTC `YYYYMMDDHHMMSS` + secret + IQ PIN), valid 3 minutes.
fn one_time(at: jiff::Timestamp, secret: &str, pin: &str) -> String {
    let text = format!("{}{secret}{pin}", at.strftime("%Y%m%d%H%M%S"));
    let sum = Md5::digest(text.as_bytes());
    let hex: Vec<String> = sum.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    hex.concat().chars().take(5).collect()
}
