//! IQs (2.10); [`super::activation`] has the activation that commands need.

use serde_json::{Value, json};

use super::super::odata::{Kind, Properties, Scalar};
use super::super::store::{Iq, REVISION};
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

/// `not_synced` is the ordinary state, also of an IQ with locks that open correctly.
fn object(iq: &Iq) -> Value {
    json!({
        "id": iq.id.to_string(),
        "customer_reference": iq.name,
        "time_zone": iq.zone,
        "mac": iq.mac,
        "operator": "unknown",
        "state": "active",
        "restore_required": false,
        "reset_date": null,
        "online": iq.online,
        "led_enabled": true,
        "data_sync_state": "not_synced",
        "signal_strength": 4,
        "revision": REVISION,
        "otp_enabled": iq.otp_enabled,
    })
}

/// The IQ whose id is in the path.
pub(super) fn find<'c>(cx: &'c Cx<'_>) -> Result<&'c Iq, Problem> {
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
