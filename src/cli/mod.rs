//! The command line: one module a verb.

pub mod crds;
pub mod demo;
pub mod examples;
