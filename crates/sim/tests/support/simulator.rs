//! A running simulator and the calls of its side door, which are the same for every system.

use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use vestibule_sim::frame::{Options, Running};

/// Options with the clock held and these switches set.
pub fn held_at(instant: &str, switches: &[(&str, &str)]) -> Options {
    let instant: Timestamp = instant.parse().unwrap();
    let options = Options::default().held_at(instant);
    switches.iter().fold(options, |options, (name, position)| options.with(name, position))
}

/// The same options with a seed.
pub fn seeded(options: Options, seed: &str) -> Options {
    Options { seed: Some(seed.to_owned()), ..options }
}

pub struct Simulator {
    pub running: Running,
    pub http: Client,
}

impl Simulator {
    pub fn new(running: Running) -> Self {
        Self { running, http: Client::builder().redirect(Policy::none()).build().unwrap() }
    }

    /// The address of a path of the first listener.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url)
    }

    /// Status and answer of a call of the side door.
    pub async fn side_door(&self, method: Method, path: &str, order: &Value) -> (u16, Value) {
        let body = if order.is_null() { String::new() } else { order.to_string() };
        let request = self.http.request(method, self.url(&format!("/_sim/{path}"))).body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn side_door_ok(&self, method: Method, path: &str, order: &Value) -> Value {
        let (status, answer) = self.side_door(method, path, order).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// The answer of the side door at a path.
    pub async fn look(&self, path: &str) -> Value {
        self.side_door_ok(Method::GET, path, &Value::Null).await
    }

    /// An order that must succeed.
    pub async fn order(&self, path: &str, order: Value) -> Value {
        self.side_door_ok(Method::POST, path, &order).await
    }

    /// Clears faults or counters.
    pub async fn clear(&self, path: &str) -> Value {
        self.side_door_ok(Method::DELETE, path, &Value::Null).await
    }

    /// The sentence that refuses an order.
    pub async fn refused(&self, path: &str, order: Value) -> String {
        let (status, answer) = self.side_door(Method::POST, path, &order).await;
        assert_eq!(status, 400, "{path}: {answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    /// The page in a browser.
    pub async fn page(&self, query: &str) -> String {
        let response = self.http.get(self.url(&format!("/_sim/{query}"))).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    pub async fn edit(&self, order: Value) -> Value {
        self.order("edit", order).await
    }

    pub async fn fault(&self, fault: Value) {
        self.order("faults", fault).await;
    }

    pub async fn switch(&self, name: &str, position: &str) {
        self.order("switches", json!({ name: position })).await;
    }

    pub async fn clock(&self, at: &str) {
        self.order("clock", json!({ "set": at })).await;
    }

    pub async fn advance(&self, span: &str) {
        self.order("clock", json!({ "advance": span })).await;
    }

    /// Waits until the side door shows the awaited state. Each request is a round trip, during which other calls proceed.
    pub async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) {
        let mut shown = Value::Null;
        for _ in 0..20_000 {
            shown = self.look(path).await;
            if holds(&shown) {
                return;
            }
        }
        panic!("{path} stays {shown}");
    }

    /// The number of calls of an operation with this outcome.
    pub async fn count(&self, operation: &str, outcome: &str) -> u64 {
        self.look("calls").await["operations"][operation][outcome].as_u64().unwrap_or(0)
    }
}
