//! `LenelS2` NetBox (NBAPI), simulated from `systems/lenel-s2.md` fact by fact.
//!
//! Doc comments name the section of that document a behaviour comes from. Where it leaves something open there
//! is a switch ([`SWITCHES`]); where it is silent and something had to be chosen, `docs/simulators.md` lists it.

#![allow(clippy::doc_markdown)] // names of commands are words here and would drown in backticks
mod answer;
mod commands;
mod dates;
mod edit;
mod envelope;
mod history;
mod log;
mod page;
mod seed;
mod state;
mod store;
mod stream;
mod switches;
mod system;
mod walk;
mod xml;

use std::sync::Arc;

use self::system::Netbox;
use crate::frame::{self, Kit, Options, Running, System};

pub use self::seed::SMALL_BUILDING;
pub use self::switches::SWITCHES;

/// NetBox as the frame knows it.
pub const KIT: Kit = Kit {
    name: "netbox",
    title: "LenelS2 NetBox",
    listeners: &["api"],
    switches: SWITCHES,
    build: |switches, seed, now| Ok(Arc::new(Netbox::build(switches, seed, now)?) as Arc<dyn System>),
};

/// Starts a NetBox on the current tokio runtime; the error is one sentence.
pub async fn start(options: Options) -> Result<Running, String> {
    frame::start(&KIT, options).await
}

/// The names of all commands the box knows, and whether each is simulated or refused.
pub fn commands() -> impl Iterator<Item = (&'static str, bool)> {
    commands::names()
}
