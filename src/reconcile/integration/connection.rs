//! Step 4 of the pass: the engine of an integration is started, given a new login, or stopped.

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
use crate::system::SystemError;
use crate::system::lenel_s2::LenelS2;

/// What every connection is made with.
#[derive(Clone)]
pub struct ConnectionParts {
    /// The declared side.
    pub source: Arc<dyn DesiredStateSource>,
    /// Asked before every write.
    pub fence: Fence,
    /// Time.
    pub clock: SharedClock,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// A running engine and what it was made of.
pub struct Connection {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The Property it serves, also while the spec that says so cannot be read.
    pub property: ObjectKey,
    /// The owner id of its records.
    pub owner_id: String,
    /// Records left behind before this process.
    pub left_behind: i64,
    /// Whose pace it goes by; another login is another account, and so another connection.
    pub login: u64,
    /// What its own integration allows the account. The pace of the account is the strictest of all that use it.
    pub pace: Limits,
    /// Which account of which system it is.
    pub account: u64,
    /// Which system it is.
    pub system: String,
    client: u64,
    stop: Trigger,
    running: JoinHandle<()>,
}

impl Connection {
    /// Starts an engine.
    pub fn start(
        key: &ObjectKey,
        wanted: Validated,
        rate_limiter: RateLimiter,
        parts: &ConnectionParts,
    ) -> Result<Self, SystemError> {
        let Validated {
            property,
            config,
            credentials,
            owner_id,
            settings,
            pace,
            login,
            account,
            client,
            system,
        } = wanted;
        let owner = Owner::of(&owner_id);
        let (clock, fence) = (parts.clock.clone(), parts.fence.clone());
        let netbox = LenelS2::new(&config, credentials, owner, clock, fence)?;
        let engine = Engine::new(Parts {
            integration: key.clone(),
            owner,
            system: Arc::new(netbox),
            source: Arc::clone(&parts.source),
            rate_limiter,
            fence: parts.fence.clone(),
            clock: parts.clock.clone(),
            metrics: Arc::clone(&parts.metrics),
            settings,
        });
        let (stop, stopping) = Shutdown::new();
        let running = tokio::spawn(Arc::clone(&engine).run(stopping));
        Ok(Self {
            engine,
            property,
            owner_id,
            left_behind: 0,
            login,
            pace,
            account,
            system,
            client,
            stop,
            running,
        })
    }

    /// Whether this is another account or another system: its engine knows nothing of the new one.
    pub const fn is_other(&self, wanted: &Validated) -> bool {
        self.account != wanted.account
    }

    /// Whether its engine has ended without being asked to: it has panicked, and works on nothing any more.
    pub fn has_ended(&self) -> bool {
        self.running.is_finished()
    }

    /// The next [`Self::take_over`] makes a new client, whatever it is made of.
    pub const fn forget_client(&mut self) {
        self.client = 0;
    }

    /// Takes over settings, and a new client if a login or another part of it has changed.
    pub fn take_over(&mut self, wanted: Validated, parts: &ConnectionParts) -> Result<(), SystemError> {
        let Validated { property, config, credentials, settings, pace, client, .. } = wanted;
        (self.property, self.pace) = (property, pace);
        self.engine.set_settings(settings);
        if client != self.client {
            let (clock, fence) = (parts.clock.clone(), parts.fence.clone());
            let system = LenelS2::new(&config, credentials, self.engine.owner(), clock, fence)?;
            self.engine.set_system(Arc::new(system));
            self.client = client;
        }
        Ok(())
    }

    /// Stops the engine; what is in flight is finished, the session is given back.
    pub async fn stop(self) {
        self.stop.request();
        let _ = self.running.await;
    }
}
