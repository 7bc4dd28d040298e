//! The laws of time, in every zone of the bundled database.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its own input has failed")]

mod clock;
mod folds;
mod nights;
mod places;
mod visits;
