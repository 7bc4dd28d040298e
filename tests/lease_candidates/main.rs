//! The lease, with two candidates on an API server that can become unreachable and that checks versions.

mod deleted;
#[path = "../fake_lease_server/mod.rs"]
mod fake_lease_server;
mod paused;

use std::sync::Arc;
use std::time::Duration;

use fake_lease_server::{Line, Server};
use jiff::SignedDuration;
use parking_lot::Mutex;
use vestibule::clock::{Clock as _, SetClock};
use vestibule::cluster::lease::{Candidate, LeaseName, Lost, Terms};
use vestibule::shutdown::{Shutdown, Trigger};

/// A task that keeps a lease.
type Kept = tokio::task::JoinHandle<(Candidate, Result<(), Lost>)>;

/// Longer than any step here takes. Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(10);

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// A replica with its own clock, as on its own machine.
struct Replica {
    candidate: Candidate,
    clock: Arc<SetClock>,
    line: Line,
}

fn replica(server: &Server, identity: &str) -> Replica {
    let clock = Arc::new(SetClock::starting_at("2026-11-22T10:00:00Z".parse().expect("a time")));
    let (client, line) = server.connect();
    let who =
        LeaseName { namespace: "vestibule".into(), name: "controller".into(), identity: identity.into() };
    let candidate = Candidate::new(client, who, Terms::default(), clock.clone());
    Replica { candidate, clock, line }
}

impl Replica {
    async fn acquire(&mut self) {
        tokio::time::timeout(PATIENCE, self.candidate.acquire()).await.expect("the lease is free");
    }

    /// Tries on in a task. The handle returns the replica once it leads.
    fn acquire_in_background(mut self) -> tokio::task::JoinHandle<Self> {
        tokio::spawn(async move {
            self.candidate.acquire().await;
            self
        })
    }

    /// Keeps the lease, in a task.
    fn keep_in_background(self) -> (Trigger, Arc<SetClock>, Line, Kept) {
        let (stop, stopping) = Shutdown::new();
        let Self { mut candidate, clock, line } = self;
        let task = tokio::spawn(async move {
            let kept = candidate.keep(&stopping).await;
            (candidate, kept)
        });
        (stop, clock, line, task)
    }
}

fn pass(clock: &SetClock, time: SignedDuration) {
    clock.set(clock.now() + time);
}

/// Lets a clock run fast until the task ends. Every sleeper wakes at each step.
async fn run_until_done<T>(clock: &SetClock, task: tokio::task::JoinHandle<T>) -> T {
    let mut task = task;
    let stepping = async {
        loop {
            tokio::select! {
                done = &mut task => return done.expect("the task does not panic"),
                () = tokio::time::sleep(Duration::from_millis(2)) => pass(clock, SignedDuration::from_millis(500)),
            }
        }
    };
    tokio::time::timeout(PATIENCE, stepping).await.expect("it ends")
}

#[tokio::test]
async fn the_first_candidate_takes_the_lease_and_claims_two_thirds_of_it() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    let fence = first.candidate.fence();
    assert!(!fence.held());
    let before = first.clock.now();
    first.acquire().await;
    let claimed = fence.until().expect("it leads").duration_since(before);
    assert!(claimed >= seconds(20) && claimed < seconds(25), "{claimed}");
    let spec = server.lease().spec.unwrap();
    assert_eq!(spec.holder_identity.as_deref(), Some("first"));
    assert_eq!((spec.lease_duration_seconds, spec.lease_transitions), (Some(30), Some(1)));
}

#[tokio::test]
async fn a_claim_is_over_by_time_alone() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let fence = first.candidate.fence();
    pass(&first.clock, seconds(15));
    assert!(fence.held());
    pass(&first.clock, seconds(5));
    assert!(!fence.held(), "it was not renewed");
}

