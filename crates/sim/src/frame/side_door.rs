//! The side door, `/_sim/`: the simulator's own interface for people and tests, which clients of the system never use.

use serde_json::{Map, Value, json};

use super::clock::Move;
use super::fault::Fault;
use super::serve::{Frame, switches_of};
use super::{Reply, Request, orders, page};

type Done = Result<Value, String>;

/// Answers a call of the side door, or refuses one that is not from loopback.
pub(super) fn answer(frame: &Frame, request: &Request) -> Reply {
    if !frame.options.side_door_open && !request.peer.ip().to_canonical().is_loopback() {
        let text = "The side door of this simulator answers loopback only; --side-door-open opens it.\n";
        return Reply::text(403, "text/plain", text);
    }
    let name = request.path.strip_prefix("/_sim/").unwrap_or("");
    match (request.method.as_str(), name) {
        ("GET", "") => page::page(frame, request),
        ("GET", "ca.pem") => ca(frame),
        ("GET", _) => look(frame, request, name).map_or_else(|| unknown(request), |v| Reply::json(200, &v)),
        ("POST" | "PUT" | "DELETE", _) => match change(frame, request, name) {
            Some(Ok(value)) => Reply::json(200, &value),
            Some(Err(sentence)) => Reply::json(400, &json!({ "error": sentence })),
            None => unknown(request),
        },
        _ => unknown(request),
    }
}

fn unknown(request: &Request) -> Reply {
    let error = format!("the side door has no call {} {}", request.method, request.path);
    Reply::json(404, &json!({ "error": error }))
}

fn ca(frame: &Frame) -> Reply {
    match &frame.ca_pem {
        Some(pem) => Reply::text(200, "application/x-pem-file", pem.clone()),
        None => {
            Reply::json(404, &json!({ "error": "this simulator does not speak TLS; start it with --tls" }))
        }
    }
}

fn look(frame: &Frame, request: &Request, name: &str) -> Option<Value> {
    let now = frame.present();
    Some(match name {
        "state" => frame.system.state(now, request),
        "calls" => frame.counters.json(),
        "outbox" => frame.system.outbox(),
        "clock" => frame.clock.json(),
        "faults" => frame.faults.json(),
        "switches" => frame.switches.read().json(),
        "limits" => limits(frame),
        _ => return None,
    })
}

fn change(frame: &Frame, request: &Request, name: &str) -> Option<Done> {
    let order = match body(request) {
        Ok(order) => order,
        Err(sentence) => return Some(Err(sentence)),
    };
    Some(match (request.method.as_str(), name) {
        ("POST", "clock") => clock(frame, &order),
        ("POST", "faults") => fault(frame, &order),
        ("DELETE", "faults") => {
            frame.faults.clear();
            Ok(frame.faults.json())
        }
        ("DELETE", "calls") => {
            frame.counters.clear();
            Ok(frame.counters.json())
        }
        ("POST", "limits") => set_limits(frame, &order),
        ("POST", "switches") => {
            frame.switch(|switches| switches.set_all(&order)).map(|()| frame.switches.read().json())
        }
        ("POST", "edit") => frame.system.edit(frame.present(), &order),
        ("POST", "reset") => reset(frame, &order),
        ("POST", _) => return frame.system.act(frame.present(), name, &order),
        _ => return None,
    })
}

/// The body as JSON; without a body, an empty object.
fn body(request: &Request) -> Done {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    serde_json::from_slice(&request.body).map_err(|e| format!("the body is not JSON: {e}"))
}

fn clock(frame: &Frame, order: &Value) -> Done {
    frame.clock.apply(&orders::read_one::<Move>(order)?)?;
    frame.present();
    Ok(frame.clock.json())
}

/// One fault or an array of them; all are read before the first is added.
fn fault(frame: &Frame, order: &Value) -> Done {
    let faults: Vec<Fault> = orders::read(order)?;
    faults.iter().try_for_each(|fault| fault.check_own(frame.system.own_faults()))?;
    for fault in faults {
        frame.faults.arm(fault)?;
    }
    Ok(frame.faults.json())
}

/// `latency_ms` in JSON is `limits.latency-ms` among the switches.
fn limit_switch(key: &str) -> String {
    format!("limits.{}", key.replace('_', "-"))
}

fn limits(frame: &Frame) -> Value {
    let switches = frame.switches.read();
    let keys = ["latency_ms", "rate", "burst", "over", "retry_after", "in_flight"];
    let value = |key: &str| {
        let text = switches.get(&limit_switch(key)).to_owned();
        text.parse::<f64>().map_or_else(|_| json!(text), |n| json!(n))
    };
    Value::Object(keys.iter().map(|key| ((*key).to_owned(), value(key))).collect())
}

/// A limit that is absent keeps its value; `null` removes a limit.
fn set_limits(frame: &Frame, order: &Value) -> Done {
    let order = order.as_object().ok_or("the limits must be an object")?;
    let switch = |(key, value): (&String, &Value)| {
        let name = limit_switch(key);
        let zero = if matches!(key.as_str(), "latency_ms") { json!("0") } else { json!("none") };
        (name, if value.is_null() { zero } else { value.clone() })
    };
    let changes: Map<String, Value> = order.iter().map(switch).collect();
    frame.switch(|switches| switches.set_all(&Value::Object(changes)))?;
    Ok(limits(frame))
}

/// Restores the seed and clears faults and counters; with `{"all": true}` also restores clock and switches.
fn reset(frame: &Frame, order: &Value) -> Done {
    if order["all"].as_bool().unwrap_or(false) {
        frame.clock.restart(frame.options.clock);
        let fresh = switches_of(frame.kit, &frame.options)?;
        frame.switch(|switches| {
            *switches = fresh;
            Ok(())
        })?;
    }
    frame.faults.clear();
    frame.counters.clear();
    frame.system.reset(frame.clock.now())?;
    Ok(json!({ "reset": true }))
}
