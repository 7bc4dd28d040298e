//! Credentials, groups and formats: checked before anything is written.

use vestibule::engine::{Class, Outcome};
use vestibule::system::{Class as ErrorClass, ErrorCode, SystemError};
use vestibule_core::model::{Card, Mode, Record};

use crate::stage::{
    Fate, Setup, Stage, ended, identified, stranger, visitor, with_card, with_group, with_groups,
};

fn failure(stage: &Stage, record: &Record) -> SystemError {
    let last = stage.last(record);
    let Some(Outcome::Failed { error, .. }) = last else { panic!("{last:?} is no failure") };
    error
}

async fn beside_a_stranger(standing: &[&Record]) -> Stage {
    let setup = Setup { standing: standing.iter().map(|one| (*one).clone()).collect(), ..Setup::default() };
    setup.memory.put(stranger("person-9", "4711"));
    setup.start().await
}

#[tokio::test(start_paused = true)]
async fn a_card_is_looked_up_before_the_record_is_made_and_given_after() {
    let ada = with_card(&visitor("ada"), "4711");
    let stage = Stage::empty().await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.names(), ["find-card", "create", "assign-card"]);
    assert!(stage.holds(&[&ada]));
}

#[tokio::test(start_paused = true)]
async fn a_card_that_was_not_given_at_first_is_given_where_nothing_may_be_changed() {
    for fate in [Fate::Fails(ErrorClass::Transient), Fate::AnswerLost] {
        let ada = with_card(&visitor("ada"), "4711");
        let mut setup = Setup::default();
        setup.settings.mode = Mode::CreateOnly;
        let stage = setup.start().await;
        stage.site.next("assign-card", fate);
        stage.push(&ada, Class::UserChange);
        stage.rest().await;
        assert!(stage.holds(&[&ada]));
        assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_of_a_stranger_is_a_duplicate_claim_and_nothing_is_written() {
    let ada = visitor("ada");
    let stage = beside_a_stranger(&[&ada]).await;
    stage.push(&with_card(&ada, "4711"), Class::UserChange);
    stage.rest().await;
    let error = failure(&stage, &ada);
    assert_eq!((error.class, error.code), (ErrorClass::Terminal, Some(ErrorCode::CardTaken)));
    assert!(error.message.contains("person-9") && !error.message.contains("4711"), "{error}");
    assert!(stage.site.writes().is_empty() && stage.house.claims().is_empty());
    assert!(stage.holds(&[&ada]), "the old record opens nothing that is not declared any more");
}

#[tokio::test(start_paused = true)]
async fn a_card_of_another_running_visit_of_ours_is_a_duplicate_claim() {
    let bob = with_card(&visitor("bob"), "4711");
    let stage = Stage::holding(&[&bob]).await;
    let ada = with_card(&visitor("ada"), "4711");
    stage.push(&ada, Class::UserChange);
    stage.until("the refusal", |stage| stage.last(&ada).is_some()).await;
    assert_eq!(failure(&stage, &ada).code, Some(ErrorCode::CardTaken));
    assert!(stage.holds(&[&bob]));
}

#[tokio::test(start_paused = true)]
async fn an_ended_visit_of_ours_gives_its_card_up() {
    let old = with_card(&ended("old"), "4711");
    let stage = Stage::holding(&[&old]).await;
    let ada = with_card(&visitor("ada"), "4711");
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    let writes: Vec<_> = stage.site.writes();
    assert_eq!(writes, [("withdraw-card", old.id), ("create", ada.id), ("assign-card", ada.id)]);
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_changed_an_ended_visit_keeps_its_card_and_that_is_told() {
    let old = with_card(&ended("old"), "4711");
    let mut setup = Setup { standing: vec![old.clone()], ..Setup::default() };
    setup.settings.mode = Mode::CreateOnly;
    let stage = setup.start().await;
    let ada = with_card(&visitor("ada"), "4711");
    stage.push(&ada, Class::UserChange);
    stage.pass(600).await;
    assert_eq!(failure(&stage, &ada).code, Some(ErrorCode::CardTaken));
    assert!(stage.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_changed_visitor_keeps_his_card() {
    let ada = with_card(&visitor("ada"), "4711");
    let moved = with_group(&ada, "Parking");
    let stage = Stage::holding(&[&ada]).await;
    stage.push(&moved, Class::UserChange);
    stage.rest().await;
    let names: Vec<_> = stage.site.writes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["remove", "create", "assign-card"]);
    assert!(stage.holds(&[&moved]));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_missing_is_named_and_waited_for() {
    let ada = with_groups(&visitor("ada"), &["Lobby", "Roof"]);
    let stage = Stage::holding(&[&visitor("ada")]).await;
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    let error = failure(&stage, &ada);
    assert_eq!(error.class, ErrorClass::Dependency);
    assert!(error.message.contains("\"Roof\"") && error.message.contains("Memory"), "{error}");
    assert!(stage.site.writes().is_empty());
    assert!(stage.holds(&[&visitor("ada")]), "what is still declared stays open");
    assert_eq!(stage.engine.diagnostics()["queued"]["retry"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_format_that_is_missing_is_named() {
    let card = Card { number: "7".to_owned(), format: "48 bit".to_owned() };
    let ada = identified(Record { card: Some(card), ..visitor("ada") });
    let stage = Stage::empty().await;
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    assert!(failure(&stage, &ada).message.contains("\"48 bit\""));
    assert!(stage.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn names_are_asked_for_again_at_most_every_thirty_seconds() {
    let stage = Stage::empty().await;
    stage.pass(60).await;
    for round in 0..10 {
        for n in 0..20 {
            let one = with_group(&visitor(&format!("guest-{round}-{n}")), "Roof");
            stage.push(&one, Class::UserChange);
        }
        stage.pass(6).await;
    }
    let asked: Vec<_> = stage.site.calls().into_iter().filter(|call| call.name == "list-groups").collect();
    assert!((2..=3).contains(&asked.len()), "{}", asked.len());
    assert!(asked.windows(2).all(|two| two[1].at.duration_since(two[0].at).as_secs() >= 29));
}

#[tokio::test(start_paused = true)]
async fn a_group_made_meanwhile_is_found_by_everybody_who_waits_for_it() {
    let memory = vestibule::system::memory::Memory::with_groups(["Lobby"]);
    let stage = Setup { memory, ..Setup::default() }.start().await;
    stage.pass(60).await;
    let shown =
        vestibule::system::Observed { names: vec!["Lobby".into(), "Roof".into()], ..Default::default() };
    stage.site.every("list-groups", crate::stage::Fate::Shows(shown));
    for n in 0..6 {
        stage.push(&with_group(&visitor(&format!("guest-{n}")), "Roof"), Class::UserChange);
    }
    stage.until("six attempts", |stage| stage.site.count("create") == 6).await;
    assert_eq!(stage.site.count("list-groups"), 1, "one asks, the others wait for the answer");
}
