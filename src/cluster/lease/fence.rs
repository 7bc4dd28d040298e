//! The check before every request to another system: does this replica still hold the lease?

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::SharedClock;

/// Whether this replica holds the lease now. Cheap to clone and to ask. It is asked before every request to an access
/// system and before every write to the cluster.
///
/// It uses the lease's own clock. The clock of schedules may be set (by tests, the demo, an administrator), which must
/// neither end a claim nor prolong it.
#[derive(Clone)]
pub struct Fence {
    until: Arc<watch::Sender<Option<Timestamp>>>,
    clock: SharedClock,
}

/// This replica does not lead, so nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this replica does not hold the leader's lease, so nothing was written; the replica that holds it goes on"
)]
pub struct NotLeader;

impl Fence {
    /// A fence that is shut until it is opened.
    pub(super) fn shut(clock: SharedClock) -> Self {
        Self { until: Arc::default(), clock }
    }

    /// A fence that never shuts, for tests and for commands that write without a lease.
    pub fn always_open(clock: SharedClock) -> Self {
        Self::closing_at(Timestamp::MAX, clock)
    }

    /// A fence that shuts at a time of this clock, for tests.
    pub fn closing_at(until: Timestamp, clock: SharedClock) -> Self {
        Self { until: Arc::new(watch::Sender::new(Some(until))), clock }
    }

    /// A fence that stays shut, for tests.
    #[cfg(test)]
    pub(crate) fn never_open(clock: SharedClock) -> Self {
        Self::shut(clock)
    }

    /// Whether this replica leads at this moment.
    #[must_use = "a replica that does not lead must not write"]
    pub fn held(&self) -> bool {
        self.until().is_some_and(|until| self.clock.now() < until)
    }

    /// The same as an error to return with `?`.
    pub fn check(&self) -> Result<(), NotLeader> {
        if self.held() { Ok(()) } else { Err(NotLeader) }
    }

    /// When the claim ends unless it is renewed; `None` if there is no claim.
    pub fn until(&self) -> Option<Timestamp> {
        *self.until.borrow()
    }

    /// Returns when the claim has ended. A renewal meanwhile prolongs the wait. The caller then cancels the requests in
    /// flight.
    pub async fn ended(&self) {
        let mut changes = self.until.subscribe();
        loop {
            let until = *changes.borrow_and_update();
            let Some(until) = until.filter(|until| self.clock.now() < *until) else { return };
            tokio::select! {
                () = self.clock.sleep_until(until) => {}
                // The sender lives in `self`, so this cannot fail while `self` is borrowed.
                _ = changes.changed() => {}
            }
        }
    }

    pub(super) fn open_until(&self, until: Timestamp) {
        self.until.send_replace(Some(until));
    }

    pub(super) fn close(&self) {
        self.until.send_replace(None);
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence").field("until", &self.until()).field("held", &self.held()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::clock::SetClock;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    #[test]
    fn a_fence_is_shut_before_the_first_claim_and_after_it_ends() {
        let clock = Arc::new(SetClock::starting_at(at(100)));
        let fence = Fence::shut(clock.clone());
        assert_eq!(fence.check(), Err(NotLeader));
        fence.open_until(at(130));
        assert_eq!(fence.check(), Ok(()));
        clock.set(at(131));
        assert_eq!(fence.check(), Err(NotLeader), "time alone ends a claim; no call is needed");
    }

    #[tokio::test]
    async fn the_end_of_a_claim_is_waited_for_and_a_renewal_puts_it_off() {
        let clock = Arc::new(SetClock::starting_at(at(100)));
        let fence = Fence::shut(clock.clone());
        fence.ended().await;
        fence.open_until(at(130));
        let mut waiting = tokio::spawn({
            let fence = fence.clone();
            async move { fence.ended().await }
        });
        while fence.until.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        fence.open_until(at(160));
        clock.set(at(140));
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut waiting).await.is_err());
        fence.close();
        waiting.await.unwrap();
    }

    #[test]
    fn closing_a_fence_closes_its_clones() {
        let fence = Fence::always_open(Arc::new(SetClock::starting_at(at(0))));
        let of_the_engine = fence.clone();
        assert!(of_the_engine.held());
        fence.close();
        assert!(!of_the_engine.held());
    }
}
