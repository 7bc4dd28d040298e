//! Records of other Vestibule owners: what they stop, what they do not, and how that ends (design 3.15).

use std::sync::Arc;

use vestibule::engine::{Class, CreateStop, Outcome};
use vestibule::system::Class as ErrorClass;
use vestibule_core::model::{ObservedRecord, Record};
use vestibule_core::ownership::{Neighbours, Ownership};

use crate::stage::{Setup, ended, of_owner, shown, stranger, visitor, with_card, with_group};

const THEIRS: &str = "another/cluster/door";

/// An integration that has never written, in a system where this is already.
fn newcomer(there: &[ObservedRecord]) -> Setup {
    let mut setup = Setup::default();
    setup.settings.ownership = Ownership::default();
    for person in there {
        setup.memory.put(person.clone());
    }
    setup
}

fn waits_for_the_integration(outcome: Option<Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Failed { error, retried: true })
        if error.class == ErrorClass::Dependency && error.message.contains("waits for AccessIntegration door"))
}

#[tokio::test(start_paused = true)]
async fn another_owner_stops_the_creates_of_an_integration_that_never_wrote_until_its_user_decides() {
    let (theirs, ada) = (of_owner(THEIRS, "eve"), visitor("ada"));
    let stage = newcomer(&[shown(&theirs)]).start().await;
    assert_eq!(stage.state().creates_stopped, Some(CreateStop::OtherOwner(THEIRS.to_owned())));
    stage.push(&ada, Class::UserChange);
    stage.pass(3600).await;
    assert_eq!((stage.site.writes(), stage.site.count("read")), (vec![], 0), "nothing is tried in vain");
    assert!(waits_for_the_integration(stage.last(&ada)), "{:?}", stage.last(&ada));
    assert!(!stage.state().claims_owner_id, "status.ownerId would close the way that the message names");
    stage.set(|settings| settings.ownership = Ownership { declared: true, ..Ownership::default() });
    stage.until("the visitor", |stage| stage.holds(&[&theirs, &ada])).await;
    assert_eq!(stage.state().creates_stopped, None);
}

#[tokio::test(start_paused = true)]
async fn while_creates_are_stopped_a_deleted_visitor_is_absent() {
    let (theirs, ada) = (of_owner(THEIRS, "eve"), visitor("ada"));
    let stage = newcomer(&[shown(&theirs)]).start().await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    stage.delete(&ada, Class::Revocation);
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn an_integration_that_has_written_treats_other_owners_as_strangers() {
    let (theirs, ada, old) = (of_owner(THEIRS, "ada"), visitor("ada"), ended("old"));
    for (recorded, there) in [(true, vec![]), (false, vec![shown(&ada)])] {
        let mut setup = newcomer(&there);
        setup.settings.ownership.recorded = recorded;
        setup.memory.put(shown(&theirs));
        setup.memory.put(shown(&old));
        let stage = setup.raise();
        stage.house.wants(&ada);
        stage.until("the first sync", |stage| stage.state().syncs > 0).await;
        assert_eq!(stage.state().creates_stopped, None);
        stage.push(&ada, Class::UserChange);
        stage.until("its own orphan is gone", |stage| stage.holds(&[&ada, &theirs])).await;
        let moved = with_group(&ada, "Parking");
        stage.push(&moved, Class::Revocation);
        stage.until("revoked groups go", |stage| stage.holds(&[&moved, &theirs])).await;
        stage.delete(&ada, Class::Revocation);
        stage.until("the visitor goes", |stage| stage.holds(&[&theirs])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_comes_later_stops_nothing() {
    let (theirs, ada, bob) = (of_owner(THEIRS, "eve"), visitor("ada"), visitor("bob"));
    let stage = newcomer(&[]).start().await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    stage.site.memory.put(shown(&theirs));
    // Its own record is gone by then: that it has written stands all the same.
    stage.delete(&ada, Class::Revocation);
    stage.rest().await;
    stage.sync().await;
    assert_eq!(stage.state().creates_stopped, None);
    stage.push(&bob, Class::UserChange);
    stage.rest().await;
    assert!(stage.holds(&[&theirs, &bob]));
}

#[tokio::test(start_paused = true)]
async fn a_neighbour_of_this_cluster_stops_nothing_whenever_it_writes_and_whenever_it_is_known() {
    let theirs = of_owner(THEIRS, "eve");
    let known = Arc::new(Neighbours::new("c", None, [THEIRS.to_owned()].into()));
    let mut setup = newcomer(&[shown(&theirs)]);
    setup.settings.ownership.neighbours = Arc::clone(&known);
    let stage = setup.start().await;
    assert_eq!(stage.state().creates_stopped, None);
    let stage = newcomer(&[shown(&theirs)]).start().await;
    stage.push(&visitor("ada"), Class::UserChange);
    stage.rest().await;
    assert!(stage.state().creates_stopped.is_some());
    stage.set(|settings| settings.ownership = Ownership { neighbours: known, ..Ownership::default() });
    stage.until("the visitor", |stage| stage.holds(&[&theirs, &visitor("ada")])).await;
}

#[tokio::test(start_paused = true)]
async fn a_person_typed_at_the_desk_under_an_id_like_ours_is_a_stranger() {
    let (ada, typed) = (visitor("ada"), of_owner(THEIRS, "eve"));
    let whole = ObservedRecord { mark: None, ..shown(&typed) };
    let stage = newcomer(&[whole.clone(), stranger("vst-0000", "7")]).start().await;
    assert_eq!(stage.state().creates_stopped, None);
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
    assert_eq!(stage.living().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_integration_that_goes_removes_its_own_records_also_beside_another_owner() {
    let (theirs, ada) = (of_owner(THEIRS, "eve"), with_card(&visitor("ada"), "7"));
    let setup = Setup { standing: vec![ada], ..newcomer(&[shown(&theirs)]) };
    let stage = setup.start().await;
    stage.engine.drain();
    stage.until("the end of draining", |stage| stage.state().drained).await;
    assert!(stage.holds(&[&theirs]));
}

#[tokio::test(start_paused = true)]
async fn what_waits_takes_its_turn_once_when_creates_are_allowed_again() {
    let theirs = of_owner(THEIRS, "eve");
    let guests: Vec<Record> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    let stage = newcomer(&[shown(&theirs)]).start().await;
    for guest in &guests {
        stage.push(guest, Class::UserChange);
    }
    stage.rest().await;
    assert_eq!(stage.site.writes(), []);
    stage.set(|settings| settings.ownership = Ownership { declared: true, ..Ownership::default() });
    stage.until("all of them", |stage| stage.living().len() == 21).await;
    stage.rest().await;
    assert_eq!(stage.site.count("create"), 20);
}
