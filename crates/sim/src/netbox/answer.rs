//! From a request to an answer: path, envelope, session, command (2.1-2.3, 2.11).

use std::borrow::Cow;

use jiff::Timestamp;

use super::commands::{self, Command, Ctx, Done, Need, Refusal, Success};
use super::envelope::{self, Document, Envelope, api_error, netbox, response};
use super::log::Record;
use super::seed::Seed;
use super::store::{MASTER, Rights, Session, Store};
use super::stream::{self, Stream};
use super::walk::Walkers;
use super::xml::Xml;
use crate::frame::fault::When;
use crate::frame::{Call, Reply, Request, Switches};

/// The whole state of a NetBox.
pub(super) struct Inner {
    /// Its records.
    pub store: Store,
    /// The records at the start.
    pub seed: Seed,
    /// Its switches.
    pub switches: Switches,
    /// Time of the last `do_due`.
    pub ticked: Timestamp,
    /// Readers of StreamEvents.
    pub streams: Vec<Stream>,
    /// Generated accesses.
    pub walkers: Walkers,
}

impl Inner {
    /// A NetBox that has just been built.
    pub(super) fn new(store: Store, seed: Seed, switches: Switches, now: Timestamp) -> Self {
        let walkers = Walkers::new(walk_seed(&switches));
        Self { store, seed, switches, ticked: now, streams: Vec::new(), walkers }
    }

    /// Does what has become due.
    pub(super) fn do_due(&mut self, now: Timestamp) {
        self.walk_until(now);
        self.remove_ended_levels(now);
        self.expire_sessions(now);
        self.ticked = now;
        self.pump();
    }

    /// Ends sessions that are idle for too long (2.16 #1).
    fn expire_sessions(&mut self, now: Timestamp) {
        if let Some(idle) = self.switches.whole("session.idle") {
            let users = self.store.sessions.expire(now, idle);
            self.note_expired(users, now);
        }
    }

    /// Writes the users of expired sessions to the log, from which the event stream reports them (2.3).
    fn note_expired(&mut self, users: impl IntoIterator<Item = String>, now: Timestamp) {
        for detail in users {
            let at = self.store.local(now);
            self.log(Record { name: "Session Expired", at, detail, partition: MASTER, ..Record::default() });
        }
    }

    /// Replaces the switches.
    pub(super) fn switch(&mut self, switches: Switches, now: Timestamp) {
        if walk_seed(&self.switches) != walk_seed(&switches) {
            self.walkers = Walkers::new(walk_seed(&switches));
        }
        self.switches = switches;
        self.walk_until(now);
    }

    /// Starts anew with these records.
    pub(super) fn restart(&mut self, store: Store, now: Timestamp) {
        self.store = store;
        self.streams.clear();
        self.walkers = Walkers::new(walk_seed(&self.switches));
        self.walk_until(now);
    }
}

fn walk_seed(switches: &Switches) -> u64 {
    switches.whole("walk.seed").and_then(|seed| u64::try_from(seed).ok()).unwrap_or(1)
}

const V2: &str = "/nbws/goforms/nbapi";
const V1: &str = "/goforms/nbapi";
const OLD_EVENTS: [&str; 2] = ["/appd/nbapi", "/appdevent/nbapi/event"];

/// Whether this is a path of the API.
pub(super) fn is_api_path(path: &str) -> bool {
    path == V2 || path == V1 || OLD_EVENTS.contains(&path)
}

/// Answers one request.
pub(super) fn answer(inner: &mut Inner, request: &Request, document: &Document, call: &Call<'_>) -> Reply {
    if let Some(reply) = refuse_path(inner, request) {
        return reply;
    }
    match document {
        Document::Garbled => api_error_reply(inner, 4),
        Document::Empty => api_error_reply(inner, 3),
        Document::Commands(envelope) => {
            let several = envelope.commands.len() > 1 && inner.switches.is("commands.several", "apierror-4");
            let prefix = envelope.prefixed && inner.switches.is("body.apicommand", "apierror-3");
            match (prefix, several, inner.switches.get("login.api")) {
                (.., "broken") => api_error_reply(inner, 1),
                (.., "disabled") => api_error_reply(inner, 2),
                (true, ..) => api_error_reply(inner, 3),
                (_, true, _) => api_error_reply(inner, 4),
                _ => run_all(inner, request, envelope, call),
            }
        }
    }
}

