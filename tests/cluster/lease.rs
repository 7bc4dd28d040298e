//! The lease on a real API server: its versions, its conflicts, its validation.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::DeleteParams;
use vestibule::clock::{Clock as _, SetClock};
use vestibule::cluster::lease::{Candidate, Fence, LeaseName, Lost, SteadyClock, Terms, make_empty};
use vestibule::shutdown::Shutdown;

use crate::harness::{self, Namespace};

const NAME: &str = "vestibule-controller";

/// Terms short enough for a test to see a claim expire.
fn short() -> Terms {
    Terms {
        duration: SignedDuration::from_secs(4),
        renew_every: SignedDuration::from_millis(700),
        margin: SignedDuration::from_secs(1),
        call_deadline: SignedDuration::from_secs(1),
        poll: SignedDuration::from_millis(200),
    }
}

fn who(namespace: &Namespace, identity: &str) -> LeaseName {
    LeaseName { namespace: namespace.name().into(), name: NAME.into(), identity: identity.into() }
}

fn candidate(namespace: &Namespace, identity: &str) -> Candidate {
    let clock = Arc::new(SteadyClock::start());
    Candidate::new(namespace.client(), who(namespace, identity), short(), clock)
}

async fn lease(namespace: &Namespace) -> Lease {
    namespace.api::<Lease>().get(NAME).await.unwrap()
}

async fn holder(namespace: &Namespace) -> Option<String> {
    lease(namespace).await.spec.unwrap().holder_identity
}

async fn lead(candidate: &mut Candidate) {
    tokio::time::timeout(Duration::from_mins(1), candidate.acquire()).await.expect("the lease comes free");
}

#[tokio::test]
async fn a_lease_is_created_renewed_given_back_and_taken_again() {
    let namespace = harness::namespace("lease").await;
    let mut first = candidate(&namespace, "first");
    lead(&mut first).await;
    let created = lease(&namespace).await;
    let fence = first.fence();
    let (stop, stopping) = Shutdown::new();
    let keeping = tokio::spawn(async move {
        let kept = first.keep(&stopping).await;
        (first, kept)
    });
    harness::wait_until("the lease is renewed", || async {
        lease(&namespace).await.spec.unwrap().renew_time > created.spec.clone().unwrap().renew_time
    })
    .await;
    assert!(fence.held());
    stop.request();
    let (mut first, kept) = keeping.await.unwrap();
    assert_eq!(kept, Ok(()));
    first.vacate().await.unwrap();
    assert_eq!((holder(&namespace).await, fence.held()), (None, false));

    let mut second = candidate(&namespace, "second");
    lead(&mut second).await;
    let spec = lease(&namespace).await.spec.unwrap();
    assert_eq!((spec.holder_identity.as_deref(), spec.lease_transitions), (Some("second"), Some(2)));
}

