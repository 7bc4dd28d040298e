//! One slot's turn, and how a removal is confirmed.

use vestibule::engine::{Class, Outcome, Reason};
use vestibule_core::plan::Want;

use crate::stage::{Fate, LATENCY, Setup, Stage, visitor, with_group};

#[tokio::test(start_paused = true)]
async fn a_pushed_slot_whose_record_is_there_makes_no_call() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.names(), [""; 0]);
    assert_eq!(stage.house.told(ada.id.slot), [Outcome::Present(ada.id)]);
}

#[tokio::test(start_paused = true)]
async fn a_creation_is_one_call() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.names(), ["create"]);
    assert_eq!(stage.house.told(ada.id.slot), [Outcome::Present(ada.id)]);
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_changed_record_is_removed_and_then_created_in_one_turn() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Floor 4");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&moved, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.writes(), [("remove", ada.id), ("create", moved.id)]);
    assert_eq!(stage.site.names(), ["remove", "create", "read"], "the removal is read back");
    assert_eq!(stage.house.told(ada.id.slot), [Outcome::Present(moved.id)]);
    assert!(stage.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_removed_and_read_back_before_it_is_told_as_absent() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.delete(&ada, Class::Revocation);
    stage.until("the removal", |stage| stage.site.count("remove") == 1).await;
    assert_eq!(stage.last(&ada), None);
    stage.rest().await;
    assert_eq!(stage.site.names(), ["remove", "read"]);
    assert_eq!(stage.house.told(ada.id.slot), [Outcome::Absent]);
    assert!(stage.engine.is_settled(ada.id.slot));
}

#[tokio::test(start_paused = true)]
async fn a_few_deletions_at_once_are_each_read_once_and_told_once() {
    let people: Vec<_> = ["ada", "bob", "cyd"].map(visitor).into();
    let stage = Stage::holding(&people.iter().collect::<Vec<_>>()).await;
    for one in &people {
        // Each is under way when the next one wakes the engine.
        stage.delete(one, Class::UserChange);
        tokio::time::sleep(LATENCY / 2).await;
    }
    stage.rest().await;
    assert_eq!((stage.site.count("remove"), stage.site.count("read")), (3, 3));
    for one in &people {
        assert_eq!(stage.house.told(one.id.slot), [Outcome::Absent]);
    }
}

#[tokio::test(start_paused = true)]
async fn many_removals_are_confirmed_by_one_listing() {
    let people: Vec<_> = (0..50).map(|n| visitor(&format!("guest-{n}"))).collect();
    let stage = Stage::holding(&people.iter().collect::<Vec<_>>()).await;
    for one in &people {
        stage.house.declare(one.id.slot, Want::Nothing);
    }
    stage.engine.push_all(
        people.iter().map(|one| (one.id.slot, Class::RolloverRemoval.with_reason(Reason::Rollover))),
    );
    stage.rest().await;
    assert_eq!(stage.site.count("remove"), 50);
    assert_eq!((stage.site.count("list-people"), stage.site.count("read")), (1, 0));
    for one in &people {
        assert_eq!(stage.house.told(one.id.slot), [Outcome::Unconfirmed, Outcome::Absent]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_did_not_hold_is_removed_again_until_it_does() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.site.next("remove", Fate::Claims(vestibule::system::Applied::Done));
    stage.delete(&ada, Class::Revocation);
    stage.rest().await;
    assert_eq!(stage.site.names(), ["remove", "read", "remove", "read"]);
    assert_eq!(stage.house.told(ada.id.slot), [Outcome::Absent], "nothing is told before it is so");
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_never_holds_is_repeated_ever_later() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.site.every("remove", Fate::Claims(vestibule::system::Applied::Done));
    stage.delete(&ada, Class::Revocation);
    stage.pass(3600).await;
    let tried = stage.site.count("remove");
    assert!((10..40).contains(&tried), "{tried} in an hour");
    assert!(
        matches!(stage.last(&ada), Some(Outcome::Failed { retried: true, .. })),
        "{:?}",
        stage.last(&ada)
    );
    stage.site.heal();
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn one_revocation_that_is_refused_for_ever_does_not_keep_others_unconfirmed() {
    let people: Vec<_> = (0..11).map(|n| visitor(&format!("guest-{n}"))).collect();
    let stage = Stage::holding(&people.iter().collect::<Vec<_>>()).await;
    let stuck = people[0].id;
    stage.site.rule(move |call| {
        let refused = call.name == "remove" && call.id == Some(stuck);
        if refused { Fate::Fails(vestibule::system::Class::Terminal) } else { Fate::Done }
    });
    for one in &people {
        stage.delete(one, Class::RolloverRemoval);
    }
    stage.pass(60).await;
    for one in &people[1..] {
        assert_eq!(stage.last(one), Some(Outcome::Absent));
    }
    assert!(stage.site.count("remove") > 11, "it is still tried");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_did_not_hold_in_a_crowd_is_found_by_the_listing() {
    let people: Vec<_> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    let setup = Setup { standing: people.clone(), ..Setup::default() };
    let stage = setup.start().await;
    stage.site.next("remove", Fate::Claims(vestibule::system::Applied::Done));
    for one in &people {
        stage.delete(one, Class::RolloverRemoval);
    }
    stage.rest().await;
    assert!(stage.holds(&[]));
    assert_eq!(stage.site.count("remove"), 21);
    assert!(people.iter().all(|one| stage.last(one) == Some(Outcome::Absent)));
}
