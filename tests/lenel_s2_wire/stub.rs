//! A NetBox that answers from a script.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use vestibule::clock::{SetClock, SystemClock};
use vestibule::cluster::lease::Fence;
use vestibule::system::SystemError;
use vestibule::system::lenel_s2::{Config, Credentials, LenelS2, PATH_V2};
use vestibule_core::diff::Step;
use vestibule_core::identity::{Kind, ObjectId, Owner, RecordId};
use vestibule_core::model::{Card, DesiredRecord, ObjectKey, OwnerMark, Person};
use vestibule_core::schedule::Window;

pub(crate) const OWNER: Owner = Owner(0xfeed_beef);

/// A NetBox that answers from a script and records its requests.
pub(crate) struct Script {
    pub(crate) asked: Mutex<Vec<String>>,
    pub(crate) answer: Box<dyn Fn(&Asked) -> Response + Send + Sync>,
}

/// When the lease of every client here ends, by that lease's clock.
pub(crate) const LOST: Timestamp = Timestamp::constant(4_000_000_000, 0);

/// One request: its command, and the number of earlier requests with the same command.
pub(crate) struct Asked {
    pub(crate) command: String,
    pub(crate) before: usize,
    pub(crate) body: String,
    /// The user agent of the client.
    pub(crate) agent: String,
}

pub(crate) struct Stub {
    pub(crate) script: Arc<Script>,
    pub(crate) client: LenelS2,
    /// Ends the NetBox when it is dropped.
    pub(crate) server: JoinSet<()>,
}

impl Script {
    /// How often a command was sent.
    pub(crate) fn asked(&self, command: &str) -> usize {
        self.asked.lock().iter().filter(|asked| *asked == command).count()
    }
}

impl Stub {
    pub(crate) async fn new(answer: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        Self::configured(|config| config, answer).await
    }

    pub(crate) async fn configured(
        configure: impl FnOnce(Config) -> Config,
        answer: impl Fn(&Asked) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self::under(Arc::new(SetClock::starting_at(Timestamp::now())), configure, answer).await
    }

    /// A NetBox whose client holds its lease by this clock.
    pub(crate) async fn under(
        lease: Arc<SetClock>,
        configure: impl FnOnce(Config) -> Config,
        answer: impl Fn(&Asked) -> Response + Send + Sync + 'static,
    ) -> Self {
        let script = Arc::new(Script { asked: Mutex::default(), answer: Box::new(answer) });
        let router = Router::new().route(PATH_V2, post(serve)).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let config = Config {
            allow_loopback: true,
            timeout: Duration::from_secs(10),
            ..Config::new(url, TimeZone::get("America/New_York").unwrap())
        };
        let client = leased(&configure(config), &lease).unwrap();
        Self { script, client, server }
    }

    pub(crate) fn asked(&self, command: &str) -> usize {
        self.script.asked(command)
    }
}

pub(crate) fn client(config: &Config) -> Result<LenelS2, SystemError> {
    leased(config, &Arc::new(SetClock::starting_at(Timestamp::now())))
}

pub(crate) fn leased(config: &Config, lease: &Arc<SetClock>) -> Result<LenelS2, SystemError> {
    let credentials = Credentials { username: "api".to_owned(), password: "s3cret-<&>".into() };
    let fence = Fence::closing_at(LOST, lease.clone());
    LenelS2::new(config, credentials, OWNER, Arc::new(SystemClock), fence)
}

pub(crate) async fn serve(State(script): State<Arc<Script>>, headers: HeaderMap, body: String) -> Response {
    let command = body.split("COMMAND name=\"").nth(1).and_then(|rest| rest.split('"').next());
    let command = command.unwrap_or_default().to_owned();
    let before = {
        let mut asked = script.asked.lock();
        asked.push(command.clone());
        asked.iter().filter(|one| **one == command).count() - 1
    };
    let agent = headers.get("user-agent").and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default().to_owned();
    (script.answer)(&Asked { command, before, body, agent })
}

/// A well-formed answer to a request.
pub(crate) fn answer(asked: &Asked, inside: &str) -> Response {
    let command = &asked.command;
    xml(&format!(
        "<NETBOX sessionid=\"S\"><RESPONSE command=\"{command}\" num=\"1\">{inside}</RESPONSE></NETBOX>"
    ))
}

pub(crate) fn xml(body: &str) -> Response {
    ([("content-type", "text/xml")], body.to_owned()).into_response()
}

pub(crate) fn success(asked: &Asked) -> Response {
    answer(asked, "<CODE>SUCCESS</CODE>")
}

pub(crate) fn details(asked: &Asked, inside: &str) -> Response {
    answer(asked, &format!("<CODE>SUCCESS</CODE><DETAILS>{inside}</DETAILS>"))
}

pub(crate) fn fail(asked: &Asked, words: &str) -> Response {
    answer(asked, &format!("<CODE>FAIL</CODE><DETAILS><ERRMSG>{words}</ERRMSG></DETAILS>"))
}

pub(crate) fn refused() -> Response {
    xml("<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>")
}

/// A login that works, for tests about another command.
pub(crate) fn session(asked: &Asked, or: impl Fn(&Asked) -> Response) -> Response {
    match asked.command.as_str() {
        "Login" | "Logout" | "PingApp" => success(asked),
        "GetAPIVersion" => details(asked, "<APIVERSION>6.2.0</APIVERSION>"),
        _ => or(asked),
    }
}

pub(crate) fn id() -> RecordId {
    RecordId::new(OWNER, ObjectId::of_visitor(&ObjectKey::new("hq", "ada")), 7)
}

pub(crate) fn card() -> Card {
    Card { number: "4711".to_owned(), format: "26 bit Wiegand".to_owned() }
}

/// `GetPerson` of the test's record with one card.
pub(crate) fn person(asked: &Asked, card: &str) -> Response {
    let inside = format!(
        "<PERSONID>{}</PERSONID><LASTNAME>Byron</LASTNAME><DELETED>FALSE</DELETED><ACCESSCARDS>{card}</ACCESSCARDS>",
        id()
    );
    details(asked, &inside)
}

pub(crate) fn card_until(end: &str, disabled: u8) -> String {
    format!(
        "<ACCESSCARD><ENCODEDNUM>4711</ENCODEDNUM><HOTSTAMP>4711</HOTSTAMP><CARDFORMAT>26 bit Wiegand</CARDFORMAT>\
         <DISABLED>{disabled}</DISABLED><CARDSTATUS>Active</CARDSTATUS><CARDEXPDATE>{end}</CARDEXPDATE></ACCESSCARD>"
    )
}

/// `AddPerson` of the test's record.
pub(crate) fn create() -> Step {
    let at = |text: &str| text.parse().unwrap();
    Step::Create(Arc::new(DesiredRecord {
        id: id(),
        mark: OwnerMark {
            owner_id: "feed".to_owned(),
            kind: Kind::Visitor,
            object: ObjectKey::new("hq", "ada"),
        },
        person: Person { last_name: "Byron".to_owned(), ..Person::default() },
        tenant: String::new(),
        window: Window { from: at("2026-12-01T13:00:00Z"), until: at("2026-12-01T23:00:00Z") },
        groups: ["Lobby".to_owned()].into(),
        card: None,
    }))
}

pub(crate) fn assign() -> Step {
    Step::AssignCard { id: id(), card: card(), until: "2026-12-01T23:00:00Z".parse().unwrap() }
}