#[tokio::test]
async fn a_slow_answer_does_not_extend_the_claim() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    let fence = first.candidate.fence();
    let sent = first.clock.now();
    let clock = first.clock.clone();
    first.line.before_each_answer(move || pass(&clock, seconds(4)));
    first.acquire().await;
    // Two calls of 4 s: the read, then the write. The claim counts from before the write.
    let until = fence.until().expect("it leads");
    assert!(until.duration_since(sent) < seconds(25), "{until}");
    assert!(until.duration_since(first.clock.now()) <= seconds(16), "{until}");
}

#[tokio::test]
async fn every_write_carries_the_version_it_was_decided_on() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let (stop, clock, _line, task) = first.keep_in_background();
    server.wait_for_writes_with(3, || pass(&clock, seconds(2))).await;
    stop.request();
    let (mut candidate, kept) = task.await.unwrap();
    assert_eq!(kept, Ok(()));
    candidate.vacate().await.unwrap();
    let versions = server.versions_written_over();
    assert!(versions.iter().all(Option::is_some) && versions.len() >= 4, "{versions:?}");
}

#[tokio::test]
async fn a_lease_given_back_has_no_holder_and_is_taken_at_once() {
    let server = Server::default();
    let (mut first, mut second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    first.candidate.vacate().await.unwrap();
    assert!(!first.candidate.fence().held());
    assert_eq!(server.lease().spec.unwrap().holder_identity, None);
    let before = second.clock.now();
    second.acquire().await;
    assert!(second.clock.now().duration_since(before) < seconds(1), "no waiting");
    assert_eq!(server.lease().spec.unwrap().lease_transitions, Some(2));
}

#[tokio::test]
async fn a_lease_is_given_back_even_if_the_last_renewal_lost_its_answer() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let (stop, clock, line, task) = first.keep_in_background();
    line.lose_answers(true);
    server.wait_for_writes_with(2, || pass(&clock, seconds(2))).await;
    line.lose_answers(false);
    stop.request();
    let (mut candidate, _) = task.await.unwrap();
    candidate.vacate().await.unwrap();
    assert_eq!(server.lease().spec.unwrap().holder_identity, None);
}

