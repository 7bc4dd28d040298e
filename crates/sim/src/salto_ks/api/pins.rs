//! PINs and other keys of a user (2.6).

use serde_json::{Value, json};

use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{Iq, Pin, instant};
use super::body::Body;
use super::context::Cx;
use super::problem::Problem;
use super::{Answer, Done, list};

/// `PUT S/users/{SU}/pin`: a new PIN each time, as a bare JSON string, never readable again.
pub(super) fn put(cx: &mut Cx<'_>) -> Done {
    let expiry = Body::read(cx.request)?.instant("expiry_date")?;
    let now = cx.now();
    if cx.user_mut()?.fresh(now) {
        let message = "User does not have permission for this operation on this user";
        return Err(Problem::new(403, 2203, message));
    }
    let digits = free_pin(cx)?;
    set(cx, digits.clone(), expiry)?;
    Ok(Answer::json(200, json!(digits)))
}

/// Six digits, sometimes seven to ten, that are the PIN of no other user.
fn free_pin(cx: &mut Cx<'_>) -> Result<String, Problem> {
    loop {
        let longer = if cx.inner.store.number(8) == 0 { 1 + cx.inner.store.number(4) } else { 0 };
        let length = usize::try_from(6 + longer).unwrap_or(6);
        let digits: String = (0..length).map(|_| cx.inner.store.number(10).to_string()).collect();
        let taken = cx.site()?.users.values().any(|u| u.pin.as_ref().is_some_and(|pin| pin.digits == digits));
        if !taken {
            return Ok(digits);
        }
    }
}

fn set(cx: &mut Cx<'_>, digits: String, expiry: Option<jiff::Timestamp>) -> Result<(), Problem> {
    let (by, now) = (cx.who(), cx.now());
    let user = cx.user_mut()?;
    user.pin = Some(Pin { digits, expiry });
    user.touch(now, &by);
    Ok(())
}

/// `PUT .../pin/custom`: needs the site feature `custom_pin`.
pub(super) fn custom(cx: &mut Cx<'_>) -> Done {
    let body = Body::read(cx.request)?;
    if !cx.site()?.features.iter().any(|feature| feature == "custom_pin") {
        return Err(Problem::unpaid());
    }
    let digits = body.need("pin")?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !(4..=10).contains(&digits.len()) {
        return Err(Problem::value("The PIN is not valid"));
    }
    let id = cx.su()?;
    let same = |pin: Option<&Pin>| pin.is_some_and(|pin| pin.digits == digits);
    if same(cx.site()?.users.get(&id).and_then(|user| user.pin.as_ref())) {
        return Err(Problem::execution(400, "pin_not_changed"));
    }
    let expiry = body.instant("expiry_date")?;
    set(cx, digits, expiry)?;
    Ok(Answer::empty(200))
}

const KEYS: Properties = &[("type", Kind::Text), ("key_identifier", Kind::Text)];

/// `GET S/users/{SU}/keys`: no digits; the only PIN of a user is called `pin`.
pub(super) fn keys(cx: &mut Cx<'_>) -> Done {
    let id = cx.su()?;
    let pin = cx.site()?.users.get(&id).and_then(|user| user.pin.as_ref());
    let field = |_: &&Pin, _: &str| Scalar::Text("pin".into());
    list::page(cx, KEYS, pin.into_iter().collect(), field, |pin| -> Value {
        json!({ "type": "pin", "key_identifier": "pin",
                "expiry_date": pin.expiry.map(instant), "offline_access": false })
    })
}

const IQS: Properties = &[("id", Kind::Text), ("customer_reference", Kind::Text)];

/// `GET S/users/{SU}/activated_iqs`.
pub(super) fn iqs(cx: &mut Cx<'_>) -> Done {
    let id = cx.su()?;
    let site = cx.site()?;
    let platform = site.users.get(&id).map(|user| user.user).ok_or_else(|| Problem::missing("User"))?;
    let active = |iq: &&Iq| iq.activations.get(&platform).is_some_and(|held| held.activated_at.is_some());
    let iqs: Vec<&Iq> = site.iqs.values().filter(active).collect();
    let field = |iq: &&Iq, path: &str| match path {
        "id" => Scalar::id(iq.id),
        _ => Scalar::Text(iq.name.clone().into()),
    };
    list::page(
        cx,
        IQS,
        iqs,
        field,
        |iq| json!({ "id": iq.id.to_string(), "customer_reference": iq.name, "otp_enabled": iq.otp_enabled }),
    )
}
