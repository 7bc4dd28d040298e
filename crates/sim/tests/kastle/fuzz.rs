//! Input that no client should send: never a panic, never a hang.

use proptest::prelude::*;
use serde_json::{Value, json};
use vestibule_sim::frame::Running;
use vestibule_sim::kastle;

use crate::support::generated;
use crate::support::raw::send;
use crate::support::simulator::held_at;

const AUTH: &str =
    "Authorization: Basic c2ltOnNpbQ==\r\nOwnerGuid: {00000000-0000-0000-0000-000000000001}\r\n";
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn start(set: &[(&str, &str)]) -> Running {
    kastle::start(held_at("2026-12-01T14:00:00Z", set)).await.unwrap()
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: k\r\nConnection: close\r\n{AUTH}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    generated::json("[0-9]{2,5}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}|[0-9a-f-]{36}", "[A-Za-z]{1,12}")
}

const FIELDS: [&str; 24] = [
    "VisitGuid",
    "InstitutionID",
    "FloorId",
    "Timezone",
    "ArrivalDate",
    "ArrivalTime",
    "DepartureDate",
    "DepartureTime",
    "UserEmail",
    "UserFirstName",
    "UserLastName",
    "UserCardHolderID",
    "VisitingCompany",
    "AccessProfiles",
    "IdentityType",
    "IsAllDayEvent",
    "NotifyOnArrival",
    "IsSendMailToVisitors",
    "VisitorModel",
    "Notes",
    "RecurrenceModel",
    "PriorityLevel",
    "MeetingStatus",
    "Unknown",
];

pub fn good() -> Value {
    json!({ "InstitutionID": "1", "FloorId": "4", "ArrivalDate": "2026-12-01", "ArrivalTime": "08:00",
            "DepartureDate": "2026-12-01", "DepartureTime": "18:00", "AccessProfiles": ["77"],
            "VisitorModel": [{ "LastName": "Garcia", "Email": "g@guests.example" }] })
}

/// A good body with some fields replaced by any JSON.
fn bodies() -> impl Strategy<Value = Value> {
    let changes = prop::collection::vec((prop::sample::select(FIELDS.to_vec()), any_json()), 0..4);
    (changes, any_json(), any::<bool>()).prop_map(|(changes, odd, visitor)| {
        let mut body = good();
        for (name, value) in changes {
            body[name] = value;
        }
        if visitor {
            body["VisitorModel"] = json!([odd, { "LastName": odd, "Email": odd, "CardholderGuid": odd }]);
        }
        body
    })
}

/// Every switch that accepts more, so that odd bodies pass the first checks.
const LOOSE: &[(&str, &str)] = &[
    ("rules.visitors", "accepted"),
    ("rules.last-name", "accepted"),
    ("rules.names", "accepted"),
    ("rules.phone", "accepted"),
    ("rules.host-length", "accepted"),
    ("rules.institution", "accepted"),
    ("rules.floor", "accepted"),
    ("rules.order", "accepted"),
    ("rules.zone", "accepted"),
    ("rules.guids", "accepted"),
    ("rules.types", "accepted"),
    ("rules.profiles", "accepted"),
    ("rules.email", "accepted"),
    ("zones.gap", "shifted"),
    ("floor", "optional"),
    ("visit.update", "yes"),
    ("visit.duplicate", "second-visit"),
    ("cap.days", "180"),
    ("mail.dummy", "mailed"),
];

/// 2B.8 [inferred] No body makes it panic or hang.
#[test]
fn s2b8_no_body_makes_it_panic_or_hang() {
    let runtime = runtime();
    for set in [&[][..], LOOSE] {
        let sim = runtime.block_on(start(set));
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
        let outcome = runner.run(&bodies(), |body| {
            let bytes = post("/institutions/1/visits", body.to_string().as_bytes());
            let answer = runtime.block_on(send(&sim.url, &bytes));
            prop_assert!(answer.starts_with("HTTP/1.1 ") && answer.contains("\"IsSuccess\":"), "{}", answer);
            let list = runtime.block_on(send(
                &sim.url,
                format!("GET /institutions/1/visits HTTP/1.1\r\nHost: k\r\nConnection: close\r\n{AUTH}\r\n")
                    .as_bytes(),
            ));
            prop_assert!(list.contains("\"IsSuccess\":true"), "{}", list);
            Ok(())
        });
        outcome.unwrap();
        let page =
            runtime.block_on(send(&sim.url, b"GET /_sim/ HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n"));
        assert!(page.contains("</html>"));
    }
}

