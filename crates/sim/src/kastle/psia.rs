//! Pushes PSIA events to a receiver (2A.2, 2B.4, position `psia-push` of row 18).
//!
//! HTTP Basic and the owner's GUID with braces are confirmed; path and credentials are those of 2B.4; the form of
//! the event is chosen, because no public source shows one. Plain HTTP only: a reverse proxy of the receiver adds TLS.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::store::{Activity, Door};
use super::system::Inner;
use crate::frame::html::escape;

/// One event to push.
#[derive(Debug)]
pub(super) struct Push {
    address: String,
    request: String,
}

/// The most events that wait for a receiver; they are sent one after the other.
const WAITING: usize = 1000;
/// The number of attempts for one event.
const TRIES: u32 = 5;

/// Starts the task that pushes events; it ends with the simulator.
pub(super) fn start() -> mpsc::Sender<Push> {
    let (sender, mut queue) = mpsc::channel::<Push>(WAITING);
    tokio::spawn(async move {
        while let Some(push) = queue.recv().await {
            for _ in 0..TRIES {
                let sent = tokio::time::timeout(Duration::from_secs(5), send(&push)).await;
                if matches!(sent, Ok(Some(()))) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });
    sender
}

/// `None`: the request failed, or the answer is not 2xx.
async fn send(push: &Push) -> Option<()> {
    let mut stream = TcpStream::connect(&push.address).await.ok()?;
    stream.write_all(push.request.as_bytes()).await.ok()?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.ok()?;
    (status.starts_with(b"HTTP/1.") && status.get(9) == Some(&b'2')).then_some(())
}

/// Queues the event of a record, if events are pushed.
pub(super) fn push(inner: &Inner, activity: &Activity) {
    let Some(push) = written(inner, activity) else {
        return;
    };
    if let Some(sender) = &inner.pusher {
        // A full queue means a receiver that was unreachable for long; further events are lost.
        drop(sender.try_send(push));
    }
}

fn written(inner: &Inner, activity: &Activity) -> Option<Push> {
    let switches = &inner.switches;
    let address = switches.is("events", "psia-push").then(|| switches.get("events.receiver"))?;
    let address = address.strip_prefix("http://")?.trim_end_matches('/').to_owned();
    let building = inner.store.building(&activity.building)?;
    let owner = inner.store.owners.iter().find(|owner| owner.guid == building.owner)?;
    let credentials = owner.doors.get(&Door::EventStream)?;
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EventNotificationAlert><id>{}</id><dateTime>{}</dateTime>\
         <eventType>{}</eventType><credentialHolder>{}</credentialHolder><credential>{}</credential>\
         <reason>{}</reason><organization>{}</organization><portal>{}</portal></EventNotificationAlert>\n",
        activity.id,
        activity.at,
        if activity.lockout.is_empty() { "accessGranted" } else { "accessDenied" },
        escape(&activity.personnel),
        escape(activity.card.as_deref().unwrap_or_default()),
        escape(&activity.lockout),
        escape(activity.company.as_deref().unwrap_or_default()),
        escape(&activity.reader),
    );
    let authorization = base64(&format!("{}:{}", credentials.username, credentials.password));
    let request = format!(
        "POST /kastle/psia/%7B{}%7D HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic {authorization}\r\n\
         content-type: application/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        owner.guid,
        body.len()
    );
    Some(Push { address, request })
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in text.as_bytes().chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let number = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4u32 {
            let digit = DIGITS.get((number >> (18 - 6 * index) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if index as usize > group.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_written_as_rfc_4648_says() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text), expected);
        }
    }
}
