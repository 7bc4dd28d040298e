//! The order of work, and work that is skipped because it is not wanted any more.

use std::time::Duration;

use vestibule::engine::{Outcome, Priority, Reason};
use vestibule_core::model::DesiredRecord;

use crate::testbed::{Call, Setup, Testbed, visitor, with_group};

/// A testbed with ten thousand rollover additions in its queue, some of them in progress.
async fn crowd(standing: &[&DesiredRecord]) -> Testbed {
    let testbed = Testbed::holding(standing).await;
    let guests: Vec<_> = (0..10_000).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        testbed.house.desired_states(one);
    }
    testbed.engine.push_all(
        guests.iter().map(|one| (one.id.object_id, Priority::RolloverAddition.with_reason(Reason::Rollover))),
    );
    testbed.until("some additions", |testbed| testbed.site.count("create") > 40).await;
    testbed.forget();
    testbed
}

/// How many calls for others began before the one about this object.
fn before(calls: &[Call], record: &DesiredRecord) -> usize {
    calls.iter().position(|call| call.id.is_some_and(|id| id.object_id == record.id.object_id)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_users_new_visitor_overtakes_ten_thousand_rollover_additions() {
    let ada = visitor("ada");
    let testbed = crowd(&[]).await;
    let pushed = testbed.clock.started().elapsed();
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the visitor", |testbed| testbed.last(&ada) == Some(Outcome::Present(ada.id))).await;
    let took = testbed.clock.started().elapsed() - pushed;
    assert!(took <= Duration::from_millis(25), "two calls' time at most, not {took:?}");
    assert!(before(&testbed.site.calls(), &ada) <= 4, "only calls that already had a permit go first");
    assert!(testbed.engine.diagnostics()["queued"]["rollover_addition"].as_u64().unwrap() > 9_000);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_overtakes_everything() {
    let (eve, ada) = (visitor("eve"), visitor("ada"));
    let testbed = crowd(&[&eve]).await;
    let users: Vec<_> = (0..50).map(|n| visitor(&format!("user-{n}"))).collect();
    for one in &users {
        testbed.push(one, Priority::UserChange);
    }
    testbed.push(&ada, Priority::UserChange);
    testbed.delete(&eve, Priority::Revocation);
    testbed.until("the revocation", |testbed| testbed.last(&eve) == Some(Outcome::Absent)).await;
    let calls = testbed.site.calls();
    assert!(before(&calls, &eve) <= 8, "{}", before(&calls, &eve));
    assert!(!testbed.engine.is_settled(ada.id.object_id), "the earlier one is not done yet");
}

#[tokio::test(start_paused = true)]
async fn rollover_removals_go_before_rollover_additions() {
    let old: Vec<_> = (0..30).map(|n| visitor(&format!("old-{n}"))).collect();
    let testbed = Testbed::holding(&old.iter().collect::<Vec<_>>()).await;
    let new: Vec<_> = (0..30).map(|n| visitor(&format!("new-{n}"))).collect();
    for one in &new {
        testbed.house.desired_states(one);
    }
    for one in &old {
        testbed.house.declare(one.id.object_id, vestibule_core::plan::DesiredState::Nothing);
    }
    let additions =
        new.iter().map(|one| (one.id.object_id, Priority::RolloverAddition.with_reason(Reason::Rollover)));
    let removals =
        old.iter().map(|one| (one.id.object_id, Priority::RolloverRemoval.with_reason(Reason::Rollover)));
    testbed.engine.push_all(additions.chain(removals));
    testbed.rest().await;
    let names: Vec<_> = testbed.site.writes().into_iter().map(|(name, _)| name).collect();
    assert!(names[..30].iter().all(|name| *name == "remove"), "{names:?}");
    assert!(testbed.holds(&new.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn superseded_work_is_never_done() {
    let ada = visitor("ada");
    let versions: Vec<_> = ["Parking", "Floor 4", "Lobby"].map(|group| with_group(&ada, group)).into();
    let testbed = crowd(&[]).await;
    for version in &versions {
        testbed.push(version, Priority::RolloverAddition);
    }
    let bob = visitor("bob");
    testbed.push(&bob, Priority::RolloverAddition);
    testbed.delete(&bob, Priority::UserChange);
    testbed.rest().await;
    let of_ada: Vec<_> = testbed.site.calls().into_iter().filter(|call| call.id.is_some()).collect();
    let of_ada: Vec<_> =
        of_ada.iter().filter(|c| c.id.unwrap().object_id == ada.id.object_id).map(|c| c.id).collect();
    assert_eq!(of_ada, [Some(versions[2].id)], "one call, with the last desired record");
    assert!(
        testbed.site.calls().iter().all(|call| call.id.is_none_or(|id| id.object_id != bob.id.object_id))
    );
    assert_eq!(testbed.last(&bob), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn an_object_in_flight_that_is_pushed_again_runs_again() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::empty().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the call", |testbed| testbed.site.count("create") == 1).await;
    testbed.push(&moved, Priority::UserChange);
    assert_eq!(testbed.shows("inFlight"), 1);
    testbed.rest().await;
    assert_eq!(testbed.site.writes(), [("create", ada.id), ("remove", ada.id), ("create", moved.id)]);
    assert_eq!(
        testbed.house.outcomes(ada.id.object_id),
        [Outcome::Present(ada.id), Outcome::Present(moved.id)]
    );
    assert!(testbed.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_never_exceed_the_limit_of_the_account() {
    let testbed = Setup::default().start().await;
    let guests: Vec<_> = (0..100).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        testbed.push(one, Priority::UserChange);
    }
    testbed.rest().await;
    let calls = testbed.site.calls();
    let most = calls
        .iter()
        .map(|one| {
            let since = one.at.checked_sub(crate::testbed::LATENCY).unwrap();
            calls.iter().filter(|other| other.at > since && other.at <= one.at).count()
        })
        .max();
    assert_eq!(most, Some(4));
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
}
