//! Kastle as the frame sees it.

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::contract::Contract;
use super::psia::{self, Push};
use super::seed::{SMALL_BUILDING, Seed};
use super::store::Store;
use super::{answer, door, edit, envelope, job, page, state};
use crate::frame::{Call, Reply, Request, Section, Switches, System};

/// All of Kastle but its lock.
pub(super) struct Inner {
    /// What it holds.
    pub store: Store,
    /// What it held at the start.
    pub seed: Seed,
    /// Its switches.
    pub switches: Switches,
    /// Paths and names.
    pub contract: Contract,
    /// Where events to be pushed go.
    pub pusher: Option<mpsc::Sender<Push>>,
}

/// A simulated Kastle.
pub(super) struct Kastle(Mutex<Inner>);

impl Kastle {
    /// The Kastle of a seed.
    pub(super) fn build(switches: &Switches, seed: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let seed = Seed::read(seed.unwrap_or(SMALL_BUILDING))?;
        let contract = Contract::of(switches)?;
        let store = seed.build(now)?;
        Ok(Self(Mutex::new(Inner { store, seed, switches: switches.clone(), contract, pusher: None })))
    }
}

impl System for Kastle {
    fn operation(&self, request: &Request) -> String {
        answer::operation(&self.0.lock(), request)
    }

    fn handle(&self, request: &Request, call: &Call<'_>) -> Reply {
        answer::answer(&mut self.0.lock(), request, call)
    }

    fn throttled(&self, _request: &Request, status: u16) -> Reply {
        envelope::failure(&self.0.lock(), status, 1, "Too many requests", false)
    }

    fn tick(&self, now: Timestamp) {
        job::run_due(&mut self.0.lock().store, now);
    }

    fn switched(&self, switches: &Switches, _now: Timestamp) -> Result<(), String> {
        let contract = Contract::of(switches)?;
        let mut inner = self.0.lock();
        (inner.contract, inner.switches) = (contract, switches.clone());
        Ok(())
    }

    fn reset(&self, now: Timestamp) -> Result<(), String> {
        let mut inner = self.0.lock();
        inner.store = inner.seed.build(now)?;
        Ok(())
    }

    fn state(&self, now: Timestamp, request: &Request) -> Value {
        state::state(&self.0.lock(), now, request)
    }

    fn page(&self, now: Timestamp, request: &Request) -> Vec<Section> {
        page::page(&self.0.lock(), now, request)
    }

    fn edit(&self, now: Timestamp, order: &Value) -> Result<Value, String> {
        edit::edit(&mut self.0.lock(), now, order)
    }

    fn logins(&self) -> Vec<String> {
        self.0.lock().seed.logins()
    }

    fn act(&self, now: Timestamp, name: &str, order: &Value) -> Option<Result<Value, String>> {
        (name == "door").then(|| door::walk(&mut self.0.lock(), now, order))
    }

    fn outbox(&self) -> Value {
        let inner = self.0.lock();
        let mail = |m: &super::store::Mail| {
            json!({ "at": m.at.to_string(), "to": m.to, "kind": m.kind, "subject": m.subject,
                    "text": m.text, "visit": m.visit })
        };
        Value::Array(inner.store.outbox.iter().map(mail).collect())
    }

    fn own_faults(&self) -> &'static [&'static str] {
        &answer::OWN_FAULTS
    }

    fn serving(&self, _urls: &[(&'static str, String)]) {
        self.0.lock().pusher = Some(psia::start());
    }
}
