//! A simulator with the seed of the worked examples, and a caller that uses HTTP alone.

use std::ops::Deref;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use vestibule_sim::kastle;

use crate::support::simulator::{self, Simulator, held_at};

pub const EXAMPLE: &str = include_str!("../../seeds/kastle-4711.yaml");
pub const OWNER: &str = "{00000000-1111-2222-3333-444444444444}";
pub const VISIT: &str = "9c0f1c3e-6a0e-5d0b-9a51-2f2f6f0f9d10";
pub const VISITOR: &str = "1f2d7a54-0c0c-5b6e-8f53-7d5b8a1f0001";

pub struct Sim(Simulator);

impl Deref for Sim {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.0
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON, or null.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Status, `IsSuccess`, `Message`.
    pub fn verdict(&self) -> (u16, bool, String) {
        let json = self.json();
        let message = json["Message"].as_str().unwrap_or("?").to_owned();
        (self.status, json["IsSuccess"].as_bool().unwrap_or_default(), message)
    }

    pub fn data(&self) -> Value {
        assert!(self.verdict().1, "{self:?}");
        self.json()["Data"].clone()
    }

    /// One field of each entry of a list.
    pub fn each(&self, field: &str) -> Vec<String> {
        let data = self.data();
        let text = |v: &Value| v[field].as_str().map_or_else(|| v[field].to_string(), str::to_owned);
        data.as_array().expect("a list").iter().map(text).collect()
    }
}

/// The simulator of the worked examples, at nine in the morning of its building.
pub async fn example(set: &[(&str, &str)]) -> Sim {
    seeded(EXAMPLE, set).await
}

/// The small building.
pub async fn small(set: &[(&str, &str)]) -> Sim {
    seeded(kastle::SMALL_BUILDING, set).await
}

pub async fn seeded(seed: &str, set: &[(&str, &str)]) -> Sim {
    let options = simulator::seeded(held_at("2026-12-01T14:00:00Z", set), seed);
    Sim(Simulator::new(kastle::start(options).await.unwrap()))
}

impl Sim {
    /// A request without default headers.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), self.url(path))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    /// A request with the credentials and the owner of a path.
    fn signed(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let (user, password) = match path {
            path if path.starts_with("/institutions/1") => ("sim", "sim"),
            path if path.contains("/visits") => ("visitor", "open-to-visitors"),
            path if path.contains("/readeractivity") => ("events", "open-the-stream"),
            _ => ("oasis", "open-the-oasis"),
        };
        let owner = if user == "sim" { "{00000000-0000-0000-0000-000000000001}" } else { OWNER };
        self.request(method, path).basic_auth(user, Some(password)).header("OwnerGuid", owner)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.signed("GET", path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.signed("DELETE", path)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.signed("PUT", path).json(body)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.signed("POST", path).json(body)).await
    }

    /// Makes a visit from the worked example with some fields changed; null removes one.
    pub async fn visit(&self, changes: Value) -> Answer {
        self.post("/institutions/4711/visits", &visit(changes)).await
    }

    /// Makes a visit with one visitor whose fields are changed.
    pub async fn visitor(&self, changes: Value) -> Answer {
        let mut body = visit(json!({}));
        change(&mut body["VisitorModel"][0], changes);
        self.post("/institutions/4711/visits", &body).await
    }
}

/// The body of the worked example (2B.9) with some fields changed.
pub fn visit(changes: Value) -> Value {
    let mut body = json!({
        "VisitGuid": VISIT, "InstitutionID": "4711", "FloorId": "4", "Timezone": "America/New_York",
        "ArrivalDate": "2026-12-01", "ArrivalTime": "08:00", "DepartureDate": "2026-12-01", "DepartureTime": "18:00",
        "UserEmail": "grace@acme.example", "VisitingCompany": "Acme Ltd", "AccessProfiles": ["77"],
        "IdentityType": "VISITOR", "IsAllDayEvent": false, "NotifyOnArrival": true, "IsSendMailToVisitors": false,
        "VisitorModel": [{ "FirstName": "Jose", "LastName": "Garcia", "Email": "v-9c0f1c3e@visitor.invalid",
                           "CardholderGuid": VISITOR }],
    });
    change(&mut body, changes);
    body
}

fn change(body: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { return };
    let body = body.as_object_mut().unwrap();
    for (name, value) in changes {
        if value.is_null() {
            body.remove(&name);
        } else {
            body.insert(name, value);
        }
    }
}

/// The number of visits.
pub async fn visits(sim: &Sim) -> usize {
    sim.look("state?people=none").await["visits"].as_array().unwrap().len()
}
