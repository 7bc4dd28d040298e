//! One replica's part in the election: look, decide, write, and wait.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

use super::decide::{Action, Record, Rival, decide};
use super::{Fence, Terms};
use crate::admin::Heartbeat;
use crate::clock::SharedClock;
use crate::cluster::client::sentence;
use crate::shutdown::Shutdown;

/// Which lease, and who asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseName {
    /// Where the lease stands.
    pub namespace: String,
    /// Its name; controllers that share the work have one each.
    pub name: String,
    /// Us, unlike any other process: see [`LeaseName::identity`].
    pub identity: String,
}

/// A call about the lease failed; who leads is not known from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action} the lease {lease} failed: {said}")]
pub struct LeaseError {
    action: &'static str,
    lease: String,
    said: String,
}

/// We led and do no longer; the process must end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another replica has it.
    #[error("the lease was taken by {holder}; this replica ends")]
    Taken {
        /// The other's identity.
        holder: String,
    },
    /// It could not be renewed in time.
    #[error("the lease could not be renewed in time, so this replica ends before another takes over: {last}")]
    Expired {
        /// What the last attempt met with.
        last: LeaseError,
    },
}

/// One replica that leads or wants to.
pub struct Candidate {
    api: Api<Lease>,
    who: LeaseName,
    terms: Terms,
    clock: SharedClock,
    fence: Fence,
    heartbeat: Option<Heartbeat>,
    /// The lease as we last wrote it: the version to renew. Empty whenever that is not certain.
    ours: Option<Lease>,
    rival: Option<Rival>,
}

/// Where an attempt left us.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Leading,
    Behind {
        holder: String,
        until: Timestamp,
    },
    /// Somebody wrote between our look and our write: look again.
    Overtaken,
}

/// Why a write did not happen.
enum Unwritten {
    Overtaken,
    Failed(LeaseError),
}

// === impl LeaseName ===

impl LeaseName {
    /// An identity for this process: the pod's name, and a random suffix because a container that is started again
    /// has the same name but must not take its predecessor's claim for its own.
    pub fn identity(pod: &str) -> String {
        format!("{pod}-{:08x}", rand::random::<u32>())
    }
}

// === impl Candidate ===

impl Candidate {
    /// A replica that does not lead yet. The clock is the lease's own: [`super::SteadyClock`] outside of tests.
    pub fn new(client: Client, who: LeaseName, terms: Terms, clock: SharedClock) -> Self {
        let api = Api::namespaced(client, &who.namespace);
        let fence = Fence::shut(clock.clone());
        Self { api, who, terms, clock, fence, heartbeat: None, ours: None, rival: None }
    }

    /// Shows at each turn that this loop moves.
    #[must_use]
    pub fn with_heartbeat(self, heartbeat: Heartbeat) -> Self {
        Self { heartbeat: Some(heartbeat), ..self }
    }

    /// What everybody asks before writing.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Returns once we lead, however long that takes.
    pub async fn acquire(&mut self) {
        let mut told = None;
        loop {
            let now = self.clock.now();
            let (look_again, news) = match self.attempt().await {
                Ok(Standing::Leading) => break,
                Ok(Standing::Overtaken) => (now, None),
                Ok(Standing::Behind { holder, until }) => {
                    (until.min(now + self.terms.poll), Some(format!("standing by: {holder} leads")))
                }
                Err(error) => (now + self.terms.poll, Some(error.to_string())),
            };
            if news.is_some() && news != told {
                tracing::info!(lease = self.who.name, "{}", news.as_deref().unwrap_or_default());
                told = news;
            }
            self.clock.sleep_until(jittered(now, look_again)).await;
        }
        tracing::info!(lease = self.who.name, identity = self.who.identity, "leading");
    }

    /// Renews until told to stop (`Ok`) or until the lease is lost.
    pub async fn keep(&mut self, stop: &Shutdown) -> Result<(), Lost> {
        tokio::select! {
            () = stop.requested() => Ok(()),
            lost = self.renew_until_lost() => {
                self.fence.close();
                Err(lost)
            }
        }
    }

    async fn renew_until_lost(&mut self) -> Lost {
        let mut last = None;
        loop {
            let now = self.clock.now();
            let pause = if last.is_none() { self.terms.renew_every } else { self.terms.poll / 2 };
            self.clock.sleep_until(jittered(now, now + pause)).await;
            last = match self.attempt().await {
                Ok(Standing::Leading) => None,
                Ok(Standing::Behind { holder, .. }) => return Lost::Taken { holder },
                Ok(Standing::Overtaken) => Some(self.error("renewing", "somebody else wrote to it".into())),
                Err(error) => Some(error),
            };
            if let Some(last) = last.clone().filter(|_| !self.fence.held()) {
                return Lost::Expired { last };
            }
        }
    }

