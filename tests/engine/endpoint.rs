//! An address with a system that is not the intended one, or does not answer yet.

use vestibule::engine::{ConnectionState, Outcome, Priority};
use vestibule::system::ErrorKind;

use crate::testbed::{Fate, Setup, Testbed, visitor};

fn is_misconfigured(testbed: &Testbed) -> bool {
    matches!(testbed.state().condition, ConnectionState::Misconfigured(_))
}

fn is_connected(testbed: &Testbed) -> bool {
    testbed.state().condition == ConnectionState::Connected
}

#[tokio::test(start_paused = true)]
async fn an_address_without_an_answer_at_the_first_login_is_checked_each_minute() {
    let testbed = Setup::default().raise();
    testbed.site.rule(|_| Fate::NotFound);
    testbed.until("the refusal", is_misconfigured).await;
    testbed.forget();
    testbed.pass(600).await;
    assert!((9..=11).contains(&testbed.site.count("check")), "{:?}", testbed.site.names());
    assert!(testbed.site.names().iter().all(|name| *name == "check"));
    let ada = visitor("ada");
    testbed.push(&ada, Priority::UserChange);
    testbed.site.heal();
    testbed.until("the visitor", |testbed| testbed.holds(&[&ada])).await;
    assert!(is_connected(&testbed));
}

#[tokio::test(start_paused = true)]
async fn with_a_shorter_resync_it_is_checked_as_often() {
    let mut setup = Setup::default();
    setup.settings.resync = jiff::SignedDuration::from_secs(20);
    let testbed = setup.raise();
    testbed.site.rule(|_| Fate::NotFound);
    testbed.until("the refusal", is_misconfigured).await;
    testbed.forget();
    testbed.pass(120).await;
    assert!((5..=7).contains(&testbed.site.count("check")), "{:?}", testbed.site.names());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_had_worked_continues_as_soon_as_the_address_answers_again() {
    let testbed = Testbed::empty().await;
    testbed.site.rule(|_| Fate::NotFound);
    testbed.engine.request_sync("now");
    testbed.until("the refusal", is_misconfigured).await;
    testbed.site.heal();
    // No other action is needed for that.
    testbed.until("the recovery", is_connected).await;
    testbed.until("the sync", |testbed| testbed.state().handled_syncs == ["now"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_visitor_gets_no_error_of_its_own_for_an_address_without_an_answer() {
    let testbed = Testbed::empty().await;
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    testbed.site.rule(|_| Fate::NotFound);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the refusal", is_misconfigured).await;
    testbed.push(&bob, Priority::UserChange);
    testbed.pass(30).await;
    let outcome = testbed.last(&ada);
    assert!(matches!(outcome, Some(Outcome::Failed { retried: true, .. })), "{outcome:?}");
    assert_eq!(testbed.last(&bob), None, "nothing is asked before the connection is proven");
    testbed.site.heal();
    testbed.until("both", |testbed| testbed.holds(&[&ada, &bob])).await;
    assert!(is_connected(&testbed));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_maintenance_is_cleared_when_it_does_not_occur_again() {
    let testbed = Testbed::empty().await;
    testbed.site.next("list-groups", Fate::Fails(ErrorKind::Terminal));
    testbed.engine.request_sync("now");
    testbed.until("the refusal", is_misconfigured).await;
    testbed.until("the recovery", is_connected).await;
    assert_eq!(testbed.state().handled_syncs, ["now"]);
}