/// 410 for any method and body where a path is switched off, 404 for other paths, 405 for other methods than POST.
fn refuse_path(inner: &Inner, request: &Request) -> Option<Reply> {
    let (switch, on) = match request.path.as_str() {
        V2 => ("path.v2", "on"),
        V1 => ("path.v1", "on"),
        path if OLD_EVENTS.contains(&path) => ("path.appd", "accepted"),
        _ => return Some(Reply::empty(404)),
    };
    if inner.switches.is(switch, "410") {
        return Some(switched_off(&request.path, switch, on));
    }
    (request.method != "POST").then(|| Reply::empty(405).with_header("allow", "POST"))
}

/// 410 with a hint for the developer of a client; only this simulator sends a body (A11).
fn switched_off(path: &str, switch: &str, on: &str) -> Reply {
    let hint = format!(
        "The path {path} does not exist on this controller. This is a simulator: `--set {switch}={on}` enables it.\n"
    );
    Reply::text(410, "text/plain", hint).counted("http_410")
}

fn xml_reply(inner: &Inner, text: String) -> Reply {
    if inner.switches.is("text.non-ascii", "latin-1") {
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        return Reply::text(200, "text/xml; charset=ISO-8859-1", bytes);
    }
    Reply::text(200, "text/xml", text)
}

fn api_error_reply(inner: &Inner, number: i64) -> Reply {
    xml_reply(inner, netbox(None, &api_error(number))).counted(format!("apierror_{number}"))
}

fn run_all(inner: &mut Inner, request: &Request, envelope: &Envelope, call: &Call<'_>) -> Reply {
    // The event path of old versions carries the session in a cookie; other paths accept the cookie too (2.1, 2.15).
    let cookie = (request.path == OLD_EVENTS[1]).then(|| session_cookie(request)).flatten();
    let mut session = envelope.session.clone().or(cookie);
    if let [only] = envelope.commands.as_slice()
        && only.name == "StreamEvents"
    {
        return run_stream(inner, session.as_deref(), only, call);
    }
    let (mut responses, mut outcome, mut subject) = (String::new(), Cow::Borrowed("ok"), String::new());
    for command in &envelope.commands {
        let (done, about) = run(inner, session.as_deref(), command, call);
        outcome = word(&done);
        subject = about;
        match &done {
            Ok(Success::LoggedIn(id)) => session = Some(id.clone()),
            Ok(Success::LoggedOut) | Err(Refusal::ApiError(_)) => session = None,
            _ => {}
        }
        responses.push_str(&written(command, done));
    }
    inner.pump();
    xml_reply(inner, netbox(session.as_deref(), &responses)).counted(outcome).about(subject)
}

/// The one command whose answer is a stream; its errors are parts of the stream.
fn run_stream(
    inner: &mut Inner,
    session: Option<&str>,
    command: &envelope::Command,
    call: &Call<'_>,
) -> Reply {
    match run(inner, session, command, call) {
        (Ok(_), _) => stream::open(inner, command),
        (Err(refusal), _) => stream::refuse(inner, &refusal),
    }
}

fn session_cookie(request: &Request) -> Option<String> {
    let cookies = request.header("cookie")?.split(';');
    cookies.filter_map(|cookie| cookie.trim().strip_prefix(".sessionId=")).map(str::to_owned).next()
}

fn word(done: &Done) -> Cow<'static, str> {
    match done {
        Ok(_) => "ok".into(),
        Err(Refusal::Fail(_)) => "fail".into(),
        Err(Refusal::NotFound | Refusal::FailNotFound) => "not_found".into(),
        Err(Refusal::Duplicate) => "duplicate".into(),
        Err(Refusal::ApiError(number)) => format!("apierror_{number}").into(),
    }
}

