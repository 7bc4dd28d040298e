//! One replica's part in the election. It makes an attempt ([`attempt`]), waits, and makes the next.

mod attempt;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::{Api, Client};

use self::attempt::{Standing, Unwritten};
use super::decide::Rival;
use super::{Fence, Terms};
use crate::admin::Heartbeat;
use crate::clock::SharedClock;
use crate::shutdown::Shutdown;

/// Which lease, and which replica asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseName {
    /// The namespace of the lease.
    pub namespace: String,
    /// The name of the lease. Controllers that share the work use the same name.
    pub name: String,
    /// The identity of this process, different from that of any other process: see [`LeaseName::identity`].
    pub identity: String,
}

/// A call about the lease failed. The failure says nothing about which replica leads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action} the lease {lease} failed: {said}")]
pub struct LeaseError {
    action: &'static str,
    lease: String,
    said: String,
}

/// This replica led and does not lead any more. The process must end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another replica holds the lease.
    #[error("the lease was taken by {holder}; this replica ends")]
    Taken {
        /// The identity of the other replica.
        holder: String,
    },
    /// The lease could not be renewed in time.
    #[error("the lease could not be renewed in time, so this replica ends before another takes over: {last}")]
    Expired {
        /// The error of the last attempt.
        last: LeaseError,
    },
}

/// One replica that leads or waits to lead.
pub struct Candidate {
    api: Api<Lease>,
    who: LeaseName,
    terms: Terms,
    clock: SharedClock,
    fence: Fence,
    heartbeat: Option<Heartbeat>,
    /// The lease as this replica last wrote it, with the version to renew. `None` whenever that is not certain.
    ours: Option<Lease>,
    /// When the claim expires in the view of other replicas. The fence shuts a margin earlier.
    claimed_until: Option<Timestamp>,
    /// Until then the fence stays shut, because this replica created the Lease and another one may still hold a claim.
    opens_at: Option<Timestamp>,
    rival: Option<Rival>,
}

// === impl LeaseName ===

impl LeaseName {
    /// An identity for this process: the pod's name and a random suffix. A restarted container has the same pod name,
    /// but must not take the claim of its predecessor for its own.
    pub fn identity(pod: &str) -> String {
        format!("{pod}-{:08x}", rand::random::<u32>())
    }
}

// === impl Candidate ===

impl Candidate {
    /// A replica that does not lead yet. The lease has its own clock: [`super::SteadyClock`] outside of tests.
    pub fn new(client: Client, who: LeaseName, terms: Terms, clock: SharedClock) -> Self {
        let api = Api::namespaced(client, &who.namespace);
        let fence = Fence::shut(clock.clone());
        Self {
            api,
            who,
            terms,
            clock,
            fence,
            heartbeat: None,
            ours: None,
            claimed_until: None,
            opens_at: None,
            rival: None,
        }
    }

    /// Beats at each turn of the loop.
    #[must_use]
    pub fn with_heartbeat(self, heartbeat: Heartbeat) -> Self {
        Self { heartbeat: Some(heartbeat), ..self }
    }

    /// The fence to ask before every write.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Returns once this replica leads, however long that takes.
    pub async fn acquire(&mut self) {
        let mut reported = None;
        loop {
            let now = self.clock.now();
            let (look_again, news) = match self.attempt().await {
                Ok(Standing::Leading) => break,
                Ok(Standing::Overtaken) => (now, None),
                Ok(Standing::Waiting { until }) => {
                    (until.min(now + self.terms.renew_every), Some(Ok(self.why_it_waits())))
                }
                Ok(Standing::Behind { holder, until }) => {
                    (until.min(now + self.terms.poll), Some(Ok(format!("standing by: {holder} leads"))))
                }
                Err(error) => (now + self.terms.poll, Some(Err(error))),
            };
            if news.is_some() && news != reported {
                match &news {
                    Some(Ok(sentence)) => tracing::info!(lease = self.who.name, "{sentence}"),
                    Some(Err(error)) => tracing::warn!(lease = self.who.name, "{error}; it is tried again"),
                    None => {}
                }
                reported = news;
            }
            self.clock.sleep_until(jittered(now, look_again)).await;
        }
        tracing::info!(lease = self.who.name, identity = self.who.identity, "leading");
    }

    fn why_it_waits(&self) -> String {
        let seconds = self.terms.duration.as_secs();
        format!(
            "the Lease did not exist and was created: in case another replica held it until a moment ago, this one waits {seconds} s \
             before its first write. A Lease without a holder, created beforehand, spares the wait"
        )
    }

    /// Renews the lease until a stop is requested (`Ok`) or the lease is lost.
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
        let mut last: Option<LeaseError> = None;
        loop {
            let now = self.clock.now();
            let pause = if last.is_none() { self.terms.renew_every } else { self.terms.poll / 2 };
            self.clock.sleep_until(jittered(now, now + pause)).await;
            let renewed = match self.attempt().await {
                Ok(Standing::Leading) => Ok(()),
                Ok(Standing::Behind { holder, .. }) => return Lost::Taken { holder },
                Ok(Standing::Waiting { .. } | Standing::Overtaken) => {
                    Err(self.error("renewing", "another client wrote to it".into()))
                }
                Err(error) => Err(error),
            };
            match (renewed, &last) {
                // An answer that came after the claim had expired renews nothing.
                (Ok(()), _) if self.has_run_out() => return Lost::Expired { last: self.stood_still() },
                (Err(error), _) if !self.fence.held() => return Lost::Expired { last: error },
                (Ok(()), None) => {}
                (Ok(()), Some(_)) => {
                    tracing::info!(lease = self.who.name, "the lease is renewed again");
                    last = None;
                }
                (Err(error), before) => {
                    if before.is_none() {
                        tracing::warn!(
                            lease = self.who.name,
                            "{error}; it is tried again until the claim ends"
                        );
                    }
                    last = Some(error);
                }
            }
        }
    }

    /// Gives the lease back, so that a successor starts at once. Returns whether this replica held it. Call it when no
    /// write is in flight any more.
    pub async fn vacate(&mut self) -> Result<bool, LeaseError> {
        self.fence.close();
        if self.opens_at.is_some() {
            // The successor must wait for a possible former holder, as this replica did. The claim expires by itself.
            return Ok(false);
        }
        // The second attempt reads the lease again: the last renewal may have been cut off before its answer came.
        for _ in 0..2 {
            let lease = match self.ours.take() {
                Some(lease) => Some(lease),
                None => self.read().await?,
            };
            let Some(mut lease) = lease.filter(|lease| self.is_ours(lease)) else { return Ok(false) };
            if let Some(spec) = &mut lease.spec {
                spec.holder_identity = None;
                spec.renew_time = Some(MicroTime(self.clock.now()));
            }
            match self.write(lease, "giving back").await {
                Ok(_) => return Ok(true),
                Err(Unwritten::Overtaken) => {}
                Err(Unwritten::Failed(error)) => return Err(error),
            }
        }
        Ok(false)
    }
}

/// `until` plus up to a tenth of the time to it, so that replicas that started together drift apart.
fn jittered(now: Timestamp, until: Timestamp) -> Timestamp {
    let spread = SignedDuration::try_from_secs_f64(until.duration_since(now).as_secs_f64() / 10.0);
    let share = rand::random_range(0..=1000);
    until + spread.unwrap_or_default() * share / 1000
}