#[tokio::test]
async fn of_many_candidates_at_once_one_leads_at_any_instant() {
    let namespace = harness::namespace("lease").await;
    let mut candidates: Vec<_> =
        (0..4).map(|number| candidate(&namespace, &format!("number-{number}"))).collect();
    let fences: Vec<Fence> = candidates.iter().map(Candidate::fence).collect();
    let mut turns = tokio::task::JoinSet::new();
    for mut candidate in candidates.drain(..) {
        turns.spawn(async move {
            lead(&mut candidate).await;
            let (_trigger, stopping) = Shutdown::new();
            // Long enough for a renewal, and for several reads by the others.
            let kept = tokio::time::timeout(Duration::from_millis(1500), candidate.keep(&stopping)).await;
            assert!(kept.is_err(), "it was not lost: {kept:?}");
            candidate.vacate().await.unwrap();
        });
    }
    let watched = async {
        loop {
            assert!(fences.iter().filter(|fence| fence.held()).count() <= 1, "two leaders at one instant");
            tokio::select! {
                ended = turns.join_next() => match ended {
                    Some(turn) => turn.unwrap(),
                    None => break,
                },
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), watched).await.expect("each has its turn");
    assert_eq!(lease(&namespace).await.spec.unwrap().lease_transitions, Some(4), "each led once");
}

#[tokio::test]
async fn a_killed_leader_stops_claiming_before_its_successor_starts() {
    let namespace = harness::namespace("lease").await;
    let mut first = candidate(&namespace, "first");
    lead(&mut first).await;
    let fence = first.fence();
    drop(first); // Like `kill -9`: nothing is given back. The fence keeps the former belief.
    let mut second = candidate(&namespace, "second");
    let successor = second.fence();
    let acquiring = tokio::spawn(async move {
        lead(&mut second).await;
        second
    });
    while !acquiring.is_finished() {
        assert!(!(fence.held() && successor.held()), "two leaders at one instant");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    acquiring.await.unwrap();
    assert!(successor.held() && !fence.held());
    assert_eq!(holder(&namespace).await.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_leader_whose_machine_was_suspended_for_longer_than_its_claim_ends() {
    let namespace = harness::namespace("lease").await;
    let clock = Arc::new(SetClock::starting_at(jiff::Timestamp::now()));
    let mut first = Candidate::new(namespace.client(), who(&namespace, "first"), short(), clock.clone());
    lead(&mut first).await;
    let fence = first.fence();
    let mut second = candidate(&namespace, "second");
    lead(&mut second).await; // The first renewed nothing while it was suspended.
    clock.set(clock.now() + SignedDuration::from_secs(60));
    assert!(!fence.held(), "it knows without a call");
    let (_trigger, stopping) = Shutdown::new();
    let kept = first.keep(&stopping).await;
    assert!(matches!(kept, Err(Lost::Expired { .. })), "{kept:?}");
    assert_eq!(holder(&namespace).await.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_newcomer_after_the_lease_was_deleted_starts_when_the_former_leader_has_stopped() {
    let namespace = harness::namespace("lease").await;
    let mut first = candidate(&namespace, "first");
    lead(&mut first).await;
    let fence = first.fence();
    namespace.api::<Lease>().delete(NAME, &DeleteParams::default()).await.unwrap();
    let mut second = candidate(&namespace, "second");
    let successor = second.fence();
    let acquiring = tokio::spawn(async move {
        lead(&mut second).await;
        second
    });
    // The first reads the lease again only after the second has created one.
    harness::wait_until("the second holds a lease", || async {
        namespace.api::<Lease>().get_opt(NAME).await.unwrap().is_some()
    })
    .await;
    let (_trigger, stopping) = Shutdown::new();
    let keeping = tokio::spawn(async move { first.keep(&stopping).await });
    while !acquiring.is_finished() {
        assert!(!(fence.held() && successor.held()), "two leaders at one instant");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    acquiring.await.unwrap();
    assert!(successor.held());
    assert_eq!(keeping.await.unwrap(), Err(Lost::Taken { holder: "second".into() }));
}

#[tokio::test]
async fn a_lease_that_was_made_beforehand_is_taken_at_once() {
    let namespace = harness::namespace("lease").await;
    for _ in 0..2 {
        make_empty(namespace.client(), namespace.name(), NAME).await.unwrap();
    }
    let mut first = candidate(&namespace, "first");
    let before = std::time::Instant::now();
    lead(&mut first).await;
    assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
    make_empty(namespace.client(), namespace.name(), NAME).await.unwrap();
    assert_eq!(holder(&namespace).await.as_deref(), Some("first"), "one that is there stays as it is");
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_named_and_does_not_stop_the_process() {
    let nowhere = LeaseName { namespace: "nowhere".into(), name: NAME.into(), identity: "first".into() };
    let clock = Arc::new(SteadyClock::start());
    let mut first = Candidate::new(harness::client(), nowhere, short(), clock);
    let waited = tokio::time::timeout(Duration::from_millis(600), first.acquire()).await;
    assert!(waited.is_err() && !first.fence().held());
}
