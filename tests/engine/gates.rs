//! What must be so before a step is done: claim, lease, mode, suspension.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vestibule::engine::{Class, Outcome, SourceError};
use vestibule_core::model::Mode;
use vestibule_core::plan::{Change, Withheld};

use crate::stage::{Fate, Setup, Stage, ended, visitor, with_group, with_groups};

#[tokio::test(start_paused = true)]
async fn an_object_is_claimed_before_its_first_creation_and_not_for_a_removal() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = Stage::holding(&[&bob]).await;
    let (house, slot) = (stage.house.clone(), ada.id.slot);
    let early = Arc::new(AtomicBool::new(false));
    let seen = early.clone();
    stage.site.rule(move |call| {
        seen.fetch_or(call.name == "create" && !house.claims().contains(&slot), Ordering::SeqCst);
        Fate::Done
    });
    stage.push(&ada, Class::UserChange);
    stage.delete(&bob, Class::Revocation);
    stage.rest().await;
    assert!(!early.load(Ordering::SeqCst), "created before it was claimed");
    assert_eq!(stage.house.claims(), [ada.id.slot]);
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_makes_no_call_and_is_tried_again() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.house.fail_claims(Some(SourceError::Unreachable("no route".into())));
    stage.push(&ada, Class::UserChange);
    stage.pass(30).await;
    assert_eq!(stage.site.names(), [""; 0]);
    assert!(stage.house.claims().len() > 1);
    stage.house.fail_claims(None);
    stage.rest().await;
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_whose_claim_fails_keeps_open_what_both_records_grant() {
    let ada = with_groups(&visitor("ada"), &["Lobby", "Floor 4"]);
    let stage = Stage::holding(&[&ada]).await;
    stage.house.fail_claims(Some(SourceError::Unreachable("no route".into())));
    stage.push(&with_groups(&ada, &["Lobby", "Parking"]), Class::UserChange);
    stage.pass(30).await;
    assert_eq!(
        stage.site.names(),
        ["read", "reduce", "read"],
        "each attempt claims, and writes nothing more"
    );
    assert_eq!(stage.living()[0].facts.groups, BTreeSet::from(["Lobby".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_slot_is_left_as_it_is() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.house.fail_claims(Some(SourceError::Frozen));
    stage.push(&with_group(&ada, "Parking"), Class::UserChange);
    stage.pass(3600).await;
    assert!(stage.site.writes().is_empty());
    assert!(stage.holds(&[&ada]));
    assert_eq!(stage.house.told(ada.id.slot), []);
}

#[tokio::test(start_paused = true)]
async fn without_the_lease_nothing_is_written() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = Stage::holding(&[&bob]).await;
    stage.lead(false);
    stage.push(&ada, Class::UserChange);
    stage.delete(&bob, Class::Revocation);
    stage.pass(600).await;
    assert_eq!(stage.site.names(), [""; 0]);
    stage.lead(true);
    stage.rest().await;
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_lease_lost_between_two_steps_stops_the_second() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&with_group(&ada, "Parking"), Class::UserChange);
    stage.until("the removal", |stage| stage.site.count("remove") == 1).await;
    stage.lead(false);
    stage.pass(600).await;
    assert_eq!(stage.site.names(), ["remove"]);
    assert_eq!(stage.last(&ada), None);
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_changes_between_two_steps_stops_the_second() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&moved, Class::UserChange);
    stage.until("the removal", |stage| stage.site.count("remove") == 1).await;
    stage.set(|settings| settings.mode = Mode::Observe);
    stage.rest().await;
    assert_eq!(stage.site.writes(), [("remove", ada.id)]);
    let withheld = Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Make);
    assert_eq!(stage.house.told(ada.id.slot), [withheld]);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_between_two_steps_stops_the_second_until_it_ends() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&moved, Class::UserChange);
    stage.until("the removal", |stage| stage.site.count("remove") == 1).await;
    stage.engine.suspend();
    stage.rest().await;
    assert_eq!(stage.site.writes(), [("remove", ada.id)]);
    assert_eq!(stage.last(&ada), Some(Outcome::Withheld(Withheld::Suspended, Change::Make)));
    stage.set(|settings| settings.suspended = false);
    stage.push(&moved, Class::UserChange);
    stage.rest().await;
    assert!(stage.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn suspension_lets_removals_through_and_a_replacement_waits() {
    let (ada, bob, old) = (visitor("ada"), visitor("bob"), ended("old"));
    let stage = Stage::holding(&[&ada, &bob, &old]).await;
    stage.engine.suspend();
    assert!(stage.engine.is_suspended());
    stage.delete(&ada, Class::Revocation);
    stage.push(&with_groups(&bob, &["Lobby", "Parking"]), Class::UserChange);
    stage.push(&with_group(&old, "Parking"), Class::UserChange);
    stage.push(&visitor("new"), Class::UserChange);
    stage.rest().await;
    assert!(stage.holds(&[&bob]), "closed: who was deleted and who is over; open: who may enter now");
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
    for one in [&bob, &old, &visitor("new")] {
        assert!(matches!(stage.last(one), Some(Outcome::Withheld(Withheld::Suspended, _))));
    }
}

#[tokio::test(start_paused = true)]
async fn each_mode_keeps_its_promise() {
    let cases = [
        (Mode::Observe, [""; 0].as_slice(), [true, true, true, true]),
        (Mode::CreateOnly, ["create"].as_slice(), [false, true, true, true]),
        (Mode::Upsert, ["create", "reduce", "update"].as_slice(), [false, true, true, false]),
        (Mode::Enforce, ["create", "create", "remove", "remove", "update"].as_slice(), [false; 4]),
    ];
    for (mode, expected, withheld) in cases {
        let (new, gone, drifted) = (visitor("new"), visitor("gone"), visitor("drifted"));
        let changed = with_groups(&visitor("changed"), &["Lobby", "Floor 4"]);
        let mut setup =
            Setup { standing: vec![changed.clone(), gone.clone(), drifted.clone()], ..Setup::default() };
        setup.settings.mode = mode;
        let stage = setup.start().await;
        stage.site.memory.edit(&drifted.id.to_string(), |facts| facts.groups.clear());
        stage.push(&new, Class::UserChange);
        stage.push(&with_groups(&changed, &["Lobby", "Parking"]), Class::UserChange);
        stage.delete(&gone, Class::Revocation);
        stage.sync().await;
        let mut writes: Vec<_> = stage.site.writes().into_iter().map(|(name, _)| name).collect();
        writes.sort_unstable();
        assert_eq!(writes, expected, "{mode:?}");
        for (record, withheld) in [&new, &changed, &gone, &drifted].into_iter().zip(withheld) {
            let last = stage.last(record);
            assert_eq!(matches!(last, Some(Outcome::Withheld(..))), withheld, "{mode:?} {last:?}");
        }
    }
}
