//! `systems/salto-ks.md` section by section with literal requests and the literal answers of its worked examples: one test
//! for each fact, with the section in the name of the test and the mark of the fact before it. The page of the simulator
//! lists them (see `facts.rs`).

// A test crate exports nothing, and its helpers may fail a test as the tests themselves may.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc)]
// Names as the document has them (`su`, `pu`, OAuth2), and tables that are built piece by piece.
#![allow(clippy::doc_markdown, clippy::similar_names, clippy::format_push_string, clippy::format_collect)]

mod addendum;
mod addendum_calls;
mod conventions;
mod conventions_lists;
mod entries;
mod examples;
mod facts;
mod fuzz;
mod groups;
mod harness;
mod lifecycle;
mod load;
mod locks;
mod oauth;
mod oauth_code;
mod program;
mod side_door;
mod sites;
#[path = "../support/mod.rs"]
mod support;
mod switches;
mod switches_users;
mod timed;
mod users;
