//! Work that could not be done is queued again, never dropped: each way in which a turn, or the maintenance of an
//! engine, ends without its outcome.

use vestibule::engine::{Outcome, Priority, Reason, SourceError, rate_limit};
use vestibule::system::ErrorKind;
use vestibule_core::model::DesiredRecord;

use crate::testbed::{Fate, Setup, Testbed, ended, shown, visitor, with_group};

fn guests(count: usize) -> Vec<DesiredRecord> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

/// An engine that makes one call a second, on a system with these records.
async fn slow(standing: &[DesiredRecord]) -> Testbed {
    let limits = rate_limit::Limits { rate: Some(1.0), burst: 1, max_in_flight: 4 };
    Setup { standing: standing.to_vec(), limits, ..Setup::default() }.start().await
}

/// How many revocations are pending, and the age of the oldest in seconds.
fn pending(testbed: &Testbed) -> (u64, u64) {
    (
        testbed.metric("vestibule_pending_revocations"),
        testbed.metric("vestibule_oldest_pending_revocation_seconds"),
    )
}

#[tokio::test(start_paused = true)]
async fn deletions_in_progress_during_a_brief_loss_of_the_lease_are_all_completed() {
    let guests = guests(10);
    let testbed = slow(&guests).await;
    for one in &guests {
        testbed.delete(one, Priority::Revocation);
    }
    testbed.pass(3).await;
    testbed.lead(false);
    testbed.pass(25).await;
    let (count, age) = pending(&testbed);
    assert!(count >= 6 && age >= 25, "{count} are pending, the oldest for {age} s");
    testbed.lead(true);
    testbed.rest().await;
    assert!(testbed.holds(&[]));
    assert!(guests.iter().all(|one| testbed.last(one) == Some(Outcome::Absent)));
    testbed.pass(2).await;
    assert_eq!(pending(&testbed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn creations_in_progress_during_a_brief_loss_of_the_lease_are_all_completed() {
    let guests = guests(18);
    let testbed = slow(&[]).await;
    for one in &guests {
        testbed.push(one, Priority::UserChange);
    }
    testbed.pass(3).await;
    testbed.lead(false);
    testbed.pass(25).await;
    let before = testbed.living().len();
    assert!(before < 18, "the lease was lost too late to prove anything");
    testbed.lead(true);
    testbed.rest().await;
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
    assert_eq!(testbed.site.count("create"), 18);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_interrupted_by_the_loss_of_the_lease_is_finished_when_it_is_held_again() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&moved, Priority::UserChange);
    testbed.until("the removal", |testbed| testbed.site.count("remove") == 1).await;
    testbed.lead(false);
    testbed.pass(25).await;
    assert!(testbed.holds(&[]));
    testbed.lead(true);
    testbed.rest().await;
    assert!(testbed.holds(&[&moved]));
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(moved.id)));
}

