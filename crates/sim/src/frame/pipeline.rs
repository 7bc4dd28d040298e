//! The stages of one call: counted, limited, subjected to faults, handled.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::fault::{Fault, Kind, When};
use super::limits::Throttled;
use super::serve::Frame;
use super::{Body, Call, Reply, Request, Twists};

/// The answer on the wire.
pub(super) enum Answer {
    /// A whole answer.
    Whole(Reply),
    /// The first bytes of an answer, then the end of the connection.
    Broken(Reply, usize),
    /// The end of the connection.
    Closed,
}

/// The end that a fault put to a call.
struct End {
    answer: Answer,
    outcome: Cow<'static, str>,
}

/// Takes a call through all stages and counts its outcome.
pub(super) async fn call(frame: &Frame, request: &Request) -> Answer {
    let ticket = frame.counters.arrive(frame.system.operation(request));
    let faults = frame.faults.strike(ticket.operation());
    let (answer, outcome, subject) = run(frame, request, &faults).await;
    ticket.close(frame.clock.now(), outcome, subject);
    answer
}

async fn run(frame: &Frame, request: &Request, faults: &[Fault]) -> (Answer, Cow<'static, str>, String) {
    let _seat = match frame.gate.enter().await {
        Ok(seat) => seat,
        Err(throttled) => {
            return (too_many_requests(frame, request, throttled), "throttled".into(), String::new());
        }
    };
    let lane = frame.system.lane(request).map(|name| lane(frame, name));
    let _turn = match lane {
        Some(lane) => Some(lane.lock_owned().await),
        None => None,
    };
    if let Some(end) = strike(faults, When::Before).await {
        return (end.answer, end.outcome, String::new());
    }
    let twists = Twists::of(faults);
    let reply = frame.system.handle(request, &Call { now: frame.present(), twists: &twists });
    let subject = reply.subject.clone();
    if let Some(end) = strike(faults, When::After).await {
        return (end.answer, end.outcome, subject);
    }
    if let Some(fault) = faults.iter().find(|f| f.kind == Kind::Truncate) {
        return (truncate(reply, fault), "truncated".into(), subject);
    }
    let outcome = reply.outcome.clone();
    (Answer::Whole(reply), outcome, subject)
}

fn too_many_requests(frame: &Frame, request: &Request, throttled: Throttled) -> Answer {
    let mut reply = frame.system.throttled(request, throttled.status);
    reply.status = throttled.status;
    if let Some(seconds) = throttled.retry_after {
        reply = reply.with_header("retry-after", seconds.to_string());
    }
    Answer::Whole(reply)
}

/// The lane of that name; when there are many, those without a call are removed.
fn lane(frame: &Frame, name: String) -> Arc<tokio::sync::Mutex<()>> {
    let mut lanes = frame.lanes.lock();
    if lanes.len() > 256 {
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
    }
    Arc::clone(lanes.entry(name).or_default())
}

/// Carries out the faults of transport before or after the effect; latency first, then a fault that ends the call.
async fn strike(faults: &[Fault], when: When) -> Option<End> {
    for fault in faults.iter().filter(|f| f.when == when && f.kind == Kind::Latency) {
        tokio::time::sleep(Duration::from_millis(fault.ms.unwrap_or(0))).await;
    }
    for fault in faults.iter().filter(|f| f.when == when) {
        let answer = match fault.kind {
            Kind::Refuse => Answer::Closed,
            Kind::Hang => {
                tokio::time::sleep(Duration::from_secs(fault.seconds.unwrap_or(3600))).await;
                Answer::Closed
            }
            Kind::Http => Answer::Whole(http(fault)),
            _ => continue,
        };
        return Some(End { answer, outcome: outcome(fault, when) });
    }
    None
}

fn outcome(fault: &Fault, when: When) -> Cow<'static, str> {
    match (fault.kind, when) {
        (Kind::Refuse, When::Before) => "refused".into(),
        (Kind::Refuse, When::After) => "lost".into(),
        (Kind::Hang, When::Before) => "hung".into(),
        (Kind::Hang, When::After) => "hung_after_effect".into(),
        (_, When::Before) => format!("http_{}", fault.status.unwrap_or(503)).into(),
        (_, When::After) => format!("http_{}_after_effect", fault.status.unwrap_or(503)).into(),
    }
}

fn http(fault: &Fault) -> Reply {
    let reply = Reply::text(fault.status.unwrap_or(503), "text/plain", "a fault set through the side door\n");
    match fault.retry_after {
        Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
        None => reply,
    }
}

fn truncate(mut reply: Reply, fault: &Fault) -> Answer {
    let Body::Whole(bytes) = &reply.body else {
        return Answer::Whole(reply);
    };
    let percent = usize::try_from(fault.keep.unwrap_or(50).min(100)).unwrap_or(100);
    let keep = bytes.len() * percent / 100;
    if fault.clean {
        let part: Bytes = bytes.slice(..keep);
        reply.body = Body::Whole(part);
        return Answer::Whole(reply);
    }
    Answer::Broken(reply, keep)
}
