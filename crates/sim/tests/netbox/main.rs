//! `systems/lenel-s2.md` section by section: one test for each fact, with the section in the name of the test and the
//! mark of the fact in its first line. Rows of its addendum are a1 to a11. `docs/simulators.md` lists them (see `facts.rs`).

// A test crate exports nothing, its helpers may fail a test as the tests themselves may, names of commands are words
// in its comments, and short code matters more than an allocation.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::doc_markdown, clippy::format_collect, clippy::format_push_string)]

mod addendum;
mod addendum_cards;
mod addendum_stream;
mod clients;
mod facts;
mod faults;
mod fuzz;
mod fuzz_words;
mod harness;
mod late;
mod load;
mod program;
mod s2_01_transport;
mod s2_02_envelope;
mod s2_03_sessions;
mod s2_04_dates;
mod s2_05_versions;
mod s2_07_levels;
mod s2_07_people;
mod s2_07_removal;
mod s2_07_search;
mod s2_08_credentials;
mod s2_09_levels;
mod s2_09_time_and_doors;
mod s2_10_history;
mod s2_10_stream;
mod s2_11_errors;
mod s2_12_paging;
mod s2_15_model;
mod s2_16_switches;
mod s2_17_examples;
mod side_door;
#[path = "../support/mod.rs"]
mod support;
