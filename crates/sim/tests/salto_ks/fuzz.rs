//! Nothing that a client sends makes the simulator panic or hang: OData, JSON, forms, headers, paths.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use hyper::http;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use vestibule_sim::frame::{Body, Call, Reply, Request, Switches, System, Twists, limits};
use vestibule_sim::salto_ks::{KIT, SWITCHES};

use crate::harness::{SITE, TUESDAY};
use crate::support::generated;

struct Platform {
    system: Arc<dyn System>,
    token: String,
    ids: Vec<String>,
}

static PLATFORM: LazyLock<Platform> = LazyLock::new(platform);

fn now() -> Timestamp {
    TUESDAY.parse().unwrap()
}

fn send(
    system: &dyn System,
    listener: &'static str,
    head: http::request::Builder,
    body: &[u8],
) -> Option<Reply> {
    let (parts, ()) = head.body(()).ok()?.into_parts();
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let request = Request::new(listener, peer, &parts, body.to_vec().into());
    assert!(!system.operation(&request).is_empty());
    let twists = Twists::default();
    system.tick(now());
    Some(system.handle(&request, &Call { now: now(), twists: &twists }))
}

fn body(reply: &Reply) -> Value {
    match &reply.body {
        Body::Whole(bytes) => serde_json::from_slice(bytes).unwrap_or(Value::Null),
        Body::Stream(_) => Value::Null,
    }
}

fn platform() -> Platform {
    let switches = Switches::new(&[limits::SWITCHES, SWITCHES]);
    let system = (KIT.build)(&switches, None, now()).unwrap();
    system.serving(&[("api", "http://api".to_owned()), ("identity", "http://identity".to_owned())]);
    let form =
        "grant_type=password&username=admin%40sim.example&password=sim&client_id=sim&client_secret=sim";
    let head =
        http::Request::post("/connect/token").header("content-type", "application/x-www-form-urlencoded");
    let token = body(&send(&*system, "identity", head, form.as_bytes()).unwrap())["access_token"].clone();
    let head = http::Request::get("/_sim/state").body(()).unwrap().into_parts().0;
    let request = Request::new("api", SocketAddr::from(([127, 0, 0, 1], 1)), &head, Vec::new().into());
    let mut ids = Vec::new();
    collect(&system.state(now(), &request), &mut ids);
    ids.truncate(40);
    Platform { system, token: token.as_str().unwrap().to_owned(), ids }
}

fn collect(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() == 36 => ids.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|item| collect(item, ids)),
        Value::Object(all) => all.values().for_each(|item| collect(item, ids)),
        _ => {}
    }
}

