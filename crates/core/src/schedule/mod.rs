//! Schedules. Only this module converts wall-clock times to instants.
//!
//! Specs have dates and times on the wall clock of the property; systems, queues and timers need instants. This module
//! converts them from values alone: `now` and the zone are parameters, so that each rule can be tested for any night of
//! any year.
//!
//! - [`Zone`]: the clock of a place. Every wall-clock time has an instant: a time that the clock skips moves forward by
//!   the skipped duration; for a time that it shows twice, a start uses the earlier instant and an end the later.
//! - [`Visit`]: the days and hours of a visit, and [`PackedVisit`], the same in eight bytes.
//! - [`Visit::day_at`]: the *one* record that the visitor should have now, and when that answer changes. The rollover
//!   computes it again at midnight. After a missed midnight a later computation has the same result.
//! - [`Nightly`]: a time of day at which a job runs once a night.

mod day;
mod error;
mod fold;
mod nightly;
mod packed;
mod visit;
mod window;
mod zone;

pub use day::{Day, Provision};
pub use error::Error;
pub use nightly::Nightly;
pub use packed::PackedVisit;
pub use visit::{Hours, Visit};
pub use window::Window;
pub use zone::Zone;
