//! Time from tokio's paused clock: an hour passes as soon as all tasks are idle.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::time::Instant;
use vestibule::clock::Clock;

/// The clock of a testbed. It starts at [`MORNING`] and can be set back.
#[derive(Debug)]
pub(crate) struct Virtual {
    started: Instant,
    back: Mutex<SignedDuration>,
}

/// 2026-12-01, 09:00 in New York.
pub(crate) const MORNING: &str = "2026-12-01T14:00:00Z";

impl Virtual {
    /// The real instant at which the testbed started.
    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), back: Mutex::default() }
    }

    /// Sets the clock back by this much.
    pub(crate) fn set_back(&self, by: SignedDuration) {
        *self.back.lock() += by;
    }
}

#[async_trait]
impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        MORNING.parse::<Timestamp>().unwrap() + self.started.elapsed() - *self.back.lock()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut before = self.now();
        while at > before {
            let left = at.duration_since(before).unsigned_abs().min(Duration::from_secs(30));
            tokio::time::sleep(left).await;
            let now = self.now();
            if now < before {
                return;
            }
            before = now;
        }
    }
}
