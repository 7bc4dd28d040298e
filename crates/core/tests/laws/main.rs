//! The laws of the core (style.md section 11), one module a subject, and tables of named situations.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its own input has failed")]

mod access;
mod adjust;
mod diff;
mod facts;
mod guard;
mod identity;
mod memory;
mod plan;
mod privacy;
mod situations;
mod support;
