use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

/// A system with a token bucket of its own, which answers 429 when the bucket is empty. Time is in microseconds.
struct Server {
    /// Requests per second, each from a time on.
    rates: Vec<(i64, f64)>,
    burst: f64,
    tokens: f64,
    at: i64,
    retry_after: Option<Duration>,
}

impl Server {
    fn new(rate: f64, burst: f64) -> Self {
        Self { rates: vec![(0, rate)], burst, tokens: burst, at: 0, retry_after: None }
    }

    fn then(mut self, second: i64, rate: f64) -> Self {
        self.rates.push((second * SECOND, rate));
        self
    }

    fn takes(&mut self, now: i64) -> bool {
        let rate = self.rates.iter().rev().find(|(from, _)| *from <= now).map_or(0.0, |(_, rate)| *rate);
        self.tokens = (self.tokens + seconds(now - self.at) * rate).min(self.burst);
        self.at = now;
        let takes = self.tokens >= 1.0;
        if takes {
            self.tokens -= 1.0;
        }
        takes
    }
}

const SECOND: i64 = 1_000_000;

#[allow(clippy::cast_precision_loss)]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_790_000_000 * SECOND + micros).unwrap()
}

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond() - 1_790_000_000 * SECOND
}

/// When each request arrived, and whether the system accepted it.
type Log = Vec<(i64, bool)>;

/// A client that always has a request to send, over a round trip of about 20 ms, with timers up to 1.5 ms late.
fn run(limits: Limits, server: &mut Server, until: i64) -> Log {
    let mut rate_limit = RateLimit::new(limits, at(0));
    let mut noise = Noise(1);
    let (mut log, mut travelling) = (Log::new(), BinaryHeap::new());
    let (mut now, mut seq) = (0, 0);
    while now < until * SECOND {
        let mut wake = match rate_limit.poll(at(now)) {
            Turn::Go(ticket) => {
                seq += 1;
                let arrives = now + 8_000 + noise.below(4_000);
                travelling.push(Reverse((arrives, seq, ticket.cuts, false, false)));
                continue;
            }
            Turn::At(when) => micros(when).max(now + 1) + noise.below(1_500),
            Turn::Full => i64::MAX,
        };
        let next = travelling.peek().map_or(i64::MAX, |Reverse((when, ..))| *when);
        wake = wake.min(next);
        now = wake;
        if next > wake {
            continue;
        }
        let Some(Reverse((_, seq, cuts, answered, taken))) = travelling.pop() else { continue };
        let ticket = Ticket { cuts };
        if !answered {
            let taken = server.takes(now);
            log.push((now, taken));
            travelling.push(Reverse((now + 8_000 + noise.below(4_000), seq, cuts, true, taken)));
        } else if taken {
            rate_limit.ok(ticket, at(now));
        } else {
            rate_limit.throttled(ticket, at(now), server.retry_after);
        }
    }
    log
}

/// Pseudo-random numbers that are the same in each run.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn known(rate: f64) -> Limits {
    Limits { rate: Some(rate), burst: 10, max_in_flight: 32 }
}

/// How many requests were accepted and how many throttled between two seconds.
fn counts(log: &Log, from: i64, to: i64) -> (f64, f64) {
    let within = |taken: bool| {
        log.iter().filter(|(when, was)| *was == taken && (from * SECOND..to * SECOND).contains(when)).count()
    };
    let float = |count: usize| f64::from(u32::try_from(count).unwrap());
    (float(within(true)), float(within(false)))
}

#[test]
fn a_configured_limit_is_used_to_98_percent_without_a_refusal() {
    for rate in [8.0, 20.0, 50.0, 100.0, 200.0, 400.0] {
        let log = run(known(rate), &mut Server::new(rate, 10.0), 60);
        let (taken, refused) = counts(&log, 1, 60);
        assert!(refused < 1.0, "at {rate}");
        assert!(taken / (rate * 59.0) > 0.979, "at {rate} only {taken} were taken");
    }
}

#[test]
fn a_halved_limit_is_found_within_two_seconds_and_five_refusals() {
    for rate in [50.0, 100.0, 200.0] {
        let log = run(known(rate), &mut Server::new(rate, 10.0).then(20, rate / 2.0), 80);
        let (_, refused) = counts(&log, 20, 22);
        let (taken, later) = counts(&log, 22, 30);
        assert!(refused + later <= 5.0, "at {rate} it took {refused} and {later}");
        assert!(taken / (rate * 4.0) > 0.97, "at {rate} only {taken} were taken");
        let (taken, refused) = counts(&log, 30, 80);
        assert!(refused / taken < 0.0015, "at {rate} still {refused} of {taken}");
        assert!(taken / (rate * 25.0) > 0.95, "at {rate} only {taken} were taken");
    }
}

