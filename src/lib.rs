//! Vestibule keeps the door systems of buildings in step with what Git declares.

pub mod api;
pub mod cli;
