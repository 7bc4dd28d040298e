//! SALTO KS as the frame sees it.

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;

use super::identity::Grants;
use super::inner::Inner;
use super::seed::{SMALL_BUILDING, Seed};
use super::stream::Hub;
use super::{api, edit, identity, outbox, page, state};
use crate::frame::{Call, Reply, Request, Section, Switches, System};

/// A simulated SALTO KS.
pub(super) struct SaltoKs(Mutex<Inner>);

impl SaltoKs {
    /// The platform of a seed.
    pub(super) fn build(switches: &Switches, seed: Option<&str>, now: Timestamp) -> Result<Self, String> {
        let seed = Seed::read(seed.unwrap_or(SMALL_BUILDING))?;
        let store = seed.build(now)?;
        let inner = Inner {
            store,
            grants: Grants::new(seed.clients.clone())?,
            hub: Hub::default(),
            seed,
            switches: switches.clone(),
            api_url: String::new(),
            identity_url: String::new(),
        };
        check(&inner, switches)?;
        Ok(Self(Mutex::new(inner)))
    }
}

/// Switches whose positions are names must name something.
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

impl System for SaltoKs {
    fn operation(&self, request: &Request) -> String {
        if request.listener == "identity" {
            return identity::operation(request).to_owned();
        }
        api::operation(request).to_owned()
    }

    fn handle(&self, request: &Request, call: &Call<'_>) -> Reply {
        let mut inner = self.0.lock();
        if request.listener == "identity" {
            return identity::answer(&mut inner, request, call);
        }
        api::answer(&mut inner, request, call)
    }

    fn throttled(&self, _request: &Request, status: u16) -> Reply {
        Reply::empty(status)
    }

    fn tick(&self, now: Timestamp) {
        self.0.lock().tick(now);
    }

    fn switched(&self, switches: &Switches, _now: Timestamp) -> Result<(), String> {
        let mut inner = self.0.lock();
        check(&inner, switches)?;
        inner.switches = switches.clone();
        Ok(())
    }

    fn reset(&self, now: Timestamp) -> Result<(), String> {
        let mut inner = self.0.lock();
        inner.store = inner.seed.build(now)?;
        inner.grants = Grants::new(inner.seed.clients.clone())?;
        inner.hub = Hub::default();
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
        let inner = self.0.lock();
        inner.seed.logins(&inner.store)
    }

    fn act(&self, now: Timestamp, name: &str, order: &Value) -> Option<Result<Value, String>> {
        (name == "door").then(|| edit::door(&mut self.0.lock(), now, order))
    }

    fn outbox(&self) -> Value {
        outbox::json(&self.0.lock().store.mails)
    }

    fn serving(&self, urls: &[(&'static str, String)]) {
        let mut inner = self.0.lock();
        for (name, url) in urls {
            let place = if *name == "identity" { &mut inner.identity_url } else { &mut inner.api_url };
            place.clone_from(url);
        }
    }
}
