//! Time as a value that is passed in: the product uses the system's clock, tests and the demo set their own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The time, and sleeping until a time.
#[async_trait]
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns at `at` or later, and at once if `at` has passed. It wakes early enough when the clock is set forward.
    /// When the clock is set back it returns early, and the caller checks again: its own deadline may have moved with
    /// the clock.
    async fn sleep_until(&self, at: Timestamp);
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The longest uninterrupted sleep. A suspended machine or a changed clock is noticed within it.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut before = self.now();
        while let Some(left) = remaining(before, at) {
            tokio::time::sleep(left.min(LONGEST_WAIT)).await;
            let now = self.now();
            if now < before {
                return;
            }
            before = now;
        }
    }
}

/// A clock that runs like the machine's and can be set, for tests and the demo.
#[derive(Debug)]
pub struct SetClock {
    offset: watch::Sender<SignedDuration>,
}

impl SetClock {
    /// A clock that shows `now` and runs from there.
    pub fn starting_at(now: Timestamp) -> Self {
        Self { offset: watch::Sender::new(now.duration_since(Timestamp::now())) }
    }

    /// Sets the clock. Every sleeper wakes and checks again.
    pub fn set(&self, now: Timestamp) {
        self.offset.send_replace(now.duration_since(Timestamp::now()));
    }
}

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::now().checked_add(*self.offset.borrow()).unwrap_or(Timestamp::MAX)
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut changes = self.offset.subscribe();
        let mut before = self.now();
        while let Some(left) = remaining(before, at) {
            tokio::select! {
                () = tokio::time::sleep(left.min(LONGEST_WAIT)) => {}
                // The sender lives in `self`, so this cannot fail while `self` is borrowed.
                _ = changes.changed() => {}
            }
            let now = self.now();
            if now < before {
                return;
            }
            before = now;
        }
    }
}

fn remaining(now: Timestamp, at: Timestamp) -> Option<Duration> {
    Duration::try_from(at.duration_since(now)).ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_on_a_clock_that_is_set_back_wakes_and_checks_again() {
        let start: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let clock = Arc::new(SetClock::starting_at(start));
        let sleeper = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.sleep_until(start + SignedDuration::from_hours(1)).await }
        });
        while clock.offset.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        clock.set(start - SignedDuration::from_hours(6));
        tokio::time::timeout(Duration::from_secs(10), sleeper).await.unwrap().unwrap();
    }
}