#[tokio::test(start_paused = true)]
async fn a_step_interrupted_by_the_lease_says_nothing_about_the_system() {
    let guests = guests(6);
    let testbed = Testbed::empty().await;
    let mut cut = 0;
    testbed.site.rule(move |call| {
        cut += usize::from(call.name == "create");
        if (1..=5).contains(&cut) { Fate::Fails(ErrorKind::NotLeader) } else { Fate::Done }
    });
    for one in &guests {
        testbed.push(one, Priority::UserChange);
    }
    testbed.rest().await;
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
    assert_eq!(testbed.metric("vestibule_system_breaker_open"), 0);
    let outcomes: Vec<_> = guests.iter().flat_map(|one| testbed.house.outcomes(one.id.object_id)).collect();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Present(_))), "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_revocation_counts_as_pending_and_is_done_once_the_desired_state_is_known() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.house.fail_wants(Some(SourceError::Frozen));
    testbed.delete(&ada, Priority::Revocation);
    testbed.pass(3600).await;
    assert_eq!(testbed.site.names(), [""; 0]);
    let (count, age) = pending(&testbed);
    assert!((count, age >= 3600) == (1, true), "{count} pending for {age} s");
    assert_eq!(testbed.engine.diagnostics()["queued"]["revocation"], 1, "it keeps its priority");
    assert!(!testbed.engine.is_settled(ada.id.object_id));
    testbed.house.fail_wants(None);
    testbed.pass(61).await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_frozen_object_does_not_spin_and_its_news_do_not_wait_for_the_next_retry() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.house.fail_claims(Some(SourceError::Frozen));
    testbed.push(&ada, Priority::UserChange);
    testbed.pass(3600).await;
    let asked = testbed.house.claims().len();
    assert!((60..200).contains(&asked), "asked {asked} times in an hour");
    testbed.house.fail_claims(None);
    testbed.push(&ada, Priority::UserChange);
    testbed.pass(1).await;
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn an_object_id_without_an_object_is_dropped_while_all_objects_are_known() {
    let unknown = visitor("unknown");
    let testbed = Testbed::empty().await;
    testbed.engine.push(unknown.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
    testbed.rest().await;
    assert!(testbed.engine.is_settled(unknown.id.object_id));
    testbed.house.set_complete(false);
    testbed.engine.push(unknown.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
    testbed.pass(60).await;
    assert!(!testbed.engine.is_settled(unknown.id.object_id), "it may be one that is not listed yet");
    testbed.house.set_complete(true);
    testbed.rest().await;
    assert_eq!(testbed.house.outcomes(unknown.id.object_id), []);
}

#[tokio::test(start_paused = true)]
async fn a_turn_without_an_answer_of_the_api_server_keeps_its_priority_and_its_age() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.house.fail_wants(Some(SourceError::Unreachable("no route".into())));
    testbed.delete(&ada, Priority::Revocation);
    testbed.pass(600).await;
    let (count, age) = pending(&testbed);
    assert!((count, age >= 600) == (1, true), "{count} pending for {age} s");
    testbed.house.fail_wants(None);
    testbed.rest().await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_panics_is_taken_again() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = Testbed::holding(&[&bob]).await;
    let mut left = 3;
    testbed.site.rule(move |call| {
        left -= i32::from(["create", "remove"].contains(&call.name));
        assert!(left < 0 || call.name == "read", "as the test wants");
        Fate::Done
    });
    testbed.push(&ada, Priority::UserChange);
    testbed.delete(&bob, Priority::Revocation);
    testbed.rest().await;
    assert!(testbed.holds(&[&ada]));
    assert_eq!(testbed.last(&bob), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_whose_report_panics_is_reported_by_another_turn() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.house.panic_at_the_next_report();
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the report", |testbed| testbed.last(&ada).is_some()).await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
    assert_eq!(testbed.site.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_panics_is_repeated_and_answers_its_requests() {
    let testbed = Testbed::empty().await;
    let mut first = true;
    testbed.site.rule(move |call| {
        assert!(!(call.name == "list-groups" && std::mem::take(&mut first)), "as the test wants");
        Fate::Done
    });
    for token in ["a", "b"] {
        testbed.engine.request_sync(token);
    }
    testbed.until("the echo", |testbed| !testbed.state().handled_syncs.is_empty()).await;
    assert_eq!(testbed.state().handled_syncs, ["a", "b"]);
    assert_eq!(testbed.site.count("list-people"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_first_check_that_panics_is_repeated() {
    let testbed = Setup::default().raise();
    let mut first = true;
    testbed.site.rule(move |call| {
        assert!(!(call.name == "check" && std::mem::take(&mut first)), "as the test wants");
        Fate::Done
    });
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
}

#[tokio::test(start_paused = true)]
async fn orphans_whose_judgement_panics_or_loses_the_lease_are_judged_again() {
    let setup = Setup::default();
    let testbed = setup.start().await;
    for name in ["a", "b", "c"] {
        testbed.site.memory.put(shown(&ended(name)));
    }
    let mut removals = 0;
    testbed.site.rule(move |call| {
        removals += i32::from(call.name == "remove");
        assert!(!(call.name == "remove" && removals == 2), "as the test wants");
        if call.name == "remove" && removals == 3 { Fate::Fails(ErrorKind::NotLeader) } else { Fate::Done }
    });
    testbed.engine.request_sync("now");
    testbed.until("the last removal", |testbed| testbed.holds(&[])).await;
    testbed.rest().await;
}

#[tokio::test(start_paused = true)]
async fn removals_whose_read_back_panics_or_loses_the_lease_are_read_back_later() {
    let guests = guests(50);
    let testbed = Setup { standing: guests.clone(), ..Setup::default() }.start().await;
    let mut listings = 0;
    testbed.site.rule(move |call| {
        listings += i32::from(call.name == "list-people");
        assert!(!(call.name == "list-people" && listings == 1), "as the test wants");
        if call.name == "list-people" && listings == 2 {
            Fate::Fails(ErrorKind::NotLeader)
        } else {
            Fate::Done
        }
    });
    for one in &guests {
        testbed.delete(one, Priority::RolloverRemoval);
    }
    testbed.until("the removals", |testbed| testbed.site.count("remove") == 50).await;
    testbed.pass(14).await;
    let (count, age) = pending(&testbed);
    assert!(count == 50 && age >= 14, "not done before it is read back: {count} for {age} s");
    testbed.rest().await;
    assert!(guests.iter().all(|one| testbed.last(one) == Some(Outcome::Absent)));
    testbed.pass(2).await;
    assert_eq!(pending(&testbed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_has_no_effect_is_as_old_as_its_first_attempt() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.site.every("remove", Fate::Claims(vestibule::system::Applied::Done));
    testbed.delete(&ada, Priority::RolloverRemoval);
    testbed.pass(900).await;
    let (count, age) = pending(&testbed);
    assert!((count, age >= 890) == (1, true), "{count} pending for {age} s");
}

#[tokio::test(start_paused = true)]
async fn objects_pushed_during_a_drain_are_reconciled_by_a_sync_after_it() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.engine.drain();
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    let syncs = testbed.state().syncs;
    testbed.engine.end_drain();
    testbed.until("a sync", |testbed| testbed.state().syncs > syncs).await;
}
