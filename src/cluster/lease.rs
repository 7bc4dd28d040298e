//! The leader's lease: of all replicas one writes, and it knows when it may no longer.
//!
//! Two rules make that safe without comparing clocks of different machines:
//! - The holder counts from *before* it sent the renewal and stops a margin early ([`Fence`]).
//! - A candidate counts from *after* it first saw a record, and only while that record does not change ([`decide`]).
//!
//! Every write carries the `resourceVersion` it was decided on, so of two writers one fails. Losing the lease ends the
//! process: nothing that was planned under it may still be carried out.

mod candidate;
mod decide;
mod fence;
mod steady;

use jiff::SignedDuration;

pub use candidate::{Candidate, LeaseError, LeaseName, Lost};
pub use fence::{Fence, NotLeader};
pub use steady::SteadyClock;

/// How long things last around the lease. At rest the defaults write fewer than 360 times an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a claim lasts after its last renewal; whole seconds, at least one.
    pub duration: SignedDuration,
    /// When the holder renews; up to a tenth is added, so that replicas do not march in step.
    pub renew_every: SignedDuration,
    /// How long before the end the holder stops writing: what is in flight then, and clocks that run unevenly.
    pub margin: SignedDuration,
    /// How long one call may take.
    pub call_deadline: SignedDuration,
    /// How often a candidate looks, and how soon a failed call is tried again (half of it).
    pub poll: SignedDuration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            duration: SignedDuration::from_secs(30),
            renew_every: SignedDuration::from_secs(10),
            margin: SignedDuration::from_secs(10),
            call_deadline: SignedDuration::from_secs(5),
            poll: SignedDuration::from_secs(2),
        }
    }
}
