//! Draining, "sync now", what is told at rest, and the end.

use std::time::Duration;

use vestibule::engine::{Class, Outcome, Reason};
use vestibule::system::Class as ErrorClass;
use vestibule_core::model::{Mode, Record};
use vestibule_core::plan::Want;

use crate::stage::{Fate, Setup, Stage, shown, stranger, visitor, with_group};

fn guests(count: usize) -> Vec<Record> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn draining_removes_everything_of_ours_and_ends_when_it_is_read_back() {
    let guests = guests(40);
    let setup = Setup { standing: guests.clone(), ..Setup::default() };
    setup.memory.put(shown(&visitor("orphan")));
    setup.memory.put(stranger("person-9", "1"));
    let stage = setup.start().await;
    let site = stage.site.clone();
    stage.engine.drain();
    stage.until("the last removal", |_| site.count("remove") == 41).await;
    assert!(!stage.state().drained, "not before it is read back");
    stage.until("the end of draining", |stage| stage.state().drained).await;
    assert_eq!(stage.living().len(), 1, "the stranger");
    assert!(stage.site.count("list-people") >= 1);
    assert!(guests.iter().all(|one| stage.last(one) == Some(Outcome::Absent)));
}

#[tokio::test(start_paused = true)]
async fn draining_makes_nothing_any_more_also_not_what_was_under_way() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&with_group(&ada, "Parking"), Class::UserChange);
    stage.until("the removal", |stage| stage.site.count("remove") == 1).await;
    stage.engine.drain();
    stage.until("the end of draining", |stage| stage.state().drained).await;
    assert_eq!(stage.site.writes(), [("remove", ada.id)]);
    stage.push(&visitor("late"), Class::UserChange);
    stage.rest().await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_a_creation_that_may_still_arrive() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Late);
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    stage.engine.drain();
    stage.pass(20).await;
    assert!(!stage.state().drained);
    stage.site.arrive().await;
    stage.until("the end of draining", |stage| stage.state().drained).await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn draining_goes_on_while_suspended_and_not_where_nothing_may_be_removed() {
    for (mode, left) in [(Mode::Enforce, 0), (Mode::Upsert, 5), (Mode::Observe, 5)] {
        let mut setup = Setup { standing: guests(5), ..Setup::default() };
        (setup.settings.mode, setup.settings.suspended) = (mode, true);
        let stage = setup.start().await;
        stage.engine.drain();
        stage.until("the end of draining", |stage| stage.state().drained).await;
        assert_eq!(stage.living().len(), left, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_is_not_wanted_any_more_ends_and_visitors_come_back() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.engine.drain();
    stage.until("the end of draining", |stage| stage.state().drained).await;
    stage.engine.end_drain();
    assert!(!stage.state().drained);
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id.next())));
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn requests_for_a_sync_merge_and_each_is_echoed() {
    let stage = Stage::empty().await;
    for token in ["a", "b", "c"] {
        stage.engine.request_sync(token);
    }
    stage.until("the echo", |stage| !stage.state().handled_syncs.is_empty()).await;
    assert_eq!(stage.state().handled_syncs, ["a", "b", "c"]);
    assert_eq!((stage.state().syncs, stage.site.count("list-people")), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn who_asks_during_a_sync_gets_another_one_for_all() {
    let stage = Stage::empty().await;
    stage.engine.request_sync("a");
    stage.until("the listing", |stage| stage.site.count("list-people") == 1).await;
    stage.engine.request_sync("b");
    stage.engine.request_sync("c");
    stage.until("the first echo", |stage| !stage.state().handled_syncs.is_empty()).await;
    assert_eq!(stage.state().handled_syncs, ["a"]);
    stage.pass(1).await;
    assert_eq!(stage.state().handled_syncs, ["a", "b", "c"]);
    assert_eq!(stage.site.count("list-people"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_engine_at_rest_is_silent_but_for_its_syncs() {
    let stage = Setup { standing: guests(50), ..Setup::default() }.start().await;
    stage.pass(11 * 3600).await;
    assert_eq!(stage.site.names(), [""; 0]);
    stage.pass(2 * 3600).await;
    assert_eq!(stage.site.names(), ["list-people", "list-groups", "list-card-formats"]);
    assert_eq!(stage.state().syncs, 3);
}

#[tokio::test(start_paused = true)]
async fn records_are_told_at_rest_and_not_while_they_come_and_go() {
    let stage = Stage::empty().await;
    let mut states = stage.engine.state();
    states.mark_unchanged();
    let guests = guests(400);
    for one in &guests {
        stage.house.wants(one);
    }
    stage.engine.push_all(
        guests.iter().map(|one| (one.id.slot, Class::RolloverAddition.with_reason(Reason::Rollover))),
    );
    stage.until("some", |stage| stage.shows("records") > 100).await;
    assert!(!states.has_changed().unwrap());
    stage.rest().await;
    stage.pass(5).await;
    assert_eq!(stage.state().records, Some(400));
    states.mark_unchanged();
    stage.pass(600).await;
    assert!(!states.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_full_sync_publishes_how_many_records_it_found() {
    let stage = Setup { standing: guests(2), ..Setup::default() }.raise();
    assert_eq!(stage.state().records, None, "nothing is known before");
    stage.until("the first sync", |stage| stage.state().syncs == 1).await;
    assert_eq!(stage.state().records, Some(2));
}

#[tokio::test(start_paused = true)]
async fn the_count_is_published_also_when_nothing_is_called_any_more() {
    for class in [ErrorClass::Auth, ErrorClass::Transient] {
        let stage = Setup { standing: guests(2), ..Setup::default() }.start().await;
        let ada = visitor("ada");
        stage.push(&ada, Class::UserChange);
        stage.until("the creation", |stage| stage.last(&ada).is_some()).await;
        stage.site.rule(move |_| Fate::Fails(class));
        stage.engine.request_sync("now");
        stage.pass(60).await;
        assert_ne!(stage.state().condition, vestibule::engine::Condition::Connected);
        assert_eq!(stage.state().records, Some(3), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shutting_down_finishes_what_is_in_flight_and_closes_the_session() {
    let stage = Stage::holding(&[&visitor("ada")]).await;
    let moved = with_group(&visitor("ada"), "Parking");
    stage.push(&moved, Class::UserChange);
    stage.until("the removal", |stage| stage.site.count("remove") == 1).await;
    stage.shut_down();
    stage.push(&visitor("late"), Class::UserChange);
    let Stage { running, site, .. } = stage;
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    assert_eq!(site.names(), ["remove", "create", "read", "close"]);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_waits_for_a_hanging_call_only_so_long() {
    let stage = Stage::empty().await;
    stage.site.every("create", Fate::Hangs);
    stage.push(&visitor("ada"), Class::UserChange);
    stage.until("the call", |stage| stage.site.count("create") == 1).await;
    stage.shut_down();
    let Stage { running, site, .. } = stage;
    tokio::time::timeout(Duration::from_secs(25), running).await.unwrap().unwrap();
    assert_eq!(site.names(), ["create", "close"]);
}

#[tokio::test(start_paused = true)]
async fn work_pushed_before_the_first_sync_waits_for_it() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let setup = Setup { standing: vec![ada.clone()], ..Setup::default() };
    let stage = setup.raise();
    stage.site.every("list-people", Fate::Fails(ErrorClass::Dependency));
    stage.engine.push(ada.id.slot, Class::UserChange.with_reason(Reason::User));
    stage.push(&bob, Class::UserChange);
    stage.house.declare(visitor("gone").id.slot, Want::Nothing);
    stage.pass(10).await;
    assert!(stage.site.writes().is_empty());
    assert_eq!(stage.engine.held(ada.id.slot), None);
    stage.site.heal();
    stage.until("the sync", |stage| stage.state().syncs == 1).await;
    stage.rest().await;
    assert_eq!(stage.site.writes(), [("create", bob.id)]);
    assert!(stage.holds(&[&ada, &bob]));
    assert_eq!(stage.state().condition, vestibule::engine::Condition::Connected);
}
