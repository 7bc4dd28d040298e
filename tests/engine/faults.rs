//! Systems that refuse, throttle, fail or hang.

use std::time::Duration;

use vestibule::engine::{ConnectionState, CreateStop, Outcome, Priority};
use vestibule::system::ErrorKind;

use crate::testbed::{Fate, Setup, Site, Testbed, visitor, with_group};

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_not_repeated_until_the_secret_changes() {
    let testbed = Setup::default().raise();
    testbed.site.every("check", Fate::Fails(ErrorKind::Auth));
    testbed
        .until("the refusal", |testbed| matches!(testbed.state().condition, ConnectionState::Rejected(_)))
        .await;
    let ada = visitor("ada");
    testbed.push(&ada, Priority::UserChange);
    testbed.engine.request_sync("now");
    testbed.pass(86_400).await;
    assert_eq!(testbed.site.names(), ["check"]);
    testbed.site.heal();
    testbed.engine.set_system(testbed.site.clone());
    testbed.until("the visitor", |testbed| testbed.last(&ada).is_some()).await;
    assert_eq!(testbed.state().condition, ConnectionState::Connected);
    assert_eq!(testbed.state().handled_syncs, ["now"]);
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_login_refused_in_the_middle_stops_what_waits_and_loses_no_work() {
    let setup = Setup {
        limits: vestibule::engine::rate_limit::Limits { rate: None, burst: 1, max_in_flight: 1 },
        ..Setup::default()
    };
    let testbed = setup.start().await;
    let guests: Vec<_> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    testbed.site.every("create", Fate::Fails(ErrorKind::Auth));
    for one in &guests {
        testbed.push(one, Priority::UserChange);
    }
    testbed.pass(3600).await;
    assert_eq!(testbed.site.names(), ["create"], "each call would be another attempt at the login");
    testbed.site.heal();
    testbed.engine.set_system(testbed.site.clone());
    testbed.rest().await;
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn a_login_without_the_right_to_create_still_reads_and_removes() {
    let (ada, bob, eve) = (visitor("ada"), visitor("bob"), visitor("eve"));
    let testbed = Testbed::holding(&[&bob]).await;
    testbed.site.every("create", Fate::Denied);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the refusal", |testbed| testbed.last(&ada).is_some()).await;
    assert!(matches!(testbed.state().creates_stopped, Some(CreateStop::MayNotCreate(_))));
    assert_eq!(testbed.state().condition, ConnectionState::Connected);
    testbed.push(&eve, Priority::UserChange);
    testbed.delete(&bob, Priority::Revocation);
    testbed.engine.request_sync("unchanged");
    testbed.pass(3600).await;
    assert!(testbed.living().is_empty() && testbed.state().handled_syncs == ["unchanged"]);
    // At most once for each Visitor that waited when the sync was requested.
    assert!(testbed.site.count("create") <= 3, "{}", testbed.site.count("create"));
    testbed.site.heal();
    testbed.engine.set_system(testbed.site.clone());
    testbed.until("both", |testbed| testbed.holds(&[&ada, &eve])).await;
    assert_eq!(testbed.state().creates_stopped, None);
}

#[tokio::test(start_paused = true)]
async fn a_denied_create_is_not_uncertain_and_a_second_list_ends_the_deletion() {
    let testbed = Setup::default().raise();
    let ada = visitor("ada");
    testbed.site.every("create", Fate::Denied);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the refusal", |testbed| testbed.state().creates_stopped.is_some()).await;
    assert_eq!((testbed.shows("uncertain"), testbed.state().syncs), (0, 1));
    testbed.engine.drain();
    testbed.until("the end", |testbed| testbed.state().drained).await;
    assert_eq!(testbed.site.count("list-people"), 2, "absence has two witnesses");
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_the_old_login_does_not_stop_the_new_one() {
    let testbed = Testbed::empty().await;
    let ada = visitor("ada");
    testbed.site.every("create", Fate::Fails(ErrorKind::Auth));
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the call", |testbed| testbed.site.count("create") == 1).await;
    let memory = vestibule::system::memory::Memory::with_groups(crate::testbed::GROUPS);
    let renewed = Site::new(memory, testbed.clock.clone(), crate::testbed::LATENCY);
    testbed.engine.set_system(renewed.clone());
    testbed.until("the visitor", |_| renewed.count("create") == 1).await;
    testbed.rest().await;
    assert_eq!(testbed.state().condition, ConnectionState::Connected);
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_system_is_left_alone_for_as_long_as_it_says() {
    let testbed = Testbed::empty().await;
    let guests: Vec<_> = (0..10).map(|n| visitor(&format!("guest-{n}"))).collect();
    testbed.site.next("create", Fate::Fails(ErrorKind::Throttled(Some(Duration::from_secs(90)))));
    testbed.push(&guests[0], Priority::UserChange);
    testbed.until("the refusal", |testbed| testbed.last(&guests[0]).is_some()).await;
    let refused_after = testbed.clock.started().elapsed();
    for one in &guests {
        testbed.push(one, Priority::UserChange);
    }
    testbed.pass(80).await;
    assert_eq!(testbed.site.names(), ["create"]);
    assert!(matches!(testbed.last(&guests[0]), Some(Outcome::Failed { retried: true, .. })));
    testbed.rest().await;
    assert!(testbed.clock.started().elapsed() - refused_after >= Duration::from_secs(90));
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
    assert_eq!(testbed.state().condition, ConnectionState::Connected, "slow is not unreachable");
}

#[tokio::test(start_paused = true)]
async fn what_is_due_again_waits_at_rest_while_a_system_that_hangs_has_taken_every_place() {
    let testbed = Testbed::empty().await;
    let guests: Vec<_> = (0..100).map(|n| visitor(&format!("guest-{n}"))).collect();
    let mut refused = false;
    testbed.site.rule(move |call| match call.name {
        "create" if !std::mem::replace(&mut refused, true) => Fate::Fails(ErrorKind::Transient),
        "create" => Fate::Hangs,
        _ => Fate::Done,
    });
    for one in &guests {
        testbed.push(one, Priority::UserChange);
    }
    // A loop that woke again at once would stop this clock and all other tasks.
    testbed.pass(60).await;
    assert!(matches!(testbed.last(&guests[0]), Some(Outcome::Failed { retried: true, .. })));
    assert!(testbed.site.count("create") > 1);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_down_gets_one_probe_a_period_and_is_drained_when_it_is_back() {
    let testbed = Testbed::empty().await;
    let guests: Vec<_> = (0..200).map(|n| visitor(&format!("guest-{n}"))).collect();
    testbed.site.rule(|_| Fate::Fails(ErrorKind::Transient));
    for one in &guests {
        testbed.push(one, Priority::RolloverAddition);
    }
    testbed
        .until("the breaker", |testbed| matches!(testbed.state().condition, ConnectionState::Unreachable(_)))
        .await;
    testbed.pass(5).await;
    assert!(testbed.site.calls().len() <= 8, "{:?}", testbed.site.names());
    testbed.forget();
    testbed.pass(300).await;
    let probes = testbed.site.names();
    assert!(probes.iter().all(|name| *name == "check") && (8..=10).contains(&probes.len()), "{probes:?}");
    testbed.site.heal();
    testbed.until("the connection", |testbed| testbed.state().condition == ConnectionState::Connected).await;
    let back = testbed.clock.started().elapsed();
    testbed.rest().await;
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
    assert!(testbed.clock.started().elapsed() - back < Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_down_from_the_start_is_unreachable_after_one_call() {
    let testbed = Setup::default().raise();
    testbed.site.rule(|_| Fate::Fails(ErrorKind::Transient));
    testbed.pass(25).await;
    assert!(matches!(testbed.state().condition, ConnectionState::Unreachable(_)));
    assert_eq!(testbed.site.names(), ["check"]);
    assert_eq!(testbed.engine.existing(visitor("ada").id.object_id), None, "nothing is known");
}

#[tokio::test(start_paused = true)]
async fn one_engine_that_hangs_delays_no_other() {
    // A system that has shown nothing of ours yet gets one record at first.
    let known = visitor("known");
    let (hung, well) = (Testbed::holding(&[&known]).await, Testbed::holding(&[&known]).await);
    hung.site.rule(|_| Fate::Hangs);
    let guests: Vec<_> = (0..500).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        hung.push(one, Priority::UserChange);
    }
    hung.until("the hanging calls", |testbed| testbed.site.calls().len() == 4).await;
    let started = well.clock.started().elapsed();
    for one in &guests {
        well.push(one, Priority::UserChange);
    }
    well.rest().await;
    let took = well.clock.started().elapsed() - started;
    assert!(took <= Duration::from_millis(500 / 4 * 10 + 100), "{took:?}");
    assert_eq!(hung.site.calls().len(), 4, "and it is not asked for more than it may be");
}

#[tokio::test(start_paused = true)]
async fn a_terminal_error_is_reported_once_and_not_tried_again() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.every("create", Fate::Fails(ErrorKind::Terminal));
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    testbed.pass(3600).await;
    assert_eq!(testbed.site.count("create"), 1);
    assert!(matches!(testbed.house.outcomes(ada.id.object_id)[..], [Outcome::Failed { retried: false, .. }]));
    assert_eq!(testbed.shows("uncertain"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_revocation_is_tried_for_ever_and_blocks_no_other_work() {
    let (eve, ada) = (visitor("eve"), visitor("ada"));
    let testbed = Testbed::holding(&[&eve]).await;
    testbed.site.every("remove", Fate::Fails(ErrorKind::Terminal));
    testbed.delete(&eve, Priority::Revocation);
    testbed.push(&ada, Priority::UserChange);
    testbed.pass(7200).await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
    assert!(matches!(testbed.last(&eve), Some(Outcome::Failed { retried: true, .. })));
    let tried = testbed.site.count("remove");
    assert!((15..60).contains(&tried), "{tried} in two hours");
    testbed.site.heal();
    testbed.rest().await;
    assert_eq!(testbed.last(&eve), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_whose_removal_is_refused_is_a_revocation() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.site.every("remove", Fate::Fails(ErrorKind::Terminal));
    testbed.push(&moved, Priority::UserChange);
    testbed.pass(60).await;
    assert!(testbed.site.count("remove") > 2, "the old record opens: it is tried for ever");
    assert_eq!(testbed.engine.diagnostics()["queued"]["revocation"], 1);
    testbed.site.heal();
    testbed.rest().await;
    assert!(testbed.holds(&[&moved]));
}
