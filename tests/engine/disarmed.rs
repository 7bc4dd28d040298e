//! A record that the system does not remove is disarmed: it opens no door while its removal is tried again.

use vestibule::engine::{Class, Outcome, State};
use vestibule::system::{Applied, Class as ErrorClass};
use vestibule_core::model::{Mode, ObservedRecord, Record};

use crate::stage::{Call, Fate, Setup, Stage, shown, visitor, with_card, with_group};

/// Eve with a card.
fn eve() -> Record {
    with_card(&visitor("eve"), "4711")
}

async fn holding(records: &[&Record]) -> Stage {
    Stage::holding(records).await
}

/// What the system holds under the id of a record.
fn held(stage: &Stage, record: &Record) -> ObservedRecord {
    let all = stage.site.memory.everybody();
    all.into_iter().find(|one| one.external_id == record.id.to_string()).unwrap()
}

fn opens(stage: &Stage, record: &Record) -> bool {
    let one = held(stage, record);
    !one.dead && one.facts.may_open(vestibule::clock::Clock::now(&*stage.clock))
}

fn message(stage: &Stage, record: &Record) -> String {
    match stage.last(record) {
        Some(Outcome::Failed { error, retried: true }) => error.message,
        other => panic!("{other:?} is no failure that is retried"),
    }
}

fn unremoved(state: &State) -> Option<(usize, usize)> {
    state.unremoved.as_ref().map(|one| (one.count, one.open))
}

/// Refuses these calls for a record, and no other.
fn refuse(stage: &Stage, record: &Record, names: &'static [&'static str]) {
    let id = record.id;
    stage.site.rule(move |call: &Call| {
        let refused = call.id == Some(id) && names.contains(&call.name);
        if refused { Fate::Fails(ErrorClass::Terminal) } else { Fate::Done }
    });
}

