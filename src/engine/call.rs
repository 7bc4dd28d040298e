//! One call: pace, breaker, lease, mode and suspension before it, feedback after it.

use std::future::Future;
use std::time::Instant;

use jiff::SignedDuration;
use vestibule_core::diff::Step;
use vestibule_core::identity::RecordId;

use super::creates::may_not_create;
use super::state::ConnectionState;
use super::waits::Blocked;
use super::{Engine, Priority, SourceError, Work};
use crate::system::{self, Applied, ErrorCode, Page, Scope, SystemError};

/// The one call that is made while the breaker is open.
const CHECK: &str = "check";

/// Why a slot's turn ended early.
#[derive(Debug)]
pub(super) enum TurnError {
    /// The system failed.
    System(SystemError),
    /// The lease is not held: nothing is called. Either it is renewed in a moment, or the process ends.
    NotLeader,
    /// The declared side gave no answer.
    Source(SourceError),
    /// Mode or suspension changed under way, or what was planned has become wrong: look again.
    Superseded,
    /// The system failed at taking something away: whatever the item was, it is a revocation now (design 3.13).
    Unrevoked(SystemError),
    /// A removal that the system acknowledged did not hold.
    StillThere,
    /// Another object of ours holds what this one needs.
    Blocked(Box<Blocked>),
    /// The record is as wanted. Beside it stays one that the system does not remove, and that opens nothing.
    Leftover(RecordId, SystemError),
    /// No record may be created now; the sentence is for the object.
    CreatesStopped(SystemError),
}

impl TurnError {
    /// The same, if it happened to a removal.
    pub(super) fn revoking(self) -> Self {
        if let Self::System(error) = self { Self::Unrevoked(error) } else { self }
    }
}

impl From<SystemError> for TurnError {
    fn from(error: SystemError) -> Self {
        if error.kind == system::ErrorKind::NotLeader { Self::NotLeader } else { Self::System(error) }
    }
}

impl From<SourceError> for TurnError {
    fn from(error: SourceError) -> Self {
        if matches!(error, SourceError::NotLeader(_)) { Self::NotLeader } else { Self::Source(error) }
    }
}

impl Engine {
    /// Reads, at the pace and with the priority of `class`.
    pub(super) async fn observe(&self, priority: Priority, scope: Scope) -> Result<Page, TurnError> {
        self.paced(priority, scope.name(), async { Ok(self.system().observe(scope).await?) }).await
    }

    /// Writes one step, if mode and suspension still allow it when its turn comes.
    pub(super) async fn write(&self, work: Work, step: &Step) -> Result<Applied, TurnError> {
        self.check_allowed(step)?;
        self.prepare_first_write().await?;
        let connection = self.inner.lock().connection;
        let call = async {
            self.check_allowed(step)?;
            // From now on it may arrive; not from when it got in line.
            self.may_arrive(step);
            let applied = self.system().apply(step).await;
            if applied.is_err() {
                // It may have left only now: a call may have to log in first.
                self.may_arrive(step);
            }
            applied.map_err(TurnError::from)
        };
        let applied = self.paced(work.priority, step.name(), call).await;
        let applied = applied.map_err(|stop| self.note_denied(stop, connection))?;
        self.note_change(step.id().object_id);
        // The audit: every change in a system, its reason, and what came of it.
        tracing::info!(
            target: "vestibule::audit",
            integration = %self.label,
            id = %step.id(),
            step = step.name(),
            reason = work.reason.name(),
            outcome = ?applied,
            "written"
        );
        Ok(applied)
    }

    fn may_arrive(&self, step: &Step) {
        if let Step::Create(record) = step {
            self.inner.lock().uncertain.insert(record.id, self.clock.now());
        }
    }

    /// Proves the login.
    pub(super) async fn check(&self) -> Result<system::Health, TurnError> {
        self.paced(Priority::Revocation, CHECK, async { Ok(self.system().check().await?) }).await
    }

    pub(super) fn check_allowed(&self, step: &Step) -> Result<(), TurnError> {
        let (draining, stopped) = {
            let inner = self.inner.lock();
            (inner.draining, inner.creates.are_stopped())
        };
        if stopped && matches!(step, Step::Create(_)) {
            return Err(self.creates_stopped());
        }
        let settings = self.settings.read();
        let mode = match step {
            // What a create did wrong is undone wherever it may be done.
            Step::Create(_)
            | Step::AssignCard { .. }
            | Step::RemoveMisnamed(_)
            | Step::ReduceMisnamed { .. } => settings.mode.creates(),
            Step::Update { .. } | Step::Reduce { .. } | Step::WithdrawCard { .. } => settings.mode.updates(),
            Step::Remove(_) => settings.mode.removes(),
        };
        let opens = !settings.suspended && !draining;
        if mode && (step.revokes() || opens) { Ok(()) } else { Err(TurnError::Superseded) }
    }

