//! One card, several visits of ours: it goes from one to the next, and each says what it waits for.

use jiff::Timestamp;
use vestibule::engine::{Class, Outcome, Reason, Wait};
use vestibule::system::{Class as ErrorClass, ErrorCode};
use vestibule_core::model::{Mode, Record};
use vestibule_core::plan::Want;

use crate::stage::{Fate, Setup, Stage, at, during, of_owner, shown, visitor, with_card, with_group};

/// A visit with the one card of these tests.
fn visit(name: &str, from: &str, until: &str) -> Record {
    during(&with_card(&visitor(name), "7001"), from, until)
}

/// The first visit is running, the second comes right after it.
fn two() -> (Record, Record) {
    (visit("first", "08:00", "11:00"), visit("second", "11:00", "12:00"))
}

/// The first has the card, and the second waits.
async fn waiting(first: &Record, second: &Record) -> Stage {
    let stage = Stage::holding(&[first]).await;
    stage.push(second, Class::UserChange);
    stage.until("the wait", |stage| wait(stage, second).is_some()).await;
    stage
}

fn wait(stage: &Stage, record: &Record) -> Option<Wait> {
    match stage.last(record) {
        Some(Outcome::Waits(wait)) => Some(wait),
        _ => None,
    }
}

fn has_card(stage: &Stage, record: &Record) -> bool {
    stage
        .living()
        .iter()
        .any(|one| one.id.is_some_and(|id| id.slot == record.id.slot) && !one.facts.cards.is_empty())
}

fn duplicate(stage: &Stage, record: &Record) -> Option<String> {
    match stage.last(record) {
        Some(Outcome::Failed { error, retried: false }) if error.code == Some(ErrorCode::CardTaken) => {
            Some(error.message)
        }
        _ => None,
    }
}

fn now(stage: &Stage) -> Timestamp {
    use vestibule::clock::Clock as _;
    stage.clock.now()
}

