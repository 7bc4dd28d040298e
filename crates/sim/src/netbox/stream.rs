//! StreamEvents: an answer without an end (2.10).

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::civil::DateTime;
use tokio::sync::mpsc;

use super::answer::Inner;
use super::commands::Refusal;
use super::dates;
use super::envelope::{Command, api_error, netbox};
use super::log::Record;
use super::xml::{Element, Xml};
use crate::frame::{Body, Reply, Switches};

/// A reader that is this many parts behind is disconnected.
const BEHIND: usize = 1024;

/// One reader of the stream.
pub(super) struct Stream {
    out: mpsc::Sender<Bytes>,
    framing: Framing,
    tags: Vec<Tag>,
    tzoffset: bool,
    after: u64,
    last_sent: Instant,
}

/// A field that the reader asked for, and the values that pass its filter.
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

    /// The requested fields, once each, in the order of an event.
    fn all_of(params: &Element) -> Vec<Self> {
        let tags = params.child("TAGNAMES").into_iter().flat_map(|tags| &tags.children);
        let mut tags: Vec<Self> = tags.map(Self::of).collect();
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        tags.dedup_by(|a, b| a.name == b.name);
        tags
    }

    /// The guide writes `Access Granted` and NetBox writes `Access granted`, so case is ignored.
    fn lets_through(&self, value: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only.eq_ignore_ascii_case(value))
    }
}

/// The place of the boundary between two parts, by the switch `stream.boundary` (A8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Framing {
    /// On its own line before the headers of a part.
    OwnLine,
    /// On the line of the document that it ends; there is also one before the first part.
    AfterDocument,
    /// On the line of the document that it starts, without headers.
    BeforeDocument,
}

impl Framing {
    fn of(switches: &Switches) -> Self {
        match switches.get("stream.boundary") {
            "after-document" => Self::AfterDocument,
            "before-document" => Self::BeforeDocument,
            _ => Self::OwnLine,
        }
    }

    fn first(self, document: &str) -> Bytes {
        let part = self.part(document);
        if self != Self::AfterDocument {
            return part;
        }
        Bytes::from([b"--Boundary\r\n", part.as_ref()].concat())
    }

    fn part(self, document: &str) -> Bytes {
        let headers = format!("Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n", document.len());
        Bytes::from(match self {
            Self::OwnLine => format!("--Boundary\r\n{headers}{document}\r\n"),
            Self::AfterDocument => format!("{headers}{document}--Boundary\r\n"),
            Self::BeforeDocument => format!("--Boundary{document}\r\n"),
        })
    }
}

/// The document of a part.
fn document(inside: &str) -> String {
    netbox(None, &format!("<RESPONSE command=\"StreamEvents\">{inside}</RESPONSE>"))
}

fn reply(parts: mpsc::Receiver<Bytes>) -> Reply {
    let kind = "multipart/x-mixed-replace;boundary=Boundary";
    Reply { body: Body::Stream(parts), ..Reply::text(200, kind, "") }
}

/// An error, which is a part and ends the stream.
pub(super) fn refuse(inner: &Inner, refusal: &Refusal) -> Reply {
    let (number, text) = match refusal {
        Refusal::ApiError(number) => (*number, netbox(None, &api_error(*number))),
        _ => (0, document("<CODE>FAIL</CODE>")),
    };
    let (out, parts) = mpsc::channel(1);
    // The channel is new and has room for one.
    drop(out.try_send(Framing::of(&inner.switches).first(&text)));
    reply(parts).counted(format!("apierror_{number}"))
}

/// Opens a stream for the requested fields: a part with SUCCESS, then the number of past events in the switch
/// `stream.replay`, then new events.
pub(super) fn open(inner: &mut Inner, command: &Command) -> Reply {
    let (out, parts) = mpsc::channel(BEHIND);
    let framing = Framing::of(&inner.switches);
    // The channel is new and has room.
    drop(out.try_send(framing.first(&document("<CODE>SUCCESS</CODE>"))));
    let replay = inner.switches.count("stream.replay").unwrap_or(0);
    let past = inner.store.log.all().rev().take(replay).last().map(|record| record.id - 1);
    let after = past.unwrap_or_else(|| inner.store.log.last());
    let tzoffset = command.tzoffset && inner.switches.is("dates.tzoffset", "appended");
    let tags = Tag::all_of(&command.params);
    inner.streams.push(Stream { out, framing, tags, tzoffset, after, last_sent: Instant::now() });
    inner.pump();
    reply(parts)
}

