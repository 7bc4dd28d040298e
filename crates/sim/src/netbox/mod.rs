//! `LenelS2` NetBox (NBAPI), simulated from `systems/lenel-s2.md` fact by fact.
//!
//! Doc comments name the section of that document for each behaviour. Where it leaves something open there
//! is a switch ([`SWITCHES`]); choices where it is silent are listed in `docs/simulators.md`.

#![allow(clippy::doc_markdown)] // names of commands are words here and backticks would hide the text
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

use self::answer::Inner;
use crate::frame::{self, Kit, Options, Running};

pub use self::seed::SMALL_BUILDING;
pub use self::switches::SWITCHES;

/// NetBox for the frame.
pub const KIT: Kit = Kit {
    name: "netbox",
    title: "LenelS2 NetBox",
    listeners: &["api"],
    switches: SWITCHES,
    build: frame::build::<Inner>,
};

/// Starts NetBox on the current tokio runtime; the error is one sentence.
pub async fn start(options: Options) -> Result<Running, String> {
    frame::start(&KIT, options).await
}

/// The names of all commands that NetBox knows, and whether each is simulated or refused.
pub fn commands() -> impl Iterator<Item = (&'static str, bool)> {
    commands::names()
}
