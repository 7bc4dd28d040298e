//! One object's turn, and the confirmation of a removal.

use vestibule::engine::{Outcome, Priority, Reason};
use vestibule_core::plan::DesiredState;

use crate::testbed::{Fate, LATENCY, Setup, Testbed, visitor, with_group};

#[tokio::test(start_paused = true)]
async fn a_pushed_object_whose_record_exists_makes_no_call() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), [""; 0]);
    assert_eq!(testbed.house.outcomes(ada.id.object_id), [Outcome::Present(ada.id)]);
}

#[tokio::test(start_paused = true)]
async fn a_creation_is_one_call() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), ["create"]);
    assert_eq!(testbed.house.outcomes(ada.id.object_id), [Outcome::Present(ada.id)]);
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_changed_record_is_removed_and_then_created_in_one_turn() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Floor 4");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&moved, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.writes(), [("remove", ada.id), ("create", moved.id)]);
    assert_eq!(testbed.site.names(), ["remove", "create", "read"], "the removal is read back");
    assert_eq!(testbed.house.outcomes(ada.id.object_id), [Outcome::Present(moved.id)]);
    assert!(testbed.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_record_is_removed_and_read_back_before_it_is_reported_absent() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.delete(&ada, Priority::Revocation);
    testbed.until("the removal", |testbed| testbed.site.count("remove") == 1).await;
    assert_eq!(testbed.last(&ada), None);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), ["remove", "read"]);
    assert_eq!(testbed.house.outcomes(ada.id.object_id), [Outcome::Absent]);
    assert!(testbed.engine.is_settled(ada.id.object_id));
}

#[tokio::test(start_paused = true)]
async fn a_few_simultaneous_deletions_are_each_read_once_and_reported_once() {
    let people: Vec<_> = ["ada", "bob", "cyd"].map(visitor).into();
    let testbed = Testbed::holding(&people.iter().collect::<Vec<_>>()).await;
    for one in &people {
        // Each is in progress when the next one wakes the engine.
        testbed.delete(one, Priority::UserChange);
        tokio::time::sleep(LATENCY / 2).await;
    }
    testbed.rest().await;
    assert_eq!((testbed.site.count("remove"), testbed.site.count("read")), (3, 3));
    for one in &people {
        assert_eq!(testbed.house.outcomes(one.id.object_id), [Outcome::Absent]);
    }
}

#[tokio::test(start_paused = true)]
async fn many_removals_are_confirmed_by_one_listing() {
    let people: Vec<_> = (0..50).map(|n| visitor(&format!("guest-{n}"))).collect();
    let testbed = Testbed::holding(&people.iter().collect::<Vec<_>>()).await;
    for one in &people {
        testbed.house.declare(one.id.object_id, DesiredState::Nothing);
    }
    testbed.engine.push_all(
        people.iter().map(|one| (one.id.object_id, Priority::RolloverRemoval.with_reason(Reason::Rollover))),
    );
    testbed.rest().await;
    assert_eq!(testbed.site.count("remove"), 50);
    assert_eq!((testbed.site.count("list-people"), testbed.site.count("read")), (1, 0));
    for one in &people {
        assert_eq!(testbed.house.outcomes(one.id.object_id), [Outcome::Unconfirmed, Outcome::Absent]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_without_effect_is_repeated_until_it_succeeds() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.site.next("remove", Fate::Claims(vestibule::system::Applied::Done));
    testbed.delete(&ada, Priority::Revocation);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), ["remove", "read", "remove", "read"]);
    assert_eq!(
        testbed.house.outcomes(ada.id.object_id),
        [Outcome::Absent],
        "nothing is reported before it is true"
    );
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_never_succeeds_is_repeated_with_growing_pauses() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.site.every("remove", Fate::Claims(vestibule::system::Applied::Done));
    testbed.delete(&ada, Priority::Revocation);
    testbed.pass(3600).await;
    let tried = testbed.site.count("remove");
    assert!((10..40).contains(&tried), "{tried} in an hour");
    assert!(
        matches!(testbed.last(&ada), Some(Outcome::Failed { retried: true, .. })),
        "{:?}",
        testbed.last(&ada)
    );
    testbed.site.heal();
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn a_permanently_refused_revocation_does_not_leave_others_unconfirmed() {
    let people: Vec<_> = (0..11).map(|n| visitor(&format!("guest-{n}"))).collect();
    let testbed = Testbed::holding(&people.iter().collect::<Vec<_>>()).await;
    let stuck = people[0].id;
    testbed.site.rule(move |call| {
        let refused = call.name == "remove" && call.id == Some(stuck);
        if refused { Fate::Fails(vestibule::system::ErrorKind::Terminal) } else { Fate::Done }
    });
    for one in &people {
        testbed.delete(one, Priority::RolloverRemoval);
    }
    testbed.pass(60).await;
    for one in &people[1..] {
        assert_eq!(testbed.last(one), Some(Outcome::Absent));
    }
    assert!(testbed.site.count("remove") > 11, "it is still tried");
}

#[tokio::test(start_paused = true)]
async fn a_removal_without_effect_among_many_is_found_by_the_listing() {
    let people: Vec<_> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    let setup = Setup { standing: people.clone(), ..Setup::default() };
    let testbed = setup.start().await;
    testbed.site.next("remove", Fate::Claims(vestibule::system::Applied::Done));
    for one in &people {
        testbed.delete(one, Priority::RolloverRemoval);
    }
    testbed.rest().await;
    assert!(testbed.holds(&[]));
    assert_eq!(testbed.site.count("remove"), 21);
    assert!(people.iter().all(|one| testbed.last(one) == Some(Outcome::Absent)));
}
