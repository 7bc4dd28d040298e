//! The common parts of all simulated systems: clock, faults, limits, counters, switches, side door, TLS.
//!
//! # How a system plugs in
//! A system is a module with a [`Kit`] constant and a type that implements [`Model`]; it shares no code with
//! another system. Its own `start(Options)` is one line over [`start`], and `cli::KITS` names it.
//!
//! 1. `operation` names the call. The names are a closed set, because faults and counters are kept by name. The
//!    request keeps what was parsed once: see [`Request::parsed`].
//! 2. The frame counts the call, selects the faults that apply to it, applies the limits (latency, rate, calls in
//!    flight) and the `lane`, and carries out the faults of transport (late, refused, hanging, HTTP status, cut
//!    off, lost after the effect).
//! 3. `handle` carries out the call at `call.now`. The faults that only the system can carry out (session ended,
//!    short list, repeated cursor, its own error or failure) are in `call.twists`.
//! 4. The [`Reply`] names the outcome of the call in one word, which the counters keep.
//!
//! A system keeps its state behind one lock (see [`Model`]), never reads the real clock, does what is due in `tick`
//! (called before every call, before every request of the side door, after every change of the clock and twice a
//! second), and reads its switches in `switched`. Everything that a document leaves open is a [`Switch`], whose source
//! is the section that leaves it open.

pub mod clock;
mod counters;
pub mod dice;
pub mod fault;
pub mod html;
mod http;
pub mod limits;
pub mod listing;
mod locked;
pub mod logins;
pub mod orders;
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
use serde_json::Value;

pub use self::clock::Clock;
pub use self::counters::Counters;
pub use self::fault::{Faults, Twists};
pub use self::http::{Body, Reply, Request, percent_decode};
pub use self::locked::{Change, Model, SideDoor, build};
pub use self::serve::{Frame, Running, start};
#[cfg(test)]
pub(crate) use self::switch::check_table;
pub use self::switch::{Position, Switch, Switches, switch};

/// The description of a system, from which it is built.
#[derive(Debug)]
pub struct Kit {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name on pages.
    pub title: &'static str,
    /// Names of its listeners, the first being the one that `--listen` places.
    pub listeners: &'static [&'static str],
    /// Its switches; the frame adds those of [`limits`].
    pub switches: &'static [Switch],
    /// Builds it from its switches and a seed in YAML (see [`build`]); the error is one sentence.
    pub build: Build,
}

/// See [`Kit::build`].
pub type Build = fn(&Switches, Option<&str>, Timestamp) -> Result<Arc<dyn System>, String>;

/// The time and the faults of a request.
#[derive(Debug)]
pub struct Call<'a> {
    /// The simulated present.
    pub now: Timestamp,
    /// The faults of this call that only the system can carry out.
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

impl Section {
    /// A section with this heading.
    pub fn new(title: impl Into<String>, html: String) -> Self {
        Self { title: title.into(), html }
    }
}

/// A simulated system. See the module's documentation for the order of calls. A system implements [`Model`].
pub trait System: Send + Sync + 'static {
    /// The name of the operation that a request asks for. It is one of a closed set for any request.
    fn operation(&self, request: &Request) -> String;

    /// Calls with the same lane are carried out one after the other.
    fn lane(&self, request: &Request) -> Option<String>;

    /// Carries out one call.
    fn handle(&self, request: &Request, call: &Call<'_>) -> Reply;

    /// The answer to a call above the rate limit; the frame sets status and Retry-After.
    fn throttled(&self, request: &Request, status: u16) -> Reply;

    /// Does what has become due.
    fn tick(&self, now: Timestamp);

    /// Reads its switches; an error refuses the change.
    fn switched(&self, switches: &Switches, now: Timestamp) -> Result<(), String>;

    /// Restores its seed, without sessions.
    fn reset(&self, now: Timestamp) -> Result<(), String>;

    /// Its whole state, or the part that the query of the request selects.
    fn state(&self, now: Timestamp, request: &Request) -> Value;

    /// Its sections of the page in a browser.
    fn page(&self, now: Timestamp, request: &Request) -> Vec<Section>;

    /// A change by hand, as an administrator makes it in the system's own application.
    fn edit(&self, now: Timestamp, order: &Value) -> Result<Value, String>;

    /// A side door call of its own, `POST /_sim/<name>`; `None`: there is no such call.
    fn act(&self, now: Timestamp, name: &str, order: &Value) -> Option<Result<Value, String>>;

    /// The logins of its seed, and other facts that a client needs, one line each (see
    /// [`logins`]); empty where the seed has no login.
    fn logins(&self) -> Vec<String>;

    /// The mails and messages that a real system would have sent.
    fn outbox(&self) -> Value;

    /// Names of the faults that only this system has (kind `own`).
    fn own_faults(&self) -> &'static [&'static str];

    /// Passes the URLs of its listeners, once, before the first call.
    fn serving(&self, urls: &[(&'static str, String)]);
}

/// The options of a start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address of the first listener.
    pub listen: SocketAddr,
    /// Addresses of the others, by name; a free loopback port when absent.
    pub listen_more: Vec<(&'static str, SocketAddr)>,
    /// TLS, with a certificate that it makes or a given one.
    pub tls: Option<Tls>,
    /// The seed in YAML; absent: the system's `SMALL_BUILDING`.
    pub seed: Option<String>,
    /// The start of the clock.
    pub clock: clock::Start,
    /// Switches to set, in order.
    pub set: Vec<(String, String)>,
    /// Lets callers from other addresses than loopback use the side door.
    pub side_door_open: bool,
}

/// TLS of all listeners.
#[derive(Clone, Debug)]
pub enum Tls {
    /// A new authority and a certificate that it signed, for loopback and the listening address.
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
    /// The same with one more switch set.
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