#[tokio::test(start_paused = true)]
async fn a_deleted_visitor_opens_no_door_while_the_removal_is_refused() {
    let stage = holding(&[&eve()]).await;
    refuse(&stage, &eve(), &["remove"]);
    stage.delete(&eve(), Class::Revocation);
    stage.until("the failure", |stage| stage.last(&eve()).is_some()).await;
    let facts = held(&stage, &eve()).facts;
    assert!(facts.groups.is_empty() && facts.cards.is_empty() && !opens(&stage, &eve()));
    let said = message(&stage, &eve());
    assert!(said.contains("remove failed") && said.contains("opens no door"), "{said}");
    stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
    assert_eq!(unremoved(&stage.state()), Some((1, 0)));
    // It is tried again, and nothing else is done again.
    stage.forget();
    stage.pass(3600).await;
    assert!(stage.site.count("remove") > 5);
    assert!(stage.site.names().iter().all(|name| *name == "remove"), "{:?}", stage.site.names());
    assert_eq!(message(&stage, &eve()), said);
    stage.site.heal();
    stage.rest().await;
    assert!(stage.holds(&[]));
    assert_eq!(stage.last(&eve()), Some(Outcome::Absent));
    stage.until("the end of the report", |stage| stage.state().unremoved.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn each_measure_is_taken_though_the_others_are_refused() {
    let cases: [(&[&str], bool); 3] = [
        (&["remove", "withdraw-card"], false),
        (&["remove", "reduce"], true),
        (&["remove", "reduce", "withdraw-card"], true),
    ];
    for (refused, open) in cases {
        let stage = holding(&[&eve()]).await;
        refuse(&stage, &eve(), refused);
        stage.delete(&eve(), Class::Revocation);
        stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
        assert_eq!(opens(&stage, &eve()), open, "{refused:?}");
        assert_eq!(held(&stage, &eve()).facts.cards.is_empty(), !refused.contains(&"withdraw-card"));
        assert_eq!(unremoved(&stage.state()), Some((1, usize::from(open))));
        let said = message(&stage, &eve());
        assert_eq!(said.contains("may still open doors"), open, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_can_be_set_closes_a_record_whose_groups_cannot_be_taken_away() {
    let stage = holding(&[&eve()]).await;
    let (id, mut reductions) = (eve().id, 0);
    stage.site.rule(move |call| match call.name {
        "remove" if call.id == Some(id) => Fate::Fails(ErrorClass::Terminal),
        "reduce" => {
            reductions += 1;
            if reductions == 1 { Fate::Fails(ErrorClass::Terminal) } else { Fate::Done }
        }
        _ => Fate::Done,
    });
    stage.delete(&eve(), Class::Revocation);
    stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
    assert!(!opens(&stage, &eve()) && !held(&stage, &eve()).facts.groups.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_measure_that_is_refused_at_first_is_taken_with_a_later_attempt() {
    let stage = holding(&[&eve()]).await;
    refuse(&stage, &eve(), &["remove", "reduce"]);
    stage.delete(&eve(), Class::Revocation);
    stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
    assert!(opens(&stage, &eve()));
    refuse(&stage, &eve(), &["remove"]);
    stage.until("it is closed", |stage| !opens(stage, &eve())).await;
    stage.until("the report", |stage| unremoved(&stage.state()) == Some((1, 0))).await;
}

#[tokio::test(start_paused = true)]
async fn one_fault_is_no_refusal_and_two_in_a_row_are() {
    let stage = holding(&[&eve()]).await;
    stage.site.next("remove", Fate::Fails(ErrorClass::Transient));
    stage.delete(&eve(), Class::Revocation);
    stage.rest().await;
    assert_eq!(stage.site.names(), ["remove", "remove", "read"]);
    let stage = holding(&[&eve()]).await;
    stage.site.every("remove", Fate::Fails(ErrorClass::Transient));
    stage.delete(&eve(), Class::Revocation);
    stage.until("it is closed", |stage| !opens(stage, &eve())).await;
    assert_eq!(stage.site.count("remove"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_down_or_refuses_the_login_disarms_nothing() {
    for fate in [ErrorClass::Transient, ErrorClass::Auth] {
        let stage = holding(&[&eve()]).await;
        stage.site.rule(move |_| Fate::Fails(fate));
        stage.delete(&eve(), Class::Revocation);
        stage.pass(600).await;
        assert!(!stage.site.names().iter().any(|name| ["reduce", "withdraw-card"].contains(name)));
        assert_eq!(stage.state().unremoved, None, "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_acknowledged_again_and_again_and_not_done_is_a_refusal() {
    let stage = holding(&[&eve()]).await;
    stage.site.every("remove", Fate::Claims(Applied::Done));
    stage.delete(&eve(), Class::Revocation);
    stage.until("it is closed", |stage| !opens(stage, &eve())).await;
    stage.until("the report", |stage| unremoved(&stage.state()) == Some((1, 0))).await;
    assert!(message(&stage, &eve()).contains("goes on showing it"));
    stage.site.heal();
    stage.rest().await;
    assert_eq!(stage.last(&eve()), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn the_new_record_is_made_beside_a_disarmed_one_and_exactly_one_opens() {
    let new = with_group(&eve(), "Parking");
    let stage = holding(&[&eve()]).await;
    refuse(&stage, &eve(), &["remove"]);
    stage.push(&new, Class::RolloverAddition);
    stage.until("the new one", |stage| stage.last(&new).is_some()).await;
    assert!(!opens(&stage, &eve()) && opens(&stage, &new));
    assert_eq!(held(&stage, &new).facts, new.facts(), "its card, too, which the old one gave up");
    let Some(Outcome::Leftover(id, error)) = stage.last(&new) else { panic!("{:?}", stage.last(&new)) };
    assert_eq!(id, new.id);
    assert!(error.message.contains("opens no door"), "{error}");
    stage.pass(600).await;
    assert!(stage.site.count("remove") > 3, "the removal of the old one goes on");
    assert_eq!(stage.site.count("create"), 1);
    stage.site.heal();
    stage.rest().await;
    assert!(stage.holds(&[&new]));
    assert_eq!(stage.last(&new), Some(Outcome::Present(new.id)));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_beside_a_record_that_could_not_be_disarmed() {
    let new = with_group(&eve(), "Parking");
    let stage = holding(&[&eve()]).await;
    refuse(&stage, &eve(), &["remove", "reduce"]);
    stage.push(&new, Class::UserChange);
    stage.pass(600).await;
    assert_eq!(stage.site.count("create"), 0);
    assert!(message(&stage, &new).contains("may still open doors"));
}

#[tokio::test(start_paused = true)]
async fn one_record_that_is_refused_keeps_no_other_of_its_object() {
    let second = with_group(&eve(), "Parking");
    let mut setup = Setup { standing: vec![eve()], ..Setup::default() };
    setup.memory.put(shown(&second));
    setup.settings.mode = Mode::Enforce;
    let stage = setup.start().await;
    let first = eve().id.min(second.id);
    stage.site.rule(move |call| {
        let refused = call.id == Some(first) && call.name == "remove";
        if refused { Fate::Fails(ErrorClass::Terminal) } else { Fate::Done }
    });
    stage.delete(&eve(), Class::Revocation);
    stage.until("the failure", |stage| stage.last(&eve()).is_some()).await;
    assert!(!opens(&stage, &eve()) && !opens(&stage, &second));
    assert_eq!(stage.living().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_drained_integration_disarms_what_it_cannot_remove() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = holding(&[&ada, &bob]).await;
    refuse(&stage, &ada, &["remove"]);
    stage.engine.drain();
    stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
    stage.until("the other is gone", |stage| held(stage, &bob).dead).await;
    assert!(!opens(&stage, &ada) && !stage.state().drained);
    stage.site.heal();
    stage.until("the end", |stage| stage.state().drained).await;
}

#[tokio::test(start_paused = true)]
async fn a_released_orphan_that_is_not_removed_opens_no_door() {
    let setup = Setup::default();
    setup.memory.put(shown(&visitor("gone")));
    let stage = setup.start().await;
    let hash = stage.state().held.unwrap().hash;
    refuse(&stage, &visitor("gone"), &["remove"]);
    stage.set(|settings| settings.released = Some(hash));
    stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
    assert!(!opens(&stage, &visitor("gone")));
    stage.site.heal();
    stage.until("it is gone", |stage| stage.holds(&[])).await;
    stage.until("the end of the report", |stage| stage.state().unremoved.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn disarming_goes_on_while_the_integration_is_suspended() {
    let stage = holding(&[&eve()]).await;
    refuse(&stage, &eve(), &["remove"]);
    stage.engine.suspend();
    stage.delete(&eve(), Class::Revocation);
    stage.until("it is closed", |stage| !opens(stage, &eve())).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_sync_takes_a_disarmed_record_for_no_drift() {
    let stage = holding(&[&eve()]).await;
    refuse(&stage, &eve(), &["remove"]);
    stage.delete(&eve(), Class::Revocation);
    stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
    stage.forget();
    let before = stage.state().syncs;
    stage.engine.request_sync("now");
    stage.until("the sync", |stage| stage.state().syncs > before).await;
    assert_eq!(stage.engine.diagnostics()["queued"]["drift"], 0);
    assert!(stage.site.names().iter().all(|name| name.starts_with("list-") || *name == "remove"));
}
