//! Lost answers: no record is created twice, and no record that may still arrive counts as absent.

use vestibule::engine::{Outcome, Priority, Reason};
use vestibule_core::identity::RecordId;
use vestibule_core::model::DesiredRecord;

use crate::testbed::{Fate, Setup, Testbed, shown, visitor, with_card, with_group};

#[tokio::test(start_paused = true)]
async fn a_creation_whose_answer_was_lost_is_found_again_and_not_repeated() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::AnswerLost);
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), ["create", "read"]);
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
    assert_eq!(testbed.site.memory.all_records().len(), 1);
    assert_eq!(testbed.shows("uncertain"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_arrives_late_meets_its_repetition() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Late);
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    testbed.site.arrive().await;
    testbed.sync().await;
    assert_eq!(testbed.site.memory.all_records().len(), 1);
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_visitor_deleted_during_an_unanswered_creation_is_not_absent_while_it_may_still_arrive() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Late);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    testbed.delete(&ada, Priority::Revocation);
    testbed.pass(25).await;
    assert!(!testbed.house.outcomes(ada.id.object_id).contains(&Outcome::Absent));
    testbed.site.arrive().await;
    assert!(testbed.holds(&[&ada]), "it arrived late");
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_visitor_whose_creation_never_arrived_is_absent_in_the_end() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Late);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    let lost = testbed.clock.started().elapsed();
    testbed.delete(&ada, Priority::Revocation);
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
    assert!((testbed.clock.started().elapsed() - lost).as_secs() >= 55, "a minute is what a call may take");
    assert_eq!(testbed.shows("uncertain"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_minute_counts_from_the_failure_of_a_call_that_had_to_log_in_first() {
    let ada = visitor("ada");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::LateAfter(std::time::Duration::from_secs(50)));
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    let lost = testbed.clock.started().elapsed();
    testbed.delete(&ada, Priority::Revocation);
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
    assert!((testbed.clock.started().elapsed() - lost).as_secs() >= 55, "a minute is what a call may take");
}

#[tokio::test(start_paused = true)]
async fn the_minute_counts_from_the_sending_of_the_creation_and_not_from_its_queueing() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = Testbed::empty().await;
    let wait = std::time::Duration::from_mins(2);
    testbed.site.next("create", Fate::Fails(vestibule::system::ErrorKind::Throttled(Some(wait))));
    testbed.push(&bob, Priority::UserChange);
    testbed.until("the refusal", |testbed| testbed.last(&bob).is_some()).await;
    testbed.site.rule(move |call| {
        if call.id == Some(visitor("ada").id) && call.name == "create" { Fate::Late } else { Fate::Done }
    });
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the loss", |testbed| testbed.last(&ada).is_some()).await;
    testbed.delete(&ada, Priority::Revocation);
    testbed.pass(25).await;
    assert!(!testbed.house.outcomes(ada.id.object_id).contains(&Outcome::Absent));
    testbed.site.arrive().await;
    testbed.rest().await;
    assert!(testbed.holds(&[&bob]));
}

#[tokio::test(start_paused = true)]
async fn a_visitor_changed_during_an_unanswered_creation_ends_with_one_record() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::empty().await;
    testbed.site.next("create", Fate::Late);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    testbed.push(&moved, Priority::UserChange);
    testbed.pass(5).await;
    assert!(testbed.holds(&[&moved]), "the new record does not wait");
    testbed.site.arrive().await;
    testbed.rest().await;
    assert!(testbed.holds(&[&moved]), "the late old record is gone");
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(moved.id)));
}

#[tokio::test(start_paused = true)]
async fn a_card_whose_answer_was_lost_is_assigned_once() {
    let ada = with_card(&visitor("ada"), "4711");
    let testbed = Testbed::empty().await;
    testbed.site.next("assign-card", Fate::AnswerLost);
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.holds(&[&ada]));
    assert_eq!((testbed.site.count("create"), testbed.site.count("assign-card")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_removal_with_a_lost_answer_is_read_back_and_ends_absent() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.site.next("remove", Fate::AnswerLost);
    testbed.delete(&ada, Priority::Revocation);
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Absent));
    assert!(testbed.holds(&[]));
}

/// The record as it was removed earlier, under its nth number.
fn dead(record: &DesiredRecord, number: u16) -> vestibule_core::model::ObservedRecord {
    let id = RecordId { number, ..record.id };
    let one = shown(&DesiredRecord { id, ..record.clone() });
    vestibule_core::model::ObservedRecord { dead: true, ..one }
}

#[tokio::test(start_paused = true)]
async fn the_record_number_rises_past_removed_records() {
    let ada = visitor("ada");
    let setup = Setup::default();
    (0..3).for_each(|number| setup.memory.put(dead(&ada, number)));
    let testbed = setup.start().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    let made = RecordId { number: 3, ..ada.id };
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(made)));
    assert_eq!(
        (testbed.site.count("create"), testbed.site.count("read"), testbed.site.count("find-id")),
        (2, 1, 3)
    );
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn content_that_returns_on_one_day_is_a_third_record() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::empty().await;
    for version in [&ada, &moved, &ada] {
        testbed.push(version, Priority::UserChange);
        testbed.rest().await;
    }
    assert_eq!(testbed.site.memory.all_records().len(), 3);
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id.next())));
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_the_status_names_and_the_list_lacks_is_read_by_its_id() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = Testbed::empty().await;
    testbed.site.memory.put(shown(&ada));
    for one in [&ada, &bob] {
        let desired = vestibule_core::plan::DesiredState::Record(one.clone().into());
        testbed.house.declare_known(one.id.object_id, desired, vec![one.id]);
        testbed.engine.push(one.id.object_id, Priority::UserChange.with_reason(Reason::User));
    }
    testbed.rest().await;
    assert_eq!(
        testbed.site.writes(),
        [("create", bob.id)],
        "only the record that is really gone is created again"
    );
    assert_eq!(testbed.site.count("read"), 2);
}
