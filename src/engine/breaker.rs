//! The circuit breaker: while a system does not answer, it receives one probe per half minute and no other call.
//!
//! Pure. The breaker holds back revocations too, since the system is down; they run first when it closes. A probe that
//! never returns blocks nothing: the next probe is sent when its time has come.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::work::backoff::after;

/// This many consecutive failures open the breaker.
pub const FAILURES: u32 = 3;
/// A single failure that took this long opens the breaker: two more of them would delay the report by a minute.
pub const LONG: SignedDuration = SignedDuration::from_secs(20);
/// A system that is down is probed once per period. Jitter lengthens the period by up to a tenth.
pub const PERIOD: Duration = Duration::from_secs(30);

/// Which calls are admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// All calls.
    Allowed,
    /// This one call, which shows whether the system answers again.
    Probe,
    /// No call before this time.
    NotBefore(Timestamp),
}

/// The breaker of one engine.
#[derive(Clone, Debug)]
pub struct Breaker {
    open: Option<Open>,
    failures: u32,
    ever_succeeded: bool,
    period: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    since: Timestamp,
    probe_at: Timestamp,
}

impl Breaker {
    /// A closed breaker; `random` in 0..1 keeps the probes of many engines apart.
    pub fn new(random: f64) -> Self {
        let period = PERIOD.mul_f64(1.0 + random.clamp(0.0, 1.0) / 10.0);
        Self { open: None, failures: 0, ever_succeeded: false, period }
    }

    /// Which calls are admitted now. [`Admission::Probe`] is returned once per period.
    pub fn allow(&mut self, now: Timestamp) -> Admission {
        let Some(open) = &mut self.open else {
            return Admission::Allowed;
        };
        let next = after(now, self.period);
        // A probe time beyond the next period means that the clock was set back.
        if open.probe_at <= now || open.probe_at > next {
            open.probe_at = next;
            return Admission::Probe;
        }
        Admission::NotBefore(open.probe_at)
    }

    /// The system has answered, possibly with an error. Returns whether this closed the breaker.
    pub fn success(&mut self) -> bool {
        self.failures = 0;
        self.ever_succeeded = true;
        self.open.take().is_some()
    }

    /// A call has failed as Transient after `took`. Returns whether this opened the breaker. The third consecutive failure
    /// opens it, and so does a failure that took at least [`LONG`], or the first failure if no call ever succeeded.
    pub fn failure(&mut self, now: Timestamp, took: SignedDuration) -> bool {
        self.failures = self.failures.saturating_add(1);
        let enough = if self.ever_succeeded && took < LONG { FAILURES } else { 1 };
        if self.open.is_some() || self.failures < enough {
            return false;
        }
        self.open = Some(Open { since: now, probe_at: after(now, self.period) });
        true
    }

    /// Since when the breaker is open; `None` while it is closed.
    pub fn since(&self) -> Option<Timestamp> {
        self.open.map(|open| open.since)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn closed() -> Breaker {
        let mut breaker = Breaker::new(0.0);
        breaker.success();
        breaker
    }

    fn open() -> Breaker {
        let mut breaker = closed();
        assert_eq!(
            [0, 1, 2].map(|second| breaker.failure(at(second), SignedDuration::ZERO)),
            [false, false, true]
        );
        breaker
    }

    #[test]
    fn three_failures_in_a_row_open_it() {
        let mut breaker = open();
        assert_eq!(breaker.since(), Some(at(2)));
        assert_eq!(breaker.allow(at(3)), Admission::NotBefore(at(32)));
    }

    #[test]
    fn a_single_failure_that_took_long_opens_it() {
        let mut breaker = closed();
        assert!(!breaker.failure(at(0), LONG - SignedDuration::from_millis(1)));
        breaker.success();
        assert!(breaker.failure(at(30), LONG));
    }

    #[test]
    fn an_answer_between_failures_keeps_it_closed() {
        let mut breaker = closed();
        for second in 0..10 {
            assert!(!breaker.failure(at(second), SignedDuration::ZERO));
            assert!(!breaker.failure(at(second), SignedDuration::ZERO));
            assert!(!breaker.success());
        }
        assert_eq!(breaker.allow(at(10)), Admission::Allowed);
    }

    #[test]
    fn the_first_failure_opens_it_if_nothing_ever_succeeded() {
        let mut breaker = Breaker::new(0.0);
        assert_eq!(breaker.allow(at(0)), Admission::Allowed);
        assert!(breaker.failure(at(0), SignedDuration::ZERO));
        assert_eq!(breaker.allow(at(1)), Admission::NotBefore(at(30)));
    }

    #[test]
    fn one_probe_is_sent_each_period_whether_it_returns_or_not() {
        let mut breaker = open();
        assert_eq!(breaker.allow(at(32)), Admission::Probe);
        assert_eq!(breaker.allow(at(32)), Admission::NotBefore(at(62)));
        assert!(!breaker.failure(at(61), SignedDuration::ZERO));
        assert_eq!(breaker.allow(at(62)), Admission::Probe);
        assert_eq!(breaker.since(), Some(at(2)));
    }

    #[test]
    fn a_successful_probe_closes_it_and_it_takes_three_failures_again() {
        let mut breaker = open();
        breaker.allow(at(40));
        assert!(breaker.success());
        assert_eq!(breaker.since(), None);
        assert_eq!(breaker.allow(at(40)), Admission::Allowed);
        assert!(!breaker.failure(at(41), SignedDuration::ZERO));
    }

    #[test]
    fn probes_of_two_engines_drift_apart() {
        let first_probe = |random| {
            let mut breaker = Breaker::new(random);
            breaker.failure(at(0), SignedDuration::ZERO);
            breaker.allow(at(0))
        };
        assert_eq!(first_probe(0.0), Admission::NotBefore(at(30)));
        assert_eq!(first_probe(1.0), Admission::NotBefore(at(33)));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_probes() {
        let mut breaker = open();
        assert_eq!(breaker.allow(at(-86_400)), Admission::Probe);
        assert_eq!(breaker.allow(at(-86_399)), Admission::NotBefore(at(-86_370)));
    }

    proptest! {
        #[test]
        fn a_system_that_stays_down_gets_one_call_a_period(random in 0.0..1.0, steps in prop::collection::vec(0i64..20, 1..200)) {
            let mut breaker = Breaker::new(random);
            let mut now = 0;
            breaker.failure(at(now), SignedDuration::ZERO);
            let mut probes = 0;
            for step in steps {
                now += step;
                match breaker.allow(at(now)) {
                    Admission::Allowed => prop_assert!(false, "it is open"),
                    Admission::Probe => { probes += 1; breaker.failure(at(now), SignedDuration::ZERO); }
                    Admission::NotBefore(when) => prop_assert!(when > at(now) && when <= at(now + 33)),
                }
            }
            prop_assert!(probes <= now / 30);
        }
    }
}
