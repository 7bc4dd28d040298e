//! Before the first write of an integration its AccessIntegration says that it has records: `status.ownerId` names
//! the id that marks them, so that it cannot be changed any more (design 3.15).

use std::time::Duration;

use super::call::TurnError;
use super::{Engine, SourceError};

/// How long a turn waits for it before it is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

impl Engine {
    /// Waits until [`Self::allow_writes`] was called.
    pub(super) async fn prepare_first_write(&self) -> Result<(), TurnError> {
        if *self.may_write.borrow() {
            return Ok(());
        }
        self.claim_owner_id();
        let mut allowed = self.may_write.subscribe();
        let outcome = tokio::time::timeout(PATIENCE, allowed.wait_for(|allowed| *allowed)).await;
        if matches!(outcome, Ok(Ok(_))) {
            return Ok(());
        }
        let message = "status.ownerId of the AccessIntegration could not be written yet".to_owned();
        Err(SourceError::Unreachable(message).into())
    }

    /// Shows that there are records under the owner id, or that there will be.
    pub(super) fn claim_owner_id(&self) {
        self.publish(|state| state.claims_owner_id = true);
    }

    /// Writes wait for the next [`Self::allow_writes`].
    pub fn hold_writes(&self) {
        self.may_write.send_replace(false);
    }

    /// The AccessIntegration says under which owner id records are made: they may be.
    pub fn allow_writes(&self) {
        if !self.may_write.send_replace(true) {
            self.judge_creates(&mut self.inner.lock());
        }
    }
}
