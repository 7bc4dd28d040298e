//! A record that the system does not remove is disarmed: it opens no door while its removal is tried again.

use vestibule::engine::{Outcome, Priority, State};
use vestibule::system::{Applied, ErrorKind};
use vestibule_core::model::{DesiredRecord, Mode, ObservedRecord};

use crate::testbed::{Call, Fate, Setup, Testbed, shown, visitor, with_card, with_group};

/// Eve with a card.
fn eve() -> DesiredRecord {
    with_card(&visitor("eve"), "4711")
}

async fn holding(records: &[&DesiredRecord]) -> Testbed {
    Testbed::holding(records).await
}

/// The record that the system has under an id.
fn held(testbed: &Testbed, record: &DesiredRecord) -> ObservedRecord {
    let all = testbed.site.memory.all_records();
    all.into_iter().find(|one| one.external_id == record.id.to_string()).unwrap()
}

fn opens(testbed: &Testbed, record: &DesiredRecord) -> bool {
    let one = held(testbed, record);
    !one.dead && one.facts.may_open(vestibule::clock::Clock::now(&*testbed.clock))
}

fn message(testbed: &Testbed, record: &DesiredRecord) -> String {
    match testbed.last(record) {
        Some(Outcome::Failed { error, retried: true }) => error.message,
        other => panic!("{other:?} is no failure that is retried"),
    }
}

fn unremoved(state: &State) -> Option<(usize, usize)> {
    state.unremoved.as_ref().map(|one| (one.count, one.open))
}

/// Refuses these calls for one record.
fn refuse(testbed: &Testbed, record: &DesiredRecord, names: &'static [&'static str]) {
    let id = record.id;
    testbed.site.rule(move |call: &Call| {
        let refused = call.id == Some(id) && names.contains(&call.name);
        if refused { Fate::Fails(ErrorKind::Terminal) } else { Fate::Done }
    });
}

