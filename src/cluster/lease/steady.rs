//! The clock that measures leases.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// The longest uninterrupted sleep: timers stop while a machine is suspended, and this clock does not.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Starts at the machine's time and runs evenly. Setting the machine's clock does not change it, and suspended time
/// counts (on Linux). So the holder never believes in its claim for too long, and a candidate never regards another's
/// claim as over too early.
#[derive(Clone, Copy, Debug)]
pub struct SteadyClock {
    started: Timestamp,
    origin: SignedDuration,
}

impl SteadyClock {
    /// A clock that shows the machine's time now.
    pub fn start() -> Self {
        Self { started: Timestamp::now(), origin: ticks() }
    }
}

#[async_trait]
impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        self.started.checked_add(ticks() - self.origin).unwrap_or(Timestamp::MAX)
    }

    async fn sleep_until(&self, at: Timestamp) {
        while let Ok(left) = Duration::try_from(at.duration_since(self.now())) {
            if left.is_zero() {
                break;
            }
            tokio::time::sleep(left.min(LONGEST_WAIT)).await;
        }
    }
}

/// Time since boot, suspension included.
#[cfg(target_os = "linux")]
fn ticks() -> SignedDuration {
    let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    SignedDuration::new(since_boot.tv_sec, i32::try_from(since_boot.tv_nsec).unwrap_or(0))
}

/// Time since the first call. The standard library has no clock that counts suspended time on every system.
#[cfg(not(target_os = "linux"))]
fn ticks() -> SignedDuration {
    static ORIGIN: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    SignedDuration::try_from(ORIGIN.elapsed()).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_starts_at_the_machines_time_and_runs_on() {
        let clock = SteadyClock::start();
        let first = clock.now();
        assert!(first.duration_since(Timestamp::now()).abs() < SignedDuration::from_secs(5));
        clock.sleep_until(first + SignedDuration::from_millis(20)).await;
        assert!(clock.now().duration_since(first) >= SignedDuration::from_millis(20));
    }
}
