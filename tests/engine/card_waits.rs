//! One card, several visits of one owner: it passes from one to the next, and each status says which card the visit
//! waits for.

use jiff::Timestamp;
use vestibule::engine::{Outcome, Priority, Reason, Wait};
use vestibule::system::{ErrorCode, ErrorKind};
use vestibule_core::model::{DesiredRecord, Mode};
use vestibule_core::plan::DesiredState;

use crate::testbed::{Fate, Setup, Testbed, at, during, of_owner, shown, visitor, with_card, with_group};

/// A visit with the one card of these tests.
fn visit(name: &str, from: &str, until: &str) -> DesiredRecord {
    during(&with_card(&visitor(name), "7001"), from, until)
}

/// The first visit is running; the second follows directly.
fn two() -> (DesiredRecord, DesiredRecord) {
    (visit("first", "08:00", "11:00"), visit("second", "11:00", "12:00"))
}

/// The first has the card, and the second waits for it.
async fn waiting(first: &DesiredRecord, second: &DesiredRecord) -> Testbed {
    let testbed = Testbed::holding(&[first]).await;
    testbed.push(second, Priority::UserChange);
    testbed.until("the wait", |testbed| wait(testbed, second).is_some()).await;
    testbed
}

fn wait(testbed: &Testbed, record: &DesiredRecord) -> Option<Wait> {
    match testbed.last(record) {
        Some(Outcome::Waits(wait)) => Some(wait),
        _ => None,
    }
}

fn has_card(testbed: &Testbed, record: &DesiredRecord) -> bool {
    testbed.living().iter().any(|one| {
        one.id.is_some_and(|id| id.object_id == record.id.object_id) && !one.facts.cards.is_empty()
    })
}

fn duplicate(testbed: &Testbed, record: &DesiredRecord) -> Option<String> {
    match testbed.last(record) {
        Some(Outcome::Failed { error, retried: false }) if error.code == Some(ErrorCode::CardTaken) => {
            Some(error.message)
        }
        _ => None,
    }
}

fn now(testbed: &Testbed) -> Timestamp {
    use vestibule::clock::Clock as _;
    testbed.clock.now()
}