    /// Whether a call that has got its turn is made at all: without the lease none is, and what was under way when a login was
    /// refused or the breaker opened stops here. Says which connection it uses.
    fn check_connection(&self, operation: &str) -> Result<u64, TurnError> {
        if !self.fence.held() {
            return Err(TurnError::NotLeader);
        }
        let inner = self.inner.lock();
        if let Some(error) = &inner.rejected {
            return Err(TurnError::System(error.clone()));
        }
        if inner.breaker.since().is_some() && operation != CHECK {
            let message = "the system is out of reach: it was not asked, and is when it answers again";
            return Err(TurnError::System(SystemError::new(system::ErrorKind::Transient, "wait", message)));
        }
        Ok(inner.connection)
    }

    async fn paced<T>(
        &self,
        priority: Priority,
        operation: &'static str,
        call: impl Future<Output = Result<T, TurnError>>,
    ) -> Result<T, TurnError> {
        let waiting = Instant::now();
        let permit = self.rate_limiter.permit(priority).await;
        self.metrics.systems.waited(&self.label, waiting.elapsed().as_secs_f64());
        let connection = self.check_connection(operation)?;
        let (started, at) = (Instant::now(), self.clock.now());
        let result = call.await;
        let failure = match &result {
            Ok(_) => None,
            Err(TurnError::System(error)) => Some(error),
            // Not called, or given up with the lease: that says nothing of the system, and no count or pace learns from it.
            Err(_) => return result,
        };
        let code = failure.map_or("ok", |error| error.kind.name());
        let system = self.system.read().capabilities().system;
        self.metrics.systems.request(system, operation, code, started.elapsed().as_secs_f64());
        match failure.map(|error| error.kind) {
            Some(system::ErrorKind::Throttled(after)) => {
                self.metrics.systems.throttled(&self.label);
                permit.throttled(after);
            }
            Some(system::ErrorKind::Transient) => drop(permit),
            _ => permit.ok(),
        }
        self.record_result(failure, connection, self.clock.now().duration_since(at));
        result
    }

    /// Breaker, condition and counters after a call.
    fn record_result(&self, failure: Option<&SystemError>, connection: u64, took: SignedDuration) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        match failure.map(|error| (error.kind, &error.message)) {
            Some((system::ErrorKind::Transient, message)) => {
                let open = inner.breaker.failure(now, took);
                drop(inner);
                if open {
                    tracing::warn!(integration = %self.label, error = %message, "out of reach: asked once in half a minute");
                    self.metrics.systems.breaker_open(&self.label, true);
                    self.publish(|state| state.condition = ConnectionState::Unreachable(message.clone()));
                }
            }
            // The refusal of a login that was replaced meanwhile says nothing of the new one.
            Some((system::ErrorKind::Auth, _)) if connection != inner.connection => {}
            Some(_) if connection != inner.connection && failure.is_some_and(is_of_endpoint) => {}
            Some((system::ErrorKind::Auth, message)) if !failure.is_some_and(may_not_create) => {
                inner.rejected = failure.cloned();
                inner.connected = false;
                drop(inner);
                tracing::warn!(integration = %self.label, error = %message, "the login is refused: not tried again by itself");
                self.metrics.systems.credential_valid(&self.label, false);
                self.publish(|state| state.condition = ConnectionState::Rejected(message.clone()));
            }
            Some((_, message)) if failure.is_some_and(is_of_endpoint) => {
                // Something answered. The next chore proves the connection before anything else is asked.
                if inner.breaker.success() {
                    self.metrics.systems.breaker_open(&self.label, false);
                }
                inner.connected = false;
                inner.maintenance_after = now.checked_add(self.refused_retry()).ok();
                drop(inner);
                tracing::warn!(integration = %self.label, error = %message, "the address or a setting of the API is refused: looked at again in a minute");
                self.publish(|state| state.condition = ConnectionState::Misconfigured(message.clone()));
            }
            _ => {
                if inner.breaker.success() {
                    self.metrics.systems.breaker_open(&self.label, false);
                }
                let connected = inner.connected;
                drop(inner);
                if connected {
                    self.publish(|state| state.condition = ConnectionState::Connected);
                }
            }
        }
    }
}

/// Whether every request fails so: it says nothing of what this one asked for.
pub(super) fn is_of_endpoint(error: &SystemError) -> bool {
    error.code == Some(ErrorCode::Endpoint)
}