/// CODE, DETAILS and ERRMSG of one command.
fn written(command: &envelope::Command, done: Done) -> String {
    let code = |code: &str| Xml::new().with("CODE", code);
    let with_details = |mut xml: Xml, details: Xml| {
        xml.element("DETAILS", |xml| xml.raw(&details.into_string()));
        xml
    };
    let fail = |text: &str| with_details(code("FAIL"), Xml::new().with("ERRMSG", text));
    let inside = match done {
        Ok(Success::Code | Success::LoggedIn(_) | Success::LoggedOut) => code("SUCCESS"),
        Ok(Success::Details(details)) => with_details(code("SUCCESS"), details),
        Ok(Success::Beside(beside)) => {
            let mut xml = code("SUCCESS");
            xml.raw(&beside.into_string());
            xml
        }
        Err(Refusal::Fail(text)) => fail(&text),
        Err(Refusal::FailNotFound) => fail("NOT FOUND"),
        Err(Refusal::NotFound) => code("NOT FOUND"),
        Err(Refusal::Duplicate) => code("DUPLICATE"),
        Err(Refusal::ApiError(number)) => return api_error(number),
    };
    response(command, inside)
}

/// Runs one command and returns the person that it is about.
fn run(
    inner: &mut Inner,
    session: Option<&str>,
    command: &envelope::Command,
    call: &Call<'_>,
) -> (Done, String) {
    if let (true, Some(id)) = (call.twists.session_ended(), session) {
        let user = inner.store.sessions.close(id);
        inner.note_expired(user, call.now);
    }
    let (known, session) = match admit(inner, session, command, call.now) {
        Ok(admitted) => admitted,
        Err(refusal) => return (Err(refusal), String::new()),
    };
    if let Some(refusal) = twisted(call, When::Before) {
        return (Err(refusal), String::new());
    }
    let local = inner.store.local(call.now);
    let tzoffset = command.tzoffset && inner.switches.is("dates.tzoffset", "appended");
    let Inner { store, switches, seed, .. } = inner;
    let mut ctx = Ctx {
        store,
        switches,
        reasons: &seed.reasons,
        command: known.name,
        params: &command.params,
        now: call.now,
        local,
        session,
        twists: call.twists,
        tzoffset,
        subject: String::new(),
    };
    let done = unknown_parameter(&ctx, &known).map_or_else(|| (known.run)(&mut ctx), Err);
    let subject = ctx.subject;
    (twisted(call, When::After).map_or(done, Err), subject)
}

/// APIERROR or FAIL set through the side door.
fn twisted(call: &Call<'_>, when: When) -> Option<Refusal> {
    if let Some((number, _)) = call.twists.error().filter(|(_, at)| *at == when) {
        return Some(Refusal::ApiError(number));
    }
    let (text, _) = call.twists.fail().filter(|(_, at)| *at == when)?;
    Some(match text {
        "NOT FOUND" => Refusal::FailNotFound,
        text => Refusal::Fail(text.to_owned()),
    })
}

type Admitted = (Command, Option<(String, Session)>);

/// The command and the session, or APIERROR 5 and 6. Login needs no session. For other commands NetBox checks the
/// session before it checks whether it knows the command.
fn admit(
    inner: &mut Inner,
    session: Option<&str>,
    command: &envelope::Command,
    now: Timestamp,
) -> Result<Admitted, Refusal> {
    let known = commands::find(&command.name);
    let need = known.as_ref().map_or(Need::Session, |known| known.need);
    let mode = inner.switches.get("login.mode");
    if need == Need::Nothing || mode == "none" {
        return known.map(|known| (known, None)).ok_or(Refusal::ApiError(6));
    }
    let id = session.filter(|_| mode != "trap").ok_or(Refusal::ApiError(5))?;
    let session = inner.store.sessions.touch(id, now).ok_or(Refusal::ApiError(5))?;
    let known = known.ok_or(Refusal::ApiError(6))?;
    let rights = inner.store.users.get(&session.user).map_or(Rights::ReadOnly, |user| user.rights);
    let needed = match need {
        Need::Nothing | Need::Session => Rights::ReadOnly,
        Need::Write => Rights::ReadWrite,
        Need::Setup => Rights::Setup,
    };
    if rights < needed {
        return Err(Refusal::ApiError(5));
    }
    Ok((known, Some((id.to_owned(), session))))
}

/// A parameter that the command does not know, if the switch `params.unknown` refuses it.
fn unknown_parameter(ctx: &Ctx<'_>, command: &Command) -> Option<Refusal> {
    if ctx.switches.is("params.unknown", "tolerant") {
        return None;
    }
    let unknown = ctx.params.children.iter().find(|child| !command.knows(&child.name))?;
    Some(Refusal::Fail(format!("Unknown parameter {}", unknown.name)))
}
