//! The status of the baseline: one condition.

use jiff::Timestamp;
use kube::Resource;
use serde_json::{Value, json};
use vestibule::api::Visitor;

/// `Ready` for a reason. The time stays while the reason stays, so that an equal status is no change.
pub(super) fn ready(visitor: &Visitor, reason: &str, now: Timestamp) -> Value {
    let before = serde_json::to_value(&visitor.status).unwrap_or_default();
    let before = before.pointer("/conditions/0").filter(|condition| condition["reason"] == reason);
    let since =
        before.map_or_else(|| json!(now.to_string()), |condition| condition["lastTransitionTime"].clone());
    json!({
        "observedGeneration": visitor.meta().generation,
        "conditions": [{ "type": "Ready", "status": "True", "reason": reason,
            "message": "as declared", "lastTransitionTime": since }],
    })
}
