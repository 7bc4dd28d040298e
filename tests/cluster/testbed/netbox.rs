//! The NetBox of a test: its records, the calls it received, and its faults.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_sim::frame::clock::{Move, Start};
use vestibule_sim::frame::{self, Options};
use vestibule_sim::netbox::SMALL_BUILDING;

use crate::harness::wait_until;

/// Operations that change the content of a NetBox.
const WRITES: [&str; 5] = ["AddPerson", "ModifyPerson", "RemovePerson", "AddCredential", "RemoveCredential"];

/// The writes of so many full syncs of a system that is in sync: each writes one record unchanged, to compare the clock.
pub(crate) fn clock_checks(syncs: u64) -> BTreeMap<String, u64> {
    [("ModifyPerson".to_owned(), syncs)].into()
}

/// See the module's documentation.
pub(crate) struct NetBox {
    running: frame::Running,
    side_door: reqwest::Client,
}

/// A person as the NetBox stores them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
    pub(crate) phone: String,
    pub(crate) levels: Vec<String>,
    pub(crate) act_date: Option<String>,
    pub(crate) exp_date: Option<String>,
    pub(crate) deleted: bool,
    pub(crate) udfs: BTreeMap<String, String>,
    pub(crate) notes: String,
    pub(crate) cards: Vec<Card>,
}

/// A credential as the NetBox stores it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Card {
    pub(crate) number: String,
    pub(crate) format: String,
    pub(crate) expiry: Option<String>,
}

impl NetBox {
    /// The small building in another zone, with a clock that runs from `now`.
    pub(crate) async fn start(zone: &str, now: Timestamp) -> Self {
        Self::listening(zone, now, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same on a given address.
    pub(crate) async fn listening(zone: &str, now: Timestamp, listen: SocketAddr) -> Self {
        let seed = SMALL_BUILDING.replace("zone: America/New_York", &format!("zone: {zone}"));
        let options = Options { listen, seed: Some(seed), clock: Start::Running(now), ..Options::default() };
        let running = vestibule_sim::netbox::start(options).await.unwrap();
        Self { running, side_door: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        self.running.url.clone()
    }

    /// Its address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.url.trim_start_matches("http://").parse().unwrap()
    }

    /// Living people that Vestibule created, by id.
    pub(crate) async fn people(&self) -> Vec<Person> {
        self.records().await.into_iter().filter(|person| !person.deleted).collect()
    }

    /// All people that Vestibule ever created, including removed ones.
    pub(crate) async fn records(&self) -> Vec<Person> {
        let mut all = self.all_people().await;
        all.retain(|person| person.id.starts_with("vst-"));
        all
    }

    /// All people.
    pub(crate) async fn all_people(&self) -> Vec<Person> {
        let url = format!("{}/_sim/state", self.running.url);
        let mut state: Value = self.side_door.get(url).send().await.unwrap().json().await.unwrap();
        serde_json::from_value(state["people"].take()).unwrap()
    }

    /// The living record with this email. There must be exactly one.
    pub(crate) async fn person(&self, email: &str) -> Person {
        let mut people = self.people().await;
        people.retain(|person| person.email == email);
        assert_eq!(people.len(), 1, "{people:#?}");
        people.remove(0)
    }

    /// Waits until the living records of Vestibule fulfil the condition.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&[Person]) -> bool) -> Vec<Person> {
        wait_until(what, || async { wanted(&self.people().await) }).await;
        self.people().await
    }

    /// Whether a door opens for a person right now. The question leaves no trace.
    pub(crate) async fn opens(&self, person: &str, portal: &str) -> bool {
        let url = format!("{}/_sim/door", self.running.url);
        let question = json!({"person": person, "portal": portal, "dry": true});
        let said: Value =
            self.side_door.post(url).json(&question).send().await.unwrap().json().await.unwrap();
        said["granted"].as_bool().unwrap()
    }

    /// How often each operation was called, successful or not.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        let json = self.running.frame.counters.json();
        let operations = json["operations"].as_object().unwrap().iter();
        let sum = |outcomes: &Value| outcomes.as_object().unwrap().values().filter_map(Value::as_u64).sum();
        operations.map(|(name, outcomes)| (name.clone(), sum(outcomes))).collect()
    }

    /// How often one operation was called.
    pub(crate) fn called(&self, operation: &str) -> u64 {
        self.calls().get(operation).copied().unwrap_or_default()
    }

    /// Calls in flight.
    pub(crate) fn in_flight(&self) -> u64 {
        self.running.frame.counters.json()["in_flight"].as_u64().unwrap()
    }

    /// The calls of operations that change something.
    pub(crate) fn writes(&self) -> BTreeMap<String, u64> {
        let mut calls = self.calls();
        calls.retain(|operation, _| WRITES.contains(&operation.as_str()));
        calls
    }

    /// The same without the clock checks, of which each full sync makes one at most. Each reads the card formats once.
    pub(crate) fn changes(&self) -> BTreeMap<String, u64> {
        let (mut calls, syncs) = (self.writes(), self.called("GetCardFormats"));
        if let Some(modified) = calls.get_mut("ModifyPerson") {
            *modified = modified.saturating_sub(syncs);
        }
        calls.retain(|_, count| *count > 0);
        calls
    }

    /// The subjects of the last calls of an operation, the oldest first.
    pub(crate) fn order(&self) -> Vec<(String, String)> {
        let recent = self.running.frame.counters.recent();
        recent.into_iter().rev().map(|entry| (entry.operation, entry.subject)).collect()
    }

    /// Counts from zero again.
    pub(crate) fn forget_calls(&self) {
        self.running.frame.counters.clear();
    }

    /// Adds a fault, in the format of the side door.
    pub(crate) fn fault(&self, fault: Value) {
        self.running.frame.faults.arm(serde_json::from_value(fault).unwrap()).unwrap();
    }

    /// Removes all faults.
    pub(crate) fn clear_faults(&self) {
        self.running.frame.faults.clear();
    }

    /// Sets switches.
    pub(crate) fn switch(&self, switches: &Value) {
        self.running.frame.switch(|all| all.set_all(switches)).unwrap();
    }

    /// Changes something by hand, as an operator of the NetBox would.
    pub(crate) fn edit(&self, order: &Value) {
        let frame = &self.running.frame;
        frame.system.edit(frame.present(), order).unwrap();
    }

    /// Sets only its clock.
    pub(crate) fn set_clock(&self, now: Timestamp) {
        let order = Move { set: Some(now), ..Move::default() };
        self.running.frame.clock.apply(&order).unwrap();
        self.running.frame.present();
    }
}

impl fmt::Display for NetBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "calls: {:?}", self.calls())?;
        self.order().iter().try_for_each(|(operation, subject)| writeln!(f, "  {operation} {subject}"))
    }
}
