//! The functional core of Vestibule: what should be done, without doing any of it.
//!
//! Kubernetes objects become validated values, those become a [`model::DesiredRecord`] a system should
//! hold; pages of a system become [`model::ObservedRecord`]s. [`diff`] compares the two, [`plan`] filters and orders what
//! differs by mode and ownership. Nothing here reads a clock, a network or a file: `now` is a parameter.

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
