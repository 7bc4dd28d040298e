//! Starts the engine of an integration, gives it a new login, and stops it.

use std::sync::Arc;

use tokio::task::JoinHandle;
use vestibule_core::identity::Owner;
use vestibule_core::model::ObjectKey;

use super::Validated;
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::engine::rate_limit::Limits;
use crate::engine::rate_limiter::RateLimiter;
use crate::engine::{DesiredStateSource, Engine, Parts};
use crate::metrics::Metrics;
use crate::shutdown::{Shutdown, Trigger};
use crate::system::lenel_s2::LenelS2;
use crate::system::{AccessSystem, SystemError};

/// The parts that all connections share.
#[derive(Clone)]
pub struct ConnectionParts {
    /// Gives engines the desired state.
    pub source: Arc<dyn DesiredStateSource>,
    /// Checked before every write.
    pub fence: Fence,
    /// Time.
    pub clock: SharedClock,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// A running engine and the values that it was started with.
pub struct Connection {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The Property that it serves; it stays the same while the spec cannot be read.
    pub property: ObjectKey,
    /// The owner id of its records.
    pub owner_id: String,
    /// The login that the rate limit belongs to. Another login is another account, and so another connection.
    pub login: u64,
    /// The rate limit in this integration's spec. The strictest one of all integrations with the same login applies.
    pub pace: Limits,
    /// Identifies the account: a hash of the integration, the address, the partition, the owner id and the login.
    pub account: u64,
    /// The system, as `status.connectedTo` names it.
    pub system: String,
    client: u64,
    stop: Trigger,
    running: JoinHandle<()>,
}

impl Validated {
    /// Makes a client for the system. No call is made yet, but an address that can never be called is an error.
    pub fn make_client(&self, parts: &ConnectionParts) -> Result<Arc<dyn AccessSystem>, SystemError> {
        let (clock, fence) = (parts.clock.clone(), parts.fence.clone());
        let owner = Owner::of(&self.owner_id);
        Ok(Arc::new(LenelS2::new(&self.config, self.credentials.clone(), owner, clock, fence)?))
    }
}

impl Connection {
    /// Starts an engine that calls through this client.
    pub fn start(
        key: &ObjectKey,
        wanted: Validated,
        client: Arc<dyn AccessSystem>,
        rate_limiter: RateLimiter,
        connected_to: Option<&str>,
        parts: &ConnectionParts,
    ) -> Self {
        let Validated { property, owner_id, settings, pace, login, account, client: made_of, system, .. } =
            wanted;
        let engine = Engine::new(Parts {
            integration: key.clone(),
            owner: Owner::of(&owner_id),
            system: client,
            source: Arc::clone(&parts.source),
            rate_limiter,
            fence: parts.fence.clone(),
            clock: parts.clock.clone(),
            metrics: Arc::clone(&parts.metrics),
            settings,
        });
        if connected_to != Some(&*system) {
            // The status names the system before anything is written to it.
            engine.hold_writes();
        }
        let (stop, stopping) = Shutdown::new();
        let running = tokio::spawn(Arc::clone(&engine).run(stopping));
        Self { engine, property, owner_id, login, pace, account, system, client: made_of, stop, running }
    }

    /// Whether another account or system is declared now: the running engine knows nothing about it.
    pub const fn is_other(&self, wanted: &Validated) -> bool {
        self.account != wanted.account
    }

    /// Whether the engine has ended without a request: it has panicked and does no more work.
    pub fn has_ended(&self) -> bool {
        self.running.is_finished()
    }

    /// Makes the next [`Self::take_over`] create a new client, even if nothing has changed.
    pub const fn forget_client(&mut self) {
        self.client = 0;
    }

    /// Applies new settings, and creates a new client if the login or another part of it has changed. If no client can
    /// be made, nothing changes.
    pub fn take_over(&mut self, wanted: Validated, parts: &ConnectionParts) -> Result<(), SystemError> {
        let client = if wanted.client == self.client { None } else { Some(wanted.make_client(parts)?) };
        (self.property, self.pace, self.client) = (wanted.property, wanted.pace, wanted.client);
        self.engine.set_settings(wanted.settings);
        if let Some(client) = client {
            self.engine.set_system(client);
        }
        Ok(())
    }

    /// Stops the engine. Requests in flight are finished first and the session is closed.
    pub async fn stop(self) {
        self.stop.request();
        let _ = self.running.await;
    }
}
