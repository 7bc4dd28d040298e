//! A process that was suspended.

use vestibule::cluster::lease::Lost;

use crate::fake_lease_server::Server;
use crate::{PATIENCE, pass, replica, run_until_done, seconds};

#[tokio::test]
async fn an_expired_claim_is_lost_even_if_no_other_replica_has_taken_it() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let fence = first.candidate.fence();
    pass(&first.clock, seconds(31)); // The process was suspended.
    let (_stop, clock, _line, keeping) = first.keep_in_background();
    let (_, kept) = run_until_done(&clock, keeping).await;
    let Err(Lost::Expired { last }) = kept else { panic!("it goes on: {kept:?}") };
    assert!(last.to_string().contains("was suspended"), "{last}");
    assert!(!fence.held());
    assert_eq!(server.versions_written_over().len(), 1, "the lease was not overwritten");
}

#[tokio::test]
async fn a_short_pause_shuts_the_fence_until_the_lease_is_renewed() {
    let server = Server::default();
    let mut first = replica(&server, "first");
    first.acquire().await;
    let fence = first.candidate.fence();
    let (stop, clock, _line, keeping) = first.keep_in_background();
    tokio::task::yield_now().await; // It sleeps until its next renewal.
    pass(&clock, seconds(25));
    assert!(!fence.held());
    server.wait_for_writes_with(2, || {}).await;
    tokio::time::timeout(PATIENCE, async {
        while !fence.held() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it goes on");
    stop.request();
    assert_eq!(keeping.await.unwrap().1, Ok(()));
}