#[test]
fn a_reduced_limit_is_used_to_nine_tenths_within_a_minute() {
    for share in [0.9, 0.75, 0.6, 0.4, 0.3, 0.1] {
        let log = run(known(100.0), &mut Server::new(100.0, 10.0).then(20, 100.0 * share), 80);
        let (taken, refused) = counts(&log, 20, 80);
        assert!(taken / (6000.0 * share) > 0.9, "only {taken} were taken at {share}");
        assert!(refused <= 12.0, "{refused} were refused at {share}");
    }
}

#[test]
fn a_restored_limit_is_found_again_without_a_refusal() {
    for (rate, within) in [(25.0, 180), (100.0, 20), (200.0, 20)] {
        let mut server = Server::new(rate, 10.0).then(20, rate / 2.0).then(60, rate);
        let log = run(known(rate), &mut server, 60 + within + 10);
        assert!(counts(&log, 60, 60 + within + 10).1 < 1.0, "at {rate}");
        let (taken, _) = counts(&log, 60 + within, 60 + within + 10);
        assert!(taken / (rate * 10.0) > 0.97, "at {rate} only {taken} were taken");
    }
}

#[test]
fn a_limit_that_is_not_configured_is_found() {
    for rate in [2.0, 10.0, 50.0, 200.0] {
        let unknown = Limits { rate: None, burst: 1, max_in_flight: 8 };
        let log = run(unknown, &mut Server::new(rate, 10.0), 120);
        assert!(counts(&log, 0, 10).1 <= 15.0, "at {rate}: {:?}", counts(&log, 0, 10));
        let (taken, refused) = counts(&log, 10, 120);
        assert!(taken / (rate * 110.0) > 0.95, "at {rate} only {taken} were taken");
        assert!(refused <= taken.mul_add(0.001, 3.0), "at {rate} {refused} of {taken}");
    }
}

#[test]
fn a_retry_after_is_never_broken() {
    for limits in [known(100.0), Limits { rate: None, burst: 1, max_in_flight: 8 }] {
        let mut server = Server::new(20.0, 10.0);
        server.retry_after = Some(Duration::from_secs(1));
        let log = run(limits, &mut server, 60);
        let travel = 8_000;
        // Requests that were already on their way when the refusal arrived cannot be held back.
        for (when, _) in log.iter().filter(|(_, taken)| !taken) {
            let broken = log
                .iter()
                .filter(|(other, _)| (when + 3 * travel..when + SECOND + travel).contains(other))
                .count();
            assert_eq!(broken, 0, "after {when}");
        }
        let (taken, refused) = counts(&log, 0, 60);
        assert!(taken > 1000.0 && refused < 30.0, "{taken} were taken and {refused} refused");
    }
}

#[test]
fn consecutive_refusals_lengthen_the_wait() {
    let mut rate_limit = RateLimit::new(known(100.0), at(0));
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..12 {
        let before = now;
        let ticket = loop {
            match rate_limit.poll(now) {
                Turn::Go(ticket) => break ticket,
                Turn::At(when) => now = when,
                Turn::Full => unreachable!("one at a time"),
            }
        };
        waits.push(now.duration_since(before).as_secs_f64());
        rate_limit.throttled(ticket, now, None);
    }
    assert!(waits.iter().skip(1).is_sorted(), "{waits:?}");
    assert!((25.0..45.0).contains(waits.last().unwrap()), "{waits:?}");
}

#[test]
fn refusals_of_requests_sent_before_a_cut_do_not_cut_again() {
    let mut rate_limit = RateLimit::new(known(100.0), at(0));
    let tickets: Vec<Ticket> = std::iter::from_fn(|| match rate_limit.poll(at(0)) {
        Turn::Go(ticket) => Some(ticket),
        _ => None,
    })
    .collect();
    assert_eq!(tickets.len(), 9);
    for ticket in tickets {
        rate_limit.throttled(ticket, at(20_000), None);
    }
    assert!((rate_limit.rate().unwrap() - 98.0 * 0.7).abs() < 1e-6, "{:?}", rate_limit.rate());
    assert_eq!(rate_limit.in_flight(), 0);
}

#[test]
fn a_retry_after_of_a_day_is_limited_to_ten_minutes() {
    for said in [Duration::from_hours(24), Duration::MAX] {
        let mut rate_limit = RateLimit::new(Limits { rate: None, burst: 1, max_in_flight: 1 }, at(0));
        let Turn::Go(ticket) = rate_limit.poll(at(0)) else { panic!("it has rested") };
        rate_limit.throttled(ticket, at(0), Some(said));
        let ten_minutes = 600 * SECOND;
        assert_eq!(rate_limit.poll(at(1)), Turn::At(at(ten_minutes)));
        // After the wait a request at the learned rate is allowed.
        assert!(matches!(rate_limit.poll(at(ten_minutes + 10 * SECOND)), Turn::Go(_)), "{said:?}");
    }
}

