//! Kastle, simulated from `systems/kastle.md` fact by fact.
//!
//! Kastle publishes no description of its API: its nouns, rules and limits are confirmed (2A); the transport
//! (2B) is inferred. Doc comments name the section of each behaviour. Where the document leaves something open
//! there is a switch ([`SWITCHES`]); choices where the document is silent are listed in
//! `docs/simulators-kastle.md`.

mod answer;
mod auth;
mod body;
mod calls;
mod contract;
mod door;
mod edit;
mod envelope;
mod job;
mod json;
mod kinds;
mod page;
mod psia;
mod rules;
mod seed;
mod state;
mod store;
mod switches;
mod system;
mod time;
mod windows;

use self::system::Inner;
use crate::frame::{self, Kit, Options, Running};

pub use self::contract::RENAMED;
pub use self::seed::SMALL_BUILDING;
pub use self::switches::SWITCHES;

/// Kastle for the frame.
pub const KIT: Kit = Kit {
    name: "kastle",
    title: "Kastle",
    listeners: &["api"],
    switches: SWITCHES,
    build: frame::build::<Inner>,
};

/// Starts Kastle on the current tokio runtime; the error is one sentence.
pub async fn start(options: Options) -> Result<Running, String> {
    frame::start(&KIT, options).await
}
