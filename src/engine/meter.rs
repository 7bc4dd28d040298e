//! Measures the rate of events over about the last second.

use jiff::{SignedDuration, Timestamp};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// After a rest, the rate is computed over at least this part of a second, because the first few calls are a burst.
const SHORTEST: f64 = 0.25;

/// Counts the running second and the second before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    start: Timestamp,
    /// The second before the running one; `None` after a rest.
    before: Option<f64>,
    running: f64,
}

impl Meter {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self { start: now, before: None, running: 0.0 }
    }

    pub(super) fn count(&mut self, now: Timestamp) {
        self.turn(now);
        self.running += 1.0;
    }

    /// The events of the running second, plus the share of the second before that completes one second.
    pub(super) fn per_second(&mut self, now: Timestamp) -> f64 {
        self.turn(now);
        let share = now.duration_since(self.start).as_secs_f64().clamp(0.0, 1.0);
        match self.before {
            Some(before) => self.running + before * (1.0 - share),
            None => self.running / share.max(SHORTEST),
        }
    }

    fn turn(&mut self, now: Timestamp) {
        let passed = now.duration_since(self.start);
        if passed >= SECOND && passed < SECOND.saturating_mul(2) {
            self.start = self.start.checked_add(SECOND).unwrap_or(now);
            self.before = Some(std::mem::take(&mut self.running));
        } else if passed.is_negative() || passed >= SECOND {
            *self = Self::new(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_790_000_000_000 + milliseconds).unwrap()
    }

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1.5, "{left} is not {right}");
    }

    #[test]
    fn a_steady_rate_is_measured_correctly() {
        let mut meter = Meter::new(at(0));
        for call in 0..300 {
            meter.count(at(call * 10));
        }
        for moment in [3_000, 3_250, 3_900] {
            close(
                meter.clone().per_second(at(moment)),
                100.0 - f64::from(u32::try_from(moment - 3_000).unwrap()) / 10.0,
            );
        }
    }

    #[test]
    fn a_burst_counts_as_a_quarter_of_a_second_at_least() {
        let mut meter = Meter::new(at(0));
        for _ in 0..20 {
            meter.count(at(5));
        }
        close(meter.per_second(at(10)), 80.0);
    }

    #[test]
    fn after_a_rest_or_a_clock_set_back_the_count_is_zero() {
        for moment in [2_500, -4_000] {
            let mut meter = Meter::new(at(0));
            meter.count(at(100));
            close(meter.per_second(at(moment)), 0.0);
        }
    }
}
