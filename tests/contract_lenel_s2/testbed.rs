//! A NetBox on the simulator, used only through its API and its side door.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use vestibule::clock::SystemClock;
use vestibule::cluster::lease::Fence;
use vestibule::system::AccessSystem;
use vestibule::system::lenel_s2::{Config, Credentials, LenelS2};
use vestibule_core::identity::Owner;
use vestibule_sim::frame::{Options, Running};

use crate::contract::{OWNER_ID, Testbed, at};

/// The client and its NetBox.
pub(crate) struct NetBox {
    pub(crate) client: LenelS2,
    pub(crate) running: Running,
    side_door: reqwest::Client,
}

/// The small building, on the morning of the expected visitors.
pub(crate) async fn testbed() -> NetBox {
    NetBox::with(&[], |config| config).await
}

impl NetBox {
    /// A NetBox with these switches, and a client with this configuration.
    pub(crate) async fn with(switches: &[(&str, &str)], configure: impl FnOnce(Config) -> Config) -> Self {
        let options = switches.iter().fold(options(), |all, (switch, position)| all.with(switch, position));
        Self::started(options, configure).await
    }

    /// A NetBox started with these options.
    pub(crate) async fn started(options: Options, configure: impl FnOnce(Config) -> Config) -> Self {
        let running = vestibule_sim::netbox::start(options).await.unwrap();
        let client = client(&configure(config(&running)));
        let trusted = running.ca_pem().map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).unwrap());
        let side_door = reqwest::Client::builder().no_proxy().tls_certs_only(trusted).build().unwrap();
        Self { client, running, side_door }
    }

    /// The side door's answer to a question.
    pub(crate) async fn ask(&self, path: &str) -> Value {
        let url = format!("{}/_sim/{path}", self.running.url);
        self.side_door.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Sends a request to the side door, which must succeed.
    pub(crate) async fn tell(&self, path: &str, what: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.running.url);
        let answer = self.side_door.post(url).json(&what).send().await.unwrap();
        let (status, said) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path} {what}: {said}");
        serde_json::from_str(&said).unwrap()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.tell("faults", fault).await;
    }

    /// How many calls of a command arrived.
    pub(crate) async fn calls(&self, command: &str) -> u64 {
        let counted = self.ask("calls").await;
        let outcomes = counted["operations"][command].as_object().cloned().unwrap_or_default();
        outcomes.values().filter_map(Value::as_u64).sum()
    }

    /// Whether a door opens for a person right now, without a trace.
    pub(crate) async fn opens(&self, person: &str, portal: &str) -> bool {
        let said = self.tell("door", json!({"person": person, "portal": portal, "dry": true})).await;
        said["granted"].as_bool().unwrap()
    }

    pub(crate) async fn set_clock(&self, now: &str) {
        self.tell("clock", json!({"set": now})).await;
    }
}

/// The start options of every NetBox of these tests.
pub(crate) fn options() -> Options {
    Options::default().held_at(at("2026-12-01T14:00:00Z"))
}

/// The configuration for a NetBox of the small building.
pub(crate) fn config(running: &Running) -> Config {
    Config {
        tenant_udf: Some(1),
        card_format: Some("26 bit Wiegand".to_owned()),
        ca_pem: running.ca_pem().map(|pem| pem.as_bytes().to_vec()),
        allow_loopback: true,
        timeout: Duration::from_secs(20),
        ..Config::new(running.url.clone(), TimeZone::get("America/New_York").unwrap())
    }
}

/// A client of the user that the small building knows.
pub(crate) fn client(config: &Config) -> LenelS2 {
    client_of(config, "sim")
}

/// A client with another password.
pub(crate) fn client_of(config: &Config, password: &str) -> LenelS2 {
    let credentials = Credentials { username: "sim".to_owned(), password: password.into() };
    let (clock, fence) = (Arc::new(SystemClock), Fence::always_open(Arc::new(SystemClock)));
    LenelS2::new(config, credentials, Owner::of(OWNER_ID), clock, fence).unwrap()
}

#[async_trait]
impl Testbed for NetBox {
    fn system(&self) -> &dyn AccessSystem {
        &self.client
    }

    fn groups(&self) -> Vec<String> {
        ["Lobby", "Floor 4", "Acme Visitors"].map(str::to_owned).to_vec()
    }

    fn format(&self) -> String {
        "26 bit Wiegand".to_owned()
    }

    async fn lose_answer_of_next_creation(&self) {
        self.fault(json!({"kind": "refuse", "when": "after", "operation": "AddPerson"})).await;
    }

    async fn rename_by_hand(&self, external_id: &str, last_name: &str) {
        let set = json!({"LASTNAME": last_name});
        self.tell("edit", json!({"action": "modify_person", "id": external_id, "set": set})).await;
    }
}
