//! Vestibule.

pub mod cli;
