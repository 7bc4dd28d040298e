//! A system whose whole state is one value behind one lock. The calls of the frame that every such system answers in the
//! same way are written here once.

use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Call, Reply, Request, Section, Switches, System};

/// The state of a system and its answers to calls. See [`System`] for the meaning of each function.
pub trait Model: Send + Sized + 'static {
    /// The functions behind the side door.
    const SIDE_DOOR: SideDoor<Self>;

    /// Builds it from its switches and a seed in YAML; the error is one sentence.
    fn build(switches: &Switches, seed: Option<&str>, now: Timestamp) -> Result<Self, String>;

    /// See [`System::operation`]. The request may be parsed before the lock is taken.
    fn operation(model: &Mutex<Self>, request: &Request) -> String;

    /// See [`System::lane`].
    fn lane(_model: &Mutex<Self>, _request: &Request) -> Option<String> {
        None
    }

    /// See [`System::handle`]. The request may be parsed before the lock is taken.
    fn handle(model: &Mutex<Self>, request: &Request, call: &Call<'_>) -> Reply;

    /// See [`System::throttled`].
    fn throttled(&self, status: u16) -> Reply {
        Reply::too_many_requests(status)
    }

    /// See [`System::tick`].
    fn tick(&mut self, now: Timestamp);

    /// See [`System::switched`].
    fn switched(&mut self, switches: &Switches, now: Timestamp) -> Result<(), String>;

    /// See [`System::reset`].
    fn reset(&mut self, now: Timestamp) -> Result<(), String>;

    /// See [`System::outbox`].
    fn outbox(&self) -> Value {
        json!([])
    }

    /// See [`System::own_faults`].
    fn own_faults() -> &'static [&'static str] {
        &[]
    }

    /// See [`System::serving`].
    fn serving(&mut self, _urls: &[(&'static str, String)]) {}
}

/// The functions of a model that the side door calls.
pub struct SideDoor<M> {
    /// See [`System::state`].
    pub state: fn(&M, Timestamp, &Request) -> Value,
    /// See [`System::page`].
    pub page: fn(&M, Timestamp, &Request) -> Vec<Section>,
    /// See [`System::logins`].
    pub logins: fn(&M) -> Vec<String>,
    /// See [`System::edit`].
    pub edit: Change<M>,
    /// `POST /_sim/door`: a person tries a door.
    pub door: Change<M>,
}

/// A change by hand; the error is one sentence.
pub type Change<M> = fn(&mut M, Timestamp, &Value) -> Result<Value, String>;

/// See [`super::Kit::build`].
pub fn build<M: Model>(
    switches: &Switches,
    seed: Option<&str>,
    now: Timestamp,
) -> Result<Arc<dyn System>, String> {
    Ok(Arc::new(Locked(Mutex::new(M::build(switches, seed, now)?))))
}

struct Locked<M>(Mutex<M>);

impl<M: Model> System for Locked<M> {
    fn operation(&self, request: &Request) -> String {
        M::operation(&self.0, request)
    }

    fn lane(&self, request: &Request) -> Option<String> {
        M::lane(&self.0, request)
    }

    fn handle(&self, request: &Request, call: &Call<'_>) -> Reply {
        M::handle(&self.0, request, call)
    }

    fn throttled(&self, _request: &Request, status: u16) -> Reply {
        self.0.lock().throttled(status)
    }

    fn tick(&self, now: Timestamp) {
        self.0.lock().tick(now);
    }

    fn switched(&self, switches: &Switches, now: Timestamp) -> Result<(), String> {
        self.0.lock().switched(switches, now)
    }

    fn reset(&self, now: Timestamp) -> Result<(), String> {
        self.0.lock().reset(now)
    }

    fn state(&self, now: Timestamp, request: &Request) -> Value {
        (M::SIDE_DOOR.state)(&self.0.lock(), now, request)
    }

    fn page(&self, now: Timestamp, request: &Request) -> Vec<Section> {
        (M::SIDE_DOOR.page)(&self.0.lock(), now, request)
    }

    fn edit(&self, now: Timestamp, order: &Value) -> Result<Value, String> {
        (M::SIDE_DOOR.edit)(&mut self.0.lock(), now, order)
    }

    fn act(&self, now: Timestamp, name: &str, order: &Value) -> Option<Result<Value, String>> {
        (name == "door").then(|| (M::SIDE_DOOR.door)(&mut self.0.lock(), now, order))
    }

    fn logins(&self) -> Vec<String> {
        (M::SIDE_DOOR.logins)(&self.0.lock())
    }

    fn outbox(&self) -> Value {
        self.0.lock().outbox()
    }

    fn own_faults(&self) -> &'static [&'static str] {
        M::own_faults()
    }

    fn serving(&self, urls: &[(&'static str, String)]) {
        self.0.lock().serving(urls);
    }
}
