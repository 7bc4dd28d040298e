//! A box to call: literal XML in, literal XML out.

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use vestibule_sim::frame::{Options, Running};

/// Nine in the morning in New York, on a Tuesday.
pub const NINE: &str = "2026-12-01T14:00:00Z";
pub const PATH: &str = "/nbws/goforms/nbapi";

pub struct Sim {
    pub running: Running,
    pub http: Client,
    pub session: String,
}

/// Options with the clock held at nine.
pub fn at_nine() -> Options {
    Options::default().held_at(NINE.parse().unwrap())
}

impl Sim {
    /// The small building at nine, logged in.
    pub async fn new() -> Self {
        Self::of(at_nine()).await
    }

    /// The same with switches moved.
    pub async fn with(switches: &[(&str, &str)]) -> Self {
        Self::of(switches.iter().fold(at_nine(), |options, (name, position)| options.with(name, position)))
            .await
    }

    /// A box of these options, logged in if it lets anybody in.
    pub async fn of(options: Options) -> Self {
        let running = vestibule_sim::netbox::start(options).await.unwrap();
        let mut sim = Self { running, http: Client::new(), session: String::new() };
        sim.session = sim.login("sim", "sim").await.unwrap_or_default();
        sim
    }

    pub async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
        self.http.request(method, format!("{}{path}", self.running.url)).body(body).send().await.unwrap()
    }

    /// Posts a body to the API and returns what comes back.
    pub async fn post(&self, body: &str) -> String {
        let response = self.send(Method::POST, PATH, body.to_owned()).await;
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    /// A session of that user, unless the box refuses.
    pub async fn login(&self, user: &str, password: &str) -> Option<String> {
        let params = format!("<USERNAME>{user}</USERNAME><PASSWORD>{password}</PASSWORD>");
        let answer = self.post(&command("", "Login", &params)).await;
        let session = answer.strip_prefix("<NETBOX sessionid=\"")?.split('"').next()?;
        Some(session.to_owned())
    }

    /// Runs a command in the session and returns what stands in RESPONSE.
    pub async fn run(&self, name: &str, params: &str) -> String {
        inside(&self.post(&command(&self.session, name, params)).await, name)
    }

    /// Runs a command that must go well and returns what stands in DETAILS, or nothing.
    pub async fn ok(&self, name: &str, params: &str) -> String {
        let answer = self.run(name, params).await;
        let rest = answer.strip_prefix("<CODE>SUCCESS</CODE>").unwrap_or_else(|| panic!("{name}: {answer}"));
        rest.strip_prefix("<DETAILS>")
            .and_then(|rest| rest.strip_suffix("</DETAILS>"))
            .unwrap_or(rest)
            .to_owned()
    }

    /// Runs a command that must fail and returns its ERRMSG.
    pub async fn fail(&self, name: &str, params: &str) -> String {
        let answer = self.run(name, params).await;
        let text = between(&answer, "<CODE>FAIL</CODE><DETAILS><ERRMSG>", "</ERRMSG></DETAILS>");
        text.unwrap_or_else(|| panic!("{name}: {answer}"))
    }

    /// Adds a person with nothing but an id and a last name, and these fields.
    pub async fn add(&self, id: &str, fields: &str) {
        self.ok("AddPerson", &format!("<PERSONID>{id}</PERSONID><LASTNAME>Byron</LASTNAME>{fields}")).await;
    }

    pub async fn side(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let response = self.send(method, &format!("/_sim/{path}"), body.to_string()).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub async fn look(&self, path: &str) -> Value {
        let (status, value) = self.side(Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "{path}");
        value
    }

    /// A change through the side door that must go well.
    pub async fn tell(&self, path: &str, order: Value) -> Value {
        let (status, value) = self.side(Method::POST, path, order).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    pub async fn switch(&self, name: &str, position: &str) {
        self.tell("switches", json!({ name: position })).await;
    }

    pub async fn person(&self, id: &str) -> Value {
        self.look(&format!("state?person={id}")).await
    }

    /// The reason a door gives, empty when it opens.
    pub async fn door(&self, person: &str, portal: &str) -> String {
        let answer = self.tell("door", json!({ "person": person, "portal": portal })).await;
        answer["reason"].as_str().unwrap().to_owned()
    }

    pub async fn clock(&self, at: &str) {
        self.tell("clock", json!({ "set": at })).await;
    }

    /// Looks through the side door until it shows what is awaited; each look is a round trip, in which others go on.
    pub async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) {
        let mut seen = Value::Null;
        for _ in 0..20_000 {
            seen = self.look(path).await;
            if holds(&seen) {
                return;
            }
        }
        panic!("{path} stays {seen}");
    }

    /// How often an operation ended so.
    pub async fn count(&self, operation: &str, outcome: &str) -> u64 {
        self.look("calls").await["operations"][operation][outcome].as_u64().unwrap_or(0)
    }
}

/// A document with one command.
pub fn command(session: &str, name: &str, params: &str) -> String {
    let session = if session.is_empty() { String::new() } else { format!(" sessionid=\"{session}\"") };
    format!(
        "<NETBOX-API{session}><COMMAND name=\"{name}\" num=\"1\"><PARAMS>{params}</PARAMS></COMMAND></NETBOX-API>"
    )
}

/// Level names in the form that replaces.
pub fn bare_levels(names: &[&str]) -> String {
    let levels: String = names.iter().map(|name| format!("<ACCESSLEVEL>{name}</ACCESSLEVEL>")).collect();
    format!("<ACCESSLEVELS>{levels}</ACCESSLEVELS>")
}

/// What stands in RESPONSE; an APIERROR as it is.
pub fn inside(answer: &str, name: &str) -> String {
    let open = format!("<RESPONSE command=\"{name}\" num=\"1\">");
    let found =
        between(answer, &open, "</RESPONSE>").or_else(|| between(answer, "<RESPONSE>", "</RESPONSE>"));
    found.unwrap_or_else(|| panic!("{answer}"))
}

pub fn between(text: &str, open: &str, close: &str) -> Option<String> {
    let start = text.find(open)? + open.len();
    let end = text[start..].find(close)? + start;
    Some(text[start..end].to_owned())
}

/// The texts of all elements of that name.
pub fn all(text: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open).skip(1).filter_map(|rest| rest.split(&close).next().map(str::to_owned)).collect()
}

/// The text of the first element of that name.
pub fn first(text: &str, name: &str) -> String {
    all(text, name).into_iter().next().unwrap_or_else(|| panic!("no {name} in {text}"))
}
