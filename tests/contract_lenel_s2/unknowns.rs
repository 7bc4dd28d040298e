//! Unknowns.
