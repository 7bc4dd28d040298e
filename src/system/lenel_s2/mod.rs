//! LenelS2 NetBox through NBAPI. Written only from systems/lenel-s2.md; section numbers in comments refer to that page.
//!
//! From a call to the wire: this file -> [`read`] and [`write`] (the meaning of a command) -> [`client`] (session) ->
//! [`envelope`] and [`xml`] (the document) -> [`http`]. Interpretation is in [`map`] and [`time`], messages are in
//! [`errors`].

mod client;
mod config;
mod dto;
mod envelope;
mod errors;
mod http;
mod map;
mod read;
mod time;
mod walk;
mod words;
mod write;
mod xml;

use async_trait::async_trait;
use vestibule_core::adapt::Capabilities;
use vestibule_core::diff::Step;
use vestibule_core::identity::Owner;

pub use config::{BodyForm, CardIdentity, Config, Credentials, DateFormat, Expiry, Letters, PATH_V2, Wire};

use self::client::Client;
use self::envelope::{Command, Outcome};
use self::map::Map;
use super::{AccessSystem, Applied, ErrorKind, Health, Page, Scope, SystemError};
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;

/// One account on one NetBox.
///
/// A method is one call on the wire, with these exceptions: a login that is needed, emptying the levels of a record, a
/// refused write whose outcome is read back, and a card number that people of several pages have. A refused login is
/// remembered and not repeated. To try other credentials, or the same ones again, create a new client.
pub struct LenelS2 {
    client: Client,
    map: Map,
    capabilities: Capabilities,
    record_format: u64,
    owner: Owner,
    /// Whether one partition is configured. Then requests exclude the others explicitly.
    partitioned: bool,
}

impl LenelS2 {
    /// A client that has not called yet; it logs in at its first call. Fails on a configuration that cannot work or an
    /// address that must not be connected to. The fence is asked before each request.
    pub fn new(
        config: &Config,
        credentials: Credentials,
        owner: Owner,
        clock: SharedClock,
        fence: Fence,
    ) -> Result<Self, SystemError> {
        check(config)?;
        Ok(Self {
            client: Client::new(config, credentials, clock, fence)?,
            map: Map::new(config),
            capabilities: config.capabilities(),
            record_format: config.record_format(),
            owner,
            partitioned: config.partition_key.is_some(),
        })
    }

    /// Only records of this owner are ever written (design 3.14), whatever was planned.
    fn own(&self, step: &Step) -> Result<(), SystemError> {
        if step.id().owner == self.owner {
            return Ok(());
        }
        let message =
            "This record is another Vestibule owner's and is not touched: check ownerId of the integration";
        Err(SystemError::new(ErrorKind::Terminal, "Ownership", message))
    }
}

#[async_trait]
impl AccessSystem for LenelS2 {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self) -> Result<Health, SystemError> {
        let command = Command::new("GetAPIVersion");
        match self.client.call(&command).await? {
            Outcome::Success(details) => Ok(Health { version: details.field("APIVERSION").to_owned() }),
            _ => Err(errors::incomplete(command.name, "no version")),
        }
    }

    async fn observe(&self, scope: Scope) -> Result<Page, SystemError> {
        match scope {
            Scope::People(cursor) => self.people(cursor.as_ref()).await,
            Scope::Record(id) => self.record(id).await,
            Scope::Card(card) => self.holders(&card).await,
            Scope::UsedId(id) => self.used_id(id).await,
            Scope::ExternalId(id) => self.external(&id).await,
            Scope::Groups(cursor) => self.levels(cursor.as_ref()).await,
            Scope::CardFormats => self.formats().await,
        }
    }

    async fn apply(&self, step: &Step) -> Result<Applied, SystemError> {
        self.own(step)?;
        match step {
            Step::Create(record) => self.create(record).await,
            Step::Update { id, record, fields } => {
                self.update(&id.to_string(), &record.facts(), fields).await
            }
            Step::Reduce { id, facts, fields } => self.update(&id.to_string(), facts, fields).await,
            Step::ReduceMisnamed { record, facts, fields } => {
                self.update(&record.external_id, facts, fields).await
            }
            Step::AssignCard { id, card, until } => self.assign(*id, card, *until).await,
            Step::WithdrawCard { id, card } => self.withdraw(*id, card).await,
            Step::Remove(id) => self.remove(&id.to_string()).await,
            Step::RemoveMisnamed(record) => self.remove(&record.external_id).await,
        }
    }

    async fn close(&self) {
        self.client.close().await;
    }

    fn record_format(&self) -> u64 {
        self.record_format
    }

    fn logins(&self) -> u64 {
        self.client.logins()
    }
}

/// The schema checks the same values. This check is for a client created without the schema.
fn check(config: &Config) -> Result<(), SystemError> {
    let refused = |message: &str| Err(SystemError::new(ErrorKind::Terminal, "Connect", message));
    if config.tenant_udf.is_some_and(|number| !(1..=20).contains(&number)) {
        return refused("spec.lenelS2.tenantUdf must be 1 to 20: a NetBox has twenty such fields");
    }
    if !config.path.starts_with('/') {
        return refused("spec.lenelS2.path must start with a slash, such as /nbws/goforms/nbapi");
    }
    Ok(())
}
