//! The loop of an engine: it connects, syncs, and then starts turns, as many at once as the rate limit can use.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use scopeguard::{ScopeGuard, guard};
use tokio::task::JoinSet;
use vestibule_core::identity::ObjectId;

use super::breaker::Admission;
use super::call::{TurnError, is_of_endpoint};
use super::inner::Inner;
use super::pending::MAINTENANCE_RETRY;
use super::state::ConnectionState;
use super::{Engine, Outcome, Priority, Report, SourceError, Work};
use crate::clock::LONGEST_WAIT;
use crate::shutdown::Shutdown;
use crate::system::{self, SystemError};
use crate::work::backoff::after;

/// Turns under way beyond the calls in flight that the system allows: they wait for the API server while others call.
const PREPARING: usize = 8;

/// Places that only a revocation or a user change may take.
const URGENT: usize = 8;

/// How long turns may take to end at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that the system refuses permanently is tried again after this time, or after the resync interval if that is
/// shorter: a person may have corrected a setting in the system, and no event reports that.
const REFUSED_RETRY: SignedDuration = SignedDuration::from_mins(1);

impl Engine {
    /// Runs until a shutdown is requested. Turns that are under way then are finished or left to the next start: every step
    /// is repeatable.
    pub async fn run(self: Arc<Self>, shutdown: Shutdown) {
        let mut turns: JoinSet<()> = JoinSet::new();
        while !shutdown.is_requested() {
            let next = self.start_work(&mut turns);
            let wait = async {
                match next {
                    Some(at) => self.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = shutdown.requested() => break,
                () = self.wake.notified() => {}
                Some(_) = turns.join_next(), if !turns.is_empty() => {}
                () = wait => {}
            }
        }
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, async { while turns.join_next().await.is_some() {} })
            .await;
        // The turns must end before the metric series of this integration are removed.
        turns.shutdown().await;
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.system().close()).await;
    }

    /// Starts the work that may start now. Returns when to call this again.
    fn start_work(self: &Arc<Self>, turns: &mut JoinSet<()>) -> Option<Timestamp> {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.look_at(now);
        if inner.rejected.is_some() || !self.fence.held() {
            self.count(&inner);
            self.publish_record_count(&mut inner, now);
            let again =
                now.checked_add(SignedDuration::from_secs(1)).ok().filter(|_| inner.rejected.is_none());
            return again.into_iter().chain(inner.publish_records_at).min();
        }
        match inner.breaker.allow(now) {
            Admission::NotBefore(at) => {
                self.count(&inner);
                self.publish_record_count(&mut inner, now);
                return inner.publish_records_at.into_iter().chain([at]).min();
            }
            Admission::Probe => (inner.connected, inner.maintenance_after) = (false, None),
            Admission::Allowed => {}
        }
        let sync_due = inner.sync_due.is_none_or(|due| due <= now);
        let confirm = inner.awaits_reading_back() && !inner.queue.is_removing();
        let may = !inner.maintenance && inner.maintenance_after.is_none_or(|at| at <= now);
        let judge = inner.judge_due.is_some_and(|due| due <= now) && inner.snapshot.is_complete();
        let names = inner.names.due().is_some_and(|due| due <= now);
        if may && (!inner.connected || sync_due || confirm || judge || names) {
            inner.maintenance = true;
            turns.spawn(Arc::clone(self).maintenance(sync_due));
        }
        let ready = inner.connected && inner.snapshot.is_complete();
        if ready {
            self.start_turns(&mut inner, turns);
        }
        self.count(&inner);
        self.end_rollover(&mut inner, now);
        self.publish_record_count(&mut inner, now);
        self.report_unremoved(&mut inner);
        if inner.draining && inner.is_drained(self.settings.read().mode) {
            self.publish(|state| state.drained = true);
        }
        let maintenance =
            inner.maintenance_after.filter(|at| *at > now).or(inner.sync_due).filter(|_| !inner.maintenance);
        let judge = inner.judge_due.filter(|_| !inner.maintenance);
        let names = inner.names.due().filter(|_| !inner.maintenance);
        let waits =
            [inner.queue.next_at().filter(|_| ready), maintenance, judge, names, inner.publish_records_at];
        // Work that is due and has not begun waits for a place, which wakes the loop. A time in the past would make the loop
        // spin.
        let wait = waits.into_iter().flatten().filter(|at| *at > now).min();
        // The loop wakes often enough to notice how far the clock was set back.
        wait.map(|at| at.min(after(now, LONGEST_WAIT)))
    }

    /// Starts turns, as many as the rate limit can use. A few places are reserved for urgent work.
    fn start_turns(self: &Arc<Self>, inner: &mut Inner, turns: &mut JoinSet<()>) {
        let now = self.clock.now();
        let limit = self.settings.read().max_in_flight + PREPARING;
        loop {
            let popped = match inner.queue.in_flight() {
                n if n < limit => inner.queue.pop(now),
                n if n < limit + URGENT => inner.queue.pop_urgent(now),
                _ => None,
            };
            let Some((object_id, work)) = popped else { return };
            turns.spawn(Arc::clone(self).take_turn(object_id, work));
        }
    }

    /// The rollover is over when nothing of it waits and nothing is in flight.
    fn end_rollover(&self, inner: &mut Inner, now: Timestamp) {
        let left = inner.queue.len(Priority::RolloverRemoval) + inner.queue.len(Priority::RolloverAddition);
        if left + inner.queue.in_flight() == 0
            && let Some(since) = inner.rollover_since.take()
        {
            self.metrics.truth.rollover(&self.label, now.duration_since(since).as_secs_f64(), now);
        }
    }

    fn report_unremoved(&self, inner: &mut Inner) {
        if !inner.remaining.take_change() {
            return;
        }
        // Where the mode removes nothing, nothing waits for its removal.
        let removes = self.settings.read().mode.removes();
        let unremoved = inner.remaining.unremoved().filter(|_| removes);
        let (count, open) = unremoved.as_ref().map_or((0, 0), |one| (one.count, one.open));
        self.metrics.safety.unremoved_records(&self.label, count - open, open);
        self.publish(|state| state.unremoved = unremoved);
    }

    fn count(&self, inner: &Inner) {
        for priority in Priority::ALL {
            self.metrics.systems.queue_depth(&self.label, priority.name(), inner.queue.len(priority));
        }
        let (pending, oldest) = inner.pending_revocations();
        self.metrics.safety.pending_revocations(&self.label, pending, oldest);
        let logins = self.system.read().logins();
        let counted = self.logins.swap(logins, Ordering::Relaxed);
        self.metrics.systems.logins(&self.label, logins.checked_sub(counted).unwrap_or(logins));
    }

    /// Connects, syncs, judges orphans, reads names, or reads removals back; one maintenance at a time.
    async fn maintenance(self: Arc<Self>, sync_due: bool) {
        let unfinished = guard((), |()| self.inner.lock().repeat_maintenance(self.clock.now()));
        let result = self.do_maintenance(sync_due).await;
        ScopeGuard::into_inner(unfinished);
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.maintenance = false;
        let wait = |turn_error| now.checked_add(self.retry_after(turn_error)).ok();
        inner.maintenance_after = result.as_ref().err().and_then(wait);
        drop(inner);
        match result {
            Ok(()) => self.maintenance_done(),
            Err(turn_error) => self.maintenance_failed(&turn_error),
        }
        self.wake.notify_one();
    }

    /// Maintenance succeeded, so the connection is not misconfigured any more.
    fn maintenance_done(&self) {
        self.publish(|state| {
            if matches!(state.condition, ConnectionState::Misconfigured(_)) {
                state.condition = ConnectionState::Connected;
            }
        });
    }

    async fn do_maintenance(&self, sync_due: bool) -> Result<(), TurnError> {
        let connects = !self.inner.lock().connected;
        if connects {
            let health = self.check().await?;
            self.inner.lock().connected = true;
            self.publish(|state| {
                state.condition = ConnectionState::Connected;
                state.version = Some(health.version.clone());
            });
            self.metrics.systems.credential_valid(&self.label, true);
            tracing::info!(integration = %self.label, version = health.version, "connected");
        }
        if sync_due {
            return self.sync(Priority::Drift).await;
        }
        if connects {
            // The system's clock may have been set while the engine was not connected.
            self.compare_clock().await;
        }
        let now = self.clock.now();
        if self.inner.lock().judge_due.is_some_and(|due| due <= now) {
            self.judge_orphans().await;
        }
        if self.inner.lock().names.due().is_some_and(|due| due <= now) {
            self.read_names(Priority::Drift).await?;
        }
        self.read_back_all().await
    }

    fn maintenance_failed(&self, turn_error: &TurnError) {
        match turn_error {
            TurnError::System(error)
                if matches!(error.kind, system::ErrorKind::Terminal | system::ErrorKind::Dependency) =>
            {
                self.publish(|state| state.condition = ConnectionState::Misconfigured(error.message.clone()));
            }
            // The call itself has updated the rate limit, the breaker and the connection state.
            TurnError::System(error) => tracing::debug!(integration = %self.label, %error, "sync failed"),
            TurnError::NotLeader
            | TurnError::Source(_)
            | TurnError::Superseded
            | TurnError::StillThere
            | TurnError::Unrevoked(_)
            | TurnError::Leftover(..)
            | TurnError::Blocked(_)
            | TurnError::CreatesStopped(_) => {}
        }
    }

    async fn take_turn(self: Arc<Self>, object_id: ObjectId, work: Work) {
        // A turn that panics, or whose task is aborted, before its outcome is reported is repeated.
        let unfinished = guard((), |()| {
            self.inner.lock().queue.defer(object_id, work, self.clock.now(), rand::random());
            self.end_of_turn(object_id);
        });
        let result = self.reconcile_object(object_id, work).await;
        let report = self.finish(object_id, work, result);
        self.end_of_turn(object_id);
        if let Some(outcome) = report {
            let (integration, priority) = (self.integration.clone(), work.priority);
            self.source.report(Report { integration, object_id, priority, outcome }).await;
        }
        ScopeGuard::into_inner(unfinished);
        self.wake.notify_one();
    }

    /// Returns the object to the queue according to the result of its turn, and returns the outcome to report.
    fn finish(
        &self,
        object_id: ObjectId,
        work: Work,
        result: Result<Option<Outcome>, TurnError>,
    ) -> Option<Outcome> {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.confirmations_to_report.remove(&object_id);
        match result {
            Ok(Some(Outcome::Unconfirmed)) => {
                inner.queue.pause(object_id);
                inner.confirmations_to_report.insert(object_id);
                Some(Outcome::Unconfirmed)
            }
            Ok(outcome) => {
                inner.queue.done(object_id);
                outcome
            }
            // Records that the system still holds of it are orphans, which a full sync judges.
            Err(TurnError::Source(SourceError::NoObject)) => {
                inner.queue.done(object_id);
                None
            }
            // No turn begins without the lease, so the object waits until the lease is held.
            Err(TurnError::NotLeader) => {
                inner.queue.put_back(object_id);
                None
            }
            Err(turn_error @ (TurnError::Superseded | TurnError::Source(_))) => {
                inner.queue.defer(object_id, work, now, rand::random());
                tracing::debug!(integration = %self.label, %object_id, ?turn_error, "a turn ended without an outcome and is repeated");
                None
            }
            Err(TurnError::StillThere) => inner.remove_again(object_id, work, now),
            Err(TurnError::Blocked(blocked)) => inner.block(object_id, work, *blocked, now),
            Err(TurnError::Leftover(present, error)) => {
                inner.queue.retry(object_id, work.as_removal(), now, error.kind, rand::random());
                Some(Outcome::Leftover(present, error))
            }
            Err(TurnError::CreatesStopped(error)) => {
                self.await_creates(&mut inner, object_id, work);
                Some(Outcome::Failed { error, retried: true })
            }
            Err(TurnError::Unrevoked(error)) => {
                Some(self.failed(&mut inner, object_id, work.as_removal(), error))
            }
            Err(TurnError::System(error)) => Some(self.failed(&mut inner, object_id, work, error)),
        }
    }

    /// Queues the object again after a failure of the system, as its error kind demands.
    fn failed(&self, inner: &mut Inner, object_id: ObjectId, work: Work, error: SystemError) -> Outcome {
        let now = self.clock.now();
        let retried = match error.kind {
            // The login is rejected: no turn begins until it is accepted, and the object keeps its place.
            system::ErrorKind::Auth => {
                inner.queue.put_back(object_id);
                true
            }
            // No turn begins before the connection is checked, and the object keeps its place.
            _ if is_of_endpoint(&error) => {
                inner.queue.put_back(object_id);
                true
            }
            error => inner.queue.retry(object_id, work, now, error, rand::random()).is_some(),
        };
        tracing::debug!(integration = %self.label, %object_id, operation = error.operation, %error, "a turn failed");
        Outcome::Failed { error, retried }
    }

    fn retry_after(&self, turn_error: &TurnError) -> SignedDuration {
        match turn_error {
            TurnError::System(SystemError { kind: system::ErrorKind::Terminal, .. }) => self.refused_retry(),
            _ => MAINTENANCE_RETRY,
        }
    }

    /// How long to wait before a connection that is refused permanently is tried again.
    pub(super) fn refused_retry(&self) -> SignedDuration {
        REFUSED_RETRY.min(self.settings.read().resync)
    }
}
