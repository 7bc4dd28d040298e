//! One engine per integration: its queue, its pace, its breaker and what it knows of the system.

pub mod backoff;
pub mod breaker;
pub mod class;
pub mod listing;
mod meter;
pub mod pace;
pub mod pacer;
pub mod queue;
pub mod snapshot;
