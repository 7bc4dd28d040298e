//! One call to a system. Rate limit, breaker, lease, mode and suspension are checked before it, and its result is recorded
//! after it.

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

/// Why a turn ended early.
#[derive(Debug)]
pub(super) enum TurnError {
    /// The system failed.
    System(SystemError),
    /// The lease is not held, so no call is made. Either the lease is renewed soon, or the process ends.
    NotLeader,
    /// The declared side gave no answer.
    Source(SourceError),
    /// The mode or the suspension changed during the turn, or the plan is outdated: the turn is repeated.
    Superseded,
    /// The system did not remove access. The work is a revocation from now on (design 3.13).
    Unrevoked(SystemError),
    /// The system acknowledged a removal, and still shows the record.
    StillThere,
    /// Another object of ours holds what this one needs.
    Blocked(Box<Blocked>),
    /// The desired record is present. A second record, which the system does not remove, stays and opens nothing.
    Leftover(RecordId, SystemError),
    /// No record may be created now. The message is for the status of the object.
    CreatesStopped(SystemError),
}

impl TurnError {
    /// The same error if it occurred while access was removed.
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
    /// Reads from the system, within the rate limit and with this priority.
    pub(super) async fn observe(&self, priority: Priority, scope: Scope) -> Result<Page, TurnError> {
        self.with_permit(priority, scope.name(), async { Ok(self.system().observe(scope).await?) }).await
    }

    /// Writes one step, if mode and suspension still allow it when it gets its permit.
    pub(super) async fn write(&self, work: Work, step: &Step) -> Result<Applied, TurnError> {
        self.check_allowed(step)?;
        self.prepare_first_write().await?;
        let connection = self.inner.lock().connection;
        let call = async {
            self.check_allowed(step)?;
            // The create may arrive from now on, and not before the permit was given.
            self.may_arrive(step);
            let applied = self.system().apply(step).await;
            if applied.is_err() {
                // The call may have logged in first, so the create may have been sent only now.
                self.may_arrive(step);
            }
            applied.map_err(TurnError::from)
        };
        let applied = self.with_permit(work.priority, step.name(), call).await;
        let applied = applied.map_err(|turn_error| self.note_denied(turn_error, connection))?;
        self.note_change(step.id().object_id);
        // The audit: every change in a system, its reason and its result.
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
        self.with_permit(Priority::Revocation, CHECK, async { Ok(self.system().check().await?) }).await
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
            // The removal of a misnamed record is allowed wherever a create is allowed.
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

    /// Fails if a call with a permit may not be made: without the lease, after the login was rejected, or while the breaker
    /// is open. Returns the connection that the call uses.
    fn check_connection(&self, operation: &str) -> Result<u64, TurnError> {
        if !self.fence.held() {
            return Err(TurnError::NotLeader);
        }
        let inner = self.inner.lock();
        if let Some(error) = &inner.rejected {
            return Err(TurnError::System(error.clone()));
        }
        if inner.breaker.since().is_some() && operation != CHECK {
            let message =
                "the system is unreachable: no call was made. The call follows when the system answers again";
            return Err(TurnError::System(SystemError::new(system::ErrorKind::Transient, "wait", message)));
        }
        Ok(inner.connection)
    }

    async fn with_permit<T>(
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
            // No call was made, or the lease was lost meanwhile. This says nothing about the system, so nothing is recorded.
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

    /// Updates the breaker, the connection state and the metrics after a call.
    fn record_result(&self, failure: Option<&SystemError>, connection: u64, took: SignedDuration) {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        match failure.map(|error| (error.kind, &error.message)) {
            Some((system::ErrorKind::Transient, message)) => {
                let open = inner.breaker.failure(now, took);
                drop(inner);
                if open {
                    tracing::warn!(integration = %self.label, error = %message, "the system is unreachable: it is probed once in half a minute");
                    self.metrics.systems.breaker_open(&self.label, true);
                    self.publish(|state| state.condition = ConnectionState::Unreachable(message.clone()));
                }
            }
            // A login that was rejected and replaced meanwhile says nothing about the new one.
            Some((system::ErrorKind::Auth, _)) if connection != inner.connection => {}
            Some(_) if connection != inner.connection && failure.is_some_and(is_of_endpoint) => {}
            Some((system::ErrorKind::Auth, message)) if !failure.is_some_and(may_not_create) => {
                inner.rejected = failure.cloned();
                inner.connected = false;
                drop(inner);
                tracing::warn!(integration = %self.label, error = %message, "the login is rejected: it is not tried again until the Secret changes or a sync is requested");
                self.metrics.systems.credential_valid(&self.label, false);
                self.publish(|state| state.condition = ConnectionState::Rejected(message.clone()));
            }
            Some((_, message)) if failure.is_some_and(is_of_endpoint) => {
                // The address answered, so the breaker closes. The next maintenance checks the connection before other calls.
                if inner.breaker.success() {
                    self.metrics.systems.breaker_open(&self.label, false);
                }
                inner.connected = false;
                inner.maintenance_after = now.checked_add(self.refused_retry()).ok();
                drop(inner);
                tracing::warn!(integration = %self.label, error = %message, "the address or a setting of the API is refused: it is checked again in a minute");
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

/// Whether every request fails with this error, so that it says nothing about the particular request.
pub(super) fn is_of_endpoint(error: &SystemError) -> bool {
    error.code == Some(ErrorCode::Endpoint)
}
