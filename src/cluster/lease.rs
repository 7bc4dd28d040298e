//! The leader's lease: of all replicas one writes, and it knows when it may no longer.
//!
//! Three rules make that safe without comparing clocks of different machines:
//! - The holder counts from *before* it sent the renewal and stops a margin early ([`Fence`]).
//! - A candidate counts from *after* it first saw a record, and only while that record does not change ([`decide`]).
//! - A candidate that finds no Lease object and has not seen whose it was makes one and waits for as long as a claim lasts:
//!   the object may have been deleted under its holder. An empty Lease made beforehand ([`make_empty`]) spares a first
//!   installation the wait.
//!
//! Every write carries the `resourceVersion` it was decided on, so of two writers one fails. Losing the lease ends the
//! process: nothing that was planned under it may still be carried out. A claim that has run out is lost even if the object
//! could still be renewed, as after a process or its machine stood still.

mod candidate;
mod decide;
mod fence;
mod steady;

use jiff::SignedDuration;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

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

impl Terms {
    /// Terms for claims of this duration: renewed at a third of it, and given up at two thirds.
    pub fn lasting(duration: SignedDuration) -> Self {
        Self {
            duration,
            renew_every: duration / 3,
            margin: duration / 3,
            call_deadline: duration / 6,
            poll: duration / 15,
        }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self::lasting(SignedDuration::from_secs(30))
    }
}

/// Makes a Lease without a holder, unless there is one: the first candidate takes it at once.
pub async fn make_empty(client: Client, namespace: &str, name: &str) -> kube::Result<()> {
    let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
    let lease = Lease { metadata, spec: None };
    match Api::<Lease>::namespaced(client, namespace).create(&PostParams::default(), &lease).await {
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        made => made.map(|_| ()),
    }
}
