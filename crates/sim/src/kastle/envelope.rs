//! The envelope of every answer, and the forms of errors (2B.3).

use serde_json::Value;

use super::json::{Json, Style};
use super::kinds::Kind;
use super::system::Inner;
use crate::frame::Reply;

/// The result of a call.
#[derive(Debug)]
pub(super) struct Done {
    /// Its data.
    pub data: Json,
    /// Its page of a list.
    pub page: Option<Paging>,
    /// The person or object of the call.
    pub subject: String,
}

/// `Page` of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paging {
    /// From 1.
    pub number: usize,
    /// Entries on a page.
    pub size: usize,
    /// Entries of the whole list.
    pub total: usize,
}

/// The reason why a call is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// A rule forbids it.
    Rule(String),
    /// Bad credentials.
    Credentials,
    /// Wrong owner, or not its institution.
    Forbidden,
    /// Unknown id or path.
    NotFound,
    /// The `VisitGuid` is in use.
    Exists,
    /// A method that the path does not have.
    Method,
}

impl Done {
    /// Data that are no list.
    pub(super) fn one(data: Json, subject: impl Into<String>) -> Self {
        Self { data, page: None, subject: subject.into() }
    }
}

impl Refusal {
    /// HTTP status, by the switches.
    fn status(&self, inner: &Inner) -> u16 {
        let bare = inner.switches.is("envelope", "off");
        match self {
            Self::Rule(_) if bare || inner.switches.is("refusal.status", "400") => 400,
            Self::Credentials if bare || inner.switches.is("auth.refusal", "401") => 401,
            Self::Rule(_) | Self::Credentials => 200,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Exists => 409,
            Self::Method => 405,
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::Rule(text) => text,
            Self::Credentials => "Invalid credentials",
            Self::Forbidden => "Not authorized for this owner or institution",
            Self::NotFound => "Not found",
            Self::Exists => "Visit already exists",
            Self::Method => "Method not allowed",
        }
    }

    /// Its outcome in the counters.
    const fn word(&self) -> &'static str {
        match self {
            Self::Rule(_) => "refused",
            Self::Credentials => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Exists => "exists",
            Self::Method => "bad_method",
        }
    }
}

/// Answers with JSON as Kastle sends it.
pub(super) fn json_reply(status: u16, body: String) -> Reply {
    Reply::text(status, "application/json; charset=utf-8", body)
}

/// The answer to a call that succeeded; a fault may omit `IsSuccess` or the data.
pub(super) fn done(inner: &Inner, done: Done, without_success: bool, without_data: bool) -> Reply {
    let style = Style::new(&inner.contract, &inner.switches);
    let data = if without_data { Json::NULL } else { done.data };
    if inner.switches.is("envelope", "off") {
        return json_reply(200, data.text(&style)).about(done.subject);
    }
    let mut fields: Vec<(&'static str, Json)> = vec![
        ("IsSuccess", true.into()),
        ("ErrorCode", 0.into()),
        ("Message", "".into()),
        ("TokenStatus", "VALID".into()),
        ("Data", data),
    ];
    if without_success {
        fields.remove(0);
    }
    if let Some(page) = done.page {
        fields.push(("Page", page.json()));
    }
    json_reply(200, Json::Object(Kind::Envelope, fields).text(&style)).about(done.subject)
}

impl Paging {
    fn json(self) -> Json {
        let fields = vec![
            ("Number", self.number.into()),
            ("Size", self.size.into()),
            ("TotalCount", self.total.into()),
        ];
        Json::Object(Kind::Page, fields)
    }
}

/// The answer to a refused call.
pub(super) fn refused(inner: &Inner, refusal: &Refusal) -> Reply {
    let status = refusal.status(inner);
    let reply = failure(inner, status, 1, refusal.message(), *refusal == Refusal::Credentials);
    let reply = if *refusal == Refusal::Credentials && status == 401 {
        reply.with_header("www-authenticate", "Basic realm=\"Kastle\"")
    } else {
        reply
    };
    reply.counted(refusal.word()).about(match refusal {
        Refusal::Rule(text) => text.clone(),
        _ => String::new(),
    })
}

/// `IsSuccess` false with a number and a text.
pub(super) fn failure(inner: &Inner, status: u16, code: i64, message: &str, invalid: bool) -> Reply {
    let style = Style::new(&inner.contract, &inner.switches);
    let mut fields: Vec<(&'static str, Json)> = vec![
        ("IsSuccess", false.into()),
        ("ErrorCode", code.into()),
        ("Message", message.into()),
        ("TokenStatus", if invalid { "INVALID" } else { "VALID" }.into()),
        ("Data", Json::Plain(Value::Null)),
    ];
    if inner.switches.is("envelope", "off") {
        fields.retain(|(name, _)| matches!(*name, "ErrorCode" | "Message"));
    }
    json_reply(status, Json::Object(Kind::Envelope, fields).text(&style))
}
