//! The NetBox client against scripted answers: sessions, errors and unusual NetBox servers, character by character.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

mod answers;
mod lease;
mod sessions;
mod stub;
mod writes;