/// Seconds that something takes to come true.
async fn takes(stage: &Stage, what: &str, holds: impl Fn(&Stage) -> bool) -> i64 {
    let before = now(stage);
    stage.until(what, holds).await;
    now(stage).duration_since(before).as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_visit_waits_for_the_card_until_the_one_before_it_ends_and_has_it_then() {
    let (first, second) = two();
    let stage = waiting(&first, &second).await;
    let said = wait(&stage, &second).unwrap();
    assert_eq!((said.holder.as_str(), said.until), ("Visitor acme/first", at("2026-12-01T16:00:00Z")));
    assert!(stage.site.writes().is_empty() && stage.house.claims().is_empty(), "no groups without the card");
    stage.until("the card", |stage| stage.last(&second) == Some(Outcome::Present(second.id))).await;
    let late = now(&stage).duration_since(at("2026-12-01T16:00:00Z")).as_secs();
    assert!((0..5).contains(&late), "{late}");
    let writes = [("withdraw-card", first.id), ("create", second.id), ("assign-card", second.id)];
    assert_eq!(stage.site.writes(), writes);
    assert_eq!(stage.site.count("find-card"), 2, "asked for once when it came and once when it was due");
}

#[tokio::test(start_paused = true)]
async fn a_card_is_given_on_as_soon_as_its_holder_is_deleted_moved_or_has_another_card() {
    let (first, second) = two();
    let elsewhere = with_card(&first, "7009");
    let moved = during(&first, "13:00", "14:00");
    for change in [None, Some(elsewhere), Some(moved)] {
        let stage = waiting(&first, &second).await;
        match &change {
            None => stage.delete(&first, Class::Revocation),
            Some(changed) => stage.push(changed, Class::UserChange),
        }
        let took = takes(&stage, "the card", |stage| has_card(stage, &second)).await;
        assert!(took < 10, "{took} s after {change:?}");
        assert_eq!(stage.last(&second), Some(Outcome::Present(second.id)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_visit_gives_the_card_up_to_an_earlier_one_and_has_it_back_afterwards() {
    let (first, second) = two();
    let stage = Stage::holding(&[&second]).await;
    stage.push(&first, Class::UserChange);
    stage.until("the card", |stage| has_card(stage, &first)).await;
    stage.until("the wait", |stage| wait(stage, &second).is_some()).await;
    assert!(!has_card(&stage, &second));
    assert_eq!(wait(&stage, &second).unwrap().holder, "Visitor acme/first");
    stage.until("the card", |stage| has_card(stage, &second)).await;
    assert!(now(&stage) >= first.window.until);
    assert_eq!(stage.last(&second), Some(Outcome::Present(second.id)));
}

#[tokio::test(start_paused = true)]
async fn three_visits_have_the_card_in_the_order_of_their_hours_whichever_was_declared_first() {
    let all = [visit("a", "08:00", "10:00"), visit("b", "10:00", "11:00"), visit("c", "11:30", "12:30")];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let stage = Stage::empty().await;
        for index in order {
            stage.push(&all[index], Class::RolloverAddition);
        }
        for one in &all {
            stage.until("its turn", |stage| now(stage) >= one.window.from).await;
            stage.pass(30).await;
            assert!(has_card(&stage, one), "{order:?} {:?} {:?}", one.mark.object, stage.site.names());
            assert_eq!(stage.last(one), Some(Outcome::Present(one.id)));
        }
        assert!(stage.site.calls().len() < 40, "{order:?}: {:?}", stage.site.names());
    }
}

#[tokio::test(start_paused = true)]
async fn visits_at_one_time_are_a_duplicate_claim_that_names_the_visitor_and_not_the_card() {
    let (first, second) = (visit("first", "08:00", "11:00"), visit("second", "10:00", "12:00"));
    let stage = Stage::holding(&[&first]).await;
    stage.push(&second, Class::UserChange);
    stage.until("the refusal", |stage| duplicate(stage, &second).is_some()).await;
    let said = duplicate(&stage, &second).unwrap();
    assert!(said.contains("Visitor acme/first") && !said.contains("7001"), "{said}");
    // Its hours are cut: they do not meet any more.
    stage.push(&during(&first, "08:00", "10:00"), Class::UserChange);
    let took = takes(&stage, "the wait", |stage| wait(stage, &second).is_some()).await;
    assert!(took < 10, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_claim_is_over_when_the_other_visit_is() {
    let (first, second) = (visit("first", "08:00", "10:00"), visit("second", "09:00", "12:00"));
    let stage = Stage::holding(&[&first]).await;
    stage.push(&second, Class::UserChange);
    stage.until("the refusal", |stage| duplicate(stage, &second).is_some()).await;
    stage.until("the card", |stage| has_card(stage, &second)).await;
    let late = now(&stage).duration_since(first.window.until).as_secs();
    assert!((0..5).contains(&late), "{late}");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_come_at_once_one_has_the_card_and_the_other_is_not_made_without() {
    let (first, second) = (visit("first", "08:00", "11:00"), visit("second", "09:00", "12:00"));
    let stage = Stage::empty().await;
    stage.push(&first, Class::UserChange);
    stage.push(&second, Class::UserChange);
    stage.until("both", |stage| stage.last(&first).is_some() && stage.last(&second).is_some()).await;
    let refused = [&first, &second].into_iter().filter(|one| duplicate(&stage, one).is_some()).count();
    assert_eq!((refused, stage.living().len()), (1, 1));
    assert_eq!(stage.site.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn two_that_want_each_others_cards_do_not_keep_asking() {
    let (ada, bob) = (with_card(&visitor("ada"), "1"), with_card(&visitor("bob"), "2"));
    let mut setup = Setup { standing: vec![ada.clone(), bob.clone()], ..Setup::default() };
    setup.settings.mode = Mode::CreateOnly;
    let stage = setup.start().await;
    for name in ["eve", "dan"] {
        stage.push(&with_card(&visitor(name), if name == "eve" { "1" } else { "2" }), Class::UserChange);
    }
    stage.pass(3_600).await;
    assert!(stage.site.count("find-card") <= 4, "{:?}", stage.site.names());
    assert!(stage.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wait_goes_on_while_suspended_and_what_is_freed_meanwhile_is_not_given() {
    let (first, second) = two();
    let stage = waiting(&first, &second).await;
    stage.set(|settings| settings.suspended = true);
    stage.delete(&first, Class::Revocation);
    stage.until("the end of the first", |stage| stage.living().is_empty()).await;
    stage.pass(60).await;
    assert!(stage.living().is_empty(), "nothing is opened");
    stage.set(|settings| settings.suspended = false);
    stage.engine.push(second.id.slot, Class::UserChange.with_reason(Reason::User));
    stage.until("the card", |stage| has_card(stage, &second)).await;
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_is_made_anew_waits_or_takes_its_card_back_by_its_hours() {
    let (first, second) = two();
    let stage = waiting(&first, &second).await;
    stage.delete(&first, Class::Revocation);
    stage.until("the card", |stage| has_card(stage, &second)).await;
    stage.push(&first, Class::UserChange);
    stage.until("the card back", |stage| has_card(stage, &first)).await;
    stage.until("the wait", |stage| wait(stage, &second).is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_wait_is_found_again() {
    let (first, second) = two();
    let stage = Setup { standing: vec![first.clone()], ..Setup::default() }.raise();
    stage.house.wants(&second);
    stage.engine.push(second.id.slot, Class::RolloverAddition.with_reason(Reason::Rollover));
    stage.until("the wait", |stage| wait(stage, &second).is_some()).await;
    assert_eq!(stage.shows("waiting"), 1);
    stage.delete(&first, Class::Revocation);
    stage.until("the card", |stage| has_card(stage, &second)).await;
    assert_eq!(stage.shows("waiting"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_visit_that_is_deleted_while_it_waits_takes_nothing() {
    let (first, second) = two();
    let stage = waiting(&first, &second).await;
    stage.delete(&second, Class::Revocation);
    stage.until("its end", |stage| stage.last(&second) == Some(Outcome::Absent)).await;
    assert_eq!(stage.shows("waiting"), 0);
    stage.pass(3 * 3_600).await;
    assert!(has_card(&stage, &first) && stage.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_card_that_is_taken_between_the_look_and_the_call_is_looked_up_again() {
    let (first, second) = two();
    let stage = Stage::holding(&[&first]).await;
    // The look-up misses it: another program gives and takes cards as well.
    stage.site.next("find-card", Fate::Shows(vestibule::system::Observed::default()));
    stage.push(&second, Class::UserChange);
    stage.until("the wait", |stage| wait(stage, &second).is_some()).await;
    let made = stage.living().into_iter().find(|one| one.id == Some(second.id)).unwrap();
    assert!(made.facts.cards.is_empty(), "the person is kept, and opens nothing by card");
    stage.until("the card", |stage| has_card(stage, &second)).await;
    assert_eq!(stage.site.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_card_that_is_refused_for_good_leaves_a_person_who_says_so() {
    let ada = with_card(&visitor("ada"), "7001");
    let stage = Stage::empty().await;
    stage.site.every("assign-card", Fate::Fails(ErrorClass::Terminal));
    stage.push(&ada, Class::UserChange);
    stage.until("the refusal", |stage| stage.last(&ada).is_some()).await;
    let Some(Outcome::Failed { error, retried: false }) = stage.last(&ada) else {
        panic!("{:?}", stage.last(&ada))
    };
    assert!(error.message.contains("without its card"), "{error}");
    stage.site.heal();
    stage.push(&ada, Class::Drift);
    stage.rest().await;
    assert!(stage.holds(&[&ada]));
    assert_eq!(stage.site.count("create"), 1, "what is tried again is the card alone");
}

#[tokio::test(start_paused = true)]
async fn leading_zeros_make_no_other_card_and_no_loop_of_repairs() {
    let first = during(&with_card(&visitor("first"), "0007002"), "08:00", "09:00");
    let second = during(&with_card(&visitor("second"), "7002"), "09:00", "12:00");
    let stage = Stage::holding(&[&first]).await;
    stage.house.declare(first.id.slot, Want::Ended);
    stage.push(&second, Class::UserChange);
    stage.rest().await;
    assert!(has_card(&stage, &second) && !has_card(&stage, &first));
    // The same card as the desk would type it.
    let padded = with_card(&second, "007002");
    assert_eq!(padded.id, second.id);
    stage.forget();
    stage.push(&padded, Class::UserChange);
    stage.sync().await;
    assert!(stage.site.writes().is_empty());
}

const OTHER_OWNER: &str = "test/engine/other-door";

/// A visit of another integration of the same system, with the one card of these tests.
fn elsewhere(name: &str, from: &str, until: &str) -> Record {
    during(&with_card(&of_owner(OTHER_OWNER, name), "7001"), from, until)
}

#[tokio::test(start_paused = true)]
async fn a_card_goes_from_one_integration_of_a_system_to_another_and_back() {
    let (first, second) = (visit("first", "08:00", "10:00"), elsewhere("second", "10:00", "11:00"));
    let third = visit("third", "11:00", "12:00");
    let stage = Stage::holding(&[&first]).await;
    let other = stage.beside(OTHER_OWNER).await;
    other.push(&second, Class::UserChange);
    other.until("the wait", |other| wait(other, &second).is_some()).await;
    assert_eq!(wait(&other, &second).unwrap().holder, "Visitor acme/first");
    stage.push(&third, Class::UserChange);
    for one in [&first, &second, &third] {
        stage.until("its turn", |stage| now(stage) >= one.window.from).await;
        stage.pass(60).await;
        let told = [&stage, &other].map(|stage| stage.last(one));
        assert!(has_card(&stage, one), "{:?} {told:?}", one.mark.object);
    }
    assert!(stage.site.calls().len() + other.site.calls().len() < 60);
}

#[tokio::test(start_paused = true)]
async fn a_card_is_given_on_at_once_when_its_holder_in_another_integration_is_deleted() {
    let (first, second) = (visit("first", "08:00", "11:00"), elsewhere("second", "11:00", "12:00"));
    let stage = Stage::holding(&[&first]).await;
    let other = stage.beside(OTHER_OWNER).await;
    other.push(&second, Class::UserChange);
    other.until("the wait", |other| wait(other, &second).is_some()).await;
    stage.delete(&first, Class::Revocation);
    let took = takes(&stage, "the card", |stage| has_card(stage, &second)).await;
    assert!(took < 10, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_later_visit_of_another_integration_gives_its_card_up_and_has_it_back() {
    let (first, second) = (visit("first", "09:00", "10:00"), elsewhere("second", "10:00", "12:00"));
    let stage = Stage::empty().await;
    let other = stage.beside(OTHER_OWNER).await;
    other.push(&second, Class::UserChange);
    other.until("the card", |other| has_card(other, &second)).await;
    stage.push(&first, Class::UserChange);
    stage.until("the card", |stage| has_card(stage, &first)).await;
    other.until("the wait", |other| wait(other, &second).is_some()).await;
    other.until("the card back", |other| has_card(other, &second)).await;
    assert!(now(&stage) >= first.window.until);
}

#[tokio::test(start_paused = true)]
async fn a_card_of_an_owner_that_this_process_does_not_serve_is_a_strangers() {
    let (mine, theirs) = (visit("first", "11:00", "12:00"), elsewhere("second", "08:00", "10:00"));
    let stage = Stage::empty().await;
    stage.site.memory.put(shown(&theirs));
    stage.push(&mine, Class::UserChange);
    stage.until("the refusal", |stage| duplicate(stage, &mine).is_some()).await;
    assert!(duplicate(&stage, &mine).unwrap().contains(&theirs.id.to_string()));
}

#[tokio::test(start_paused = true)]
async fn two_visitors_whose_cards_are_swapped_have_them_swapped() {
    let (ada, bob) = (with_card(&visitor("ada"), "7001"), with_card(&visitor("bob"), "7002"));
    let stage = Stage::holding(&[&ada, &bob]).await;
    let (ada, bob) = (with_card(&ada, "7002"), with_card(&bob, "7001"));
    stage.push(&ada, Class::UserChange);
    stage.push(&bob, Class::UserChange);
    let took = takes(&stage, "the swap", |stage| stage.holds(&[&ada, &bob])).await;
    assert!(took < 30, "{took}");
    assert!(stage.site.calls().len() < 40, "{:?}", stage.site.names());
}

#[tokio::test(start_paused = true)]
async fn a_changed_group_does_not_cost_a_visitor_the_card() {
    let (first, second) = two();
    let stage = waiting(&first, &second).await;
    let changed = with_group(&first, "Parking");
    stage.push(&changed, Class::UserChange);
    stage.until("the change", |stage| stage.last(&changed) == Some(Outcome::Present(changed.id))).await;
    assert!(has_card(&stage, &first) && !has_card(&stage, &second));
}
