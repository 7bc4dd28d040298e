//! Draining, "sync now", the reports at rest, and the end.

use std::time::Duration;

use vestibule::engine::{Outcome, Priority, Reason};
use vestibule::system::ErrorKind;
use vestibule_core::model::{DesiredRecord, Mode};
use vestibule_core::plan::DesiredState;

use crate::testbed::{Fate, Setup, Testbed, shown, stranger, visitor, with_group};

fn guests(count: usize) -> Vec<DesiredRecord> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn draining_removes_every_own_record_and_ends_when_that_is_read_back() {
    let guests = guests(40);
    let setup = Setup { standing: guests.clone(), ..Setup::default() };
    setup.memory.put(shown(&visitor("orphan")));
    setup.memory.put(stranger("person-9", "1"));
    let testbed = setup.start().await;
    let site = testbed.site.clone();
    testbed.engine.drain();
    testbed.until("the last removal", |_| site.count("remove") == 41).await;
    assert!(!testbed.state().drained, "not before it is read back");
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    assert_eq!(testbed.living().len(), 1, "the stranger");
    assert!(testbed.site.count("list-people") >= 1);
    assert!(guests.iter().all(|one| testbed.last(one) == Some(Outcome::Absent)));
}

#[tokio::test(start_paused = true)]
async fn draining_creates_nothing_not_even_a_record_in_progress() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&with_group(&ada, "Parking"), Priority::UserChange);
    testbed.until("the removal", |testbed| testbed.site.count("remove") == 1).await;
    testbed.engine.drain();
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    assert_eq!(testbed.site.writes(), [("remove", ada.id)]);
    testbed.push(&visitor("late"), Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_a_creation_that_may_still_arrive() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Late);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    testbed.engine.drain();
    testbed.pass(20).await;
    assert!(!testbed.state().drained);
    testbed.site.arrive().await;
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn draining_continues_during_suspension_and_stops_in_a_mode_without_removals() {
    for (mode, left) in [(Mode::Enforce, 0), (Mode::Upsert, 5), (Mode::Observe, 5)] {
        let mut setup = Setup { standing: guests(5), ..Setup::default() };
        (setup.settings.mode, setup.settings.suspended) = (mode, true);
        let testbed = setup.start().await;
        testbed.engine.drain();
        testbed.until("the end of draining", |testbed| testbed.state().drained).await;
        assert_eq!(testbed.living().len(), left, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_drain_ends_and_visitors_come_back() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.engine.drain();
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    testbed.engine.end_drain();
    assert!(!testbed.state().drained);
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id.next())));
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn requests_for_a_sync_merge_and_each_is_echoed() {
    let testbed = Testbed::empty().await;
    for token in ["a", "b", "c"] {
        testbed.engine.request_sync(token);
    }
    testbed.until("the echo", |testbed| !testbed.state().handled_syncs.is_empty()).await;
    assert_eq!(testbed.state().handled_syncs, ["a", "b", "c"]);
    assert_eq!((testbed.state().syncs, testbed.site.count("list-people")), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn requests_during_a_sync_share_one_more_sync() {
    let testbed = Testbed::empty().await;
    testbed.engine.request_sync("a");
    testbed.until("the listing", |testbed| testbed.site.count("list-people") == 1).await;
    testbed.engine.request_sync("b");
    testbed.engine.request_sync("c");
    testbed.until("the first echo", |testbed| !testbed.state().handled_syncs.is_empty()).await;
    assert_eq!(testbed.state().handled_syncs, ["a"]);
    testbed.pass(1).await;
    assert_eq!(testbed.state().handled_syncs, ["a", "b", "c"]);
    assert_eq!(testbed.site.count("list-people"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_engine_at_rest_makes_no_call_but_its_syncs() {
    let testbed = Setup { standing: guests(50), ..Setup::default() }.start().await;
    testbed.pass(11 * 3600).await;
    assert_eq!(testbed.site.names(), [""; 0]);
    testbed.pass(2 * 3600).await;
    assert_eq!(testbed.site.names(), ["list-people", "list-groups", "list-card-formats"]);
    assert_eq!(testbed.state().syncs, 3);
}

#[tokio::test(start_paused = true)]
async fn the_record_count_is_never_0_beside_records_and_is_reported_a_few_times_during_changes() {
    let testbed = Testbed::empty().await;
    assert_eq!(testbed.state().records, Some(0));
    let guests = guests(400);
    for one in &guests {
        testbed.house.desired_states(one);
    }
    testbed.site.rule(|_| Fate::Done);
    let mut states = testbed.engine.state();
    states.mark_unchanged();
    testbed.engine.push_all(
        guests.iter().map(|one| (one.id.object_id, Priority::RolloverAddition.with_reason(Reason::Rollover))),
    );
    let (mut counts, started) = (Vec::new(), tokio::time::Instant::now());
    while testbed.state().records != Some(400) {
        let waited = tokio::time::timeout(Duration::from_mins(1), states.changed()).await;
        waited.expect("the count is published").unwrap();
        counts.extend(states.borrow_and_update().records);
        assert!(counts[0] > 0 && counts[0] < 5, "at once: {counts:?}");
    }
    counts.dedup();
    let most = 3 + started.elapsed().as_secs() / 10;
    assert!(counts.len() as u64 <= most, "{counts:?} in {:?}", started.elapsed());
    testbed.rest().await;
    states.mark_unchanged();
    testbed.pass(600).await;
    assert!(!states.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_record_count_that_changes_without_end_is_published_every_ten_seconds() {
    let testbed = Setup { standing: guests(1), ..Setup::default() }.start().await;
    testbed.site.rule(|call| if call.name == "create" { Fate::AnswerLost } else { Fate::Done });
    let started = tokio::time::Instant::now();
    while started.elapsed() < Duration::from_secs(12) {
        testbed.push(&visitor(&format!("late-{}", started.elapsed().as_millis())), Priority::UserChange);
        testbed.pass(1).await;
    }
    assert!(testbed.state().records > Some(1), "{:?}", testbed.state().records);
}

#[tokio::test(start_paused = true)]
async fn a_full_sync_publishes_how_many_records_it_found() {
    let testbed = Setup { standing: guests(2), ..Setup::default() }.raise();
    assert_eq!(testbed.state().records, None, "nothing is known before");
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
    assert_eq!(testbed.state().records, Some(2));
}

#[tokio::test(start_paused = true)]
async fn the_record_count_is_published_even_after_the_last_call() {
    for priority in [ErrorKind::Auth, ErrorKind::Transient] {
        let testbed = Setup { standing: guests(2), ..Setup::default() }.start().await;
        let ada = visitor("ada");
        testbed.push(&ada, Priority::UserChange);
        testbed.until("the creation", |testbed| testbed.last(&ada).is_some()).await;
        testbed.site.rule(move |_| Fate::Fails(priority));
        testbed.engine.request_sync("now");
        testbed.pass(60).await;
        assert_ne!(testbed.state().condition, vestibule::engine::ConnectionState::Connected);
        assert_eq!(testbed.state().records, Some(3), "{priority:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shutting_down_finishes_calls_in_flight_and_closes_the_session() {
    let testbed = Testbed::holding(&[&visitor("ada")]).await;
    let moved = with_group(&visitor("ada"), "Parking");
    testbed.push(&moved, Priority::UserChange);
    testbed.until("the removal", |testbed| testbed.site.count("remove") == 1).await;
    testbed.shut_down();
    testbed.push(&visitor("late"), Priority::UserChange);
    let Testbed { running, site, .. } = testbed;
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    assert_eq!(site.names(), ["remove", "create", "read", "close"]);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_waits_for_a_hanging_call_for_a_limited_time() {
    let testbed = Testbed::empty().await;
    testbed.site.every("create", Fate::Hangs);
    testbed.push(&visitor("ada"), Priority::UserChange);
    testbed.until("the call", |testbed| testbed.site.count("create") == 1).await;
    testbed.shut_down();
    let Testbed { running, site, .. } = testbed;
    tokio::time::timeout(Duration::from_secs(25), running).await.unwrap().unwrap();
    assert_eq!(site.names(), ["create", "close"]);
}

#[tokio::test(start_paused = true)]
async fn work_pushed_before_the_first_sync_waits_for_it() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let setup = Setup { standing: vec![ada.clone()], ..Setup::default() };
    let testbed = setup.raise();
    testbed.site.every("list-people", Fate::Fails(ErrorKind::Dependency));
    testbed.engine.push(ada.id.object_id, Priority::UserChange.with_reason(Reason::User));
    testbed.push(&bob, Priority::UserChange);
    testbed.house.declare(visitor("gone").id.object_id, DesiredState::Nothing);
    testbed.pass(10).await;
    assert!(testbed.site.writes().is_empty());
    assert_eq!(testbed.engine.existing(ada.id.object_id), None);
    testbed.site.heal();
    testbed.until("the sync", |testbed| testbed.state().syncs == 1).await;
    testbed.rest().await;
    assert_eq!(testbed.site.writes(), [("create", bob.id)]);
    assert!(testbed.holds(&[&ada, &bob]));
    assert_eq!(testbed.state().condition, vestibule::engine::ConnectionState::Connected);
}
