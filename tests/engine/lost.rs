//! Answers that are lost: nothing is made twice, and nothing that may still arrive is taken for absent.

use vestibule::engine::{Class, Outcome, Reason};
use vestibule_core::identity::RecordId;
use vestibule_core::model::Record;

use crate::stage::{Fate, Setup, Stage, shown, visitor, with_card, with_group};

#[tokio::test(start_paused = true)]
async fn a_creation_whose_answer_was_lost_is_found_again_and_not_repeated() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::AnswerLost);
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.names(), ["create", "read"]);
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
    assert_eq!(stage.site.memory.everybody().len(), 1);
    assert_eq!(stage.shows("uncertain"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_arrives_late_meets_its_repetition() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Late);
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    stage.site.arrive().await;
    stage.sync().await;
    assert_eq!(stage.site.memory.everybody().len(), 1);
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_visitor_deleted_while_his_creation_is_unanswered_is_not_absent_before_it_cannot_arrive() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Late);
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    stage.delete(&ada, Class::Revocation);
    stage.pass(25).await;
    assert!(!stage.house.told(ada.id.slot).contains(&Outcome::Absent));
    stage.site.arrive().await;
    assert!(stage.holds(&[&ada]), "it has arrived after all");
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_visitor_whose_creation_never_arrived_is_absent_in_the_end() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Late);
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    let lost = stage.clock.started().elapsed();
    stage.delete(&ada, Class::Revocation);
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
    assert!((stage.clock.started().elapsed() - lost).as_secs() >= 55, "a minute is what a call may take");
    assert_eq!(stage.shows("uncertain"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_minute_counts_from_the_failure_of_a_call_that_had_to_log_in_first() {
    let ada = visitor("ada");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::LateAfter(std::time::Duration::from_secs(50)));
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    let lost = stage.clock.started().elapsed();
    stage.delete(&ada, Class::Revocation);
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
    assert!((stage.clock.started().elapsed() - lost).as_secs() >= 55, "a minute is what a call may take");
}

#[tokio::test(start_paused = true)]
async fn the_minute_counts_from_when_the_creation_was_sent_and_not_from_when_it_got_in_line() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = Stage::empty().await;
    let wait = std::time::Duration::from_mins(2);
    stage.site.next("create", Fate::Fails(vestibule::system::Class::Throttled(Some(wait))));
    stage.push(&bob, Class::UserChange);
    stage.until("the refusal", |stage| stage.last(&bob).is_some()).await;
    stage.site.rule(move |call| {
        if call.id == Some(visitor("ada").id) && call.name == "create" { Fate::Late } else { Fate::Done }
    });
    stage.push(&ada, Class::UserChange);
    stage.until("the loss", |stage| stage.last(&ada).is_some()).await;
    stage.delete(&ada, Class::Revocation);
    stage.pass(25).await;
    assert!(!stage.house.told(ada.id.slot).contains(&Outcome::Absent));
    stage.site.arrive().await;
    stage.rest().await;
    assert!(stage.holds(&[&bob]));
}

#[tokio::test(start_paused = true)]
async fn a_visitor_changed_while_his_creation_is_unanswered_ends_with_one_record() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::empty().await;
    stage.site.next("create", Fate::Late);
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    stage.push(&moved, Class::UserChange);
    stage.pass(5).await;
    assert!(stage.holds(&[&moved]), "the new is not kept waiting");
    stage.site.arrive().await;
    stage.rest().await;
    assert!(stage.holds(&[&moved]), "the old one that came late is gone");
    assert_eq!(stage.last(&ada), Some(Outcome::Present(moved.id)));
}

#[tokio::test(start_paused = true)]
async fn a_card_whose_answer_was_lost_is_assigned_once() {
    let ada = with_card(&visitor("ada"), "4711");
    let stage = Stage::empty().await;
    stage.site.next("assign-card", Fate::AnswerLost);
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert!(stage.holds(&[&ada]));
    assert_eq!((stage.site.count("create"), stage.site.count("assign-card")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_removal_is_asked_about_and_ends_absent() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    stage.site.next("remove", Fate::AnswerLost);
    stage.delete(&ada, Class::Revocation);
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Absent));
    assert!(stage.holds(&[]));
}

/// The record as it was removed earlier, under its nth number.
fn dead(record: &Record, number: u16) -> vestibule_core::model::ObservedRecord {
    let id = RecordId { number, ..record.id };
    let one = shown(&Record { id, ..record.clone() });
    vestibule_core::model::ObservedRecord { dead: true, ..one }
}

#[tokio::test(start_paused = true)]
async fn the_number_rises_past_dead_records() {
    let ada = visitor("ada");
    let setup = Setup::default();
    (0..3).for_each(|number| setup.memory.put(dead(&ada, number)));
    let stage = setup.start().await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    let made = RecordId { number: 3, ..ada.id };
    assert_eq!(stage.last(&ada), Some(Outcome::Present(made)));
    assert_eq!(
        (stage.site.count("create"), stage.site.count("read"), stage.site.count("find-id")),
        (2, 1, 3)
    );
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_content_that_comes_back_on_one_day_is_a_third_record() {
    let ada = visitor("ada");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::empty().await;
    for version in [&ada, &moved, &ada] {
        stage.push(version, Class::UserChange);
        stage.rest().await;
    }
    assert_eq!(stage.site.memory.everybody().len(), 3);
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id.next())));
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_our_status_names_and_the_list_lacks_is_asked_for_by_its_id() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = Stage::empty().await;
    stage.site.memory.put(shown(&ada));
    for one in [&ada, &bob] {
        let want = vestibule_core::plan::Want::Record(one.clone().into());
        stage.house.declare_known(one.id.slot, want, vec![one.id]);
        stage.engine.push(one.id.slot, Class::UserChange.with_reason(Reason::User));
    }
    stage.rest().await;
    assert_eq!(stage.site.writes(), [("create", bob.id)], "only who is really gone is made again");
    assert_eq!(stage.site.count("read"), 2);
}
