//! StreamEvents: an answer that never ends (2.10).

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::answer::Inner;
use super::commands::Refusal;
use super::dates;
use super::envelope::{api_error, netbox};
use super::log::Record;
use super::store::Store;
use super::xml::{Element, Xml};
use crate::frame::{Body, Reply};

/// A reader who falls behind by so many parts is hung up on.
const BEHIND: usize = 1024;

/// One reader of the stream.
pub(super) struct Stream {
    out: mpsc::Sender<Bytes>,
    tags: Vec<Tag>,
    after: u64,
    said: Instant,
}

/// A field the reader wants, and the values it lets through.
#[derive(Clone, Debug)]
struct Tag {
    name: String,
    only: Vec<String>,
}

impl Tag {
    fn of(element: &Element) -> Self {
        let filters = element.child("FILTERS").into_iter().flat_map(|filters| filters.all("FILTER"));
        Self { name: element.name.clone(), only: filters.map(|f| f.text.trim().to_owned()).collect() }
    }
}

/// `--Boundary`, part headers, the document.
fn part(document: &str) -> Bytes {
    let length = document.len();
    Bytes::from(format!(
        "--Boundary\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{document}\r\n"
    ))
}

fn reply(parts: mpsc::Receiver<Bytes>) -> Reply {
    let kind = "multipart/x-mixed-replace;boundary=Boundary";
    Reply { body: Body::Stream(parts), ..Reply::text(200, kind, "") }
}

/// An error, which comes as a part and ends the stream.
pub(super) fn refuse(refusal: &Refusal) -> Reply {
    let (number, text) = match refusal {
        Refusal::ApiError(number) => (*number, api_error(*number)),
        _ => (0, "<RESPONSE command=\"StreamEvents\"><CODE>FAIL</CODE></RESPONSE>".to_owned()),
    };
    let (out, parts) = mpsc::channel(1);
    // The channel is new and has room for one.
    drop(out.try_send(part(&netbox(None, &text))));
    reply(parts).counted(format!("apierror_{number}"))
}

/// Opens a stream for the wanted fields, beginning with `replay` past events.
pub(super) fn open(inner: &mut Inner, params: &Element) -> Reply {
    let tags = params.child("TAGNAMES").map(|tags| tags.children.iter().map(Tag::of).collect());
    let (out, parts) = mpsc::channel(BEHIND);
    let replay = inner.switches.count("stream.replay").unwrap_or(0);
    let past = inner.store.log.all().rev().take(replay).last().map(|record| record.id - 1);
    let after = past.unwrap_or_else(|| inner.store.log.last());
    inner.streams.push(Stream { out, tags: tags.unwrap_or_default(), after, said: Instant::now() });
    inner.pump();
    reply(parts)
}

impl Inner {
    /// Sends every reader what is new, or a heartbeat when nothing was for long.
    pub(super) fn pump(&mut self) {
        if self.streams.is_empty() {
            return;
        }
        let every = Duration::from_secs_f64(
            self.switches.number("stream.heartbeat").unwrap_or(30.0).clamp(0.05, 1e6),
        );
        let mut streams = std::mem::take(&mut self.streams);
        streams.retain_mut(|stream| self.feed(stream, every));
        self.streams = streams;
    }

    /// False when the reader is gone or too far behind.
    fn feed(&self, stream: &mut Stream, every: Duration) -> bool {
        let new = self.store.log.after(stream.after);
        let mut parts: Vec<Bytes> = new.filter_map(|record| stream.event(&self.store, record)).collect();
        stream.after = self.store.log.last();
        if parts.is_empty() && stream.said.elapsed() >= every {
            parts.push(part(&netbox(None, "<RESPONSE command=\"StreamEvents\"></RESPONSE>")));
        }
        if !parts.is_empty() {
            stream.said = Instant::now();
        }
        !stream.out.is_closed() && parts.into_iter().all(|part| stream.out.try_send(part).is_ok())
    }
}

impl Stream {
    /// The part for a record, unless a filter keeps it back.
    fn event(&self, store: &Store, record: &Record) -> Option<Bytes> {
        let mut xml = Xml::new();
        for tag in &self.tags {
            let (value, text) = field(store, record, &tag.name)?;
            if !tag.only.is_empty() && !tag.only.contains(&value) {
                return None;
            }
            if text { xml.cdata(&tag.name, &value) } else { xml.leaf(&tag.name, &value) }
        }
        let mut event = Xml::new();
        event.element("EVENT", |event| event.raw(&xml.into_string()));
        let response = format!("<RESPONSE command=\"StreamEvents\">{}</RESPONSE>", event.into_string());
        Some(part(&netbox(None, &response)))
    }
}

/// The fields this box knows something of; the others are empty.
const NAMES: [&str; 33] = [
    "ACNAME",
    "ACNUM",
    "ACTIVITYID",
    "ALARMID",
    "BLADESLOT",
    "CDT",
    "DESCNAME",
    "DETAIL",
    "EVENTID",
    "EVTNAME",
    "EVTPRIO",
    "LOCATIONKEY",
    "LOCATIONNAME",
    "LOGINADDRESS",
    "NDT",
    "NODENAME",
    "NODEKEY",
    "NODEUNIQUE",
    "NODEADDRESS",
    "NODESLOT",
    "PARTITIONKEY",
    "PARTNAME",
    "PERSONID",
    "PERSONNAME",
    "PORTALKEY",
    "PORTALNAME",
    "RDRNAME",
    "READERKEY",
    "READER2KEY",
    "THREATNAME",
    "UCBITLENGTH",
    "NODE",
    "LOCATION",
];

/// A field's value and whether it is text (CDATA); `None` hides the event from readers who filter nothing known.
fn field(store: &Store, record: &Record, name: &str) -> Option<(String, bool)> {
    let number = |key: Option<u64>| key.map(|key| key.to_string()).unwrap_or_default();
    let text = |value: &str| Some((value.to_owned(), true));
    let plain = |value: String| Some((value, false));
    match name {
        "DESCNAME" => text(record.name),
        "DETAIL" => text(if record.detail.is_empty() { &record.reason } else { &record.detail }),
        "EVTNAME" if record.name.starts_with("Event ") => text(&record.detail),
        "PERSONNAME" => text(&record.person_name),
        "PORTALNAME" => text(record.portal.and_then(|key| store.portals.get(&key)).map_or("", |p| &p.name)),
        "RDRNAME" => text(record.reader.and_then(|key| store.readers.get(&key)).map_or("", |r| &r.name)),
        "PARTNAME" => text(store.partitions.get(&record.partition).map_or("", |p| &p.name)),
        "ACNAME" => text(&record.format),
        "ACNUM" => plain(record.encoded.clone()),
        "ACTIVITYID" => plain(record.id.to_string()),
        "CDT" | "NDT" => plain(dates::write(record.at)),
        "PARTITIONKEY" => plain(record.partition.to_string()),
        "PERSONID" => plain(record.person.clone()),
        "PORTALKEY" => plain(number(record.portal)),
        "READERKEY" => plain(number(record.reader)),
        name if NAMES.contains(&name) => text(""),
        _ => plain(String::new()),
    }
}
