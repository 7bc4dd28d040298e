//! The functional core of Vestibule.

pub mod schedule;
