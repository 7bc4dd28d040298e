//! A running simulator and short calls of it. Calls are literal; only its start is used of the simulator.

use std::ops::Deref;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use vestibule_sim::frame::Options;
use vestibule_sim::salto_ks;

use crate::support::simulator::{Simulator, held_at};

/// Site `Small Building` of the small building, where admin@sim.example is administrator.
pub const SITE: &str = "0b7c1d2e-0000-4000-8000-000000000001";
/// Site `Mill`, where admin@sim.example is a plain user.
pub const MILL: &str = "0b7c1d2e-0000-4000-8000-000000000002";
/// Site `Tower`, where admin@sim.example is no user.
pub const TOWER: &str = "0b7c1d2e-0000-4000-8000-000000000003";

/// A Tuesday, 10:00 in Berlin.
pub const TUESDAY: &str = "2026-09-01T08:00:00Z";

pub struct Sim {
    pub simulator: Simulator,
    pub token: String,
}

impl Deref for Sim {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

/// An answer.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub text: String,
    pub json: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Got {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, text, json, headers }
    }

    /// The v1 error with this status and code, the code being a string.
    #[track_caller]
    pub fn error(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, &self.json["ErrorCode"]), (status, &json!(code)), "{}", self.text);
        assert!(self.json["Message"].is_string());
        self
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.json
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json
    }

    pub fn items(&self) -> Vec<Value> {
        self.json["items"].as_array().cloned().unwrap_or_default()
    }
}

/// The small building on a held clock with these switches set, and a token of its administrator.
pub async fn sim(switches: &[(&str, &str)]) -> Sim {
    with(held_at(TUESDAY, switches)).await
}

pub async fn with(options: Options) -> Sim {
    logged_in(Simulator::new(salto_ks::start(options).await.unwrap())).await
}

/// The same simulator with a token of its administrator.
pub async fn logged_in(simulator: Simulator) -> Sim {
    let mut sim = Sim { simulator, token: String::new() };
    sim.token = sim.log_in("admin@sim.example").await;
    sim
}

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

impl Sim {
    pub fn identity(&self) -> String {
        self.running.urls.iter().find(|(name, _)| *name == "identity").unwrap().1.clone()
    }

    pub async fn form(&self, fields: &[(&str, &str)], client: Option<(&str, &str)>) -> Got {
        let mut request = self.http.post(format!("{}/connect/token", self.identity())).form(fields);
        if let Some((id, secret)) = client {
            request = request.header("authorization", basic(id, secret));
        }
        Got::of(request.send().await.unwrap()).await
    }

    pub async fn log_in(&self, username: &str) -> String {
        let scope = "user_api.full_access";
        let fields =
            [("grant_type", "password"), ("username", username), ("password", "sim"), ("scope", scope)];
        let got = self.form(&fields, Some(("sim", "sim"))).await.ok();
        got["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Got {
        self.call_as(&self.token, method, path, body).await
    }

    pub async fn call_as(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Got {
        let url = self.url(&path.replace(' ', "%20"));
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request =
            self.http.request(method, url).bearer_auth(token).header("accept", "application/json");
        if let Some(body) = body {
            request = request.json(&body);
        }
        Got::of(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Got {
        self.call("GET", path, None).await
    }

    /// A call on a path of the site, on v1.2.
    pub async fn s(&self, method: &str, path: &str, body: Value) -> Got {
        let body = (!body.is_null()).then_some(body);
        self.call(method, &format!("/v1.2/sites/{SITE}{path}"), body).await
    }

    /// The same on v1.1.
    pub async fn s1(&self, method: &str, path: &str, body: Value) -> Got {
        let body = (!body.is_null()).then_some(body);
        self.call(method, &format!("/v1.1/sites/{SITE}{path}"), body).await
    }

    /// The decision of a lock for a user: granted, and the detail of a refusal.
    pub async fn door(&self, user: &str, lock: &str) -> (bool, String) {
        self.door_at(user, lock, None).await
    }

    pub async fn door_at(&self, user: &str, lock: &str, at: Option<&str>) -> (bool, String) {
        let answer = self.order("door", json!({ "user": user, "lock": lock, "at": at, "dry": true })).await;
        (answer["granted"].as_bool().unwrap(), answer["detail"].as_str().unwrap_or_default().to_owned())
    }

    pub async fn outbox(&self) -> Vec<Value> {
        self.look("outbox").await.as_array().cloned().unwrap()
    }

    /// The id of a role by its code, as a client must find it.
    pub async fn role(&self, code: &str) -> String {
        let roles = self.s("GET", "/roles?$top=100", Value::Null).await;
        let found = roles.items().into_iter().find(|role| role["code"] == code).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }

    /// Creates Ada as the worked example does.
    pub async fn ada(&self) -> Got {
        self.create("Ada", "Byron", Some("ada@example.org")).await
    }

    pub async fn create(&self, first: &str, last: &str, email: Option<&str>) -> Got {
        let role = self.role("site_user").await;
        let mut body = json!({ "first_name": first, "last_name": last, "alias": format!("{first} {last}"),
            "role_ids": [role], "blocked": false, "use_pin": false, "override_privacy_mode": false });
        if let Some(email) = email {
            body["email"] = json!(email);
        }
        self.s("POST", "/users", body).await
    }

    /// A new user: site-user id and platform id.
    pub async fn person(&self, name: &str) -> (String, String) {
        let made = self.create(name, "Test", Some(&format!("{name}@example.org"))).await.ok();
        (text(&made["id"]), text(&made["user"]["id"]))
    }

    pub async fn group(&self, name: &str) -> String {
        let list = self
            .s("GET", &format!("/access_groups?$filter=customer_reference eq '{name}'"), Value::Null)
            .await;
        text(&list.items()[0]["id"])
    }

    pub async fn lock(&self, name: &str) -> String {
        let list =
            self.s("GET", &format!("/locks?$filter=customer_reference eq '{name}'"), Value::Null).await;
        text(&list.items()[0]["id"])
    }

    pub async fn iq(&self, name: &str) -> String {
        let list = self.s("GET", &format!("/iqs?$filter=customer_reference eq '{name}'"), Value::Null).await;
        text(&list.items()[0]["id"])
    }

    pub async fn user(&self, alias: &str) -> (String, String) {
        let list = self.s("GET", &format!("/users?$filter=alias eq '{alias}'"), Value::Null).await;
        let user = &list.items()[0];
        (text(&user["id"]), text(&user["user"]["id"]))
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

pub fn always() -> Value {
    json!({ "monday": true, "tuesday": true, "wednesday": true, "thursday": true, "friday": true,
            "saturday": true, "sunday": true, "start_time": "00:00", "end_time": "23:59" })
}

pub const NOTHING: Value = Value::Null;