#[tokio::test]
async fn a_lease_held_by_another_is_not_given_back() {
    let server = Server::default();
    let (mut first, mut second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    second.candidate.vacate().await.unwrap();
    assert_eq!(server.lease().spec.unwrap().holder_identity.as_deref(), Some("first"));
    assert!(first.candidate.fence().held());
}

#[tokio::test]
async fn of_two_candidates_at_one_moment_one_leads() {
    let server = Server::default();
    let (first, second) = (replica(&server, "first"), replica(&server, "second"));
    let fences = [first.candidate.fence(), second.candidate.fence()];
    let (mut one, mut other) = (first.acquire_in_background(), second.acquire_in_background());
    let winner = tokio::time::timeout(PATIENCE, async {
        tokio::select! { won = &mut one => won, won = &mut other => won }
    });
    let _winner = winner.await.expect("one of them leads").unwrap();
    assert_eq!(fences.iter().filter(|fence| fence.held()).count(), 1);
    one.abort();
    other.abort();
}

#[tokio::test]
async fn a_killed_leader_is_followed_once_its_claim_was_watched_to_its_end() {
    let server = Server::default();
    let (mut first, second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    drop(first); // Like `kill -9`: nothing is given back.
    let (clock, began) = (second.clock.clone(), second.clock.now());
    let second = run_until_done(&clock, second.acquire_in_background()).await;
    let waited = clock.now().duration_since(began);
    assert!(waited >= seconds(30) && waited < seconds(45), "waited {waited}");
    assert!(second.candidate.fence().held());
}

#[tokio::test]
async fn a_rivals_claim_is_measured_from_the_answer_and_not_from_the_request() {
    let server = Server::default();
    let (mut first, second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    drop(first);
    let first_answer = Arc::new(Mutex::new(None));
    let (clock, seen) = (second.clock.clone(), Arc::clone(&first_answer));
    second.line.before_each_answer(move || {
        let mut seen = seen.lock();
        if seen.is_none() {
            pass(&clock, seconds(4)); // The first read is slow: the holder may have renewed the lease meanwhile.
            *seen = Some(clock.now());
        }
    });
    let clock = second.clock.clone();
    let second = run_until_done(&clock, second.acquire_in_background()).await;
    let claimed = second.candidate.fence().until().expect("it leads") - seconds(20);
    let watched = claimed.duration_since(first_answer.lock().expect("it looked"));
    assert!(watched >= seconds(30), "watched for {watched} only");
}

#[tokio::test]
async fn a_leader_that_is_cut_off_stops_before_its_successor_starts() {
    let server = Server::default();
    let (mut first, second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    let fence = first.candidate.fence();
    let (_stop, first_clock, line, keeping) = first.keep_in_background();
    // From here both machines' clocks run evenly, and the first replica cannot reach the server any more.
    line.cut();
    let second_clock = second.clock.clone();
    let successor = second.candidate.fence();
    let mut acquiring = second.acquire_in_background();
    let mut ended_at = None;
    let began = second_clock.now();
    let stepping = async {
        loop {
            assert!(!(fence.held() && successor.held()), "two leaders at one instant");
            if ended_at.is_none() && !fence.held() {
                ended_at = Some(second_clock.now());
            }
            tokio::select! {
                led = &mut acquiring => { led.unwrap(); break }
                () = tokio::time::sleep(Duration::from_millis(2)) => {
                    pass(&first_clock, SignedDuration::from_millis(250));
                    pass(&second_clock, SignedDuration::from_millis(250));
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, stepping).await.expect("the second takes over");
    let apart = second_clock.now().duration_since(ended_at.expect("the first stopped before"));
    assert!(
        apart >= seconds(9),
        "only {apart} between the two, after {}",
        second_clock.now().duration_since(began)
    );
    let (_, kept) = run_until_done(&first_clock, keeping).await;
    assert!(matches!(kept, Err(Lost::Expired { .. })), "{kept:?}");
}

#[tokio::test]
async fn a_leader_ends_when_the_lease_was_taken_from_it() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let fence = first.candidate.fence();
    server.take_by_force("intruder");
    let (_stop, clock, _line, keeping) = first.keep_in_background();
    let (_, kept) = run_until_done(&clock, keeping).await;
    assert_eq!(kept, Err(Lost::Taken { holder: "intruder".into() }));
    assert!(!fence.held());
}

#[tokio::test]
async fn a_leader_survives_an_outage_shorter_than_its_claim() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let fence = first.candidate.fence();
    let (stop, clock, line, keeping) = first.keep_in_background();
    line.cut();
    pass(&clock, seconds(12)); // A renewal was due and failed.
    line.restore();
    server.wait_for_writes_with(2, || pass(&clock, SignedDuration::from_millis(100))).await;
    assert!(fence.held());
    stop.request();
    assert_eq!(keeping.await.unwrap().1, Ok(()));
}

#[tokio::test]
async fn at_rest_a_leader_writes_at_most_360_times_an_hour() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let (stop, clock, _line, keeping) = first.keep_in_background();
    let began = clock.now();
    server.wait_for_writes_with(20, || pass(&clock, SignedDuration::from_millis(250))).await;
    let an_hour = 3600.0 * 19.0 / clock.now().duration_since(began).as_secs_f64();
    assert!(an_hour <= 360.0, "{an_hour} an hour");
    stop.request();
    keeping.await.unwrap().1.unwrap();
}

#[tokio::test]
async fn labels_of_others_on_the_lease_stay() {
    let server = Server::default();
    let (mut first, mut second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    first.candidate.vacate().await.unwrap();
    server.label_lease("team", "doors");
    second.acquire().await;
    assert_eq!(server.lease().metadata.labels.unwrap()["team"], "doors");
}
