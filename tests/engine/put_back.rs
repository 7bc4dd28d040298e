//! Work that could not be done is put back, never dropped: each way in which a turn, or the maintenance of an engine, ends
//! without its outcome.

use vestibule::engine::{Class, Outcome, Reason, SourceError, pace};
use vestibule::system::Class as ErrorClass;
use vestibule_core::model::Record;

use crate::stage::{Fate, Setup, Stage, ended, shown, visitor, with_group};

fn guests(count: usize) -> Vec<Record> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

/// An engine that makes one call a second, on a system that holds these.
async fn slow(standing: &[Record]) -> Stage {
    let limits = pace::Limits { rate: Some(1.0), burst: 1, max_in_flight: 4 };
    Setup { standing: standing.to_vec(), limits, ..Setup::default() }.start().await
}

/// How many revocations are pending, and the age of the oldest in seconds.
fn pending(stage: &Stage) -> (u64, u64) {
    (
        stage.metric("vestibule_pending_revocations"),
        stage.metric("vestibule_oldest_pending_revocation_seconds"),
    )
}

#[tokio::test(start_paused = true)]
async fn deletions_in_progress_while_the_lease_is_away_for_a_moment_are_all_carried_out() {
    let guests = guests(10);
    let stage = slow(&guests).await;
    for one in &guests {
        stage.delete(one, Class::Revocation);
    }
    stage.pass(3).await;
    stage.lead(false);
    stage.pass(25).await;
    let (count, age) = pending(&stage);
    assert!(count >= 6 && age >= 25, "{count} are pending, the oldest for {age} s");
    stage.lead(true);
    stage.rest().await;
    assert!(stage.holds(&[]));
    assert!(guests.iter().all(|one| stage.last(one) == Some(Outcome::Absent)));
    stage.pass(2).await;
    assert_eq!(pending(&stage), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn creations_in_progress_while_the_lease_is_away_for_a_moment_are_all_carried_out() {
    let guests = guests(18);
    let stage = slow(&[]).await;
    for one in &guests {
        stage.push(one, Class::UserChange);
    }
    stage.pass(3).await;
    stage.lead(false);
    stage.pass(25).await;
    let before = stage.living().len();
    assert!(before < 18, "the lease was lost too late to prove anything");
    stage.lead(true);
    stage.rest().await;
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
    assert_eq!(stage.site.count("create"), 18);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_between_whose_steps_the_lease_was_lost_is_finished_when_it_is_held_again() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&moved, Class::UserChange);
    stage.until("the removal", |stage| stage.site.count("remove") == 1).await;
    stage.lead(false);
    stage.pass(25).await;
    assert!(stage.holds(&[]));
    stage.lead(true);
    stage.rest().await;
    assert!(stage.holds(&[&moved]));
    assert_eq!(stage.last(&ada), Some(Outcome::Present(moved.id)));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_the_lease_cut_short_teaches_nothing_about_the_system() {
    let guests = guests(6);
    let stage = Stage::empty().await;
    let mut cut = 0;
    stage.site.rule(move |call| {
        cut += usize::from(call.name == "create");
        if (1..=5).contains(&cut) { Fate::Fails(ErrorClass::NotLeader) } else { Fate::Done }
    });
    for one in &guests {
        stage.push(one, Class::UserChange);
    }
    stage.rest().await;
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
    assert_eq!(stage.metric("vestibule_system_breaker_open"), 0);
    let told: Vec<_> = guests.iter().flat_map(|one| stage.house.told(one.id.slot)).collect();
    assert!(told.iter().all(|outcome| matches!(outcome, Outcome::Present(_))), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_revocation_waits_counts_and_is_done_once_it_is_known_what_is_wanted() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.house.fail_wants(Some(SourceError::Frozen));
    stage.delete(&ada, Class::Revocation);
    stage.pass(3600).await;
    assert_eq!(stage.site.names(), [""; 0]);
    let (count, age) = pending(&stage);
    assert!((count, age >= 3600) == (1, true), "{count} pending for {age} s");
    assert_eq!(stage.engine.diagnostics()["queued"]["revocation"], 1, "it keeps its priority");
    assert!(!stage.engine.is_settled(ada.id.slot));
    stage.house.fail_wants(None);
    stage.pass(61).await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_slot_does_not_spin_and_news_of_it_do_not_wait_for_its_next_look() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.house.fail_claims(Some(SourceError::Frozen));
    stage.push(&ada, Class::UserChange);
    stage.pass(3600).await;
    let asked = stage.house.claims().len();
    assert!((60..200).contains(&asked), "asked {asked} times in an hour");
    stage.house.fail_claims(None);
    stage.push(&ada, Class::UserChange);
    stage.pass(1).await;
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_slot_without_an_object_is_done_with_while_all_objects_are_known() {
    let nobody = visitor("nobody");
    let stage = Stage::empty().await;
    stage.engine.push(nobody.id.slot, Class::Revocation.with_reason(Reason::Deletion));
    stage.rest().await;
    assert!(stage.engine.is_settled(nobody.id.slot));
    stage.house.set_complete(false);
    stage.engine.push(nobody.id.slot, Class::Revocation.with_reason(Reason::Deletion));
    stage.pass(60).await;
    assert!(!stage.engine.is_settled(nobody.id.slot), "it may be one that is not listed yet");
    stage.house.set_complete(true);
    stage.rest().await;
    assert_eq!(stage.house.told(nobody.id.slot), []);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_the_api_server_leaves_without_an_answer_keeps_its_priority_and_its_age() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.house.fail_wants(Some(SourceError::Unreachable("no route".into())));
    stage.delete(&ada, Class::Revocation);
    stage.pass(600).await;
    let (count, age) = pending(&stage);
    assert!((count, age >= 600) == (1, true), "{count} pending for {age} s");
    stage.house.fail_wants(None);
    stage.rest().await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_panics_is_taken_again() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = Stage::holding(&[&bob]).await;
    let mut left = 3;
    stage.site.rule(move |call| {
        left -= i32::from(["create", "remove"].contains(&call.name));
        assert!(left < 0 || call.name == "read", "as the test wants");
        Fate::Done
    });
    stage.push(&ada, Class::UserChange);
    stage.delete(&bob, Class::Revocation);
    stage.rest().await;
    assert!(stage.holds(&[&ada]));
    assert_eq!(stage.last(&bob), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_whose_report_panics_is_reported_by_another_turn() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.house.panic_at_the_next_report();
    stage.push(&ada, Class::UserChange);
    stage.until("the report", |stage| stage.last(&ada).is_some()).await;
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
    assert_eq!(stage.site.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_panics_is_repeated_and_answers_those_who_asked_for_it() {
    let stage = Stage::empty().await;
    let mut first = true;
    stage.site.rule(move |call| {
        assert!(!(call.name == "list-groups" && std::mem::take(&mut first)), "as the test wants");
        Fate::Done
    });
    for token in ["a", "b"] {
        stage.engine.request_sync(token);
    }
    stage.until("the echo", |stage| !stage.state().handled_syncs.is_empty()).await;
    assert_eq!(stage.state().handled_syncs, ["a", "b"]);
    assert_eq!(stage.site.count("list-people"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_first_check_that_panics_is_repeated() {
    let stage = Setup::default().raise();
    let mut first = true;
    stage.site.rule(move |call| {
        assert!(!(call.name == "check" && std::mem::take(&mut first)), "as the test wants");
        Fate::Done
    });
    stage.until("the first sync", |stage| stage.state().syncs == 1).await;
}

#[tokio::test(start_paused = true)]
async fn orphans_whose_judgement_panics_or_loses_the_lease_are_judged_again() {
    let setup = Setup::default();
    let stage = setup.start().await;
    for name in ["a", "b", "c"] {
        stage.site.memory.put(shown(&ended(name)));
    }
    let mut removals = 0;
    stage.site.rule(move |call| {
        removals += i32::from(call.name == "remove");
        assert!(!(call.name == "remove" && removals == 2), "as the test wants");
        if call.name == "remove" && removals == 3 { Fate::Fails(ErrorClass::NotLeader) } else { Fate::Done }
    });
    stage.engine.request_sync("now");
    stage.until("the last removal", |stage| stage.holds(&[])).await;
    stage.rest().await;
}

#[tokio::test(start_paused = true)]
async fn removals_whose_reading_back_panics_or_loses_the_lease_are_read_back_later() {
    let guests = guests(50);
    let stage = Setup { standing: guests.clone(), ..Setup::default() }.start().await;
    let mut listings = 0;
    stage.site.rule(move |call| {
        listings += i32::from(call.name == "list-people");
        assert!(!(call.name == "list-people" && listings == 1), "as the test wants");
        if call.name == "list-people" && listings == 2 {
            Fate::Fails(ErrorClass::NotLeader)
        } else {
            Fate::Done
        }
    });
    for one in &guests {
        stage.delete(one, Class::RolloverRemoval);
    }
    stage.until("the removals", |stage| stage.site.count("remove") == 50).await;
    stage.pass(14).await;
    let (count, age) = pending(&stage);
    assert!(count == 50 && age >= 14, "not done before it is read back: {count} for {age} s");
    stage.rest().await;
    assert!(guests.iter().all(|one| stage.last(one) == Some(Outcome::Absent)));
    stage.pass(2).await;
    assert_eq!(pending(&stage), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_does_not_hold_is_as_old_as_its_first_attempt() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.site.every("remove", Fate::Claims(vestibule::system::Applied::Done));
    stage.delete(&ada, Class::RolloverRemoval);
    stage.pass(900).await;
    let (count, age) = pending(&stage);
    assert!((count, age >= 890) == (1, true), "{count} pending for {age} s");
}

#[tokio::test(start_paused = true)]
async fn what_was_pushed_while_the_engine_drained_is_looked_at_by_a_sync_when_it_does_no_more() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.engine.drain();
    stage.until("the end of draining", |stage| stage.state().drained).await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    let syncs = stage.state().syncs;
    stage.engine.end_drain();
    stage.until("a sync", |stage| stage.state().syncs > syncs).await;
}
