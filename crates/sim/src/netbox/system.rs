//! The box as the frame sees it.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::Value;

use super::answer::{self, Inner};
use super::commands;
use super::envelope::Document;
use super::seed::{SMALL_BUILDING, Seed};
use super::{edit, page, state};
use crate::frame::{Call, Reply, Request, Section, Switches, System};

/// A simulated NetBox.
pub(super) struct Netbox(Mutex<Inner>);

impl Netbox {
    /// The box of a seed.
    pub(super) fn build(switches: &Switches, seed: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let seed = Seed::read(seed.unwrap_or(SMALL_BUILDING))?;
        let store = seed.build(switches, now)?;
        let mut inner = Inner::new(store, seed, switches.clone(), now);
        inner.store.offset = offset(switches);
        Ok(Self(Mutex::new(inner)))
    }

    fn document<'r>(&self, request: &'r Request) -> Cow<'r, Document> {
        let latin1 = self.0.lock().switches.is("text.non-ascii", "latin-1");
        request.parsed(|request| Document::read(&request.body, latin1))
    }
}

fn offset(switches: &Switches) -> SignedDuration {
    SignedDuration::from_secs(
        switches.whole("box.clock-offset").unwrap_or(0).clamp(-1_000_000_000, 1_000_000_000),
    )
}

impl System for Netbox {
    fn operation(&self, request: &Request) -> String {
        if !answer::is_api_path(&request.path) {
            return "(http)".to_owned();
        }
        match &*self.document(request) {
            Document::Garbled => "(garbled)".to_owned(),
            Document::Empty => "(none)".to_owned(),
            Document::Commands(envelope) => {
                let name = envelope.commands.first().map_or("", |command| command.name.as_str());
                commands::find(name).map_or("(unknown)", |command| command.name).to_owned()
            }
        }
    }

    fn lane(&self, request: &Request) -> Option<String> {
        if self.0.lock().switches.is("session.parallel", "free") {
            return None;
        }
        match &*self.document(request) {
            Document::Commands(envelope) => envelope.session.clone(),
            _ => None,
        }
    }

    fn handle(&self, request: &Request, call: &Call<'_>) -> Reply {
        let document = self.document(request);
        answer::answer(&mut self.0.lock(), request, &document, call)
    }

    fn tick(&self, now: Timestamp) {
        self.0.lock().tick(now);
    }

    fn switched(&self, switches: &Switches, now: Timestamp) -> Result<(), String> {
        let mut inner = self.0.lock();
        inner.store.zone = inner.seed.zone(switches)?;
        inner.store.offset = offset(switches);
        inner.switch(switches.clone(), now);
        Ok(())
    }

    fn reset(&self, now: Timestamp) -> Result<(), String> {
        let mut inner = self.0.lock();
        let mut store = inner.seed.build(&inner.switches, now)?;
        store.offset = offset(&inner.switches);
        inner.restart(store, now);
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
        (name == "door").then(|| edit::door(&mut self.0.lock(), now, order))
    }
}
