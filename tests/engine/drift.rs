//! Manual changes in the system.

use vestibule::engine::Outcome;
use vestibule_core::model::{DesiredRecord, Facts, Field, Fields, Mode};
use vestibule_core::plan::{Change, Withheld};

use crate::testbed::{Fate, Setup, Testbed, visitor, with_card};

fn edit(testbed: &Testbed, record: &DesiredRecord, change: impl FnOnce(&mut Facts)) {
    assert!(testbed.site.memory.edit(&record.id.to_string(), change));
}

fn add_parking(facts: &mut Facts) {
    facts.groups.insert("Parking".to_owned());
}

#[tokio::test(start_paused = true)]
async fn a_level_added_by_hand_is_taken_away_in_enforce() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada, &visitor("bob")]).await;
    edit(&testbed, &ada, add_parking);
    testbed.sync().await;
    assert_eq!(testbed.site.writes(), [("update", ada.id)]);
    assert!(testbed.holds(&[&ada, &visitor("bob")]));
    assert_eq!(testbed.house.outcomes(ada.id.object_id), [Outcome::Present(ada.id)]);
    assert_eq!(testbed.house.outcomes(visitor("bob").id.object_id), [], "who is in step is not talked about");
}

#[tokio::test(start_paused = true)]
async fn a_level_added_by_hand_is_reported_and_kept_in_mode_observe() {
    let ada = visitor("ada");
    let mut setup = Setup { standing: vec![ada.clone()], ..Setup::default() };
    setup.settings.mode = Mode::Observe;
    let testbed = setup.start().await;
    edit(&testbed, &ada, add_parking);
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty());
    assert_eq!(
        testbed.house.outcomes(ada.id.object_id),
        [Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Repair)]
    );
}

#[tokio::test(start_paused = true)]
async fn in_observe_a_differing_record_is_read_once_and_the_fields_are_named_until_it_agrees() {
    let ada = visitor("ada");
    let mut setup = Setup { standing: vec![ada.clone()], ..Setup::default() };
    setup.settings.mode = Mode::Observe;
    let testbed = setup.start().await;
    let fields = |all: &[Field]| all.iter().copied().collect::<Fields>();
    edit(&testbed, &ada, add_parking);
    for _ in 0..3 {
        testbed.sync().await;
    }
    assert_eq!(
        (testbed.engine.differing(ada.id.object_id), testbed.site.count("read")),
        (fields(&[Field::Groups]), 1)
    );
    edit(&testbed, &ada, |facts| facts.person.last_name.push('x'));
    testbed.sync().await;
    assert_eq!(testbed.engine.differing(ada.id.object_id), fields(&[Field::Name, Field::Groups]));
    edit(&testbed, &ada, |facts| *facts = ada.facts());
    testbed.sync().await;
    assert_eq!(testbed.engine.differing(ada.id.object_id), fields(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_level_added_by_hand_every_day_is_taken_away_every_day() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    for day in 1..=4 {
        edit(&testbed, &ada, add_parking);
        testbed.sync().await;
        assert_eq!(testbed.site.count("update"), day);
        assert!(testbed.holds(&[&ada]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_changed_by_hand_every_day_is_repaired_every_day() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    for day in 1..=4 {
        edit(&testbed, &ada, |facts| facts.person.last_name = "BYRON".to_owned());
        testbed.sync().await;
        assert_eq!(testbed.site.count("update"), day);
        assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id)));
        assert!(testbed.holds(&[&ada]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_given_by_hand_is_withdrawn_and_one_taken_by_hand_is_given_back() {
    let (ada, bob) = (visitor("ada"), with_card(&visitor("bob"), "4711"));
    let testbed = Testbed::holding(&[&ada, &bob]).await;
    let surplus = with_card(&ada, "4712").facts().cards;
    edit(&testbed, &ada, |facts| facts.cards = surplus);
    edit(&testbed, &bob, |facts| facts.cards.clear());
    testbed.sync().await;
    assert!(testbed.holds(&[&ada, &bob]));
    assert_eq!((testbed.site.count("withdraw-card"), testbed.site.count("assign-card")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_record_removed_by_hand_is_made_again() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada, &visitor("bob")]).await;
    let dead = vestibule_core::model::ObservedRecord { dead: true, ..crate::testbed::shown(&ada) };
    testbed.site.memory.put(dead);
    testbed.sync().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(ada.id.next())));
    assert!(testbed.holds(&[&ada, &visitor("bob")]));
}

#[tokio::test(start_paused = true)]
async fn a_repair_whose_update_fails_is_tried_again() {
    let ada = visitor("ada");
    let testbed = Testbed::holding(&[&ada]).await;
    edit(&testbed, &ada, |facts| facts.tenant = "Other Ltd".to_owned());
    testbed.site.next("update", Fate::Fails(vestibule::system::ErrorKind::Transient));
    testbed.sync().await;
    assert!(testbed.holds(&[&ada]));
    assert_eq!(testbed.site.count("update"), 2);
}
