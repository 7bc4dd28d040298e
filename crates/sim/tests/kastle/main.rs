//! `systems/kastle.md` section by section: one test for each fact, with the section in the name of the test.

// A test crate exports nothing, and its helpers may fail a test as the tests themselves may.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::doc_markdown)] // names of fields are words here

mod addendum;
mod auth;
mod edits;
mod facts;
mod faults;
mod fuzz;
mod harness;
mod load;
mod part_a;
mod part_b_calls;
mod part_b_visits;
mod part_b_wire;
mod program;
#[path = "../support/mod.rs"]
mod support;
mod switches;
mod switches_visits;
