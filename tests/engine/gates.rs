//! The conditions of each step: finalizer, lease, mode, suspension.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vestibule::engine::{Outcome, Priority, SourceError};
use vestibule_core::model::Mode;
use vestibule_core::plan::{Change, Withheld};

use crate::testbed::{Fate, Setup, Testbed, ended, visitor, with_group, with_groups};

#[tokio::test(start_paused = true)]
async fn an_object_gets_its_finalizer_before_its_first_creation_and_not_for_a_removal() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = Testbed::holding(&[&bob]).await;
    let (house, object_id) = (testbed.house.clone(), ada.id.object_id);
    let early = Arc::new(AtomicBool::new(false));
    let seen = early.clone();
    testbed.site.rule(move |call| {
        seen.fetch_or(call.name == "create" && !house.claims().contains(&object_id), Ordering::SeqCst);
        Fate::Done
    });
    testbed.push(&ada, Priority::UserChange);
    testbed.delete(&bob, Priority::Revocation);
    testbed.rest().await;
    assert!(!early.load(Ordering::SeqCst), "created before its finalizer");
    assert_eq!(testbed.house.claims(), [ada.id.object_id]);
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_failed_finalizer_write_makes_no_call_and_is_retried() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.house.fail_claims(Some(SourceError::Unreachable("no route".into())));
    testbed.push(&ada, Priority::UserChange);
    testbed.pass(30).await;
    assert_eq!(testbed.site.names(), [""; 0]);
    assert!(testbed.house.claims().len() > 1);
    testbed.house.fail_claims(None);
    testbed.rest().await;
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_without_a_finalizer_keeps_open_the_access_that_both_records_grant() {
    let ada = with_groups(&visitor("ada"), &["Lobby", "Floor 4"]);
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.house.fail_claims(Some(SourceError::Unreachable("no route".into())));
    testbed.push(&with_groups(&ada, &["Lobby", "Parking"]), Priority::UserChange);
    testbed.pass(30).await;
    assert_eq!(
        testbed.site.names(),
        ["read", "reduce", "read"],
        "each attempt sets the finalizer, and writes nothing more"
    );
    assert_eq!(testbed.living()[0].facts.groups, BTreeSet::from(["Lobby".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_object_is_left_as_it_is() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.house.fail_claims(Some(SourceError::Frozen));
    testbed.push(&with_group(&ada, "Parking"), Priority::UserChange);
    testbed.pass(3600).await;
    assert!(testbed.site.writes().is_empty());
    assert!(testbed.holds(&[&ada]));
    assert_eq!(testbed.house.outcomes(ada.id.object_id), []);
}

#[tokio::test(start_paused = true)]
async fn without_the_lease_nothing_is_written() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = Testbed::holding(&[&bob]).await;
    testbed.lead(false);
    testbed.push(&ada, Priority::UserChange);
    testbed.delete(&bob, Priority::Revocation);
    testbed.pass(600).await;
    assert_eq!(testbed.site.names(), [""; 0]);
    testbed.lead(true);
    testbed.rest().await;
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_lease_lost_between_two_steps_stops_the_second_step() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&with_group(&ada, "Parking"), Priority::UserChange);
    testbed.until("the removal", |testbed| testbed.site.count("remove") == 1).await;
    testbed.lead(false);
    testbed.pass(600).await;
    assert_eq!(testbed.site.names(), ["remove"]);
    assert_eq!(testbed.last(&ada), None);
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_changes_between_two_steps_stops_the_second() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&moved, Priority::UserChange);
    testbed.until("the removal", |testbed| testbed.site.count("remove") == 1).await;
    testbed.set(|settings| settings.mode = Mode::Observe);
    testbed.rest().await;
    assert_eq!(testbed.site.writes(), [("remove", ada.id)]);
    let withheld = Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Make);
    assert_eq!(testbed.house.outcomes(ada.id.object_id), [withheld]);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_between_two_steps_stops_the_second_until_it_ends() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&moved, Priority::UserChange);
    testbed.until("the removal", |testbed| testbed.site.count("remove") == 1).await;
    testbed.engine.suspend();
    testbed.rest().await;
    assert_eq!(testbed.site.writes(), [("remove", ada.id)]);
    assert_eq!(testbed.last(&ada), Some(Outcome::Withheld(Withheld::Suspended, Change::Make)));
    testbed.set(|settings| settings.suspended = false);
    testbed.push(&moved, Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn suspension_lets_removals_through_and_a_replacement_waits() {
    let (ada, bob, old) = (visitor("ada"), visitor("bob"), ended("old"));
    let testbed = Testbed::holding(&[&ada, &bob, &old]).await;
    testbed.engine.suspend();
    assert!(testbed.engine.is_suspended());
    testbed.delete(&ada, Priority::Revocation);
    testbed.push(&with_groups(&bob, &["Lobby", "Parking"]), Priority::UserChange);
    testbed.push(&with_group(&old, "Parking"), Priority::UserChange);
    testbed.push(&visitor("new"), Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.holds(&[&bob]), "the deleted and the ended are closed, and Bob is open");
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
    for one in [&bob, &old, &visitor("new")] {
        assert!(matches!(testbed.last(one), Some(Outcome::Withheld(Withheld::Suspended, _))));
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
        let testbed = setup.start().await;
        testbed.site.memory.edit(&drifted.id.to_string(), |facts| facts.groups.clear());
        testbed.push(&new, Priority::UserChange);
        testbed.push(&with_groups(&changed, &["Lobby", "Parking"]), Priority::UserChange);
        testbed.delete(&gone, Priority::Revocation);
        testbed.sync().await;
        let mut writes: Vec<_> = testbed.site.writes().into_iter().map(|(name, _)| name).collect();
        writes.sort_unstable();
        assert_eq!(writes, expected, "{mode:?}");
        for (record, withheld) in [&new, &changed, &gone, &drifted].into_iter().zip(withheld) {
            let last = testbed.last(record);
            assert_eq!(matches!(last, Some(Outcome::Withheld(..))), withheld, "{mode:?} {last:?}");
        }
    }
}
