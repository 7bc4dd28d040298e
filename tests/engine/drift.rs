//! What somebody changes by hand.

use vestibule::engine::Outcome;
use vestibule_core::model::{Facts, Mode, Record};
use vestibule_core::plan::{Change, Withheld};

use crate::stage::{Fate, Setup, Stage, visitor, with_card};

fn edit(stage: &Stage, record: &Record, change: impl FnOnce(&mut Facts)) {
    assert!(stage.site.memory.edit(&record.id.to_string(), change));
}

fn add_parking(facts: &mut Facts) {
    facts.groups.insert("Parking".to_owned());
}

#[tokio::test(start_paused = true)]
async fn a_level_added_by_hand_is_taken_away_in_enforce() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada, &visitor("bob")]).await;
    edit(&stage, &ada, add_parking);
    stage.sync().await;
    assert_eq!(stage.site.writes(), [("update", ada.id)]);
    assert!(stage.holds(&[&ada, &visitor("bob")]));
    assert_eq!(stage.house.told(ada.id.slot), [Outcome::Present(ada.id)]);
    assert_eq!(stage.house.told(visitor("bob").id.slot), [], "who is in step is not talked about");
}

#[tokio::test(start_paused = true)]
async fn a_level_added_by_hand_is_told_and_left_in_observe() {
    let ada = visitor("ada");
    let mut setup = Setup { standing: vec![ada.clone()], ..Setup::default() };
    setup.settings.mode = Mode::Observe;
    let stage = setup.start().await;
    edit(&stage, &ada, add_parking);
    stage.sync().await;
    assert!(stage.site.writes().is_empty());
    assert_eq!(
        stage.house.told(ada.id.slot),
        [Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Repair)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_level_added_by_hand_every_day_is_taken_away_every_day() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    for day in 1..=4 {
        edit(&stage, &ada, add_parking);
        stage.sync().await;
        assert_eq!(stage.site.count("update"), day);
        assert!(stage.holds(&[&ada]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_changed_by_hand_every_day_is_repaired_every_day() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    for day in 1..=4 {
        edit(&stage, &ada, |facts| facts.person.last_name = "BYRON".to_owned());
        stage.sync().await;
        assert_eq!(stage.site.count("update"), day);
        assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id)));
        assert!(stage.holds(&[&ada]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_given_by_hand_is_withdrawn_and_one_taken_by_hand_is_given_back() {
    let (ada, bob) = (visitor("ada"), with_card(&visitor("bob"), "4711"));
    let stage = Stage::holding(&[&ada, &bob]).await;
    let surplus = with_card(&ada, "4712").facts().cards;
    edit(&stage, &ada, |facts| facts.cards = surplus);
    edit(&stage, &bob, |facts| facts.cards.clear());
    stage.sync().await;
    assert!(stage.holds(&[&ada, &bob]));
    assert_eq!((stage.site.count("withdraw-card"), stage.site.count("assign-card")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_record_removed_by_hand_is_made_again() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada, &visitor("bob")]).await;
    let dead = vestibule_core::model::ObservedRecord { dead: true, ..crate::stage::shown(&ada) };
    stage.site.memory.put(dead);
    stage.sync().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Present(ada.id.next())));
    assert!(stage.holds(&[&ada, &visitor("bob")]));
}

#[tokio::test(start_paused = true)]
async fn a_repair_whose_update_fails_is_tried_again() {
    let ada = visitor("ada");
    let stage = Stage::holding(&[&ada]).await;
    edit(&stage, &ada, |facts| facts.tenant = "Other Ltd".to_owned());
    stage.site.next("update", Fate::Fails(vestibule::system::Class::Transient));
    stage.sync().await;
    assert!(stage.holds(&[&ada]));
    assert_eq!(stage.site.count("update"), 2);
}
