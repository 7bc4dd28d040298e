//! A NetBox to call: literal XML in, literal XML out.

use std::ops::Deref;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use vestibule_sim::frame::Options;

use crate::support::simulator::{Simulator, held_at};

/// Nine in the morning in New York, on a Tuesday.
pub const NINE: &str = "2026-12-01T14:00:00Z";
pub const PATH: &str = "/nbws/goforms/nbapi";

pub struct Sim {
    simulator: Simulator,
    pub session: String,
}

impl Deref for Sim {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

/// Options with the clock held at nine.
pub fn at_nine() -> Options {
    held_at(NINE, &[])
}

impl Sim {
    /// The small building at nine, logged in.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// The same with switches set.
    pub async fn with(switches: &[(&str, &str)]) -> Self {
        Self::of(held_at(NINE, switches)).await
    }

    /// A NetBox with these options, logged in if it has the login `sim`.
    pub async fn of(options: Options) -> Self {
        let running = vestibule_sim::netbox::start(options).await.unwrap();
        let mut sim = Self { simulator: Simulator::new(running), session: String::new() };
        sim.session = sim.login("sim", "sim").await.unwrap_or_default();
        sim
    }

    pub async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
        self.http.request(method, self.url(path)).body(body).send().await.unwrap()
    }

    /// Posts a body to the API and returns the answer.
    pub async fn post(&self, body: &str) -> String {
        let response = self.send(Method::POST, PATH, body.to_owned()).await;
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    /// A session of that user, unless NetBox refuses the login.
    pub async fn login(&self, user: &str, password: &str) -> Option<String> {
        let params = format!("<USERNAME>{user}</USERNAME><PASSWORD>{password}</PASSWORD>");
        let answer = self.post(&command("", "Login", &params)).await;
        let session = answer.strip_prefix("<NETBOX sessionid=\"")?.split('"').next()?;
        Some(session.to_owned())
    }

    /// Runs a command in the session and returns the content of RESPONSE.
    pub async fn run(&self, name: &str, params: &str) -> String {
        inside(&self.post(&command(&self.session, name, params)).await, name)
    }

    /// Runs a command that must succeed and returns the content of DETAILS, if any.
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

    /// Adds a person with an id, a last name and these fields.
    pub async fn add(&self, id: &str, fields: &str) {
        self.ok("AddPerson", &format!("<PERSONID>{id}</PERSONID><LASTNAME>Byron</LASTNAME>{fields}")).await;
    }

    /// Adds a card of the format `26 bit Wiegand`.
    pub async fn add_card(&self, person: &str, number: u32) -> String {
        let format = "<CARDFORMAT>26 bit Wiegand</CARDFORMAT>";
        let card = format!("<PERSONID>{person}</PERSONID>{format}<ENCODEDNUM>{number}</ENCODEDNUM>");
        self.ok("AddCredential", &card).await
    }

    pub async fn person(&self, id: &str) -> Value {
        self.look(&format!("state?person={id}")).await
    }

    /// The reason of a refusal at a door, empty when it opens.
    pub async fn door(&self, person: &str, portal: &str) -> String {
        let answer = self.order("door", json!({ "person": person, "portal": portal })).await;
        answer["reason"].as_str().unwrap().to_owned()
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

/// The content of RESPONSE, or the APIERROR.
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