impl Inner {
    /// Sends new events to every reader, or a heartbeat after a time without events.
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

    /// False when the reader has closed the connection or is too far behind.
    fn feed(&self, stream: &mut Stream, every: Duration) -> bool {
        let new = self.store.log.after(stream.after);
        let mut documents: Vec<String> = new.filter_map(|record| stream.event(self, record)).collect();
        stream.after = self.store.log.last();
        if documents.is_empty() && stream.last_sent.elapsed() >= every {
            documents.push(document(""));
        }
        if !documents.is_empty() {
            stream.last_sent = Instant::now();
        }
        let mut parts = documents.iter().map(|document| stream.framing.part(document));
        !stream.out.is_closed() && parts.all(|part| stream.out.try_send(part).is_ok())
    }
}

impl Stream {
    /// The document of a record, unless a filter excludes it. Fields without a value are omitted (A8).
    fn event(&self, inner: &Inner, record: &Record) -> Option<String> {
        let mut event = Xml::new();
        for tag in &self.tags {
            let Field { value, is_text } = self.field(inner, record, &tag.name);
            if !tag.lets_through(&value) {
                return None;
            }
            match (value.is_empty(), is_text) {
                (true, _) => {}
                (false, true) => event.cdata(&tag.name, &value),
                (false, false) => event.leaf(&tag.name, &value),
            }
        }
        let mut xml = Xml::new();
        xml.element("EVENT", |xml| xml.raw(&event.into_string()));
        Some(document(&xml.into_string()))
    }

    /// The value of a field; empty for fields that are not simulated.
    fn field(&self, inner: &Inner, record: &Record, name: &str) -> Field {
        let store = &inner.store;
        let portal = || record.portal.and_then(|key| store.portals.get(&key));
        let reader = || record.reader.and_then(|key| store.readers.get(&key));
        match name {
            // The name of a card is its number.
            "ACNAME" | "ACNUM" => Field::text(&record.encoded),
            "ACTIVITYID" => Field::plain(&record.id),
            "CDT" => Field::plain(&self.date(inner, record.at)),
            "DESCNAME" => Field::text(record.name),
            "DETAIL" if record.detail.is_empty() => Field::text(record.reason),
            "DETAIL" => Field::text(&record.detail),
            "EVTNAME" if record.name.starts_with("Event ") => Field::text(&record.detail),
            "NDT" => Field::plain(&self.date(inner, whole_seconds(record.at))),
            "PARTITIONKEY" => Field::plain(&record.partition),
            "PARTNAME" => Field::text(store.partitions.get(&record.partition).map_or("", |p| &p.name)),
            "PERSONID" => Field::plain(&record.person),
            "PERSONNAME" => Field::text(&person_name(&inner.switches, record)),
            "PORTALKEY" => Field::plain(&record.portal.map(|key| key.to_string()).unwrap_or_default()),
            "PORTALNAME" => Field::text(portal().map_or("", |portal| &portal.name)),
            "RDRNAME" => Field::text(reader().map_or("", |reader| &reader.name)),
            "READERKEY" => Field::plain(&record.reader.map(|key| key.to_string()).unwrap_or_default()),
            _ => Field::plain(""),
        }
    }

    fn date(&self, inner: &Inner, at: DateTime) -> String {
        if self.tzoffset { dates::write_precise(at, &inner.store.zone) } else { dates::write(at) }
    }
}

/// The time of a node in whole seconds.
fn whole_seconds(at: DateTime) -> DateTime {
    at.with().subsec_nanosecond(0).build().unwrap_or(at)
}

/// The name of a person, by the switch `stream.person-name` (A8).
fn person_name(switches: &Switches, record: &Record) -> String {
    let whole = !record.first_name.is_empty() && !record.last_name.is_empty();
    if whole && switches.is("stream.person-name", "last-first") {
        return format!("{}, {}", record.last_name, record.first_name);
    }
    record.person_name()
}

/// The content of a field of an event.
struct Field {
    value: String,
    /// Text, written in CDATA.
    is_text: bool,
}

impl Field {
    fn text(value: &str) -> Self {
        Self { value: value.to_owned(), is_text: true }
    }

    fn plain(value: &(impl ToString + ?Sized)) -> Self {
        Self { value: value.to_string(), is_text: false }
    }
}
