//! The engine's loop: connect, sync, then turns, as many at once as the pace can use.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vestibule_core::identity::Slot;

use super::breaker::Allow;
use super::call::Stop;
use super::state::Condition;
use super::{Class, Engine, Outcome, Report, SourceError};
use crate::system::{self, SystemError};

/// Turns under way beside those that the system lets in: they wait for the API server while others call.
const PREPARING: usize = 8;

/// Places that only a revocation or a user's own change may take.
const URGENT: usize = 4;

/// How long turns may take to end at shutdown.
const GRACE: Duration = Duration::from_secs(10);

/// A failed sync is tried again after this time; the breaker stretches it.
const SYNC_RETRY: SignedDuration = SignedDuration::from_secs(15);

impl Engine {
    /// Runs until `stop` is true. What is under way then is finished or left for the next start: every step is
    /// repeatable.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut turns: JoinSet<()> = JoinSet::new();
        while !*stop.borrow() {
            let next = self.start_work(&mut turns);
            let wait = async {
                match next {
                    Some(at) => self.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                () = self.wake.notified() => {}
                Some(_) = turns.join_next(), if !turns.is_empty() => {}
                () = wait => {}
            }
        }
        let _ = tokio::time::timeout(GRACE, async { while turns.join_next().await.is_some() {} }).await;
        turns.abort_all();
        let _ = tokio::time::timeout(GRACE, self.system().close()).await;
    }

    /// Starts what may start now; says when to look again.
    fn start_work(self: &Arc<Self>, turns: &mut JoinSet<()>) -> Option<Timestamp> {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        if inner.parked || !self.fence.held() {
            return now.checked_add(SignedDuration::from_secs(1)).ok().filter(|_| !inner.parked);
        }
        match inner.breaker.allow(now) {
            Allow::NotBefore(at) => return Some(at),
            Allow::Probe => inner.connected = false,
            Allow::Allowed => {}
        }
        let sync_due = inner.sync_due.is_none_or(|due| due <= now);
        let confirm = !inner.unconfirmed.is_empty() && !inner.queue.has_removals();
        if !inner.chore && (!inner.connected || sync_due || confirm) {
            inner.chore = true;
            turns.spawn(Arc::clone(self).chore(sync_due));
        }
        let ready = inner.connected && inner.snapshot.is_complete() && !inner.blocked;
        let limit = self.pacer.max_in_flight() + PREPARING;
        while ready {
            let in_flight = inner.queue.in_flight();
            let popped = match in_flight {
                n if n < limit => inner.queue.pop(now),
                n if n < limit + URGENT => inner.queue.pop_urgent(now),
                _ => None,
            };
            let Some((slot, class)) = popped else { break };
            turns.spawn(Arc::clone(self).take_turn(slot, class));
        }
        self.metrics.system.queue(&self.label, &inner.queue.lengths());
        if inner.draining && inner.is_drained(self.settings.read().mode) {
            self.publish(|state| state.drained = true);
        }
        let waits = [inner.queue.next_at(now).filter(|_| ready), inner.sync_due.filter(|_| !inner.chore)];
        waits.into_iter().flatten().min()
    }

    /// Connects, syncs, or reads removals back: one at a time.
    async fn chore(self: Arc<Self>, sync_due: bool) {
        let result = self.do_chore(sync_due).await;
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.chore = false;
        if let Err(stop) = result {
            inner.sync_due = now.checked_add(SYNC_RETRY).ok();
            drop(inner);
            self.chore_failed(&stop);
        }
        self.wake.notify_one();
    }

    async fn do_chore(&self, sync_due: bool) -> Result<(), Stop> {
        if !self.inner.lock().connected {
            let health = self.check().await?;
            self.inner.lock().connected = true;
            self.publish(|state| {
                state.condition = Condition::Connected;
                state.version = Some(health.version.clone());
            });
            tracing::info!(integration = %self.label, version = health.version, "connected");
        }
        if sync_due { self.sync().await } else { self.read_back_all().await }
    }

    fn chore_failed(&self, stop: &Stop) {
        match stop {
            Stop::System(error) if matches!(error.class, system::Class::Terminal | system::Class::Dependency) => {
                self.publish(|state| state.condition = Condition::Misconfigured(error.message.clone()));
            }
            // Pace, breaker and condition have learnt of it where the call was made.
            Stop::System(error) => tracing::debug!(integration = %self.label, %error, "sync failed"),
            Stop::NotLeader | Stop::Source(_) | Stop::Superseded => {}
        }
    }

    async fn take_turn(self: Arc<Self>, slot: Slot, class: Class) {
        let result = self.turn(slot, class).await;
        let report = self.finish(slot, class, result);
        if let Some(outcome) = report {
            self.source.report(Report { integration: self.integration.clone(), slot, outcome }).await;
        }
        self.wake.notify_one();
    }

    /// Gives the slot back to the queue, as its outcome demands, and says what to report.
    fn finish(&self, slot: Slot, class: Class, result: Result<Option<Outcome>, Stop>) -> Option<Outcome> {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.queue.done(slot, now);
        match result {
            Ok(outcome) => {
                inner.queue.succeeded(slot);
                outcome
            }
            Err(Stop::NotLeader | Stop::Source(SourceError::Frozen)) => None,
            Err(Stop::Superseded) => {
                inner.queue.retry(slot, class, now, rand::random());
                None
            }
            Err(Stop::Source(SourceError::Unreachable(message))) => {
                inner.queue.retry(slot, class, now, rand::random());
                tracing::debug!(integration = %self.label, message, "the declared side could not be asked");
                None
            }
            Err(Stop::System(error)) => Some(self.failed(&mut inner, slot, class, error)),
        }
    }

    /// What a failure of the system means for the slot: nothing but its class decides.
    fn failed(&self, inner: &mut super::state::Inner, slot: Slot, class: Class, error: SystemError) -> Outcome {
        let now = self.clock.now();
        // A revocation is tried for ever, whatever was said.
        let retried = error.class != system::Class::Terminal || class == Class::Revocation;
        match error.class {
            // The pacer and the parked engine hold these back; they keep their place.
            system::Class::Throttled(_) | system::Class::Auth => inner.queue.push(slot, class, None, now),
            _ if retried => inner.queue.retry(slot, class, now, rand::random()),
            _ => {}
        }
        tracing::debug!(integration = %self.label, ?slot, operation = error.operation, %error, "not done");
        Outcome::Failed { error, retried }
    }
}
