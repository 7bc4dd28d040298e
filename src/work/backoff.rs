//! The back-off of failed work: it depends on the error kind, grows with each failure, and is spread by jitter.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::system::ErrorKind;

/// The shortest wait.
pub const SHORTEST: Duration = Duration::from_secs(1);
/// The longest wait. A revocation is tried at least this often while its system answers.
pub const LONGEST: Duration = Duration::from_mins(10);
/// The shortest wait for a dependency that does not exist yet.
const DEPENDENCY: Duration = Duration::from_secs(30);
/// The longest wait after a turn without an outcome. It is short because such a turn costs no call to the system.
const NO_OUTCOME: Duration = Duration::from_mins(1);
/// The wait reaches [`LONGEST`] before this many doublings.
const MOST_DOUBLINGS: u32 = 10;

/// The failures of one object's work. It is removed when the work succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// When the work was first due without a success since.
    pub since: Timestamp,
    /// How often the work failed.
    pub failures: u32,
}

impl Failing {
    /// How long to wait after this failure. `random` in 0..1 spreads work that failed together.
    ///
    /// A throttled call does not count against the work: the rate limit absorbs it, and the work waits only as long as the
    /// system asked, at most [`LONGEST`].
    pub fn wait(&self, error: ErrorKind, random: f64) -> Duration {
        match error {
            ErrorKind::Throttled(after) => after.unwrap_or(SHORTEST).min(LONGEST),
            ErrorKind::Dependency => self.exponential(random).max(DEPENDENCY),
            ErrorKind::Terminal | ErrorKind::Auth | ErrorKind::Transient | ErrorKind::NotLeader => {
                self.exponential(random)
            }
        }
    }

    /// How long to wait after a turn that ended without an outcome.
    pub fn after_no_outcome(&self, random: f64) -> Duration {
        self.exponential(random).min(NO_OUTCOME)
    }

    /// 2 s, doubled with each failure. The jitter takes off at most half of it.
    fn exponential(&self, random: f64) -> Duration {
        let whole = SHORTEST.saturating_mul(1 << self.failures.min(MOST_DOUBLINGS)).min(LONGEST);
        whole.mul_f64(random.clamp(0.0, 1.0).midpoint(1.0)).max(SHORTEST)
    }
}

/// The time `wait` after `now`; saturates.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The time `by` before `at`; saturates. Moves a deadline when the clock was set back.
pub(crate) fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(failures: u32) -> Failing {
        Failing { since: Timestamp::UNIX_EPOCH, failures }
    }

    #[test]
    fn the_wait_doubles_from_one_second_to_ten_minutes() {
        let wait = |failures, random| failing(failures).wait(ErrorKind::Transient, random).as_secs_f64();
        let close = |left: f64, right: f64| assert!((left - right).abs() < 1e-6, "{left} is not {right}");
        close(wait(1, 0.0), 1.0);
        close(wait(1, 1.0), 2.0);
        close(wait(4, 1.0), 16.0);
        close(wait(10, 1.0), 600.0);
        close(wait(4_000_000, 0.0), 300.0);
    }

    #[test]
    fn a_random_number_out_of_range_stays_within_the_bounds() {
        for random in [-5.0, 7.0, f64::INFINITY] {
            let wait = failing(20).wait(ErrorKind::Transient, random);
            assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn throttled_work_waits_as_long_as_the_system_asked() {
        let said = Duration::from_secs(7);
        assert_eq!(failing(9).wait(ErrorKind::Throttled(Some(said)), 0.5), said);
        assert_eq!(failing(9).wait(ErrorKind::Throttled(None), 0.5), SHORTEST);
    }

    #[test]
    fn a_retry_after_is_limited_to_ten_minutes() {
        assert_eq!(failing(1).wait(ErrorKind::Throttled(Some(Duration::MAX)), 0.5), LONGEST);
    }

    #[test]
    fn a_turn_without_an_outcome_is_followed_by_another_within_a_minute() {
        assert_eq!(failing(1).after_no_outcome(0.0), SHORTEST);
        assert_eq!(failing(4_000_000).after_no_outcome(1.0), NO_OUTCOME);
    }

    #[test]
    fn a_missing_dependency_is_not_asked_for_every_second() {
        assert_eq!(failing(1).wait(ErrorKind::Dependency, 0.0), DEPENDENCY);
        assert_eq!(failing(12).wait(ErrorKind::Dependency, 1.0), LONGEST);
    }
}
