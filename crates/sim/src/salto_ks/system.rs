//! SALTO KS as a system of the frame.

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;

use super::identity::Grants;
use super::inner::Inner;
use super::seed::{SMALL_BUILDING, Seed};
use super::stream::Hub;
use super::{api, edit, identity, outbox, page, state};
use crate::frame::{Call, Model, Reply, Request, SideDoor, Switches};

/// A switch whose position is a name must name something that exists.
fn check(inner: &Inner, switches: &Switches) -> Result<(), String> {
    let mailing = switches.get("invitations.mail");
    if mailing != "each-create" && inner.grants.client(mailing).is_none() {
        return Err(format!("switch `invitations.mail`: there is no OAuth client `{mailing}`"));
    }
    let base = switches.get("links.base");
    if !matches!(base, "own" | "http") && !base.contains("://") {
        return Err(format!("switch `links.base`: `{base}` is no base URL"));
    }
    Ok(())
}

impl Model for Inner {
    const SIDE_DOOR: SideDoor<Self> = SideDoor {
        state: state::state,
        page: page::page,
        logins: |inner| inner.seed.logins(&inner.store),
        edit: edit::edit,
        door: edit::door,
    };

    fn build(switches: &Switches, seed: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let seed = Seed::read(seed.unwrap_or(SMALL_BUILDING))?;
        let store = seed.build(now)?;
        let inner = Self {
            store,
            grants: Grants::new(seed.clients.clone())?,
            hub: Hub::default(),
            seed,
            switches: switches.clone(),
            api_url: String::new(),
            identity_url: String::new(),
        };
        check(&inner, switches)?;
        Ok(inner)
    }

    fn operation(_model: &Mutex<Self>, request: &Request) -> String {
        if request.listener == "identity" {
            return identity::operation(request).to_owned();
        }
        api::operation(request).to_owned()
    }

    fn handle(model: &Mutex<Self>, request: &Request, call: &Call<'_>) -> Reply {
        let mut inner = model.lock();
        if request.listener == "identity" {
            return identity::answer(&mut inner, request, call);
        }
        api::answer(&mut inner, request, call)
    }

    fn throttled(&self, status: u16) -> Reply {
        Reply::empty(status)
    }

    fn tick(&mut self, now: Timestamp) {
        self.do_due(now);
    }

    fn switched(&mut self, switches: &Switches, _now: Timestamp) -> Result<(), String> {
        check(self, switches)?;
        self.switches = switches.clone();
        Ok(())
    }

    fn reset(&mut self, now: Timestamp) -> Result<(), String> {
        self.store = self.seed.build(now)?;
        self.grants = Grants::new(self.seed.clients.clone())?;
        self.hub = Hub::default();
        Ok(())
    }

    fn outbox(&self) -> Value {
        outbox::json(&self.store.mails)
    }

    fn serving(&mut self, urls: &[(&'static str, String)]) {
        for (name, url) in urls {
            let place = if *name == "identity" { &mut self.identity_url } else { &mut self.api_url };
            place.clone_from(url);
        }
    }
}