#[tokio::test(start_paused = true)]
async fn a_deleted_visitor_opens_no_door_while_the_removal_is_refused() {
    let testbed = holding(&[&eve()]).await;
    refuse(&testbed, &eve(), &["remove"]);
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("the failure", |testbed| testbed.last(&eve()).is_some()).await;
    let facts = held(&testbed, &eve()).facts;
    assert!(facts.groups.is_empty() && facts.cards.is_empty() && !opens(&testbed, &eve()));
    let said = message(&testbed, &eve());
    assert!(said.contains("remove failed") && said.contains("opens no door"), "{said}");
    testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
    assert_eq!(unremoved(&testbed.state()), Some((1, 0)));
    // The removal is tried again, and nothing else.
    testbed.forget();
    testbed.pass(3600).await;
    assert!(testbed.site.count("remove") > 5);
    assert!(testbed.site.names().iter().all(|name| *name == "remove"), "{:?}", testbed.site.names());
    assert_eq!(message(&testbed, &eve()), said);
    testbed.site.heal();
    testbed.rest().await;
    assert!(testbed.holds(&[]));
    assert_eq!(testbed.last(&eve()), Some(Outcome::Absent));
    testbed.until("the end of the report", |testbed| testbed.state().unremoved.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn each_measure_is_taken_although_the_others_are_refused() {
    let cases: [(&[&str], bool); 3] = [
        (&["remove", "withdraw-card"], false),
        (&["remove", "reduce"], true),
        (&["remove", "reduce", "withdraw-card"], true),
    ];
    for (refused, open) in cases {
        let testbed = holding(&[&eve()]).await;
        refuse(&testbed, &eve(), refused);
        testbed.delete(&eve(), Priority::Revocation);
        testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
        assert_eq!(opens(&testbed, &eve()), open, "{refused:?}");
        assert_eq!(held(&testbed, &eve()).facts.cards.is_empty(), !refused.contains(&"withdraw-card"));
        assert_eq!(unremoved(&testbed.state()), Some((1, usize::from(open))));
        let said = message(&testbed, &eve());
        assert_eq!(said.contains("may still open doors"), open, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_can_be_set_closes_a_record_whose_groups_cannot_be_removed() {
    let testbed = holding(&[&eve()]).await;
    let (id, mut reductions) = (eve().id, 0);
    testbed.site.rule(move |call| match call.name {
        "remove" if call.id == Some(id) => Fate::Fails(ErrorKind::Terminal),
        "reduce" => {
            reductions += 1;
            if reductions == 1 { Fate::Fails(ErrorKind::Terminal) } else { Fate::Done }
        }
        _ => Fate::Done,
    });
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
    assert!(!opens(&testbed, &eve()) && !held(&testbed, &eve()).facts.groups.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_measure_that_is_refused_at_first_is_taken_with_a_later_attempt() {
    let testbed = holding(&[&eve()]).await;
    refuse(&testbed, &eve(), &["remove", "reduce"]);
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
    assert!(opens(&testbed, &eve()));
    refuse(&testbed, &eve(), &["remove"]);
    testbed.until("it is closed", |testbed| !opens(testbed, &eve())).await;
    testbed.until("the report", |testbed| unremoved(&testbed.state()) == Some((1, 0))).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_wanted_again_is_not_reported_as_one_that_is_not_removed() {
    let cases: [&[&str]; 2] = [&["remove"], &["remove", "reduce", "withdraw-card"]];
    for refused in cases {
        let (testbed, other) = (holding(&[&eve()]).await, with_group(&eve(), "Parking"));
        refuse(&testbed, &eve(), refused);
        testbed.push(&other, Priority::UserChange);
        testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
        testbed.push(&eve(), Priority::UserChange);
        testbed.until("the end of the report", |testbed| testbed.state().unremoved.is_none()).await;
        testbed.rest().await;
        assert!(testbed.holds(&[&eve()]), "{refused:?}");
        assert_eq!(held(&testbed, &eve()).facts, eve().facts(), "{refused:?}");
        assert_eq!(testbed.last(&eve()), Some(Outcome::Present(eve().id)), "{refused:?}");
        assert_eq!(testbed.state().unremoved, None, "{refused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_fault_is_no_refusal_and_two_in_a_row_are_one() {
    let testbed = holding(&[&eve()]).await;
    testbed.site.next("remove", Fate::Fails(ErrorKind::Transient));
    testbed.delete(&eve(), Priority::Revocation);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), ["remove", "remove", "read"]);
    let testbed = holding(&[&eve()]).await;
    testbed.site.every("remove", Fate::Fails(ErrorKind::Transient));
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("it is closed", |testbed| !opens(testbed, &eve())).await;
    assert_eq!(testbed.site.count("remove"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_down_or_refuses_the_login_disarms_nothing() {
    for fate in [ErrorKind::Transient, ErrorKind::Auth] {
        let testbed = holding(&[&eve()]).await;
        testbed.site.rule(move |_| Fate::Fails(fate));
        testbed.delete(&eve(), Priority::Revocation);
        testbed.pass(600).await;
        assert!(!testbed.site.names().iter().any(|name| ["reduce", "withdraw-card"].contains(name)));
        assert_eq!(testbed.state().unremoved, None, "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_acknowledged_repeatedly_and_not_done_is_a_refusal() {
    let testbed = holding(&[&eve()]).await;
    testbed.site.every("remove", Fate::Claims(Applied::Done));
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("it is closed", |testbed| !opens(testbed, &eve())).await;
    testbed.until("the report", |testbed| unremoved(&testbed.state()) == Some((1, 0))).await;
    assert!(message(&testbed, &eve()).contains("goes on showing it"));
    testbed.site.heal();
    testbed.rest().await;
    assert_eq!(testbed.last(&eve()), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn the_new_record_is_made_beside_a_disarmed_one_and_exactly_one_opens() {
    let new = with_group(&eve(), "Parking");
    let testbed = holding(&[&eve()]).await;
    refuse(&testbed, &eve(), &["remove"]);
    testbed.push(&new, Priority::RolloverAddition);
    testbed.until("the new one", |testbed| testbed.last(&new).is_some()).await;
    assert!(!opens(&testbed, &eve()) && opens(&testbed, &new));
    assert_eq!(held(&testbed, &new).facts, new.facts(), "its card, too, which the old record yielded");
    let Some(Outcome::Leftover(id, error)) = testbed.last(&new) else { panic!("{:?}", testbed.last(&new)) };
    assert_eq!(id, new.id);
    assert!(error.message.contains("opens no door"), "{error}");
    testbed.pass(600).await;
    assert!(testbed.site.count("remove") > 3, "the removal of the old one goes on");
    assert_eq!(testbed.site.count("create"), 1);
    testbed.site.heal();
    testbed.rest().await;
    assert!(testbed.holds(&[&new]));
    assert_eq!(testbed.last(&new), Some(Outcome::Present(new.id)));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_beside_a_record_that_could_not_be_disarmed() {
    let new = with_group(&eve(), "Parking");
    let testbed = holding(&[&eve()]).await;
    refuse(&testbed, &eve(), &["remove", "reduce"]);
    testbed.push(&new, Priority::UserChange);
    testbed.pass(600).await;
    assert_eq!(testbed.site.count("create"), 0);
    assert!(message(&testbed, &new).contains("may still open doors"));
}

#[tokio::test(start_paused = true)]
async fn a_record_with_a_refused_removal_delays_no_other_record_of_its_object() {
    let second = with_group(&eve(), "Parking");
    let mut setup = Setup { standing: vec![eve()], ..Setup::default() };
    setup.memory.put(shown(&second));
    setup.settings.mode = Mode::Enforce;
    let testbed = setup.start().await;
    let first = eve().id.min(second.id);
    testbed.site.rule(move |call| {
        let refused = call.id == Some(first) && call.name == "remove";
        if refused { Fate::Fails(ErrorKind::Terminal) } else { Fate::Done }
    });
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("the failure", |testbed| testbed.last(&eve()).is_some()).await;
    assert!(!opens(&testbed, &eve()) && !opens(&testbed, &second));
    assert_eq!(testbed.living().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_drained_integration_disarms_records_that_it_cannot_remove() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = holding(&[&ada, &bob]).await;
    refuse(&testbed, &ada, &["remove"]);
    testbed.engine.drain();
    testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
    testbed.until("the other is gone", |testbed| held(testbed, &bob).dead).await;
    assert!(!opens(&testbed, &ada) && !testbed.state().drained);
    testbed.site.heal();
    testbed.until("the end", |testbed| testbed.state().drained).await;
}

#[tokio::test(start_paused = true)]
async fn a_released_orphan_that_is_not_removed_opens_no_door() {
    let setup = Setup::default();
    setup.memory.put(shown(&visitor("gone")));
    let testbed = setup.start().await;
    let hash = testbed.state().held.unwrap().hash;
    refuse(&testbed, &visitor("gone"), &["remove"]);
    testbed.set(|settings| settings.released = Some(hash));
    testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
    assert!(!opens(&testbed, &visitor("gone")));
    testbed.site.heal();
    testbed.until("it is gone", |testbed| testbed.holds(&[])).await;
    testbed.until("the end of the report", |testbed| testbed.state().unremoved.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn disarming_goes_on_while_the_integration_is_suspended() {
    let testbed = holding(&[&eve()]).await;
    refuse(&testbed, &eve(), &["remove"]);
    testbed.engine.suspend();
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("it is closed", |testbed| !opens(testbed, &eve())).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_sync_does_not_count_a_disarmed_record_as_drift() {
    let testbed = holding(&[&eve()]).await;
    refuse(&testbed, &eve(), &["remove"]);
    testbed.delete(&eve(), Priority::Revocation);
    testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
    testbed.forget();
    let before = testbed.state().syncs;
    testbed.engine.request_sync("now");
    testbed.until("the sync", |testbed| testbed.state().syncs > before).await;
    assert_eq!(testbed.engine.diagnostics()["queued"]["drift"], 0);
    assert!(testbed.site.names().iter().all(|name| name.starts_with("list-") || *name == "remove"));
}
