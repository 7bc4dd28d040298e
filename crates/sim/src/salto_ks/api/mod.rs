//! The Connect API (2.3 to 2.12).

mod activation;
mod body;
mod context;
mod cors;
mod groups;
mod iqs;
mod list;
mod locks;
mod me;
mod members;
mod pins;
mod pods;
mod problem;
mod roles;
mod routes;
mod schedules;
mod sites;
mod user_change;
mod user_create;
mod user_fields;
mod user_json;
mod users;

use serde_json::Value;

pub(super) use self::context::{Cx, caller};
pub(super) use self::problem::Problem;

pub(super) use self::user_create::{NewUser, create, invite};
pub(super) use self::user_json::{group_object, site_user};

use self::context::admit;
use self::routes::{Rights, Target, target};
use super::inner::Inner;
use crate::frame::fault::When;
use crate::frame::{Call, Reply, Request};

/// The answer of a call.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    body: Content,
    subject: String,
}

#[derive(Debug)]
enum Content {
    Nothing,
    Json(Value),
    /// A file of this name.
    Csv(String, String),
}

pub(super) type Done = Result<Answer, Problem>;

impl Answer {
    /// A body, with this status.
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Content::Json(body), subject: String::new() }
    }

    /// No body.
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, body: Content::Nothing, subject: String::new() }
    }

    /// A file to download.
    pub(super) fn csv(name: &str, text: String) -> Self {
        Self { status: 200, body: Content::Csv(name.to_owned(), text), subject: name.to_owned() }
    }

    /// The same with the person or object of the call, for the page.
    fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    fn reply(self) -> Reply {
        let reply = match self.body {
            Content::Nothing => Reply::empty(self.status).counted("ok"),
            Content::Json(body) => {
                Reply::text(self.status, "application/json; charset=utf-8", body.to_string())
            }
            Content::Csv(name, text) => Reply::text(self.status, "text/csv; charset=utf-8", text)
                .with_header("content-disposition", format!("attachment; filename=\"{name}\"")),
        };
        reply.about(self.subject)
    }
}

/// The operation of a request to the API.
pub(super) fn operation(request: &Request) -> &'static str {
    request.parsed(target).operation()
}

/// Answers a request to the API.
pub(super) fn answer(inner: &mut Inner, request: &Request, call: &Call<'_>) -> Reply {
    cors::allow_origin(request, reply(inner, request, call))
}

fn reply(inner: &mut Inner, request: &Request, call: &Call<'_>) -> Reply {
    let target = request.parsed(target);
    if matches!(*target, Target::Preflight) {
        return cors::preflight(request);
    }
    let code = inner.switches.whole("errors.code");
    let with_body = inner.switches.is("errors.401", "1500");
    if target.operation() == "stream.connect" {
        let opened = super::stream::open(inner, request, call);
        return opened.unwrap_or_else(|problem| problem.reply(code, with_body));
    }
    match run(inner, request, call, &target) {
        Ok(answer) => answer.reply(),
        Err(problem) => problem.reply(code, with_body),
    }
}

fn run(inner: &mut Inner, request: &Request, call: &Call<'_>, target: &Target) -> Done {
    let Target::Route(route, ids) = target else {
        return Err(Problem::bare(if matches!(target, Target::Wrong) { 405 } else { 404 }));
    };
    if route.rights == Rights::Hub {
        return super::stream::answer(inner, request, call);
    }
    if call.twists.session_ended() {
        return Err(Problem::unauthorized());
    }
    let caller = caller(inner, request, call.now)?;
    let mut cx =
        Cx { inner, request, call, ids, user: caller.user, client: caller.client, site: uuid::Uuid::nil() };
    admit(&mut cx, route)?;
    let twist = call.twists.error().map(|(code, when)| (Problem::listed(code), when));
    let twist =
        twist.or_else(|| call.twists.fail().map(|(text, when)| (Problem::new(400, 3102, text), when)));
    match twist {
        Some((problem, When::Before)) => Err(problem),
        Some((problem, When::After)) => (route.run)(&mut cx).and(Err(problem)),
        None => (route.run)(&mut cx),
    }
}
