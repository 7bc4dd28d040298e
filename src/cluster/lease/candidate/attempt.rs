//! One attempt at the lease: at most one read, a decision, and at most one write.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};

use super::{Candidate, LeaseError};
use crate::cluster::FIELD_MANAGER;
use crate::cluster::client::sentence;
use crate::cluster::lease::decide::{Action, Record, Rival, decide};

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Leading,
    /// This replica holds a lease that it created, and writes nothing before the claim of a possible former holder is
    /// over.
    Waiting {
        until: Timestamp,
    },
    Behind {
        holder: String,
        until: Timestamp,
    },
    /// Another client wrote between the read and the write: read again.
    Overtaken,
}

/// Why a write did not happen.
pub(super) enum Unwritten {
    Overtaken,
    Failed(LeaseError),
}

impl Candidate {
    /// At most one read and one write. A renewal needs no read.
    pub(super) async fn attempt(&mut self) -> Result<Standing, LeaseError> {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.beat();
        }
        if let Some(lease) = self.ours.take() {
            match self.claim(lease).await? {
                Standing::Overtaken => {} // Perhaps by an own renewal without an answer: read again.
                standing => return Ok(standing),
            }
        }
        let seen = self.read().await?;
        let record = seen.as_ref().map(|lease| Record::of(lease, self.terms.duration));
        let now = self.clock.now();
        let me = &self.who.identity;
        self.rival = Rival::watch(self.rival.take(), record.as_ref(), me, now);
        if record.as_ref().is_some_and(|record| record.holder.as_ref() != Some(me)) {
            // From here on the holder is known.
            self.opens_at = None;
        }
        match decide(record.as_ref(), self.rival.as_ref(), self.fence.until().is_some(), me, now) {
            Action::CreateAndWait => {
                self.opens_at = Some(now + self.terms.duration);
                self.claim(Lease::default()).await
            }
            Action::Create | Action::Take | Action::Renew => self.claim(seen.unwrap_or_default()).await,
            Action::Wait { until } => {
                let holder = record.and_then(|record| record.holder);
                Ok(Standing::Behind { holder: holder.unwrap_or_else(|| "an unnamed replica".into()), until })
            }
        }
    }

    /// Writes this replica's claim over `lease`, and opens the fence for its duration less the margin, counted from
    /// before the write.
    async fn claim(&mut self, lease: Lease) -> Result<Standing, LeaseError> {
        if self.has_run_out() {
            return Err(self.stood_still());
        }
        let sent = self.clock.now();
        let action = if self.is_ours(&lease) { "renewing" } else { "taking" };
        match self.write(self.claimed(lease, sent), action).await {
            Ok(lease) => {
                self.ours = Some(lease);
                self.rival = None;
                self.claimed_until = Some(sent + self.terms.duration);
                if let Some(until) = self.opens_at.filter(|until| self.clock.now() < *until) {
                    return Ok(Standing::Waiting { until });
                }
                self.opens_at = None;
                self.fence.open_until(sent + (self.terms.duration - self.terms.margin));
                Ok(Standing::Leading)
            }
            Err(Unwritten::Overtaken) => Ok(Standing::Overtaken),
            Err(Unwritten::Failed(error)) => Err(error),
        }
    }

    /// The lease as this replica writes it when its claim begins at `now`. Fields of others stay.
    fn claimed(&self, lease: Lease, now: Timestamp) -> Lease {
        let before = lease.spec.clone().unwrap_or_default();
        let ours = self.is_ours(&lease);
        let spec = LeaseSpec {
            holder_identity: Some(self.who.identity.clone()),
            lease_duration_seconds: i32::try_from(self.terms.duration.as_secs()).ok(),
            acquire_time: before.acquire_time.clone().filter(|_| ours).or(Some(MicroTime(now))),
            renew_time: Some(MicroTime(now)),
            lease_transitions: Some(before.lease_transitions.unwrap_or(0).saturating_add(i32::from(!ours))),
            ..before
        };
        Lease {
            metadata: ObjectMeta { name: Some(self.who.name.clone()), ..lease.metadata },
            spec: Some(spec),
        }
    }

    pub(super) fn is_ours(&self, lease: &Lease) -> bool {
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_ref());
        holder == Some(&self.who.identity)
    }

    pub(super) async fn read(&self) -> Result<Option<Lease>, LeaseError> {
        let answer = self.in_time(self.api.get_opt(&self.who.name)).await;
        answer.map_err(|said| self.error("reading", said.map_or_else(no_answer, |error| sentence(&error))))
    }

    /// Replaces the version that `lease` carries, or creates the Lease if `lease` carries none.
    pub(super) async fn write(&self, lease: Lease, action: &'static str) -> Result<Lease, Unwritten> {
        let options = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let answer = if lease.metadata.resource_version.is_some() {
            self.in_time(self.api.replace(&self.who.name, &options, &lease)).await
        } else {
            self.in_time(self.api.create(&options, &lease)).await
        };
        answer.map_err(|error| match error {
            // 409: another version exists. 404: the Lease was deleted. Both: read again.
            Some(kube::Error::Api(status))
                if matches!(status.code, 404 | 409) && !missing_namespace(&status) =>
            {
                Unwritten::Overtaken
            }
            Some(error) => Unwritten::Failed(self.error(action, sentence(&error))),
            None => Unwritten::Failed(self.error(action, no_answer())),
        })
    }

    /// The answer of a call, or `Err(None)` if the call took too long.
    async fn in_time<T>(
        &self,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Option<kube::Error>> {
        let deadline = Duration::try_from(self.terms.call_deadline).unwrap_or_default();
        tokio::time::timeout(deadline, call).await.map_err(|_| None)?.map_err(Some)
    }

    pub(super) fn error(&self, action: &'static str, said: String) -> LeaseError {
        LeaseError { action, lease: format!("{}/{}", self.who.namespace, self.who.name), said }
    }

    /// Whether this replica led for longer than its claim lasted. Then the lease is lost, even if no other replica has
    /// taken it.
    pub(super) fn has_run_out(&self) -> bool {
        let over = self.claimed_until.is_some_and(|until| until <= self.clock.now());
        over && self.fence.until().is_some()
    }

    pub(super) fn stood_still(&self) -> LeaseError {
        self.error(
            "renewing",
            "this process or its machine was suspended for longer than the lease lasts".into(),
        )
    }
}

fn no_answer() -> String {
    "the API server did not answer in time".into()
}

/// A Lease cannot be created in a namespace that does not exist. That is an error for the user to fix, not a race.
fn missing_namespace(status: &kube::core::Status) -> bool {
    status.details.as_ref().is_some_and(|details| details.kind == "namespaces")
}
