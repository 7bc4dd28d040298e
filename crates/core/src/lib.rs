//! The functional core of Vestibule: it decides what should be done, and does none of it.
//!
//! The declared access of an object becomes a [`model::DesiredRecord`] that a system should hold; pages of a system become
//! [`model::ObservedRecord`]s. [`plan`] compares the desired record of an object with its existing records and makes an
//! ordered list of actions that the mode allows. [`diff`] compares two records field by field. No function here reads a
//! clock, a network or a file: `now` is a parameter.

pub mod access;
pub mod adapt;
pub mod diff;
pub mod entitlement;
pub mod guard;
pub mod identity;
pub mod model;
pub mod number_search;
pub mod ownership;
pub mod person_flags;
pub mod plan;
pub mod schedule;
pub mod status;
pub mod text;
