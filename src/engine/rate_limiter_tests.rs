use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use async_trait::async_trait;
use futures::poll;
use jiff::Timestamp;
use tokio::time::Instant;

use super::*;
use crate::clock::Clock;

/// The paused clock of tokio: it jumps to the next timer when no task is ready.
#[derive(Debug)]
struct PausedClock(Instant);

fn start() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

#[async_trait]
impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        start().checked_add(self.0.elapsed()).unwrap()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let left = Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        tokio::time::sleep(left).await;
    }
}

fn rate_limiter(rate: Option<f64>, max_in_flight: u32) -> RateLimiter {
    let limits = Limits { rate, burst: 1, max_in_flight };
    RateLimiter::new(limits, Arc::new(PausedClock(Instant::now())))
}

async fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match poll!(pin!(future)) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_rate_limiter_gives_a_permit_at_once() {
    let rate_limiter = rate_limiter(Some(10.0), 4);
    let permit = ready(rate_limiter.permit(Priority::Drift)).await.unwrap();
    assert_eq!((rate_limiter.in_flight(), rate_limiter.waiting()), (1, 0));
    permit.ok();
    assert_eq!(rate_limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn permits_follow_each_other_at_the_rate() {
    let rate_limiter = rate_limiter(Some(100.0), 4);
    let started = Instant::now();
    for _ in 0..99 {
        rate_limiter.permit(Priority::Drift).await.ok();
    }
    let took = started.elapsed().as_secs_f64();
    assert!((0.98..1.01).contains(&took), "{took}");
}

/// Lets these calls wait, then gives out permits and returns the order in which they were given.
async fn order(rate_limiter: &RateLimiter, calls: &[(Priority, u32)]) -> Vec<u32> {
    let blocker = rate_limiter.permit(Priority::Drift).await;
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    for (priority, name) in calls.iter().copied() {
        let (rate_limiter, sender) = (rate_limiter.clone(), sender.clone());
        tokio::spawn(async move {
            let permit = rate_limiter.permit(priority).await;
            sender.send(name).unwrap();
            permit.ok();
        });
        tokio::task::yield_now().await;
    }
    drop((sender, blocker));
    let mut names = Vec::new();
    while let Some(name) = receiver.recv().await {
        names.push(name);
    }
    names
}

#[tokio::test(start_paused = true)]
async fn the_most_urgent_call_is_first_and_equally_urgent_ones_keep_their_order() {
    let waiting = [
        (Priority::Drift, 1),
        (Priority::UserChange, 2),
        (Priority::RolloverRemoval, 3),
        (Priority::Revocation, 4),
        (Priority::UserChange, 5),
        (Priority::Revocation, 6),
    ];
    assert_eq!(order(&rate_limiter(Some(50.0), 1), &waiting).await, [4, 6, 2, 5, 3, 1]);
    assert_eq!(order(&rate_limiter(None, 1), &waiting).await, [4, 6, 2, 5, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn overtaking_is_limited_and_a_revocation_is_never_overtaken() {
    let rate_limiter = rate_limiter(None, 1);
    let late = MAX_OVERTAKES + 10;
    let mut calls = vec![(Priority::Drift, 0)];
    calls.extend((1..=late).map(|name| (Priority::RolloverAddition, name)));
    let names = order(&rate_limiter, &calls).await;
    assert_eq!(names.iter().position(|name| *name == 0), Some(MAX_OVERTAKES as usize), "{names:?}");
    let mut calls = vec![(Priority::Drift, 0)];
    calls.extend((1..=late).map(|name| (Priority::Revocation, name)));
    assert_eq!(order(&rate_limiter, &calls).await.last(), Some(&0));
}

#[tokio::test(start_paused = true)]
async fn a_revocation_takes_the_next_permit_from_the_call_that_slept_for_it() {
    let rate_limiter = rate_limiter(Some(1.0), 4);
    rate_limiter.permit(Priority::Drift).await.ok();
    let first = tokio::spawn({
        let rate_limiter = rate_limiter.clone();
        async move { rate_limiter.permit(Priority::Drift).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    rate_limiter.permit(Priority::Revocation).await.ok();
    assert!(started.elapsed() < Duration::from_millis(530), "{:?}", started.elapsed());
    assert!(!first.is_finished());
    first.await.unwrap().ok();
    assert!(started.elapsed() > Duration::from_millis(1500), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_dropped_frees_its_place() {
    let rate_limiter = rate_limiter(None, 1);
    let permit = rate_limiter.permit(Priority::Drift).await;
    let mut next = pin!(rate_limiter.permit(Priority::Drift));
    assert!(poll!(&mut next).is_pending());
    drop(permit);
    let Poll::Ready(next) = poll!(&mut next) else { unreachable!("a place is free") };
    assert_eq!(rate_limiter.in_flight(), 1);
    next.throttled(None);
    assert_eq!(rate_limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_woken_call_that_is_dropped_wakes_the_next_one() {
    let rate_limiter = rate_limiter(None, 1);
    let blocker = rate_limiter.permit(Priority::Drift).await;
    let mut second = pin!(rate_limiter.permit(Priority::UserChange));
    {
        let mut first = Box::pin(rate_limiter.permit(Priority::Revocation));
        assert!(poll!(&mut first).is_pending());
        assert!(poll!(&mut second).is_pending());
        assert_eq!(rate_limiter.waiting(), 2);
        drop(blocker);
        // The first call was notified, and is dropped before it asks.
        drop(first);
    }
    assert!(poll!(&mut second).is_ready());
    assert_eq!(rate_limiter.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn when_the_next_call_is_dropped_while_it_sleeps_the_following_one_sleeps_instead() {
    let rate_limiter = rate_limiter(Some(2.0), 4);
    rate_limiter.permit(Priority::Drift).await.ok();
    let mut second = pin!(rate_limiter.permit(Priority::Drift));
    let started = Instant::now();
    let mut first = Box::pin(rate_limiter.permit(Priority::UserChange));
    assert!(poll!(&mut first).is_pending());
    assert!(poll!(&mut second).is_pending());
    drop(first);
    tokio::time::timeout(Duration::from_secs(2), second).await.unwrap().ok();
    assert!(started.elapsed() < Duration::from_millis(530), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_delays_all_calls_including_revocations() {
    let rate_limiter = rate_limiter(None, 4);
    rate_limiter.permit(Priority::Drift).await.throttled(Some(Duration::from_secs(3)));
    let started = Instant::now();
    rate_limiter.permit(Priority::Revocation).await.ok();
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(3), "{took:?}");
    assert!(rate_limiter.is_learned() && rate_limiter.rate().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_faster_limit_wakes_the_call_that_sleeps_for_the_slower_one() {
    let rate_limiter = rate_limiter(Some(0.01), 4);
    rate_limiter.permit(Priority::Drift).await.ok();
    let waiting = tokio::spawn({
        let rate_limiter = rate_limiter.clone();
        async move { rate_limiter.permit(Priority::Drift).await.ok() }
    });
    tokio::task::yield_now().await;
    let started = Instant::now();
    rate_limiter.set_limits(Limits { rate: Some(100.0), burst: 1, max_in_flight: 4 });
    waiting.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_are_bounded_and_do_not_block_another_priority() {
    let rate_limiter = rate_limiter(Some(1000.0), 1);
    let blocker = rate_limiter.permit(Priority::Drift).await;
    let tasks: Vec<_> = (0..MAX_WAITERS + 50)
        .map(|_| {
            let rate_limiter = rate_limiter.clone();
            tokio::spawn(async move { rate_limiter.permit(Priority::Drift).await.ok() })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(rate_limiter.waiting(), MAX_WAITERS);
    let mut urgent = pin!(rate_limiter.permit(Priority::Revocation));
    assert!(poll!(&mut urgent).is_pending());
    blocker.ok();
    urgent.await.ok();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((rate_limiter.waiting(), rate_limiter.in_flight()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn no_permit_is_lost_when_many_calls_wait_and_are_dropped() {
    let rate_limiter = rate_limiter(Some(500.0), 3);
    let tasks: Vec<_> = (0..400_u64)
        .map(|number| {
            let rate_limiter = rate_limiter.clone();
            tokio::spawn(async move {
                let priority = Priority::ALL[usize::try_from(number % 6).unwrap()];
                tokio::time::sleep(Duration::from_millis(number * 7 % 100)).await;
                let patience = Duration::from_millis(if number % 3 == 0 { number % 40 } else { 60_000 });
                let Ok(permit) = tokio::time::timeout(patience, rate_limiter.permit(priority)).await else {
                    return 0;
                };
                tokio::time::sleep(Duration::from_millis(number % 5)).await;
                match number % 4 {
                    0 => drop(permit),
                    _ => permit.ok(),
                }
                1
            })
        })
        .collect();
    let mut served = 0;
    for task in tasks {
        served += task.await.unwrap();
    }
    assert!(served >= 266, "{served}: every patient call got a permit");
    assert_eq!((rate_limiter.waiting(), rate_limiter.in_flight()), (0, 0));
}
