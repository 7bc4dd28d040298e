//! Passes: from what is declared and what is observed to what is done and said, one module a kind.

pub mod directory;
pub mod visitor;
