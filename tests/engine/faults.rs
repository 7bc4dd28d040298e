//! Systems that refuse, throttle, fail or hang.

use std::time::Duration;

use vestibule::engine::{Class, Condition, Outcome};
use vestibule::system::Class as ErrorClass;

use crate::stage::{Fate, Setup, Site, Stage, visitor, with_group};

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_not_repeated_until_the_secret_changes() {
    let stage = Setup::default().raise();
    stage.site.every("check", Fate::Fails(ErrorClass::Auth));
    stage.until("the refusal", |stage| matches!(stage.state().condition, Condition::Rejected(_))).await;
    let ada = visitor("ada");
    stage.push(&ada, Class::UserChange);
    stage.engine.request_sync("now");
    stage.pass(86_400).await;
    assert_eq!(stage.site.names(), ["check"]);
    stage.site.heal();
    stage.engine.set_system(stage.site.clone());
    stage.until("the visitor", |stage| stage.last(&ada).is_some()).await;
    assert_eq!(stage.state().condition, Condition::Connected);
    assert_eq!(stage.state().handled_syncs, ["now"]);
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_login_refused_in_the_middle_stops_what_waits_and_loses_no_work() {
    let setup = Setup {
        limits: vestibule::engine::pace::Limits { rate: None, burst: 1, max_in_flight: 1 },
        ..Setup::default()
    };
    let stage = setup.start().await;
    let guests: Vec<_> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    stage.site.every("create", Fate::Fails(ErrorClass::Auth));
    for one in &guests {
        stage.push(one, Class::UserChange);
    }
    stage.pass(3600).await;
    assert_eq!(stage.site.names(), ["create"], "each call would be another attempt at the login");
    stage.site.heal();
    stage.engine.set_system(stage.site.clone());
    stage.rest().await;
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_the_old_login_does_not_stop_the_new_one() {
    let stage = Stage::empty().await;
    let ada = visitor("ada");
    stage.site.every("create", Fate::Fails(ErrorClass::Auth));
    stage.push(&ada, Class::UserChange);
    stage.until("the call", |stage| stage.site.count("create") == 1).await;
    let memory = vestibule::system::memory::Memory::with_groups(crate::stage::GROUPS);
    let renewed = Site::new(memory, stage.clock.clone(), crate::stage::LATENCY);
    stage.engine.set_system(renewed.clone());
    stage.until("the visitor", |_| renewed.count("create") == 1).await;
    stage.rest().await;
    assert_eq!(stage.state().condition, Condition::Connected);
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_system_is_left_alone_for_as_long_as_it_says() {
    let stage = Stage::empty().await;
    let guests: Vec<_> = (0..10).map(|n| visitor(&format!("guest-{n}"))).collect();
    stage.site.next("create", Fate::Fails(ErrorClass::Throttled(Some(Duration::from_secs(90)))));
    stage.push(&guests[0], Class::UserChange);
    stage.until("the refusal", |stage| stage.last(&guests[0]).is_some()).await;
    let told = stage.clock.started().elapsed();
    for one in &guests {
        stage.push(one, Class::UserChange);
    }
    stage.pass(80).await;
    assert_eq!(stage.site.names(), ["create"]);
    assert!(matches!(stage.last(&guests[0]), Some(Outcome::Failed { retried: true, .. })));
    stage.rest().await;
    assert!(stage.clock.started().elapsed() - told >= Duration::from_secs(90));
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
    assert_eq!(stage.state().condition, Condition::Connected, "slow is not away");
}

#[tokio::test(start_paused = true)]
async fn what_is_due_again_waits_at_rest_while_a_system_that_hangs_has_taken_every_place() {
    let stage = Stage::empty().await;
    let guests: Vec<_> = (0..100).map(|n| visitor(&format!("guest-{n}"))).collect();
    let mut refused = false;
    stage.site.rule(move |call| match call.name {
        "create" if !std::mem::replace(&mut refused, true) => Fate::Fails(ErrorClass::Transient),
        "create" => Fate::Hangs,
        _ => Fate::Done,
    });
    for one in &guests {
        stage.push(one, Class::UserChange);
    }
    // A loop that looked again at once would let neither this clock go on nor anybody else.
    stage.pass(60).await;
    assert!(matches!(stage.last(&guests[0]), Some(Outcome::Failed { retried: true, .. })));
    assert!(stage.site.count("create") > 1);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_down_gets_one_probe_a_period_and_is_drained_when_it_is_back() {
    let stage = Stage::empty().await;
    let guests: Vec<_> = (0..200).map(|n| visitor(&format!("guest-{n}"))).collect();
    stage.site.rule(|_| Fate::Fails(ErrorClass::Transient));
    for one in &guests {
        stage.push(one, Class::RolloverAddition);
    }
    stage.until("the breaker", |stage| matches!(stage.state().condition, Condition::Unreachable(_))).await;
    stage.pass(5).await;
    assert!(stage.site.calls().len() <= 8, "{:?}", stage.site.names());
    stage.forget();
    stage.pass(300).await;
    let probes = stage.site.names();
    assert!(probes.iter().all(|name| *name == "check") && (8..=10).contains(&probes.len()), "{probes:?}");
    stage.site.heal();
    stage.until("the connection", |stage| stage.state().condition == Condition::Connected).await;
    let back = stage.clock.started().elapsed();
    stage.rest().await;
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
    assert!(stage.clock.started().elapsed() - back < Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_down_from_the_start_is_unreachable_after_one_call() {
    let stage = Setup::default().raise();
    stage.site.rule(|_| Fate::Fails(ErrorClass::Transient));
    stage.pass(25).await;
    assert!(matches!(stage.state().condition, Condition::Unreachable(_)));
    assert_eq!(stage.site.names(), ["check"]);
    assert_eq!(stage.engine.held(visitor("ada").id.slot), None, "nothing is known");
}

#[tokio::test(start_paused = true)]
async fn one_engine_that_hangs_delays_no_other() {
    // A system that has shown nothing of ours yet gets one record at first.
    let known = visitor("known");
    let (hung, well) = (Stage::holding(&[&known]).await, Stage::holding(&[&known]).await);
    hung.site.rule(|_| Fate::Hangs);
    let guests: Vec<_> = (0..500).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        hung.push(one, Class::UserChange);
    }
    hung.until("the hanging calls", |stage| stage.site.calls().len() == 4).await;
    let started = well.clock.started().elapsed();
    for one in &guests {
        well.push(one, Class::UserChange);
    }
    well.rest().await;
    let took = well.clock.started().elapsed() - started;
    assert!(took <= Duration::from_millis(500 / 4 * 10 + 100), "{took:?}");
    assert_eq!(hung.site.calls().len(), 4, "and it is not asked for more than it may be");
}

#[tokio::test(start_paused = true)]
async fn a_final_refusal_is_told_once_and_not_tried_again() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.every("create", Fate::Fails(ErrorClass::Terminal));
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    stage.pass(3600).await;
    assert_eq!(stage.site.count("create"), 1);
    assert!(matches!(stage.house.told(ada.id.slot)[..], [Outcome::Failed { retried: false, .. }]));
    assert_eq!(stage.shows("uncertain"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_is_refused_is_tried_for_ever_and_blocks_nobody() {
    let (eve, ada) = (visitor("eve"), visitor("ada"));
    let stage = Stage::holding(&[&eve]).await;
    stage.site.every("remove", Fate::Fails(ErrorClass::Terminal));
    stage.delete(&eve, Class::Revocation);
    stage.push(&ada, Class::UserChange);
    stage.pass(7200).await;
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
    assert!(matches!(stage.last(&eve), Some(Outcome::Failed { retried: true, .. })));
    let tried = stage.site.count("remove");
    assert!((15..60).contains(&tried), "{tried} in two hours");
    stage.site.heal();
    stage.rest().await;
    assert_eq!(stage.last(&eve), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_whose_removal_is_refused_is_a_revocation() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::holding(&[&ada]).await;
    stage.site.every("remove", Fate::Fails(ErrorClass::Terminal));
    stage.push(&moved, Class::UserChange);
    stage.pass(60).await;
    assert!(stage.site.count("remove") > 2, "the old record opens: it is tried for ever");
    assert_eq!(stage.engine.diagnostics()["queued"]["revocation"], 1);
    stage.site.heal();
    stage.rest().await;
    assert!(stage.holds(&[&moved]));
}