/// A whole answer, with an error in the documented form if it is one.
fn check(reply: Option<Reply>) {
    let Some(reply) = reply else {
        return;
    };
    assert!((200..600).contains(&reply.status) && reply.status != 500, "{reply:?}");
    let json = body(&reply);
    let coded = json.get("ErrorCode").is_some();
    assert!(!coded || (json["ErrorCode"].is_string() && json["Message"].is_string()));
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn word() -> impl Strategy<Value = String> {
    let words = vec![
        "alias",
        "user/email",
        "blocked",
        "eq",
        "ge",
        "and",
        "or",
        "contains",
        "(",
        ")",
        ",",
        "'x'",
        "'",
        "''",
        "true",
        "null",
        "-1",
        "1e999",
        "DateTime'2026-01-01'",
        "DateTime'",
        "not",
        "expires_at",
        "$top",
        "%",
        "\u{0}",
        "é",
    ];
    prop_oneof![4 => proptest::sample::select(words).prop_map(str::to_owned), 1 => ".{0,6}"]
}

fn value() -> impl Strategy<Value = Value> {
    let instants = vec![
        "2026-09-01T15:00:00Z",
        "2026-13-01",
        "9999-12-31T23:59:59Z",
        "-009999-01-01T00:00:00Z",
        "24:00",
        "23:59",
        "+2026",
        "0000-00-00T",
        "2026-09-01T15:00:00+99:99",
        "suspended",
        "unlocked",
        "",
    ];
    let ids = proptest::sample::select(PLATFORM.ids.clone());
    let instants = proptest::sample::select(instants).prop_map(str::to_owned);
    generated::json(prop_oneof![ids, instants], ".{0,4}")
}

const FIELDS: [&str; 24] = [
    "first_name",
    "last_name",
    "email",
    "alias",
    "role_ids",
    "expires_at",
    "id",
    "user_id",
    "add_ids",
    "remove_ids",
    "lock_id",
    "monday",
    "start_time",
    "end_time",
    "start_date",
    "end_date",
    "customer_reference",
    "state",
    "otp",
    "delta",
    "locked_state",
    "expiry_date",
    "add_members",
    "tag_id",
];

fn object() -> impl Strategy<Value = Value> {
    let field = proptest::sample::select(&FIELDS[..]).prop_map(str::to_owned);
    proptest::collection::vec((field, value()), 0..8).prop_map(|all| all.into_iter().collect())
}

fn path() -> impl Strategy<Value = String> {
    let parts = vec![
        "users",
        "access_groups",
        "locks",
        "iqs",
        "pin",
        "subscription",
        "time_schedules",
        "entries",
        "me",
        "roles",
        "guests",
        "keys",
        "locking",
        "secret",
        "pods",
        "members",
        "existing",
        "custom",
        "restore",
        "..",
        "",
        "%00",
    ];
    let part = prop_oneof![
        3 => proptest::sample::select(parts).prop_map(str::to_owned),
        3 => proptest::sample::select(PLATFORM.ids.clone()),
        1 => "[a-z0-9-]{0,40}",
    ];
    let version = proptest::sample::select(&["v1.1", "v1.2", "v2", "v1", "x"][..]);
    (version, proptest::collection::vec(part, 0..5))
        .prop_map(|(version, parts)| format!("/{version}/sites/{SITE}/{}", parts.join("/")))
}

fn authorized(method: &str, path: &str) -> http::request::Builder {
    http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", PLATFORM.token))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_filter_is_answered_or_1102(words in proptest::collection::vec(word(), 0..14)) {
        for option in ["$filter", "$orderby", "$top", "$skip", "$inlinecount"] {
            let path = format!("/v1.2/sites/{SITE}/users?{option}={}", encode(&words.join(" ")));
            let reply = send(&*PLATFORM.system, "api", authorized("GET", &path), b"").unwrap();
            prop_assert!(reply.status == 200 || body(&reply)["ErrorCode"] == json!("1102"));
        }
    }

    #[test]
    fn any_call_with_any_object_is_answered(
        method in proptest::sample::select(&["GET", "POST", "PATCH", "PUT", "DELETE"][..]),
        path in path(),
        object in object(),
    ) {
        check(send(&*PLATFORM.system, "api", authorized(method, &path), object.to_string().as_bytes()));
    }

    #[test]
    fn any_bytes_as_a_body_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200), path in path()) {
        check(send(&*PLATFORM.system, "api", authorized("POST", &path), &bytes));
        let head = http::Request::post("/connect/token").header("content-type", "application/x-www-form-urlencoded");
        check(send(&*PLATFORM.system, "identity", head, &bytes));
    }

    #[test]
    fn any_form_and_any_headers_are_answered(
        pairs in proptest::collection::vec(("[a-z_]{0,14}", ".{0,20}"), 0..8),
        grant in proptest::sample::select(&["password", "authorization_code", "refresh_token", "", "x"][..]),
        header in proptest::collection::vec(32u8..=255, 0..80),
    ) {
        let text: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect();
        let form = format!("grant_type={grant}&client_id=sim&client_secret=sim&{}", text.join("&"));
        let head = || http::Request::post("/connect/token").header("content-type", "application/x-www-form-urlencoded");
        check(send(&*PLATFORM.system, "identity", head(), form.as_bytes()));
        for name in ["authorization", "host", "content-type", "clp-continuation-token"] {
            let path = format!("/v1.1/sites/{SITE}/entries");
            check(send(&*PLATFORM.system, "api", authorized("GET", &path).header(name, &header[..]), b""));
            let bare = http::Request::get(&path).header(name, &header[..]);
            check(send(&*PLATFORM.system, "api", bare, b""));
            check(send(&*PLATFORM.system, "identity", head().header(name, &header[..]), form.as_bytes()));
        }
        let query = text.join("&");
        for path in ["/connect/authorize", "/connect/endsession", "/v1/hub/entries"] {
            let listener = if path.starts_with("/v1") { "api" } else { "identity" };
            check(send(&*PLATFORM.system, listener, authorized("GET", &format!("{path}?client_id=sim&{query}")), b""));
        }
    }

    #[test]
    fn any_edit_and_any_walk_are_answered(order in object(), action in "[a-z_]{0,12}", text in ".{0,20}") {
        let mut order = order;
        order["action"] = json!(action);
        drop(PLATFORM.system.edit(now(), &order));
        let walk = json!({ "user": text, "lock": "Main entrance", "pin": text });
        prop_assert!(PLATFORM.system.act(now(), "door", &walk).is_some());
    }
}
