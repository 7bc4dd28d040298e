//! When: wall clocks become instants here, once, and nowhere else.
//!
//! People write dates and times as the clock on the property's wall shows them; systems, queues and timers
//! want instants. Everything in between is decided in this module, from values alone: `now` and the zone are
//! parameters, so each rule can be asked about any night of any year.
//!
//! - [`Zone`]: a place's clock. Wall -> instant is total: a time that the clock skips moves forward by what
//!   was skipped; of a time that it shows twice, a start takes the earlier and an end the later.
//! - [`Visit`]: on which days and hours a visitor is expected, and [`PackedVisit`], the same in eight bytes.
//! - [`Visit::day_at`]: which *one* record of the visitor is wanted now, and when that answer changes. The
//!   rollover at midnight is nothing but asking it again: a midnight that was missed is made good by asking later.
//! - [`Nightly`]: a time of day at which something runs once a night.

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
