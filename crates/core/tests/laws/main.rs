//! The laws of the core, which hold for every input, with one module for each subject, and tables of named situations.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its own input has failed")]

mod access;
mod adapt;
mod diff;
mod entitlement;
mod facts;
mod guard;
mod identity;
mod memory;
mod number_search;
mod ownership;
mod plan;
mod privacy;
mod situations;
mod support;
mod text;
