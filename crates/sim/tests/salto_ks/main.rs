//! `systems/salto-ks.md` walked section by section with literal requests and the literal answers of its worked examples:
//! one test a fact, the section in the test's name, the mark of the fact before it. The docs list them (see `table.rs`).

// A test crate exports nothing, and its helpers may fail a test as the tests themselves may.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc)]
// Names as the document has them (`su`, `pu`, OAuth2), and tables put together piece by piece.
#![allow(clippy::doc_markdown, clippy::similar_names, clippy::format_push_string, clippy::format_collect)]

mod addendum;
mod addendum_calls;
mod conventions;
#[path = "../docs/mod.rs"]
mod docs;
mod entries;
mod examples;
mod fuzz;
mod groups;
mod harness;
mod lifecycle;
mod load;
mod locks;
mod oauth;
mod program;
mod side_door;
mod sites;
mod switches;
mod table;
mod timed;
mod users;
