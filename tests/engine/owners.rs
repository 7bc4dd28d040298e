//! Records of other Vestibule owners: the work that they stop, the work that they do not, and how that ends (design
//! 3.15).

use std::sync::Arc;

use vestibule::engine::{CreateStop, Outcome, Priority};
use vestibule::system::ErrorKind;
use vestibule_core::model::{DesiredRecord, ObservedRecord};
use vestibule_core::ownership::{Neighbours, Ownership};

use crate::testbed::{Setup, ended, of_owner, shown, stranger, visitor, with_card, with_group};

const THEIRS: &str = "another/cluster/door";

/// An integration that has never written, in a system with this record.
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
        if error.kind == ErrorKind::Dependency && error.message.contains("waits for AccessIntegration door"))
}

#[tokio::test(start_paused = true)]
async fn another_owner_stops_the_creates_of_an_integration_that_never_wrote_until_its_user_decides() {
    let (theirs, ada) = (of_owner(THEIRS, "eve"), visitor("ada"));
    let testbed = newcomer(&[shown(&theirs)]).start().await;
    assert_eq!(testbed.state().creates_stopped, Some(CreateStop::OtherOwner(THEIRS.to_owned())));
    testbed.push(&ada, Priority::UserChange);
    testbed.pass(3600).await;
    assert_eq!((testbed.site.writes(), testbed.site.count("read")), (vec![], 0), "no call is made");
    assert!(waits_for_the_integration(testbed.last(&ada)), "{:?}", testbed.last(&ada));
    assert!(!testbed.state().claims_owner_id, "status.ownerId would prevent the fix that the message names");
    testbed.set(|settings| settings.ownership = Ownership { declared: true, ..Ownership::default() });
    testbed.until("the visitor", |testbed| testbed.holds(&[&theirs, &ada])).await;
    assert_eq!(testbed.state().creates_stopped, None);
}

#[tokio::test(start_paused = true)]
async fn while_creates_are_stopped_a_deleted_visitor_is_absent() {
    let (theirs, ada) = (of_owner(THEIRS, "eve"), visitor("ada"));
    let testbed = newcomer(&[shown(&theirs)]).start().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    testbed.delete(&ada, Priority::Revocation);
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn an_integration_that_has_written_treats_other_owners_as_strangers() {
    let (theirs, ada, old) = (of_owner(THEIRS, "ada"), visitor("ada"), ended("old"));
    for (recorded, there) in [(true, vec![]), (false, vec![shown(&ada)])] {
        let mut setup = newcomer(&there);
        setup.settings.ownership.recorded = recorded;
        setup.memory.put(shown(&theirs));
        setup.memory.put(shown(&old));
        let testbed = setup.raise();
        testbed.house.desired_states(&ada);
        testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
        assert_eq!(testbed.state().creates_stopped, None);
        testbed.push(&ada, Priority::UserChange);
        testbed.until("its own orphan is gone", |testbed| testbed.holds(&[&ada, &theirs])).await;
        let moved = with_group(&ada, "Parking");
        testbed.push(&moved, Priority::Revocation);
        testbed.until("revoked groups go", |testbed| testbed.holds(&[&moved, &theirs])).await;
        testbed.delete(&ada, Priority::Revocation);
        testbed.until("the visitor goes", |testbed| testbed.holds(&[&theirs])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_appears_later_stops_nothing() {
    let (theirs, ada, bob) = (of_owner(THEIRS, "eve"), visitor("ada"), visitor("bob"));
    let testbed = newcomer(&[]).start().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    testbed.site.memory.put(shown(&theirs));
    // Its own record is gone by then, but the fact that it has written is kept.
    testbed.delete(&ada, Priority::Revocation);
    testbed.rest().await;
    testbed.sync().await;
    assert_eq!(testbed.state().creates_stopped, None);
    testbed.push(&bob, Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.holds(&[&theirs, &bob]));
}

#[tokio::test(start_paused = true)]
async fn another_integration_of_this_cluster_stops_nothing_whenever_it_writes_or_becomes_known() {
    let theirs = of_owner(THEIRS, "eve");
    let known = Arc::new(Neighbours::new("c", None, [THEIRS.to_owned()].into()));
    let mut setup = newcomer(&[shown(&theirs)]);
    setup.settings.ownership.neighbours = Arc::clone(&known);
    let testbed = setup.start().await;
    assert_eq!(testbed.state().creates_stopped, None);
    let testbed = newcomer(&[shown(&theirs)]).start().await;
    testbed.push(&visitor("ada"), Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.state().creates_stopped.is_some());
    testbed.set(|settings| settings.ownership = Ownership { neighbours: known, ..Ownership::default() });
    testbed.until("the visitor", |testbed| testbed.holds(&[&theirs, &visitor("ada")])).await;
}

#[tokio::test(start_paused = true)]
async fn a_person_entered_by_hand_under_an_id_of_our_form_is_foreign() {
    let (ada, typed) = (visitor("ada"), of_owner(THEIRS, "eve"));
    let whole = ObservedRecord { mark: None, ..shown(&typed) };
    let testbed = newcomer(&[whole.clone(), stranger("vst-0000", "7")]).start().await;
    assert_eq!(testbed.state().creates_stopped, None);
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
    assert_eq!(testbed.living().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_integration_removes_its_own_records_also_beside_another_owner() {
    let (theirs, ada) = (of_owner(THEIRS, "eve"), with_card(&visitor("ada"), "7"));
    let setup = Setup { standing: vec![ada], ..newcomer(&[shown(&theirs)]) };
    let testbed = setup.start().await;
    testbed.engine.drain();
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    assert!(testbed.holds(&[&theirs]));
}

#[tokio::test(start_paused = true)]
async fn waiting_objects_run_once_when_creates_are_allowed_again() {
    let theirs = of_owner(THEIRS, "eve");
    let guests: Vec<DesiredRecord> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    let testbed = newcomer(&[shown(&theirs)]).start().await;
    for guest in &guests {
        testbed.push(guest, Priority::UserChange);
    }
    testbed.rest().await;
    assert_eq!(testbed.site.writes(), []);
    testbed.set(|settings| settings.ownership = Ownership { declared: true, ..Ownership::default() });
    testbed.until("all of them", |testbed| testbed.living().len() == 21).await;
    testbed.rest().await;
    assert_eq!(testbed.site.count("create"), 20);
}
