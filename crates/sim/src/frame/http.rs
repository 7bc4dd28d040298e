//! HTTP as a system sees it: one whole request, one answer that is whole or a stream.

use std::any::Any;
use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::OnceLock;

use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::Value;
use tokio::sync::mpsc;

/// One request, its body read to the end.
#[derive(Debug)]
pub struct Request {
    /// The listener that took it (`api` unless the system has more than one).
    pub listener: &'static str,
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path without the query, as sent (not percent-decoded).
    pub path: String,
    /// The text after the question mark, as sent.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// Address of the caller.
    pub peer: SocketAddr,
    parsed: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Request {
    /// A request taken by `listener` from `peer`.
    pub fn new(
        listener: &'static str,
        peer: SocketAddr,
        head: &hyper::http::request::Parts,
        body: Bytes,
    ) -> Self {
        Self {
            listener,
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            body,
            peer,
            parsed: OnceLock::new(),
        }
    }

    /// A header as text; absent and unreadable ones alike are `None`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of `name` in the query, percent-decoded.
    pub fn query_value(&self, name: &str) -> Option<String> {
        let pair = self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        })?;
        Some(percent_decode(pair))
    }

    /// The body as the system reads it, parsed once. A system uses one type only; another type is parsed anew each
    /// time.
    pub fn parsed<T, F>(&self, parse: F) -> Cow<'_, T>
    where
        T: Any + Send + Sync + Clone,
        F: Fn(&Self) -> T,
    {
        let slot = self.parsed.get_or_init(|| Box::new(parse(self)));
        slot.downcast_ref::<T>().map_or_else(|| Cow::Owned(parse(self)), Cow::Borrowed)
    }
}

/// `%41+b` as `A b`; an invalid escape stays as it is.
pub fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = (first == b'%').then(|| tail.get(..2)).flatten();
        let code = escape.and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(if first == b'+' { b' ' } else { first });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it at once, sent with a Content-Length.
    Whole(Bytes),
    /// Piece by piece until the sender is dropped or the caller closes the connection.
    Stream(mpsc::Receiver<Bytes>),
}

/// An answer, and its outcome for the counters.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers beyond Content-Length.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
    /// One word of a closed set, for the counters (`ok`, `fail`, `not_found`).
    pub outcome: Cow<'static, str>,
    /// The person or object of the call, for the page; may be empty.
    pub subject: String,
}

impl Reply {
    /// An answer with a text body of the given type, counted as `ok`.
    pub fn text(status: u16, kind: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type", kind.to_owned())],
            body: Body::Whole(body.into()),
            outcome: Cow::Borrowed("ok"),
            subject: String::new(),
        }
    }

    /// An answer in JSON, indented for readers in a browser.
    pub fn json(status: u16, value: &Value) -> Self {
        let mut body = serde_json::to_string_pretty(value).unwrap_or_default();
        body.push('\n');
        Self::text(status, "application/json", body)
    }

    /// The answer to a call above the rate limit.
    pub fn too_many_requests(status: u16) -> Self {
        Self::text(status, "text/plain", "Too many requests\n")
    }

    /// An answer without a body, counted as `http_<status>`.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Whole(Bytes::new()),
            outcome: Cow::Owned(format!("http_{status}")),
            subject: String::new(),
        }
    }

    /// The same answer with another outcome in the counters.
    #[must_use]
    pub fn counted(mut self, outcome: impl Into<Cow<'static, str>>) -> Self {
        self.outcome = outcome.into();
        self
    }

    /// The same answer with the person or object of the call.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
