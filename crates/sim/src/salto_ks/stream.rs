//! The entries hub (2.11): SignalR over server-sent events, method `ReceiveMessage`.
//!
//! The document names the hub, its query and its method; the transport is SignalR's own protocol. Negotiation,
//! the JSON handshake and server-sent events are simulated; WebSockets and the incidents hub are not.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::api::{Answer, Done, Problem, caller};
use super::entries;
use super::ids;
use super::inner::Inner;
use super::store::Store;
use crate::frame::{Body, Call, Reply, Request, Switches};

/// The separator after a SignalR message.
const END: char = '\u{1e}';

/// Connections to the hub.
#[derive(Debug, Default)]
pub(super) struct Hub(HashMap<String, Connection>);

#[derive(Debug)]
struct Connection {
    site: Uuid,
    user: Option<Uuid>,
    sender: Option<mpsc::Sender<Bytes>>,
    shaken: bool,
    /// Number of the last entry sent.
    last: u64,
    made: Timestamp,
}

impl Hub {
    /// Sends new entries, and removes closed connections.
    pub(super) fn tick(&mut self, store: &Store, switches: &Switches, now: Timestamp) {
        let delay = switches.whole("entries.delay-seconds").unwrap_or(0);
        self.0.retain(|_, connection| {
            let Some(site) = store.sites.get(&connection.site) else {
                return false;
            };
            let Some(sender) = connection.sender.as_ref() else {
                return now.duration_since(connection.made).as_secs().abs() < 60;
            };
            let (last, shaken) = (connection.last, connection.shaken);
            for entry in site.entries.iter().filter(|e| e.number > last && shaken) {
                if now.duration_since(entry.at).as_secs() < delay {
                    break;
                }
                connection.last = entry.number;
                let wanted = connection.user.is_none_or(|user| entry.user == Some(user));
                let object = entries::object(site, entry);
                if wanted && sender.try_send(message(&payload(object, switches))).is_err() {
                    return false;
                }
            }
            !sender.is_closed()
        });
    }
}

/// 2.15 #17: the whole entry, or a subset of it.
fn payload(entry: Value, switches: &Switches) -> Value {
    if switches.is("streaming.payload", "entry") {
        return entry;
    }
    let kept = ["id", "event_category", "event_detail", "utc_date_time", "lock_id", "user_id"];
    kept.iter().map(|name| ((*name).to_owned(), entry[*name].clone())).collect()
}

fn message(argument: &Value) -> Bytes {
    event(&json!({ "type": 1, "target": "ReceiveMessage", "arguments": [argument] }))
}

fn event(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}{END}\r\n\r\n"))
}

/// Answers a call to the hub that is not a stream.
pub(super) fn answer(inner: &mut Inner, request: &Request, call: &Call<'_>) -> Done {
    let site = site(inner, request, call)?;
    if request.path.ends_with("/negotiate") {
        let token = inner.store.id().simple().to_string();
        let last = inner.store.sites.get(&site).map_or(0, |site| site.last_entry);
        let user = request.query_value("user_id").and_then(|id| ids::read(&id));
        let connection = Connection { site, user, sender: None, shaken: false, last, made: call.now };
        inner.hub.0.insert(token.clone(), connection);
        let transports = json!([{ "transport": "ServerSentEvents", "transferFormats": ["Text"] }]);
        return Ok(Answer::json(
            200,
            json!({ "negotiateVersion": 1, "connectionId": token, "connectionToken": token,
                    "availableTransports": transports }),
        ));
    }
    let connection = connection(inner, request).ok_or_else(|| Problem::bare(404))?;
    let text = String::from_utf8_lossy(&request.body);
    let handshake = text.split(END).any(|part| part.contains("\"protocol\""));
    if handshake && !connection.shaken {
        connection.shaken = true;
        if let Some(sender) = &connection.sender {
            // A full or closed channel is detected at the next tick.
            drop(sender.try_send(event(&json!({}))));
        }
    }
    Ok(Answer::empty(200))
}

/// `GET /v1/hub/entries?id=...`: the stream itself.
pub(super) fn open(inner: &mut Inner, request: &Request, call: &Call<'_>) -> Result<Reply, Problem> {
    site(inner, request, call)?;
    let connection = connection(inner, request).ok_or_else(|| Problem::bare(404))?;
    let (sender, pieces) = mpsc::channel(1024);
    connection.sender = Some(sender);
    let mut reply = Reply::text(200, "text/event-stream", Bytes::new());
    reply.body = Body::Stream(pieces);
    Ok(reply)
}

fn connection<'i>(inner: &'i mut Inner, request: &Request) -> Option<&'i mut Connection> {
    inner.hub.0.get_mut(&request.query_value("id")?)
}

/// The site a caller may listen to: bearer token, user of the site, feature `events_streaming`.
fn site(inner: &Inner, request: &Request, call: &Call<'_>) -> Result<Uuid, Problem> {
    let caller = caller(inner, request, call.now)?;
    let id = request.query_value("site_id").and_then(|id| ids::read(&id));
    let id = id.ok_or_else(|| Problem::invalid("site_id is not a valid UUID"))?;
    let site = inner.store.sites.get(&id).ok_or_else(|| Problem::missing("Site"))?;
    site.user_of(caller.user).ok_or_else(Problem::refused)?;
    if !site.features.iter().any(|feature| feature == "events_streaming") {
        return Err(Problem::unpaid());
    }
    Ok(id)
}
