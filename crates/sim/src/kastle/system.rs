//! Kastle as a system of the frame.

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::contract::Contract;
use super::psia::{self, Push};
use super::seed::{SMALL_BUILDING, Seed};
use super::store::Store;
use super::{answer, door, edit, envelope, job, page, state};
use crate::frame::{Call, Model, Reply, Request, SideDoor, Switches};

/// The whole state of Kastle.
pub(super) struct Inner {
    /// Its records.
    pub store: Store,
    /// The records at the start.
    pub seed: Seed,
    /// Its switches.
    pub switches: Switches,
    /// Paths and names.
    pub contract: Contract,
    /// The queue of events to push.
    pub pusher: Option<mpsc::Sender<Push>>,
}

impl Model for Inner {
    const SIDE_DOOR: SideDoor<Self> = SideDoor {
        state: state::state,
        page: page::page,
        logins: |inner| inner.seed.logins(),
        edit: edit::edit,
        door: door::walk,
    };

    fn build(switches: &Switches, seed: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let seed = Seed::read(seed.unwrap_or(SMALL_BUILDING))?;
        let contract = Contract::of(switches)?;
        let store = seed.build(now)?;
        Ok(Self { store, seed, switches: switches.clone(), contract, pusher: None })
    }

    fn operation(model: &Mutex<Self>, request: &Request) -> String {
        answer::operation(&model.lock(), request)
    }

    fn handle(model: &Mutex<Self>, request: &Request, call: &Call<'_>) -> Reply {
        answer::answer(&mut model.lock(), request, call)
    }

    fn throttled(&self, status: u16) -> Reply {
        envelope::failure(self, status, 1, "Too many requests", false)
    }

    fn tick(&mut self, now: Timestamp) {
        job::run_due(&mut self.store, now);
    }

    fn switched(&mut self, switches: &Switches, _now: Timestamp) -> Result<(), String> {
        self.contract = Contract::of(switches)?;
        self.switches = switches.clone();
        Ok(())
    }

    fn reset(&mut self, now: Timestamp) -> Result<(), String> {
        self.store = self.seed.build(now)?;
        Ok(())
    }

    fn outbox(&self) -> Value {
        let mail = |m: &super::store::Mail| {
            json!({ "at": m.at.to_string(), "to": m.to, "kind": m.kind, "subject": m.subject,
                    "text": m.text, "visit": m.visit })
        };
        Value::Array(self.store.outbox.iter().map(mail).collect())
    }

    fn own_faults() -> &'static [&'static str] {
        &answer::OWN_FAULTS
    }

    fn serving(&mut self, _urls: &[(&'static str, String)]) {
        self.pusher = Some(psia::start());
    }
}
