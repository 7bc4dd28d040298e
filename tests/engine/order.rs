//! Who goes first, and work that is not done because it is not wanted any more.

use std::time::Duration;

use vestibule::engine::{Class, Outcome, Reason};
use vestibule_core::model::Record;

use crate::stage::{Call, Setup, Stage, visitor, with_group};

/// A stage with ten thousand rollover additions in its queue, some of them under way.
async fn crowd(standing: &[&Record]) -> Stage {
    let stage = Stage::holding(standing).await;
    let guests: Vec<_> = (0..10_000).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        stage.house.wants(one);
    }
    stage.engine.push_all(
        guests.iter().map(|one| (one.id.slot, Class::RolloverAddition.with_reason(Reason::Rollover))),
    );
    stage.until("some additions", |stage| stage.site.count("create") > 40).await;
    stage.forget();
    stage
}

/// How many calls of others began before the one about this slot.
fn before(calls: &[Call], record: &Record) -> usize {
    calls.iter().position(|call| call.id.is_some_and(|id| id.slot == record.id.slot)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_users_new_visitor_overtakes_ten_thousand_rollover_additions() {
    let ada = visitor("ada");
    let stage = crowd(&[]).await;
    let pushed = stage.clock.started().elapsed();
    stage.push(&ada, Class::UserChange);
    stage.until("the visitor", |stage| stage.last(&ada) == Some(Outcome::Present(ada.id))).await;
    let took = stage.clock.started().elapsed() - pushed;
    assert!(took <= Duration::from_millis(25), "two calls' time at most, not {took:?}");
    assert!(before(&stage.site.calls(), &ada) <= 4, "only what has its permit goes before");
    assert!(stage.engine.diagnostics()["queued"]["rollover_addition"].as_u64().unwrap() > 9_000);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_overtakes_everything() {
    let (eve, ada) = (visitor("eve"), visitor("ada"));
    let stage = crowd(&[&eve]).await;
    let users: Vec<_> = (0..50).map(|n| visitor(&format!("user-{n}"))).collect();
    for one in &users {
        stage.push(one, Class::UserChange);
    }
    stage.push(&ada, Class::UserChange);
    stage.delete(&eve, Class::Revocation);
    stage.until("the revocation", |stage| stage.last(&eve) == Some(Outcome::Absent)).await;
    let calls = stage.site.calls();
    assert!(before(&calls, &eve) <= 8, "{}", before(&calls, &eve));
    assert!(!stage.engine.is_settled(ada.id.slot), "who was pushed earlier is not done yet");
}

#[tokio::test(start_paused = true)]
async fn rollover_removals_go_before_rollover_additions() {
    let old: Vec<_> = (0..30).map(|n| visitor(&format!("old-{n}"))).collect();
    let stage = Stage::holding(&old.iter().collect::<Vec<_>>()).await;
    let new: Vec<_> = (0..30).map(|n| visitor(&format!("new-{n}"))).collect();
    for one in &new {
        stage.house.wants(one);
    }
    for one in &old {
        stage.house.declare(one.id.slot, vestibule_core::plan::Want::Nothing);
    }
    let additions =
        new.iter().map(|one| (one.id.slot, Class::RolloverAddition.with_reason(Reason::Rollover)));
    let removals = old.iter().map(|one| (one.id.slot, Class::RolloverRemoval.with_reason(Reason::Rollover)));
    stage.engine.push_all(additions.chain(removals));
    stage.rest().await;
    let names: Vec<_> = stage.site.writes().into_iter().map(|(name, _)| name).collect();
    assert!(names[..30].iter().all(|name| *name == "remove"), "{names:?}");
    assert!(stage.holds(&new.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn superseded_work_is_never_done() {
    let ada = visitor("ada");
    let versions: Vec<_> = ["Parking", "Floor 4", "Lobby"].map(|group| with_group(&ada, group)).into();
    let stage = crowd(&[]).await;
    for version in &versions {
        stage.push(version, Class::RolloverAddition);
    }
    let bob = visitor("bob");
    stage.push(&bob, Class::RolloverAddition);
    stage.delete(&bob, Class::UserChange);
    stage.rest().await;
    let of_ada: Vec<_> = stage.site.calls().into_iter().filter(|call| call.id.is_some()).collect();
    let of_ada: Vec<_> = of_ada.iter().filter(|c| c.id.unwrap().slot == ada.id.slot).map(|c| c.id).collect();
    assert_eq!(of_ada, [Some(versions[2].id)], "one call, with what was wanted last");
    assert!(stage.site.calls().iter().all(|call| call.id.is_none_or(|id| id.slot != bob.id.slot)));
    assert_eq!(stage.last(&bob), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn a_slot_in_flight_that_is_pushed_again_runs_again() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::empty().await;
    stage.push(&ada, Class::UserChange);
    stage.until("the call", |stage| stage.site.count("create") == 1).await;
    stage.push(&moved, Class::UserChange);
    assert_eq!(stage.shows("inFlight"), 1);
    stage.rest().await;
    assert_eq!(stage.site.writes(), [("create", ada.id), ("remove", ada.id), ("create", moved.id)]);
    assert_eq!(stage.house.told(ada.id.slot), [Outcome::Present(ada.id), Outcome::Present(moved.id)]);
    assert!(stage.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn calls_at_once_are_never_more_than_the_account_allows() {
    let stage = Setup::default().start().await;
    let guests: Vec<_> = (0..100).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        stage.push(one, Class::UserChange);
    }
    stage.rest().await;
    let calls = stage.site.calls();
    let most = calls
        .iter()
        .map(|one| {
            let since = one.at.checked_sub(crate::stage::LATENCY).unwrap();
            calls.iter().filter(|other| other.at > since && other.at <= one.at).count()
        })
        .max();
    assert_eq!(most, Some(4));
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
}