#[test]
fn a_clock_that_is_set_back_moves_a_retry_after_with_it() {
    let mut rate_limit = RateLimit::new(known(10.0), at(0));
    let Turn::Go(ticket) = rate_limit.poll(at(0)) else { unreachable!("it has rested") };
    rate_limit.throttled(ticket, at(0), Some(Duration::from_secs(5)));
    assert_eq!(rate_limit.poll(at(SECOND)), Turn::At(at(5 * SECOND)));
    let hour = 3600 * SECOND;
    assert_eq!(rate_limit.poll(at(SECOND - hour)), Turn::At(at(5 * SECOND - hour)));
}

#[test]
fn new_limits_take_effect_at_once_and_the_learned_rate_is_forgotten() {
    let mut rate_limit = RateLimit::new(known(100.0), at(0));
    let Turn::Go(ticket) = rate_limit.poll(at(0)) else { unreachable!("it has rested") };
    rate_limit.throttled(ticket, at(0), None);
    assert!(rate_limit.is_learned());
    rate_limit.set_limits(known(10.0));
    assert!(!rate_limit.is_learned());
    assert_eq!(rate_limit.rate(), Some(9.8));
}

#[test]
fn a_rate_of_zero_or_less_allows_one_request_and_then_none() {
    for rate in [0.0, -3.0, f64::NAN] {
        let mut rate_limit = RateLimit::new(Limits { rate: Some(rate), burst: 0, max_in_flight: 0 }, at(0));
        assert!(matches!(rate_limit.poll(at(0)), Turn::Go(_)));
        rate_limit.released(Ticket { cuts: 0 });
        assert_eq!(rate_limit.poll(at(0)), Turn::At(Timestamp::MAX));
    }
}

#[derive(Clone, Debug)]
enum Event {
    Wait(i64),
    Poll,
    Ok,
    Throttled(Option<u64>),
    Lost,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0i64..300_000).prop_map(Event::Wait),
        6 => Just(Event::Poll),
        4 => Just(Event::Ok),
        1 => prop::option::of(0u64..3).prop_map(Event::Throttled),
        1 => Just(Event::Lost),
    ];
    prop::collection::vec(event, 1..300)
}

proptest! {
    #[test]
    fn no_turn_breaks_the_bound_in_flight_the_bucket_or_a_retry_after(
        rate in prop::option::of(0.5..200.0f64), burst in 0u32..20, max_in_flight in 1u32..6, events in events(),
    ) {
        let mut rate_limit = RateLimit::new(Limits { rate, burst, max_in_flight }, at(0));
        let (mut now, mut until, mut given) = (0, 0, 0u32);
        let mut travelling = Vec::new();
        for event in events {
            match event {
                Event::Wait(step) => now += step,
                Event::Poll => match rate_limit.poll(at(now)) {
                    Turn::Go(ticket) => {
                        travelling.push(ticket);
                        given += 1;
                        prop_assert!(now >= until, "before {until}");
                    }
                    Turn::At(when) => prop_assert!(when > at(now)),
                    Turn::Full => prop_assert_eq!(travelling.len(), max_in_flight as usize),
                },
                Event::Ok => if let Some(ticket) = travelling.pop() { rate_limit.ok(ticket, at(now)) },
                Event::Lost => if let Some(ticket) = travelling.pop() { rate_limit.released(ticket) },
                Event::Throttled(after) => if let Some(ticket) = travelling.pop() {
                    rate_limit.throttled(ticket, at(now), after.map(Duration::from_secs));
                    until = until.max(after.map_or(0, |s| now + i64::try_from(s).unwrap() * SECOND));
                },
            }
            prop_assert_eq!(rate_limit.in_flight() as usize, travelling.len());
            if let Some(rate) = rate {
                let most = f64::from(burst).max(1.0 + rate * SLACK) + rate * seconds(now);
                prop_assert!(f64::from(given) <= most + 1e-6, "{given} in {now}");
            }
        }
    }
}

#[test]
fn merged_limits_have_the_stricter_value_of_each_field_in_any_order() {
    let some = Limits { rate: Some(5.0), burst: 10, max_in_flight: 4 };
    let none = Limits { rate: None, burst: 4, max_in_flight: 8 };
    let slow = Limits { rate: Some(2.0), burst: 20, max_in_flight: 1 };
    for (one, other, stricter) in [
        (some, none, Limits { rate: Some(5.0), burst: 4, max_in_flight: 4 }),
        (some, slow, Limits { rate: Some(2.0), burst: 10, max_in_flight: 1 }),
        (none, none, none),
    ] {
        assert_eq!((one.stricter(other), other.stricter(one)), (stricter, stricter));
    }
}
