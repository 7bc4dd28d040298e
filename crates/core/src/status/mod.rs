//! What an object says about itself, computed from values and written in one place.
//!
//! A pass ends in a [`Verdict`]: one constructor per situation of the status contract, so that no driver puts
//! conditions together by hand. [`Verdict::settle`] turns it into the [`Status`] to be written, given the one
//! that stands there; [`Status::same_without_times`] tells whether writing it would show anybody anything.
//! [`kstatus`] is the reading that Helm, Flux and others make of it, and [`check`] the rules it must keep:
//! both are for tests, of this crate and of all others.

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