    /// Gives the lease back, so that a successor starts at once. Call it when nothing is written any more.
    pub async fn vacate(&mut self) -> Result<(), LeaseError> {
        self.fence.close();
        // Once more with a fresh look: our last renewal may have been cut off before its answer came.
        for _ in 0..2 {
            let lease = match self.ours.take() {
                Some(lease) => Some(lease),
                None => self.read().await?,
            };
            let Some(mut lease) = lease.filter(|lease| self.is_ours(lease)) else { return Ok(()) };
            if let Some(spec) = &mut lease.spec {
                spec.holder_identity = None;
                spec.renew_time = Some(MicroTime(self.clock.now()));
            }
            match self.write(lease, "giving back").await {
                Ok(_) => return Ok(()),
                Err(Unwritten::Overtaken) => {}
                Err(Unwritten::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// One look and at most one write; a renewal needs no look.
    async fn attempt(&mut self) -> Result<Standing, LeaseError> {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.beat();
        }
        if let Some(lease) = self.ours.take() {
            match self.claim(lease).await? {
                Standing::Overtaken => {} // Perhaps by our own renewal whose answer was lost: look.
                standing => return Ok(standing),
            }
        }
        let seen = self.read().await?;
        let record = seen.as_ref().map(|lease| Record::of(lease, self.terms.duration));
        let now = self.clock.now();
        self.rival = Rival::watch(self.rival.take(), record.as_ref(), &self.who.identity, now);
        match decide(record.as_ref(), self.rival.as_ref(), &self.who.identity, now) {
            Action::Create | Action::Take | Action::Renew => self.claim(seen.unwrap_or_default()).await,
            Action::Wait { until } => {
                let holder = record.and_then(|record| record.holder);
                Ok(Standing::Behind { holder: holder.unwrap_or_else(|| "somebody".into()), until })
            }
        }
    }

    /// Writes our claim over `lease`, and opens the fence for what is left of it, counted from before the write.
    async fn claim(&mut self, lease: Lease) -> Result<Standing, LeaseError> {
        let sent = self.clock.now();
        let action = if self.is_ours(&lease) { "renewing" } else { "taking" };
        match self.write(self.claimed(lease, sent), action).await {
            Ok(lease) => {
                self.ours = Some(lease);
                self.rival = None;
                self.fence.open_until(sent + (self.terms.duration - self.terms.margin));
                Ok(Standing::Leading)
            }
            Err(Unwritten::Overtaken) => Ok(Standing::Overtaken),
            Err(Unwritten::Failed(error)) => Err(error),
        }
    }

    /// The lease as it reads when it is ours from `now` on. What else stands in it stays.
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

    fn is_ours(&self, lease: &Lease) -> bool {
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_ref());
        holder == Some(&self.who.identity)
    }

    async fn read(&self) -> Result<Option<Lease>, LeaseError> {
        let answer = self.in_time(self.api.get_opt(&self.who.name)).await;
        answer.map_err(|said| self.error("reading", said.map_or_else(no_answer, |error| sentence(&error))))
    }

    /// Replaces the version that `lease` carries, or creates it if it carries none.
    async fn write(&self, lease: Lease, action: &'static str) -> Result<Lease, Unwritten> {
        let options = PostParams::default();
        let answer = if lease.metadata.resource_version.is_some() {
            self.in_time(self.api.replace(&self.who.name, &options, &lease)).await
        } else {
            self.in_time(self.api.create(&options, &lease)).await
        };
        answer.map_err(|error| match error {
            // 409: another version is there. 404: it was deleted. Both: look again.
            Some(kube::Error::Api(status))
                if matches!(status.code, 404 | 409) && !missing_namespace(&status) =>
            {
                Unwritten::Overtaken
            }
            Some(error) => Unwritten::Failed(self.error(action, sentence(&error))),
            None => Unwritten::Failed(self.error(action, no_answer())),
        })
    }

    /// The answer of a call, or `Err(None)` if it took too long.
    async fn in_time<T>(
        &self,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Option<kube::Error>> {
        let deadline = Duration::try_from(self.terms.call_deadline).unwrap_or_default();
        tokio::time::timeout(deadline, call).await.map_err(|_| None)?.map_err(Some)
    }

    fn error(&self, action: &'static str, said: String) -> LeaseError {
        LeaseError { action, lease: format!("{}/{}", self.who.namespace, self.who.name), said }
    }
}

fn no_answer() -> String {
    "the API server did not answer in time".into()
}

/// A lease cannot be made in a namespace that is not there: that is for the user to mend, not a race.
fn missing_namespace(status: &kube::core::Status) -> bool {
    status.details.as_ref().is_some_and(|details| details.kind == "namespaces")
}

/// `until`, and up to a tenth of the time to it: replicas that started together drift apart.
fn jittered(now: Timestamp, until: Timestamp) -> Timestamp {
    let spread = SignedDuration::try_from_secs_f64(until.duration_since(now).as_secs_f64() / 10.0);
    let share = rand::random_range(0..=1000);
    until + spread.unwrap_or_default() * share / 1000
}
