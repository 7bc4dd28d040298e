//! Before the first write of an integration, `status.ownerId` of its AccessIntegration must name the owner id that marks its
//! records, so that the owner id cannot be changed any more (design 3.15).

use std::time::Duration;

use super::call::TurnError;
use super::{Engine, SourceError};

/// How long a turn waits for this status write before it ends and is tried again.
const OWNER_ID_TIMEOUT: Duration = Duration::from_secs(30);

impl Engine {
    /// Waits until [`Self::allow_writes`] was called.
    pub(super) async fn prepare_first_write(&self) -> Result<(), TurnError> {
        if *self.may_write.borrow() {
            return Ok(());
        }
        self.claim_owner_id();
        let mut allowed = self.may_write.subscribe();
        let outcome = tokio::time::timeout(OWNER_ID_TIMEOUT, allowed.wait_for(|allowed| *allowed)).await;
        if matches!(outcome, Ok(Ok(_))) {
            return Ok(());
        }
        let message = "status.ownerId of the AccessIntegration could not be written yet".to_owned();
        Err(SourceError::Unreachable(message).into())
    }

    /// Publishes that records exist under the owner id, or are about to.
    pub(super) fn claim_owner_id(&self) {
        self.publish(|state| state.claims_owner_id = true);
    }

    /// Makes writes wait for the next [`Self::allow_writes`].
    pub fn hold_writes(&self) {
        self.may_write.send_replace(false);
    }

    /// Allows writes: the status of the AccessIntegration names the owner id of its records.
    pub fn allow_writes(&self) {
        if !self.may_write.send_replace(true) {
            self.judge_creates(&mut self.inner.lock());
        }
    }
}
