//! Credentials, groups and formats: checked before anything is written.

use vestibule::engine::{Outcome, Priority};
use vestibule::system::{ErrorCode, ErrorKind, SystemError};
use vestibule_core::model::{Card, DesiredRecord, Mode};

use crate::testbed::{
    Fate, Setup, Testbed, ended, identified, stranger, visitor, with_card, with_group, with_groups,
};

fn failure(testbed: &Testbed, record: &DesiredRecord) -> SystemError {
    let last = testbed.last(record);
    let Some(Outcome::Failed { error, .. }) = last else { panic!("{last:?} is no failure") };
    error
}

async fn beside_a_stranger(standing: &[&DesiredRecord]) -> Testbed {
    let setup = Setup { standing: standing.iter().map(|one| (*one).clone()).collect(), ..Setup::default() };
    setup.memory.put(stranger("person-9", "4711"));
    setup.start().await
}

#[tokio::test(start_paused = true)]
async fn a_card_is_looked_up_before_the_record_is_created_and_assigned_after() {
    let ada = with_card(&visitor("ada"), "4711");
    let testbed = Testbed::empty().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), ["find-card", "create", "assign-card"]);
    assert!(testbed.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_card_that_was_not_assigned_at_first_is_assigned_in_a_mode_without_changes() {
    for fate in [Fate::Fails(ErrorKind::Transient), Fate::AnswerLost] {
        let ada = with_card(&visitor("ada"), "4711");
        let mut setup = Setup::default();
        setup.settings.mode = Mode::CreateOnly;
        let testbed = setup.start().await;
        testbed.site.next("assign-card", fate);
        testbed.push(&ada, Priority::UserChange);
        testbed.rest().await;
        assert!(testbed.holds(&[&ada]));
        assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_of_a_foreign_person_is_a_duplicate_claim_and_nothing_is_written() {
    let ada = visitor("ada");
    let testbed = beside_a_stranger(&[&ada]).await;
    testbed.push(&with_card(&ada, "4711"), Priority::UserChange);
    testbed.rest().await;
    let error = failure(&testbed, &ada);
    assert_eq!((error.kind, error.code), (ErrorKind::Terminal, Some(ErrorCode::CardTaken)));
    assert!(error.message.contains("person-9") && !error.message.contains("4711"), "{error}");
    assert!(testbed.site.writes().is_empty() && testbed.house.claims().is_empty());
    assert!(testbed.holds(&[&ada]), "the old record opens only what is still declared");
}

#[tokio::test(start_paused = true)]
async fn a_card_of_another_running_visit_is_a_duplicate_claim() {
    let bob = with_card(&visitor("bob"), "4711");
    let testbed = Testbed::holding(&[&bob]).await;
    let ada = with_card(&visitor("ada"), "4711");
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the refusal", |testbed| testbed.last(&ada).is_some()).await;
    assert_eq!(failure(&testbed, &ada).code, Some(ErrorCode::CardTaken));
    assert!(testbed.holds(&[&bob]));
}

#[tokio::test(start_paused = true)]
async fn an_ended_visit_yields_its_card() {
    let old = with_card(&ended("old"), "4711");
    let testbed = Testbed::holding(&[&old]).await;
    let ada = with_card(&visitor("ada"), "4711");
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    let writes: Vec<_> = testbed.site.writes();
    assert_eq!(writes, [("withdraw-card", old.id), ("create", ada.id), ("assign-card", ada.id)]);
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
}

#[tokio::test(start_paused = true)]
async fn in_a_mode_without_changes_an_ended_visit_keeps_its_card_and_that_is_reported() {
    let old = with_card(&ended("old"), "4711");
    let mut setup = Setup { standing: vec![old.clone()], ..Setup::default() };
    setup.settings.mode = Mode::CreateOnly;
    let testbed = setup.start().await;
    let ada = with_card(&visitor("ada"), "4711");
    testbed.push(&ada, Priority::UserChange);
    testbed.pass(600).await;
    assert_eq!(failure(&testbed, &ada).code, Some(ErrorCode::CardTaken));
    assert!(testbed.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_changed_visitor_keeps_its_card() {
    let ada = with_card(&visitor("ada"), "4711");
    let moved = with_group(&ada, "Parking");
    let testbed = Testbed::holding(&[&ada]).await;
    testbed.push(&moved, Priority::UserChange);
    testbed.rest().await;
    let names: Vec<_> = testbed.site.writes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["remove", "create", "assign-card"]);
    assert!(testbed.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_missing_is_named_and_waited_for() {
    let ada = with_groups(&visitor("ada"), &["Lobby", "Roof"]);
    let testbed = Testbed::holding(&[&visitor("ada")]).await;
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    let error = failure(&testbed, &ada);
    assert_eq!(error.kind, ErrorKind::Dependency);
    assert!(error.message.contains("\"Roof\"") && error.message.contains("Memory"), "{error}");
    assert!(testbed.site.writes().is_empty());
    assert!(testbed.holds(&[&visitor("ada")]), "access that is still declared stays open");
    assert_eq!(testbed.engine.diagnostics()["queued"]["retry"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_format_that_is_missing_is_named() {
    let card = Card { number: "7".to_owned(), format: "48 bit".to_owned() };
    let ada = identified(DesiredRecord { card: Some(card), ..visitor("ada") });
    let testbed = Testbed::empty().await;
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    assert!(failure(&testbed, &ada).message.contains("\"48 bit\""));
    assert!(testbed.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn names_are_asked_for_again_at_most_every_thirty_seconds() {
    let testbed = Testbed::empty().await;
    testbed.pass(60).await;
    for round in 0..10 {
        for n in 0..20 {
            let one = with_group(&visitor(&format!("guest-{round}-{n}")), "Roof");
            testbed.push(&one, Priority::UserChange);
        }
        testbed.pass(6).await;
    }
    let asked: Vec<_> = testbed.site.calls().into_iter().filter(|call| call.name == "list-groups").collect();
    assert!((2..=3).contains(&asked.len()), "{}", asked.len());
    assert!(asked.windows(2).all(|two| two[1].at.duration_since(two[0].at).as_secs() >= 29));
}

#[tokio::test(start_paused = true)]
async fn a_group_created_meanwhile_is_found_by_every_waiting_visitor() {
    let memory = vestibule::system::memory::Memory::with_groups(["Lobby"]);
    let testbed = Setup { memory, ..Setup::default() }.start().await;
    testbed.pass(60).await;
    let shown = vestibule::system::Page { names: vec!["Lobby".into(), "Roof".into()], ..Default::default() };
    testbed.site.every("list-groups", crate::testbed::Fate::Shows(shown));
    for n in 0..6 {
        testbed.push(&with_group(&visitor(&format!("guest-{n}")), "Roof"), Priority::UserChange);
    }
    testbed.until("six attempts", |testbed| testbed.site.count("create") == 6).await;
    assert_eq!(
        testbed.site.count("list-groups"),
        1,
        "one visitor looks it up, the others wait for the answer"
    );
}
