//! NetBox as a system of the frame.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

use super::answer::{self, Inner};
use super::commands;
use super::envelope::Document;
use super::seed::{SMALL_BUILDING, Seed};
use super::{edit, page, state};
use crate::frame::{Call, Model, Reply, Request, SideDoor, Switches};

/// The document of a request. It is parsed without the lock.
fn document<'r>(model: &Mutex<Inner>, request: &'r Request) -> Cow<'r, Document> {
    let latin1 = model.lock().switches.is("text.non-ascii", "latin-1");
    request.parsed(|request| Document::read(&request.body, latin1))
}

fn offset(switches: &Switches) -> SignedDuration {
    SignedDuration::from_secs(
        switches.whole("box.clock-offset").unwrap_or(0).clamp(-1_000_000_000, 1_000_000_000),
    )
}

impl Model for Inner {
    const SIDE_DOOR: SideDoor<Self> = SideDoor {
        state: state::state,
        page: page::page,
        logins: |inner| inner.seed.logins(),
        edit: edit::edit,
        door: edit::door,
    };

    fn build(switches: &Switches, seed: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let seed = Seed::read(seed.unwrap_or(SMALL_BUILDING))?;
        let store = seed.build(switches, now)?;
        let mut inner = Self::new(store, seed, switches.clone(), now);
        inner.store.offset = offset(switches);
        Ok(inner)
    }

    fn operation(model: &Mutex<Self>, request: &Request) -> String {
        if !answer::is_api_path(&request.path) {
            return "(http)".to_owned();
        }
        match &*document(model, request) {
            Document::Garbled => "(garbled)".to_owned(),
            Document::Empty => "(none)".to_owned(),
            Document::Commands(envelope) => {
                let name = envelope.commands.first().map_or("", |command| command.name.as_str());
                commands::find(name).map_or("(unknown)", |command| command.name).to_owned()
            }
        }
    }

    fn lane(model: &Mutex<Self>, request: &Request) -> Option<String> {
        if model.lock().switches.is("session.parallel", "free") {
            return None;
        }
        match &*document(model, request) {
            Document::Commands(envelope) => envelope.session.clone(),
            _ => None,
        }
    }

    fn handle(model: &Mutex<Self>, request: &Request, call: &Call<'_>) -> Reply {
        let document = document(model, request);
        answer::answer(&mut model.lock(), request, &document, call)
    }

    fn tick(&mut self, now: Timestamp) {
        self.do_due(now);
    }

    fn switched(&mut self, switches: &Switches, now: Timestamp) -> Result<(), String> {
        self.store.zone = self.seed.zone(switches)?;
        self.store.offset = offset(switches);
        self.switch(switches.clone(), now);
        Ok(())
    }

    fn reset(&mut self, now: Timestamp) -> Result<(), String> {
        let mut store = self.seed.build(&self.switches, now)?;
        store.offset = offset(&self.switches);
        self.restart(store, now);
        Ok(())
    }
}
