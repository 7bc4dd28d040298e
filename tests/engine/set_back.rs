//! A clock that somebody sets back by six hours: nothing waits six hours longer for it.

use std::time::Duration;

use jiff::SignedDuration;
use vestibule::engine::{Class, Outcome};
use vestibule::system::Class as ErrorClass;

use crate::stage::{Fate, Setup, Stage, visitor, with_group};

const SIX_HOURS: SignedDuration = SignedDuration::from_hours(6);

#[tokio::test(start_paused = true)]
async fn what_failed_is_tried_again_as_soon_as_before() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Fails(ErrorClass::Dependency));
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    stage.clock.set_back(SIX_HOURS);
    stage.pass(90).await;
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn the_next_full_sync_comes_as_soon_as_before() {
    let mut setup = Setup::default();
    setup.settings.resync = SignedDuration::from_hours(2);
    let stage = setup.start().await;
    stage.pass(3600).await;
    stage.clock.set_back(SIX_HOURS);
    stage.pass(3600 + 60).await;
    assert_eq!(stage.state().syncs, 3);
}

#[tokio::test(start_paused = true)]
async fn a_creation_without_an_answer_is_waited_for_no_longer_than_a_minute_more() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Late);
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    stage.clock.set_back(SIX_HOURS);
    stage.delete(&ada, Class::Revocation);
    stage.pass(180).await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_asked_for_patience_is_left_alone_no_longer_than_it_said() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Fails(ErrorClass::Throttled(Some(Duration::from_mins(8)))));
    stage.push(&ada, Class::UserChange);
    stage.until("the refusal", |stage| stage.last(&ada).is_some()).await;
    stage.push(&bob, Class::UserChange);
    stage.pass(7 * 60).await;
    stage.clock.set_back(SIX_HOURS);
    stage.pass(150).await;
    assert!(stage.holds(&[&ada, &bob]));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_missing_is_asked_for_again_as_soon_as_before() {
    let ada = with_group(&visitor("ada"), "Roof");
    let stage = Stage::empty().await;
    stage.clock.set_back(SIX_HOURS);
    stage.pass(60).await;
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    assert_eq!(stage.site.count("list-groups"), 1);
}
