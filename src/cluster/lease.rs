//! The leader's lease. Of all replicas one writes, and it knows when it must stop.
//!
//! Three rules make this safe without comparing clocks of different machines:
//! - The holder measures its claim from *before* it sent the renewal and stops a margin before the end ([`Fence`]).
//! - A candidate measures from *after* it first saw a version of the lease, and only while that version stays
//!   ([`decide`]).
//! - A candidate that finds no Lease object and has not seen its holder creates one and waits for the duration of a
//!   claim: the object may have been deleted while another replica held it. An empty Lease created beforehand
//!   ([`make_empty`]) spares a first installation the wait.
//!
//! Every write carries the `resourceVersion` on which it was decided, so of two concurrent writes one fails. Losing the
//! lease ends the process: nothing that was planned under the lease may be carried out afterwards. A claim that has
//! expired is lost even if the object could still be renewed, for example after the process or its machine was
//! suspended.

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

/// The durations of the lease. With the defaults, an idle holder writes fewer than 360 times an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a claim lasts after its last renewal; whole seconds, at least one.
    pub duration: SignedDuration,
    /// How often the holder renews. Up to a tenth is added, so that replicas do not renew at the same moment.
    pub renew_every: SignedDuration,
    /// How long before the end of its claim the holder stops writing. The margin covers requests in flight and clocks
    /// of uneven speed.
    pub margin: SignedDuration,
    /// How long one call may take.
    pub call_deadline: SignedDuration,
    /// How often a candidate reads the lease. A failed renewal is tried again after half of it.
    pub poll: SignedDuration,
}

impl Terms {
    /// Terms for claims of this duration: renewed after a third of it, and given up after two thirds.
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

/// Creates a Lease without a holder, unless a Lease exists. The first candidate takes it at once.
pub async fn make_empty(client: Client, namespace: &str, name: &str) -> kube::Result<()> {
    let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
    let lease = Lease { metadata, spec: None };
    match Api::<Lease>::namespaced(client, namespace).create(&PostParams::default(), &lease).await {
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        made => made.map(|_| ()),
    }
}
