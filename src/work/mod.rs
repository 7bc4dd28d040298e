//! Queued work: how urgent it is, why it is done, the order of the queue, and the back-off of what fails.
//!
//! Engines use it for objects, and the status writers for statuses. Nothing here does I/O, and time is a parameter.

pub mod backoff;
pub mod priority;
pub mod queue;
pub mod reason;

pub use priority::Priority;
pub use queue::Queue;
pub use reason::{Reason, Work};
