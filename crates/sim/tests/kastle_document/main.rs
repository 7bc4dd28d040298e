//! Walks kastle.md section by section: one test a fact, the section in its name.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::doc_markdown)] // a test program: what fails, fails

mod addendum;
#[path = "../docs/mod.rs"]
mod docs;
mod edits;
mod facts;
mod faults;
mod part_a;
mod part_b_calls;
mod part_b_visits;
mod part_b_wire;
mod support;
mod switches;
mod switches_visits;
