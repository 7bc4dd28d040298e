//! The laws of time (style.md section 11, law 9), in every zone of the bundled database.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its own input has failed")]

mod clock;
mod nights;
mod places;
mod visits;
