//! The frame all simulated systems stand in: clock, faults, limits, counters, switches, side door, TLS.
//!
//! # How a system plugs in
//! A system is a module with a [`Kit`] constant and a type that implements [`System`]; it shares no code with
//! another system. Its own `start(Options)` is one line over [`start`], and `cli::KITS` names it.
//!
//! 1. `operation` names the call (a closed set of words: faults and counters go by it). The request keeps what
//!    was parsed once: see [`Request::parsed`].
//! 2. The frame counts the call in, draws the faults that strike it, holds it at the gate (latency, rate, calls
//!    in flight) and in its `lane`, and acts out the faults of transport (late, refused, hanging, HTTP status,
//!    cut off, lost after the effect).
//! 3. `handle` does the call at `call.now`. What only the system can act out (session ended, short list,
//!    repeated cursor, its own error or failure) lies in `call.twists`.
//! 4. The [`Reply`] says in one word how the call ended; the counters keep it.
//!
//! A system keeps its state behind its own lock, never reads the real clock, does what is due in `tick` (called
//! before every call, every look through the side door, after every move of the clock and once a second), and
//! reads its switches in `switched`. Everything a document leaves open is a [`Switch`] with the section that
//! leaves it open as its source.

pub mod clock;
mod counters;
pub mod dice;
pub mod fault;
pub mod html;
mod http;
pub mod limits;
pub mod logins;
mod page;
mod pipeline;
mod serve;
mod side_door;
mod suggest;
mod switch;
mod tls;

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::clock::Clock;
pub use self::counters::Counters;
pub use self::fault::{Faults, Twists};
pub use self::http::{Body, Reply, Request, percent_decode};
pub use self::serve::{Frame, Running, start};
pub use self::switch::{Position, Switch, Switches};

/// What the frame needs to know about a system before there is one.
#[derive(Debug)]
pub struct Kit {
    /// As the command line names it.
    pub name: &'static str,
    /// As people name it.
    pub title: &'static str,
    /// Names of its listeners, the first being the one that `--listen` places.
    pub listeners: &'static [&'static str],
    /// Its switches; those of [`limits`] are added by the frame.
    pub switches: &'static [Switch],
    /// Builds it from its switches and a seed in YAML; the error is one sentence.
    pub build: Build,
}

/// See [`Kit::build`].
pub type Build = fn(&Switches, Option<&str>, Timestamp) -> Result<Arc<dyn System>, String>;

/// One call, as the system gets to know of it.
#[derive(Debug)]
pub struct Call<'a> {
    /// The simulated present.
    pub now: Timestamp,
    /// What shall go wrong with it that only the system can act out.
    pub twists: &'a Twists,
}

/// One block of a system's page.
#[derive(Debug)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Its HTML, escaped by the system (see [`html`]).
    pub html: String,
}

/// A simulated system. See the module's documentation for the order of calls.
pub trait System: Send + Sync + 'static {
    /// The name of the operation a request asks for: out of a closed set, whatever the request holds.
    fn operation(&self, request: &Request) -> String;

    /// Calls with the same lane are worked on one after the other.
    fn lane(&self, _request: &Request) -> Option<String> {
        None
    }

    /// Does one call.
    fn handle(&self, request: &Request, call: &Call<'_>) -> Reply;

    /// The answer to a call that came too fast; status and Retry-After are set by the frame.
    fn throttled(&self, _request: &Request, status: u16) -> Reply {
        Reply::text(status, "text/plain", "Too many requests\n")
    }

    /// Does what has become due.
    fn tick(&self, _now: Timestamp) {}

    /// Reads its switches; an error refuses the change.
    fn switched(&self, switches: &Switches, now: Timestamp) -> Result<(), String>;

    /// Back to its seed, nobody logged in.
    fn reset(&self, now: Timestamp) -> Result<(), String>;

    /// All it holds, or what the query of the request narrows it to.
    fn state(&self, now: Timestamp, request: &Request) -> Value;

    /// Its part of the page a person reads.
    fn page(&self, now: Timestamp, request: &Request) -> Vec<Section>;

    /// Changes something by hand, as somebody at its desk would.
    fn edit(&self, now: Timestamp, order: &Value) -> Result<Value, String>;

    /// A side door call of its own, `POST /_sim/<name>`; `None`: there is no such call.
    fn act(&self, _now: Timestamp, _name: &str, _order: &Value) -> Option<Result<Value, String>> {
        None
    }

    /// How a client logs in to what its seed holds, and what else it needs to know, a line each (see [`logins`]);
    /// nothing where the seed has no login.
    fn logins(&self) -> Vec<String> {
        Vec::new()
    }

    /// The mails and messages it would have sent.
    fn outbox(&self) -> Value {
        json!([])
    }

    /// Names of the faults only this system has (kind `own`).
    fn own_faults(&self) -> &'static [&'static str] {
        &[]
    }

    /// Tells it where its listeners are, once, before the first call.
    fn serving(&self, _urls: &[(&'static str, String)]) {}
}

/// How to start a system.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the first listener stands.
    pub listen: SocketAddr,
    /// Where others stand, by name; on any free loopback port when absent.
    pub listen_more: Vec<(&'static str, SocketAddr)>,
    /// TLS, with a certificate of its own making or a given one.
    pub tls: Option<Tls>,
    /// The seed in YAML; absent: the system's small building.
    pub seed: Option<String>,
    /// How the clock starts.
    pub clock: clock::Start,
    /// Switches to move, in order.
    pub set: Vec<(String, String)>,
    /// Lets others than loopback use the side door.
    pub side_door_open: bool,
}

/// TLS of all listeners.
#[derive(Clone, Debug)]
pub enum Tls {
    /// A fresh authority and a certificate by it, for loopback and the address listened on.
    OwnAuthority,
    /// These PEM files.
    Files {
        /// Certificate chain.
        cert: PathBuf,
        /// Private key.
        key: PathBuf,
    },
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            listen_more: Vec::new(),
            tls: None,
            seed: None,
            clock: clock::Start::Real,
            set: Vec::new(),
            side_door_open: false,
        }
    }
}

impl Options {
    /// The same with one more switch moved.
    #[must_use]
    pub fn with(mut self, switch: &str, position: impl Display) -> Self {
        self.set.push((switch.to_owned(), position.to_string()));
        self
    }

    /// The same with the clock held at an instant.
    #[must_use]
    pub const fn held_at(mut self, instant: Timestamp) -> Self {
        self.clock = clock::Start::Held(instant);
        self
    }
}
