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
use crate::system::lenel_s2::LenelS2;
use crate::system::{AccessSystem, SystemError};

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

impl Validated {
    /// A client for the system. It calls nothing yet, but fails for what could never be called, such as a refused address.
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
        let (stop, stopping) = Shutdown::new();
        let running = tokio::spawn(Arc::clone(&engine).run(stopping));
        Self {
            engine,
            property,
            owner_id,
            left_behind: 0,
            login,
            pace,
            account,
            system,
            client: made_of,
            stop,
            running,
        }
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

    /// Takes over settings, and a new client if a login or another part of it has changed. If no client can be made of them,
    /// nothing is taken over.
    pub fn take_over(&mut self, wanted: Validated, parts: &ConnectionParts) -> Result<(), SystemError> {
        let client = if wanted.client == self.client { None } else { Some(wanted.make_client(parts)?) };
        (self.property, self.pace, self.client) = (wanted.property, wanted.pace, wanted.client);
        self.engine.set_settings(wanted.settings);
        if let Some(client) = client {
            self.engine.set_system(client);
        }
        Ok(())
    }

    /// Stops the engine; what is in flight is finished, the session is given back.
    pub async fn stop(self) {
        self.stop.request();
        let _ = self.running.await;
    }
}
