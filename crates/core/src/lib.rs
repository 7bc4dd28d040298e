//! The functional core of Vestibule.

pub mod schedule;
pub mod status;
