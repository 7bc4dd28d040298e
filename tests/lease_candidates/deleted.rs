//! A lease that does not exist: created anew, or deleted while a replica held it.

use std::time::Duration;

use jiff::SignedDuration;
use vestibule::clock::Clock as _;
use vestibule::cluster::lease::Lost;

use crate::fake_lease_server::Server;
use crate::{PATIENCE, pass, replica, run_until_done, seconds};

#[tokio::test]
async fn a_lease_that_was_deleted_is_made_again_by_its_holder_and_not_by_a_watcher() {
    let server = Server::default();
    let (mut first, second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    let acquiring = second.acquire_in_background();
    server.wait_for_looks(3).await; // The second has seen its holder.
    server.delete_lease();
    let (stop, clock, _line, keeping) = first.keep_in_background();
    server.wait_for_writes_with(2, || pass(&clock, seconds(2))).await;
    assert_eq!(server.lease().spec.unwrap().holder_identity.as_deref(), Some("first"));
    assert!(!acquiring.is_finished());
    acquiring.abort();
    stop.request();
    assert_eq!(keeping.await.unwrap().1, Ok(()));
}

#[tokio::test]
async fn a_candidate_without_a_lease_creates_one_and_writes_nothing_for_the_duration_of_a_claim() {
    let server = Server::without_lease();
    let first = replica(&server, "first");
    let (clock, fence, began) = (first.clock.clone(), first.candidate.fence(), first.clock.now());
    let first = run_until_done(&clock, first.acquire_in_background()).await;
    assert!(fence.held());
    let waited = clock.now().duration_since(began);
    assert!(waited >= seconds(30) && waited < seconds(45), "waited {waited}");
    let versions = server.versions_written_over();
    assert_eq!(versions.iter().filter(|version| version.is_none()).count(), 1, "made once");
    assert!(versions.len() >= 3, "and kept meanwhile: {versions:?}");
    drop(first);
}

#[tokio::test]
async fn a_lease_without_a_holder_that_was_made_beforehand_is_taken_at_once() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    let before = first.clock.now();
    first.acquire().await;
    assert!(first.clock.now().duration_since(before) < seconds(1), "no waiting");
}

#[tokio::test]
async fn a_newcomer_after_the_lease_was_deleted_starts_when_the_former_leader_has_stopped() {
    let server = Server::default();
    let (mut first, second) = (replica(&server, "first"), replica(&server, "second"));
    first.acquire().await;
    let fence = first.candidate.fence();
    let (_stop, first_clock, _line, keeping) = first.keep_in_background();
    server.delete_lease();
    let (second_clock, successor) = (second.clock.clone(), second.candidate.fence());
    let mut acquiring = second.acquire_in_background();
    let stepping = async {
        loop {
            assert!(!(fence.held() && successor.held()), "two leaders at one instant");
            tokio::select! {
                led = &mut acquiring => break led.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(2)) => {
                    pass(&first_clock, SignedDuration::from_millis(250));
                    pass(&second_clock, SignedDuration::from_millis(250));
                }
            }
        }
    };
    let second = tokio::time::timeout(PATIENCE, stepping).await.expect("the second takes over");
    assert!(second.candidate.fence().held());
    let (_, kept) = run_until_done(&first_clock, keeping).await;
    assert_eq!(kept, Err(Lost::Taken { holder: "second".into() }));
}

#[tokio::test]
async fn a_candidate_that_ends_while_it_waits_leaves_the_wait_to_its_successor() {
    let server = Server::without_lease();
    let (first, second) = (replica(&server, "first"), replica(&server, "second"));
    let mut candidate = first.candidate;
    let waiting = tokio::time::timeout(Duration::from_millis(200), candidate.acquire()).await;
    assert!(waiting.is_err() && !candidate.fence().held());
    assert_eq!(candidate.vacate().await, Ok(false), "given back it would be taken at once");
    let (clock, began) = (second.clock.clone(), second.clock.now());
    let second = run_until_done(&clock, second.acquire_in_background()).await;
    assert!(clock.now().duration_since(began) >= seconds(30));
    drop(second);
}
