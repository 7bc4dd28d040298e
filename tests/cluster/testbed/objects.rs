//! The objects that a test declares, as a user would write them. Given fields replace the defaults; null removes one.
#![allow(clippy::needless_pass_by_value, reason = "callers write `json!` in place")]

use serde_json::{Value, json};

/// The building.
pub(crate) fn property(spec: Value) -> Value {
    object("Property", "tower", json!({"displayName": "Tower", "timeZone": "America/New_York"}), spec)
}

/// The login of the NetBox.
pub(crate) fn secret(password: &str) -> Value {
    let data = json!({"username": "sim", "password": password});
    json!({"kind": "Secret", "metadata": {"name": "login"}, "stringData": data})
}

/// The connection of the building to the NetBox at `url`.
pub(crate) fn integration(url: &str, spec: Value) -> Value {
    let base = json!({
        "propertyRef": {"name": "tower"},
        "lenelS2": {"url": url, "visitorCardFormat": "26 bit Wiegand"},
        "credentialsSecretRef": {"name": "login"},
        "occupants": "None",
        "visitors": "Push",
        "mode": "Enforce",
    });
    object("AccessIntegration", "netbox", base, spec)
}

/// A company whose visitors may enter the lobby and its rooms.
pub(crate) fn tenant(name: &str, spec: Value) -> Value {
    let grant = json!({"integrationRef": {"name": "netbox"}, "groups": ["Lobby", "Acme Visitors"]});
    let base = json!({"propertyRef": {"name": "tower"}, "displayName": "Acme Ltd", "visitorAccess": [grant]});
    object("Tenant", name, base, spec)
}

/// A visitor expected on Tuesday from nine to five.
pub(crate) fn visitor(name: &str, spec: Value) -> Value {
    let base = json!({
        "tenantRef": {"name": "acme"},
        "firstName": "Ada",
        "lastName": "Byron",
        "email": format!("{name}@example.org"),
        "visit": {"from": "2026-12-01", "startTime": "09:00", "endTime": "17:00"},
    });
    object("Visitor", name, base, spec)
}

fn object(kind: &str, name: &str, mut spec: Value, change: Value) -> Value {
    json_patch::merge(&mut spec, &change);
    json!({"kind": kind, "metadata": {"name": name}, "spec": spec})
}