/// The seconds until a condition holds.
async fn takes(testbed: &Testbed, what: &str, holds: impl Fn(&Testbed) -> bool) -> i64 {
    let before = now(testbed);
    testbed.until(what, holds).await;
    now(testbed).duration_since(before).as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_visit_waits_for_the_card_until_the_previous_visit_ends_and_then_gets_it() {
    let (first, second) = two();
    let testbed = waiting(&first, &second).await;
    let said = wait(&testbed, &second).unwrap();
    assert_eq!((said.holder.as_str(), said.until), ("Visitor acme/first", at("2026-12-01T16:00:00Z")));
    assert!(
        testbed.site.writes().is_empty() && testbed.house.claims().is_empty(),
        "no groups without the card"
    );
    testbed.until("the card", |testbed| testbed.last(&second) == Some(Outcome::Present(second.id))).await;
    let late = now(&testbed).duration_since(at("2026-12-01T16:00:00Z")).as_secs();
    assert!((0..5).contains(&late), "{late}");
    let writes = [("withdraw-card", first.id), ("create", second.id), ("assign-card", second.id)];
    assert_eq!(testbed.site.writes(), writes);
    assert_eq!(testbed.site.count("find-card"), 2, "looked up once at its arrival and once when it was due");
}

#[tokio::test(start_paused = true)]
async fn a_card_passes_on_as_soon_as_its_holder_is_deleted_moved_or_has_another_card() {
    let (first, second) = two();
    let elsewhere = with_card(&first, "7009");
    let moved = during(&first, "13:00", "14:00");
    for change in [None, Some(elsewhere), Some(moved)] {
        let testbed = waiting(&first, &second).await;
        match &change {
            None => testbed.delete(&first, Priority::Revocation),
            Some(changed) => testbed.push(changed, Priority::UserChange),
        }
        let took = takes(&testbed, "the card", |testbed| has_card(testbed, &second)).await;
        assert!(took < 10, "{took} s after {change:?}");
        assert_eq!(testbed.last(&second), Some(Outcome::Present(second.id)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_visit_yields_the_card_to_an_earlier_one_and_gets_it_back_afterwards() {
    let (first, second) = two();
    let testbed = Testbed::holding(&[&second]).await;
    testbed.push(&first, Priority::UserChange);
    testbed.until("the card", |testbed| has_card(testbed, &first)).await;
    testbed.until("the wait", |testbed| wait(testbed, &second).is_some()).await;
    assert!(!has_card(&testbed, &second));
    assert_eq!(wait(&testbed, &second).unwrap().holder, "Visitor acme/first");
    testbed.until("the card", |testbed| has_card(testbed, &second)).await;
    assert!(now(&testbed) >= first.window.until);
    assert_eq!(testbed.last(&second), Some(Outcome::Present(second.id)));
}

#[tokio::test(start_paused = true)]
async fn three_visits_have_the_card_in_the_order_of_their_hours_whichever_was_declared_first() {
    let all = [visit("a", "08:00", "10:00"), visit("b", "10:00", "11:00"), visit("c", "11:30", "12:30")];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let testbed = Testbed::empty().await;
        for index in order {
            testbed.push(&all[index], Priority::RolloverAddition);
        }
        for one in &all {
            testbed.until("its turn", |testbed| now(testbed) >= one.window.from).await;
            testbed.pass(30).await;
            assert!(has_card(&testbed, one), "{order:?} {:?} {:?}", one.mark.object, testbed.site.names());
            assert_eq!(testbed.last(one), Some(Outcome::Present(one.id)));
        }
        assert!(testbed.site.calls().len() < 40, "{order:?}: {:?}", testbed.site.names());
    }
}

#[tokio::test(start_paused = true)]
async fn overlapping_visits_are_a_duplicate_claim_that_names_the_visitor_and_not_the_card() {
    let (first, second) = (visit("first", "08:00", "11:00"), visit("second", "10:00", "12:00"));
    let testbed = Testbed::holding(&[&first]).await;
    testbed.push(&second, Priority::UserChange);
    testbed.until("the refusal", |testbed| duplicate(testbed, &second).is_some()).await;
    let said = duplicate(&testbed, &second).unwrap();
    assert!(said.contains("Visitor acme/first") && !said.contains("7001"), "{said}");
    // Its hours are shortened: the two do not overlap any more.
    testbed.push(&during(&first, "08:00", "10:00"), Priority::UserChange);
    let took = takes(&testbed, "the wait", |testbed| wait(testbed, &second).is_some()).await;
    assert!(took < 10, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_claim_is_over_when_the_other_visit_is() {
    let (first, second) = (visit("first", "08:00", "10:00"), visit("second", "09:00", "12:00"));
    let testbed = Testbed::holding(&[&first]).await;
    testbed.push(&second, Priority::UserChange);
    testbed.until("the refusal", |testbed| duplicate(testbed, &second).is_some()).await;
    testbed.until("the card", |testbed| has_card(testbed, &second)).await;
    let late = now(&testbed).duration_since(first.window.until).as_secs();
    assert!((0..5).contains(&late), "{late}");
}

#[tokio::test(start_paused = true)]
async fn of_two_simultaneous_visits_one_gets_the_card_and_the_other_is_not_created_without_it() {
    let (first, second) = (visit("first", "08:00", "11:00"), visit("second", "09:00", "12:00"));
    let testbed = Testbed::empty().await;
    testbed.push(&first, Priority::UserChange);
    testbed.push(&second, Priority::UserChange);
    testbed.until("both", |testbed| testbed.last(&first).is_some() && testbed.last(&second).is_some()).await;
    let refused = [&first, &second].into_iter().filter(|one| duplicate(&testbed, one).is_some()).count();
    assert_eq!((refused, testbed.living().len()), (1, 1));
    assert_eq!(testbed.site.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn two_visits_that_need_each_others_cards_do_not_poll() {
    let (ada, bob) = (with_card(&visitor("ada"), "1"), with_card(&visitor("bob"), "2"));
    let mut setup = Setup { standing: vec![ada.clone(), bob.clone()], ..Setup::default() };
    setup.settings.mode = Mode::CreateOnly;
    let testbed = setup.start().await;
    for name in ["eve", "dan"] {
        testbed.push(&with_card(&visitor(name), if name == "eve" { "1" } else { "2" }), Priority::UserChange);
    }
    testbed.pass(3_600).await;
    assert!(testbed.site.count("find-card") <= 4, "{:?}", testbed.site.names());
    assert!(testbed.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wait_continues_during_suspension_and_a_freed_card_is_not_assigned() {
    let (first, second) = two();
    let testbed = waiting(&first, &second).await;
    testbed.set(|settings| settings.suspended = true);
    testbed.delete(&first, Priority::Revocation);
    testbed.until("the end of the first", |testbed| testbed.living().is_empty()).await;
    testbed.pass(60).await;
    assert!(testbed.living().is_empty(), "nothing is opened");
    testbed.set(|settings| settings.suspended = false);
    testbed.engine.push(second.id.object_id, Priority::UserChange.with_reason(Reason::User));
    testbed.until("the card", |testbed| has_card(testbed, &second)).await;
}

#[tokio::test(start_paused = true)]
async fn a_holder_with_a_new_record_waits_or_gets_its_card_back_by_its_hours() {
    let (first, second) = two();
    let testbed = waiting(&first, &second).await;
    testbed.delete(&first, Priority::Revocation);
    testbed.until("the card", |testbed| has_card(testbed, &second)).await;
    testbed.push(&first, Priority::UserChange);
    testbed.until("the card back", |testbed| has_card(testbed, &first)).await;
    testbed.until("the wait", |testbed| wait(testbed, &second).is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_continues_after_a_restart() {
    let (first, second) = two();
    let testbed = Setup { standing: vec![first.clone()], ..Setup::default() }.raise();
    testbed.house.desired_states(&second);
    testbed.engine.push(second.id.object_id, Priority::RolloverAddition.with_reason(Reason::Rollover));
    testbed.until("the wait", |testbed| wait(testbed, &second).is_some()).await;
    assert_eq!(testbed.shows("waiting"), 1);
    testbed.delete(&first, Priority::Revocation);
    testbed.until("the card", |testbed| has_card(testbed, &second)).await;
    assert_eq!(testbed.shows("waiting"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_visit_that_is_deleted_while_it_waits_gets_nothing() {
    let (first, second) = two();
    let testbed = waiting(&first, &second).await;
    testbed.delete(&second, Priority::Revocation);
    testbed.until("its end", |testbed| testbed.last(&second) == Some(Outcome::Absent)).await;
    assert_eq!(testbed.shows("waiting"), 0);
    testbed.pass(3 * 3_600).await;
    assert!(has_card(&testbed, &first) && testbed.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_card_taken_between_the_lookup_and_the_call_is_looked_up_again() {
    let (first, second) = two();
    let testbed = Testbed::holding(&[&first]).await;
    // The lookup does not see it: another program assigns and withdraws cards as well.
    testbed.site.next("find-card", Fate::Shows(vestibule::system::Page::default()));
    testbed.push(&second, Priority::UserChange);
    testbed.until("the wait", |testbed| wait(testbed, &second).is_some()).await;
    let made = testbed.living().into_iter().find(|one| one.id == Some(second.id)).unwrap();
    assert!(made.facts.cards.is_empty(), "the person is kept, and has no card");
    testbed.until("the card", |testbed| has_card(testbed, &second)).await;
    assert_eq!(testbed.site.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_card_that_is_refused_permanently_leaves_a_person_and_a_status_that_says_so() {
    let ada = with_card(&visitor("ada"), "7001");
    let testbed = Testbed::empty().await;
    testbed.site.every("assign-card", Fate::Fails(ErrorKind::Terminal));
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the refusal", |testbed| testbed.last(&ada).is_some()).await;
    let Some(Outcome::Failed { error, retried: false }) = testbed.last(&ada) else {
        panic!("{:?}", testbed.last(&ada))
    };
    assert!(error.message.contains("without its card"), "{error}");
    testbed.site.heal();
    testbed.push(&ada, Priority::Drift);
    testbed.rest().await;
    assert!(testbed.holds(&[&ada]));
    assert_eq!(testbed.site.count("create"), 1, "only the card is tried again");
}

#[tokio::test(start_paused = true)]
async fn a_record_without_its_card_is_described_once_and_not_as_a_former_record() {
    for kind in [ErrorKind::Terminal, ErrorKind::Dependency] {
        let ada = with_card(&visitor("ada"), "7001");
        let testbed = Testbed::empty().await;
        testbed.site.every("assign-card", Fate::Fails(kind));
        for attempt in ["first", "second"] {
            testbed.forget();
            testbed.push(&ada, Priority::UserChange);
            testbed.until("the refusal", |testbed| testbed.last(&ada).is_some()).await;
            let Some(Outcome::Failed { error, .. }) = testbed.last(&ada) else {
                panic!("{:?}", testbed.last(&ada))
            };
            assert!(error.message.ends_with("and opens nothing by card"), "{kind:?} {attempt}: {error}");
            assert_eq!(error.message.matches("until then").count(), 1, "{kind:?} {attempt}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn leading_zeros_make_no_other_card_and_no_loop_of_repairs() {
    let first = during(&with_card(&visitor("first"), "0007002"), "08:00", "09:00");
    let second = during(&with_card(&visitor("second"), "7002"), "09:00", "12:00");
    let testbed = Testbed::holding(&[&first]).await;
    testbed.house.declare(first.id.object_id, DesiredState::Ended);
    testbed.push(&second, Priority::UserChange);
    testbed.rest().await;
    assert!(has_card(&testbed, &second) && !has_card(&testbed, &first));
    // The same card as an operator would enter it.
    let padded = with_card(&second, "007002");
    assert_eq!(padded.id, second.id);
    testbed.forget();
    testbed.push(&padded, Priority::UserChange);
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty());
}

const OTHER_OWNER: &str = "test/engine/other-door";

/// A visit of another integration of the same system, with the one card of these tests.
fn elsewhere(name: &str, from: &str, until: &str) -> DesiredRecord {
    during(&with_card(&of_owner(OTHER_OWNER, name), "7001"), from, until)
}

#[tokio::test(start_paused = true)]
async fn a_card_passes_from_one_integration_of_a_system_to_another_and_back() {
    let (first, second) = (visit("first", "08:00", "10:00"), elsewhere("second", "10:00", "11:00"));
    let third = visit("third", "11:00", "12:00");
    let testbed = Testbed::holding(&[&first]).await;
    let other = testbed.beside(OTHER_OWNER).await;
    other.push(&second, Priority::UserChange);
    other.until("the wait", |other| wait(other, &second).is_some()).await;
    assert_eq!(wait(&other, &second).unwrap().holder, "Visitor acme/first");
    testbed.push(&third, Priority::UserChange);
    for one in [&first, &second, &third] {
        testbed.until("its turn", |testbed| now(testbed) >= one.window.from).await;
        testbed.pass(60).await;
        let outcomes = [&testbed, &other].map(|testbed| testbed.last(one));
        assert!(has_card(&testbed, one), "{:?} {outcomes:?}", one.mark.object);
    }
    assert!(testbed.site.calls().len() + other.site.calls().len() < 60);
}

#[tokio::test(start_paused = true)]
async fn a_card_passes_on_at_once_when_its_holder_in_another_integration_is_deleted() {
    let (first, second) = (visit("first", "08:00", "11:00"), elsewhere("second", "11:00", "12:00"));
    let testbed = Testbed::holding(&[&first]).await;
    let other = testbed.beside(OTHER_OWNER).await;
    other.push(&second, Priority::UserChange);
    other.until("the wait", |other| wait(other, &second).is_some()).await;
    testbed.delete(&first, Priority::Revocation);
    let took = takes(&testbed, "the card", |testbed| has_card(testbed, &second)).await;
    assert!(took < 10, "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_later_visit_of_another_integration_yields_its_card_and_gets_it_back() {
    let (first, second) = (visit("first", "09:00", "10:00"), elsewhere("second", "10:00", "12:00"));
    let testbed = Testbed::empty().await;
    let other = testbed.beside(OTHER_OWNER).await;
    other.push(&second, Priority::UserChange);
    other.until("the card", |other| has_card(other, &second)).await;
    testbed.push(&first, Priority::UserChange);
    testbed.until("the card", |testbed| has_card(testbed, &first)).await;
    other.until("the wait", |other| wait(other, &second).is_some()).await;
    other.until("the card back", |other| has_card(other, &second)).await;
    assert!(now(&testbed) >= first.window.until);
}

#[tokio::test(start_paused = true)]
async fn a_card_of_an_owner_of_another_process_is_foreign() {
    let (mine, theirs) = (visit("first", "11:00", "12:00"), elsewhere("second", "08:00", "10:00"));
    let testbed = Testbed::empty().await;
    testbed.site.memory.put(shown(&theirs));
    testbed.push(&mine, Priority::UserChange);
    testbed.until("the refusal", |testbed| duplicate(testbed, &mine).is_some()).await;
    assert!(duplicate(&testbed, &mine).unwrap().contains(&theirs.id.to_string()));
}

#[tokio::test(start_paused = true)]
async fn two_visitors_whose_cards_are_swapped_have_them_swapped() {
    let (ada, bob) = (with_card(&visitor("ada"), "7001"), with_card(&visitor("bob"), "7002"));
    let testbed = Testbed::holding(&[&ada, &bob]).await;
    let (ada, bob) = (with_card(&ada, "7002"), with_card(&bob, "7001"));
    testbed.push(&ada, Priority::UserChange);
    testbed.push(&bob, Priority::UserChange);
    let took = takes(&testbed, "the swap", |testbed| testbed.holds(&[&ada, &bob])).await;
    assert!(took < 30, "{took}");
    assert!(testbed.site.calls().len() < 40, "{:?}", testbed.site.names());
}

#[tokio::test(start_paused = true)]
async fn a_changed_group_does_not_cost_a_visitor_the_card() {
    let (first, second) = two();
    let testbed = waiting(&first, &second).await;
    let changed = with_group(&first, "Parking");
    testbed.push(&changed, Priority::UserChange);
    testbed.until("the change", |testbed| testbed.last(&changed) == Some(Outcome::Present(changed.id))).await;
    assert!(has_card(&testbed, &first) && !has_card(&testbed, &second));
}
