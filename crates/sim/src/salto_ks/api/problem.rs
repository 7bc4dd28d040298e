//! Errors (2.3): `{"ErrorCode":"2202","Message":"..."}` on v1.x, RFC 7807 on v2.

use serde_json::json;

use crate::frame::Reply;

/// An error answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Problem {
    status: u16,
    form: Form,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Form {
    /// No body.
    Bare,
    /// 401 (2.15 #13).
    Unauthorized,
    /// v1.x.
    Code(i64, String),
    /// v2.
    Details,
}

impl Problem {
    /// A code with its status and message.
    pub(in super::super) fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self { status, form: Form::Code(code, message.into()) }
    }

    /// A status without a body.
    pub(in super::super) const fn bare(status: u16) -> Self {
        Self { status, form: Form::Bare }
    }

    /// 401.
    pub(in super::super) const fn unauthorized() -> Self {
        Self { status: 401, form: Form::Unauthorized }
    }

    /// v2's form of 403.
    pub(in super::super) const fn forbidden() -> Self {
        Self { status: 403, form: Form::Details }
    }

    /// 1100: the request is invalid.
    pub(in super::super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, 1100, message)
    }

    /// 1101: a value is bad.
    pub(in super::super) fn value(message: impl Into<String>) -> Self {
        Self::new(400, 1101, message)
    }

    /// 1102: OData malformed.
    pub(in super::super) fn odata(message: impl Into<String>) -> Self {
        Self::new(400, 1102, message)
    }

    /// 2202: not found.
    pub(in super::super) fn missing(what: &str) -> Self {
        Self::new(404, 2202, format!("{what} not found"))
    }

    /// 2203: not permitted on this object.
    pub(in super::super) fn refused() -> Self {
        Self::new(403, 2203, "You are not permitted to perform this action")
    }

    /// 3102: the command was not executed, in the words that integrators quote.
    pub(in super::super) fn execution(status: u16, word: &str) -> Self {
        Self::new(status, 3102, format!("Request execution failed with code: {word}"))
    }

    /// 2212: the site has no valid subscription for this.
    pub(in super::super) fn unpaid() -> Self {
        Self::new(403, 2212, "The site has no valid subscription for this action")
    }

    /// Any code of the table, with its status.
    pub(in super::super) fn listed(code: i64) -> Self {
        let (status, message) = match code {
            1100 => (400, "The request is invalid"),
            1101 => (400, "A value is invalid"),
            1102 => (400, "The OData query is malformed"),
            1500 => (401, "Unauthorized"),
            1501 => (400, "The activation code is invalid"),
            2201 => (500, "Internal error"),
            2202 => (404, "User not found"),
            2203 => (403, "You are not permitted to perform this action"),
            2211 => (200, "The site is being migrated"),
            2212 => (403, "The site has no valid subscription for this action"),
            2220 => (403, "The user is a member of a pod"),
            3101 => (500, "The controller cannot be reached"),
            3104 => (404, "There is no PIN for this accessor"),
            _ => (400, "The request failed"),
        };
        Self::new(status, code, message)
    }

    /// The answer; `every` is the code that all errors have instead of their own (2.15 #13).
    pub(in super::super) fn reply(self, every: Option<i64>, body_of_401: bool) -> Reply {
        let text = |code: i64, message: &str| {
            let body = json!({ "ErrorCode": every.unwrap_or(code).to_string(), "Message": message });
            Reply::text(self.status, "application/json; charset=utf-8", body.to_string())
        };
        match &self.form {
            Form::Bare => Reply::empty(self.status),
            Form::Unauthorized => {
                let reply = if body_of_401 { text(1500, "Unauthorized") } else { Reply::empty(401) };
                reply.with_header("www-authenticate", "Bearer").counted("http_401")
            }
            Form::Code(code, message) => text(*code, message).counted(word(*code)),
            Form::Details => {
                let body = json!({ "type": "https://httpstatuses.io/403",
                    "title": "Forbidden", "status": self.status,
                    "traceId": "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00" });
                Reply::text(self.status, "application/problem+json", body.to_string()).counted("http_403")
            }
        }
    }
}

/// The outcomes in the counters are a closed set.
fn word(code: i64) -> String {
    let listed = matches!(code, 1100..=1102 | 1500 | 1501 | 2201..=2223 | 3101..=3104);
    if listed { format!("error_{code}") } else { "error_other".to_owned() }
}
