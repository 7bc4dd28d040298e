//! From a request to an answer: route, caller, institution, call; and the faults that only Kastle can carry out (2B.8).

use jiff::Timestamp;
use serde_json::Value;

use super::auth::{self, Caller};
use super::calls;
use super::contract::{Operation, Route};
use super::envelope::{self, Done, Refusal};
use super::store::{Building, Scope};
use super::system::Inner;
use crate::frame::fault::When;
use crate::frame::{Call, Reply, Request, Twists};

/// Faults of Kastle's own, `{"kind": "own", "text": NAME}`.
pub(super) const OWN_FAULTS: [&str; 5] =
    ["html", "data-null", "no-is-success", "short-page", "total-changes"];

/// One call.
pub(super) struct Ctx<'a> {
    /// The state of Kastle.
    pub inner: &'a mut Inner,
    /// The request.
    pub request: &'a Request,
    /// Its body, if any.
    pub body: Option<Value>,
    /// The caller.
    pub caller: Caller,
    /// The institution of the path.
    pub institution: String,
    /// The visit of the path.
    pub visit: String,
    /// The simulated present.
    pub now: Timestamp,
    /// The faults of this call.
    pub twists: &'a Twists,
}

impl Ctx<'_> {
    /// The building of the call and the part of it that the institution covers; `enter` has checked that it exists.
    pub(super) fn place(&self) -> Result<(&Building, Scope), Refusal> {
        place(self.inner, &self.institution, &self.caller.owner)
    }

    /// A query parameter under its documented name.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.request.query_value(self.inner.contract.parameter(name)).filter(|value| !value.is_empty())
    }
}

fn place<'a>(inner: &'a Inner, institution: &str, owner: &str) -> Result<(&'a Building, Scope), Refusal> {
    let per_company = inner.switches.is("institution.per", "company");
    let found = inner.store.institution(institution, per_company);
    found.filter(|(building, _)| building.owner == owner).ok_or(Refusal::Forbidden)
}

/// The operation of a request; `(unknown)` and `(method)` for a request without one.
pub(super) fn operation(inner: &Inner, request: &Request) -> String {
    match inner.contract.route(&request.method, &request.path) {
        Route::To(operation, ..) => operation.name(),
        Route::Method => "(method)".to_owned(),
        Route::Unknown => "(unknown)".to_owned(),
    }
}

/// Answers one request.
pub(super) fn answer(inner: &mut Inner, request: &Request, call: &Call<'_>) -> Reply {
    if let Some(reply) = twisted(inner, request, call.twists, When::Before) {
        return reply;
    }
    let result = run(inner, request, call);
    if let Some(reply) = twisted(inner, request, call.twists, When::After) {
        return reply;
    }
    match result {
        Ok(done) => {
            let twists = call.twists;
            envelope::done(inner, done, twists.own("no-is-success"), twists.own("data-null"))
        }
        Err(refusal) => envelope::refused(inner, &refusal),
    }
}

fn run(inner: &mut Inner, request: &Request, call: &Call<'_>) -> Result<Done, Refusal> {
    let (operation, institution, visit) = match inner.contract.route(&request.method, &request.path) {
        Route::To(operation, institution, visit) => (operation, institution, visit),
        Route::Method => return Err(Refusal::Method),
        Route::Unknown => return Err(Refusal::NotFound),
    };
    let (body, wrong) = match read_body(inner, request) {
        Ok(body) => (body, None),
        Err(refusal) => (None, Some(refusal)),
    };
    let caller = auth::enter(inner, request, operation, body.as_ref(), call.now)?;
    if operation != Operation::PostToken {
        place(inner, &institution, &caller.owner)?;
        if let Some(refusal) = wrong {
            return Err(refusal);
        }
    }
    let (now, twists) = (call.now, call.twists);
    let mut ctx = Ctx { inner, request, body, caller, institution, visit, now, twists };
    calls::call(&mut ctx, operation)
}

/// The body as JSON, if any.
fn read_body(inner: &Inner, request: &Request) -> Result<Option<Value>, Refusal> {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let kind = request.header("content-type").unwrap_or_default();
    let is_json = kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
    if inner.switches.is("rules.content-type", "enforced") && !is_json {
        return Err(Refusal::Rule("The body is not application/json".to_owned()));
    }
    let body = serde_json::from_slice(&request.body);
    body.map(Some).map_err(|_| Refusal::Rule("The body is not valid JSON".to_owned()))
}

/// The answer of a fault instead of that of the call.
fn twisted(inner: &mut Inner, request: &Request, twists: &Twists, side: When) -> Option<Reply> {
    if twists.session_ended() && side == When::Before {
        auth::end(inner, request);
        return Some(envelope::refused(inner, &Refusal::Credentials));
    }
    if let Some((text, _)) = twists.fail().filter(|(_, when)| *when == side) {
        return Some(envelope::failure(inner, 200, 1, text, false).counted("refused").about(text));
    }
    if let Some((code, _)) = twists.error().filter(|(_, when)| *when == side) {
        let text = format!("Error {code}");
        return Some(envelope::failure(inner, 200, code, &text, false).counted("refused").about(text));
    }
    let (status, _) = twists.own_status("html").filter(|(_, when)| *when == side)?;
    let page = "<!DOCTYPE html>\n<html><head><title>Kastle</title></head><body><h1>Service is being updated</h1></body></html>\n";
    Some(Reply::text(status.unwrap_or(200), "text/html; charset=utf-8", page).counted("html"))
}
