//! The status of an object, computed from values.
//!
//! A reconcile ends in a [`Verdict`], which has one constructor for each situation of the status contract. So no other
//! code puts conditions together. [`Verdict::settle`] turns it into the [`Status`] to write, given the present status.
//! [`Status::same_without_times`] says whether the write would change anything for a reader. [`kstatus`] is the
//! interpretation of a status by Helm, Flux and others, and [`check`] has the rules of a status: both are for the tests of
//! this crate and of all others.

mod check;
mod condition;
pub mod conditions;
mod kstatus;
mod merge;
mod settle;
mod stopped;
mod text;
mod verdict;

pub use check::check;
pub use condition::{Condition, Status, Truth, Wanted};
pub use kstatus::{Kstatus, kstatus};
pub use merge::{merge, same_without_times};
pub use text::{MAX_MESSAGE_CHARS, MAX_NOTE_BYTES, normalise_message, note};
pub use verdict::Verdict;