/// 2B.8 [inferred] No bytes, path or header make it panic or hang.
#[test]
fn s2b8_no_bytes_path_or_header_make_it_panic_or_hang() {
    let runtime = runtime();
    let sim = runtime.block_on(start(&[("auth.mode", "basic"), ("events", "readeractivity")]));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    let path = prop_oneof![
        "[!-~]{0,40}",
        "institutions/(1|4711|%31|\\{I\\})/(visits|cardholders|companies|readeractivity|visits/[ -~&&[^ ]]{0,40})(\\?[a-zA-Z=&%0-9:{}+-]{0,60})?",
    ];
    let header = prop_oneof![
        Just(AUTH.to_owned()),
        "Authorization: (Basic|Bearer|)[ -~]{0,30}\r\nOwnerGuid: [ -~]{0,40}\r\n",
        "[A-Za-z-]{1,12}: [ -~]{0,40}\r\n",
    ];
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "X"]);
    let body = prop::collection::vec(any::<u8>(), 0..200);
    let outcome = runner.run(&(method, path, header, body), |(method, path, header, body)| {
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: k\r\nConnection: close\r\n{header}Content-Length: {}\r\n\r\n",
            body.len()
        );
        let answer = runtime.block_on(send(&sim.url, &[head.as_bytes(), &body].concat()));
        prop_assert!(answer.starts_with("HTTP/1.1 "), "{head:?} {answer:?}");
        prop_assert!(!answer.starts_with("HTTP/1.1 5"), "{head:?} {answer:?}");
        Ok(())
    });
    outcome.unwrap();
}

/// 2B.8 [inferred] No order at the side door makes it panic or hang.
#[test]
fn s2b8_no_order_at_the_side_door_makes_it_panic_or_hang() {
    let runtime = runtime();
    let sim = runtime.block_on(start(&[]));
    let actions = [
        "add_cardholder",
        "modify_cardholder",
        "add_company",
        "modify_company",
        "add_profile",
        "modify_profile",
        "add_visit",
        "modify_visit",
        "remove_visit",
        "set_password",
        "remove_company",
        "fly",
    ];
    let guid = "11110000-0000-4000-8000-000000000001";
    let strategy = (prop::sample::select(actions.to_vec()), bodies(), any_json());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
    let outcome = runner.run(&strategy, |(action, body, odd)| {
        let order = json!({ "action": action, "id": "88123", "guid": guid, "visit": body, "set": body });
        let strange = json!({ "action": action, "id": odd, "set": odd, "cardholder": odd, "visit": odd });
        for order in [order, strange, odd] {
            let answer = runtime.block_on(send(&sim.url, &post("/_sim/edit", order.to_string().as_bytes())));
            let status = answer.get(9..12).unwrap_or_default();
            prop_assert!(status == "200" || status == "400", "{order} {answer}");
        }
        Ok(())
    });
    outcome.unwrap();
}

/// 2B.8 [inferred] Deep and large bodies.
#[test]
fn s2b8_deep_and_large_bodies_are_refused() {
    let runtime = runtime();
    let sim = runtime.block_on(start(&[]));
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let answer = runtime.block_on(send(&sim.url, &post("/institutions/1/visits", &deep)));
    assert!(answer.contains("The body is not valid JSON"), "{answer}");
    let many: Vec<Value> = (0..20_000).map(|n| json!({ "LastName": format!("V{n}") })).collect();
    let mut body = good();
    body["VisitorModel"] = Value::from(many);
    let answer =
        runtime.block_on(send(&sim.url, &post("/institutions/1/visits", body.to_string().as_bytes())));
    assert!(answer.contains("\"IsSuccess\":true"), "{}", answer.len());
}
