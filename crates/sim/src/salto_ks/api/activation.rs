//! The activation of a person on an IQ, which commands need (2.10, A5, A9, A13): secret, PIN and one-time passwords.

use md5::{Digest, Md5};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::ids::{Pu, Su};
use super::super::odata::{Kind, Properties, Scalar};
use super::super::outbox::Mail;
use super::super::store::{Activation, Iq, instant};
use super::body::Body;
use super::context::Cx;
use super::iqs::find;
use super::problem::Problem;
use super::{Answer, Done, list};

fn activation<'c>(cx: &'c mut Cx<'_>, iq: Uuid) -> Result<&'c mut Activation, Problem> {
    let user = cx.user;
    let iq = cx.site_mut()?.iqs.get_mut(&iq).ok_or_else(|| Problem::missing("IQ"))?;
    Ok(iq.activations.entry(user).or_default())
}

/// `GET S/iqs/{iq}/secret`: 16 characters, once.
pub(super) fn secret(cx: &mut Cx<'_>) -> Done {
    let iq = find(cx)?.id;
    let fresh = cx.inner.store.id().simple().to_string().to_uppercase();
    let activation = activation(cx, iq)?;
    if activation.secret.is_some() {
        let message = "Cannot get first secret for an already activated Iq.";
        return Err(Problem::new(403, 2203, message));
    }
    let secret: String = fresh.chars().take(16).collect();
    activation.secret = Some(secret.clone());
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
        return Err(Problem::execution(403, "command_forbidden"));
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

/// `PUT .../pin {otp, delta}`: activates the caller on the IQ; the new PIN is the old one less `delta` (A13).
pub(super) fn activate(cx: &mut Cx<'_>) -> Done {
    let iq = find(cx)?.id;
    let body = Body::read(cx.request)?;
    let delta = body.need("delta")?;
    let otp = body.need("otp")?;
    try_otp(cx, iq, &otp)?;
    let now = cx.now();
    let held = activation(cx, iq)?;
    let pin = held.pin.as_deref().and_then(|pin| less(pin, &delta));
    held.pin = Some(pin.ok_or_else(|| Problem::value("The delta must have four digits"))?);
    held.activated_at = Some(held.activated_at.unwrap_or(now));
    Ok(Answer::empty(204))
}

/// `pin` less `delta`, digit by digit, modulo 10.
fn less(pin: &str, delta: &str) -> Option<String> {
    let digit = |(old, by): (char, char)| {
        let (old, by) = (old.to_digit(10)?, by.to_digit(10)?);
        char::from_digit((old + 10 - by) % 10, 10)
    };
    (pin.chars().count() == delta.chars().count()).then_some(())?;
    pin.chars().zip(delta.chars()).map(digit).collect()
}

/// `DELETE .../pin/{user}`: ends the activation of a user, named by either id, with an OTP of the caller.
pub(super) fn deactivate(cx: &mut Cx<'_>) -> Done {
    let (iq, user) = (find(cx)?.id, cx.id(2)?);
    let in_query = cx.request.query_value("otp");
    let otp = Body::read(cx.request)?.text("otp")?.or(in_query).filter(|otp| !otp.is_empty());
    let otp = otp.ok_or_else(|| Problem::invalid("The otp field is required."))?;
    try_otp(cx, iq, &otp)?;
    let site = cx.site_mut()?;
    let user = site.live(Su(user)).or_else(|| site.user_of(Pu(user))).map(|user| user.user);
    let user = user.ok_or_else(|| Problem::missing("User"))?;
    let removed = site.iqs.get_mut(&iq).and_then(|iq| iq.activations.remove(&user));
    let begun = removed.is_some_and(|held| held.has_begun());
    if begun { Ok(Answer::empty(204)) } else { Err(Problem::listed(3104)) }
}

const PROPERTIES: Properties = &[("iq_id", Kind::Text), ("activated", Kind::Bool)];

/// `GET /v1.2/me/{site}/activated_iqs`: also IQs whose activation is not finished (A9).
pub(super) fn of_caller(cx: &mut Cx<'_>) -> Done {
    let own = |iq: &Iq| iq.activations.get(&cx.user).filter(|held| held.has_begun()).cloned();
    let iqs = cx.site()?.iqs.values();
    let all: Vec<_> = iqs.filter_map(|iq| Some((iq.id, own(iq)?.activated_at))).collect();
    let field = |(iq, date): &(Uuid, Option<jiff::Timestamp>), path: &str| match path {
        "iq_id" => Scalar::id(*iq),
        _ => Scalar::Bool(date.is_some()),
    };
    list::page(cx, PROPERTIES, all, field, |(iq, date)| -> Value {
        json!({ "iq_id": iq.to_string(), "activation_date": date.map(instant), "activated": date.is_some() })
    })
}

/// Checks the OTP of a command: missing 2202 (A5), no PIN yet 3104, not activated 3102, wrong or blocked 3102.
pub(super) fn check_otp(cx: &mut Cx<'_>, iq: Uuid, otp: Option<&str>) -> Result<(), Problem> {
    let otp = otp.ok_or_else(|| Problem::new(404, 2202, "Otp is invalid"))?;
    let held = activation(cx, iq)?;
    match held.activated_at {
        Some(_) => try_otp(cx, iq, otp),
        None if held.pin.is_some() => Err(Problem::execution(400, "pin_not_changed")),
        None => Err(Problem::listed(3104)),
    }
}

fn try_otp(cx: &mut Cx<'_>, iq: Uuid, otp: &str) -> Result<(), Problem> {
    let now = cx.now();
    let most = u32::try_from(cx.inner.switches.count("otp.wrong").unwrap_or(3)).unwrap_or(3);
    let until = cx.inner.after(now, "otp.block-seconds");
    let held = activation(cx, iq)?;
    if held.blocked_until.is_some_and(|end| now < end) {
        return Err(Problem::execution(403, "otp_blocked"));
    }
    if held.blocked_until.take().is_some() {
        held.wrong = 0;
    }
    let pin = held.pin.clone().ok_or_else(|| Problem::listed(3104))?;
    let secret = held.secret.clone().unwrap_or_default();
    let good = (-180..=180).any(|seconds| {
        let at = now.saturating_add(jiff::SignedDuration::from_secs(seconds));
        at.is_ok_and(|at| one_time(at, &secret, &pin).eq_ignore_ascii_case(otp))
    });
    if !good {
        held.wrong += 1;
        held.blocked_until = (held.wrong >= most).then_some(until);
        return Err(Problem::execution(400, "otp_invalid"));
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
