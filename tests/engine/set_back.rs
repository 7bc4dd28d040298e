//! A clock that is set back by six hours: no work waits six hours longer because of it.

use std::time::Duration;

use jiff::SignedDuration;
use vestibule::engine::{Outcome, Priority};
use vestibule::system::ErrorKind;

use crate::testbed::{Fate, Setup, Testbed, visitor, with_group};

const SIX_HOURS: SignedDuration = SignedDuration::from_hours(6);

#[tokio::test(start_paused = true)]
async fn a_failed_step_is_retried_as_soon_as_without_the_change() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Fails(ErrorKind::Dependency));
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    testbed.clock.set_back(SIX_HOURS);
    testbed.pass(90).await;
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn the_next_full_sync_comes_as_soon_as_without_the_change() {
    let mut setup = Setup::default();
    setup.settings.resync = SignedDuration::from_hours(2);
    let testbed = setup.start().await;
    testbed.pass(3600).await;
    testbed.clock.set_back(SIX_HOURS);
    testbed.pass(3600 + 60).await;
    assert_eq!(testbed.state().syncs, 3);
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_creation_is_waited_for_at_most_a_minute_longer() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Late);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    testbed.clock.set_back(SIX_HOURS);
    testbed.delete(&ada, Priority::Revocation);
    testbed.pass(180).await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn a_throttling_system_is_left_alone_no_longer_than_it_requested() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Fails(ErrorKind::Throttled(Some(Duration::from_mins(8)))));
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the refusal", |testbed| testbed.last(&ada).is_some()).await;
    testbed.push(&bob, Priority::UserChange);
    testbed.pass(7 * 60).await;
    testbed.clock.set_back(SIX_HOURS);
    testbed.pass(150).await;
    assert!(testbed.holds(&[&ada, &bob]));
}

#[tokio::test(start_paused = true)]
async fn a_missing_group_is_looked_up_again_as_soon_as_without_the_change() {
    let ada = with_group(&visitor("ada"), "Roof");
    let testbed = Testbed::empty().await;
    testbed.clock.set_back(SIX_HOURS);
    testbed.pass(60).await;
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    assert_eq!(testbed.site.count("list-groups"), 1);
}
