//! A system that answers at the address and is not the one that is meant, or not yet.

use vestibule::engine::{Class, Condition, Outcome};
use vestibule::system::Class as ErrorClass;

use crate::stage::{Fate, Setup, Stage, visitor};

fn is_misconfigured(stage: &Stage) -> bool {
    matches!(stage.state().condition, Condition::Misconfigured(_))
}

fn is_connected(stage: &Stage) -> bool {
    stage.state().condition == Condition::Connected
}

#[tokio::test(start_paused = true)]
async fn an_address_where_nothing_answers_at_the_first_login_is_looked_at_each_minute() {
    let stage = Setup::default().raise();
    stage.site.rule(|_| Fate::NotFound);
    stage.until("the refusal", is_misconfigured).await;
    stage.forget();
    stage.pass(600).await;
    assert!((9..=11).contains(&stage.site.count("check")), "{:?}", stage.site.names());
    assert!(stage.site.names().iter().all(|name| *name == "check"));
    let ada = visitor("ada");
    stage.push(&ada, Class::UserChange);
    stage.site.heal();
    stage.until("the visitor", |stage| stage.holds(&[&ada])).await;
    assert!(is_connected(&stage));
}

#[tokio::test(start_paused = true)]
async fn with_a_shorter_resync_it_is_looked_at_as_often() {
    let mut setup = Setup::default();
    setup.settings.resync = jiff::SignedDuration::from_secs(20);
    let stage = setup.raise();
    stage.site.rule(|_| Fate::NotFound);
    stage.until("the refusal", is_misconfigured).await;
    stage.forget();
    stage.pass(120).await;
    assert!((5..=7).contains(&stage.site.count("check")), "{:?}", stage.site.names());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_had_worked_goes_on_as_soon_as_the_address_answers_again() {
    let stage = Stage::empty().await;
    stage.site.rule(|_| Fate::NotFound);
    stage.engine.request_sync("now");
    stage.until("the refusal", is_misconfigured).await;
    stage.site.heal();
    // Nothing else has to be done for that.
    stage.until("the recovery", is_connected).await;
    stage.until("the sync", |stage| stage.state().handled_syncs == ["now"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_visitor_is_not_to_blame_for_an_address_where_nothing_answers() {
    let stage = Stage::empty().await;
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    stage.site.rule(|_| Fate::NotFound);
    stage.push(&ada, Class::UserChange);
    stage.until("the refusal", is_misconfigured).await;
    stage.push(&bob, Class::UserChange);
    stage.pass(30).await;
    let told = stage.last(&ada);
    assert!(matches!(told, Some(Outcome::Failed { retried: true, .. })), "{told:?}");
    assert_eq!(stage.last(&bob), None, "nothing is asked before the connection is proven");
    stage.site.heal();
    stage.until("both", |stage| stage.holds(&[&ada, &bob])).await;
    assert!(is_connected(&stage));
}

#[tokio::test(start_paused = true)]
async fn what_a_chore_met_and_meets_no_more_is_forgotten_with_it() {
    let stage = Stage::empty().await;
    stage.site.next("list-groups", Fate::Fails(ErrorClass::Terminal));
    stage.engine.request_sync("now");
    stage.until("the refusal", is_misconfigured).await;
    stage.until("the recovery", is_connected).await;
    assert_eq!(stage.state().handled_syncs, ["now"]);
}
