//! Time that runs with tokio's paused clock: an hour passes as soon as nobody has anything to do.

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;
use vestibule::clock::Clock;

/// The clock of a stage. It starts at [`MORNING`].
#[derive(Debug)]
pub(crate) struct Virtual {
    started: Instant,
}

/// 2026-12-01, 09:00 in New York.
pub(crate) const MORNING: &str = "2026-12-01T14:00:00Z";

impl Virtual {
    /// When the stage was raised.
    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }
}

#[async_trait]
impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        MORNING.parse::<Timestamp>().unwrap() + self.started.elapsed()
    }

    async fn sleep_until(&self, at: Timestamp) {
        while at > self.now() {
            tokio::time::sleep(at.duration_since(self.now()).unsigned_abs()).await;
        }
    }
}
