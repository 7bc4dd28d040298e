//! SALTO KS (identity host and Connect API), simulated from `systems/salto-ks.md` fact by fact.
//!
//! Doc comments name the section of that document for each behaviour. Where it leaves something open there
//! is a switch ([`SWITCHES`]); choices where it is silent are listed in
//! `docs/simulators-salto-ks.md`.

#![allow(clippy::doc_markdown)] // names of fields and calls are words here and backticks would hide the text

mod api;
mod door;
mod edit;
mod entries;
mod export;
mod identity;
mod ids;
mod inner;
mod odata;
mod outbox;
mod page;
mod seed;
mod state;
mod store;
mod stream;
mod switches;
mod system;

use self::inner::Inner;
use crate::frame::{self, Kit, Options, Running};

pub use self::seed::SMALL_BUILDING;
pub use self::switches::SWITCHES;

/// SALTO KS for the frame; the API is the listener of `--listen`.
pub const KIT: Kit = Kit {
    name: "salto-ks",
    title: "SALTO KS",
    listeners: &["api", "identity"],
    switches: SWITCHES,
    build: frame::build::<Inner>,
};

/// Starts SALTO KS on the current tokio runtime; the error is one sentence.
pub async fn start(options: Options) -> Result<Running, String> {
    frame::start(&KIT, options).await
}
