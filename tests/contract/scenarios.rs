//! The behaviour of every system, one situation in each scenario.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule::system::{Applied, ErrorCode, ErrorKind, Scope};
use vestibule_core::diff::Step;
use vestibule_core::entitlement::{Entitlement, disarming, disarming_misnamed, reduction};
use vestibule_core::model::{Card, DesiredRecord, Misnamed};

use super::{
    Testbed, apply, assert_satisfied, at, identified, living, look, settle, try_apply, visitor, walk,
    with_card,
};

fn create(record: &DesiredRecord) -> Step {
    Step::Create(Arc::new(record.clone()))
}

pub(crate) async fn a_created_record_reads_back_as_declared(testbed: &dyn Testbed) {
    let record = with_card(testbed, visitor(testbed, "ada"), "4711");
    assert_eq!(settle(testbed, &record).await, 2, "the person and the card");
    assert_satisfied(testbed, &record).await;
    let found = look(testbed, record.id).await.unwrap();
    assert_eq!(found.id, Some(record.id));
    assert_eq!(found.external_id, testbed.system().external_id(&record.id));
    assert_eq!(found.mark.as_ref(), Some(&record.mark));
    assert_eq!(found.facts.fingerprint(), record.facts().fingerprint());
    assert!(!found.dead);
    assert_eq!(settle(testbed, &record).await, 0, "nothing is left to do");
}

pub(crate) async fn creating_twice_says_exists_and_leaves_one(testbed: &dyn Testbed) {
    let record = visitor(testbed, "ada");
    assert_eq!(apply(testbed, &create(&record)).await, Applied::Done);
    assert_eq!(apply(testbed, &create(&record)).await, Applied::Exists);
    assert_satisfied(testbed, &record).await;
    let same = living(testbed).await.into_iter().filter(|id| *id == record.id.to_string()).count();
    assert_eq!(same, 1);
}

pub(crate) async fn removing_twice_says_absent_the_second_time(testbed: &dyn Testbed) {
    let record = visitor(testbed, "ada");
    settle(testbed, &record).await;
    assert_eq!(apply(testbed, &Step::Remove(record.id)).await, Applied::Done);
    assert_eq!(apply(testbed, &Step::Remove(record.id)).await, Applied::Absent);
}

pub(crate) async fn an_unknown_record_is_absent_and_not_listed(testbed: &dyn Testbed) {
    let record = visitor(testbed, "unknown");
    let card = Card { number: "4711".to_owned(), format: testbed.format() };
    assert_eq!(look(testbed, record.id).await, None);
    assert_eq!(apply(testbed, &Step::Remove(record.id)).await, Applied::Absent);
    assert_eq!(
        apply(testbed, &Step::WithdrawCard { id: record.id, card: card.clone() }).await,
        Applied::Absent
    );
    let until = record.window.until;
    let given = try_apply(testbed, &Step::AssignCard { id: record.id, card, until }).await;
    assert_eq!(given.unwrap_err().kind, ErrorKind::Dependency);
}

pub(crate) async fn a_removed_record_is_dead_and_a_new_number_works(testbed: &dyn Testbed) {
    let record = with_card(testbed, visitor(testbed, "ada"), "4711");
    settle(testbed, &record).await;
    apply(testbed, &Step::Remove(record.id)).await;
    if let Some(found) = look(testbed, record.id).await {
        assert!(found.dead && found.facts.groups.is_empty() && found.facts.cards.is_empty());
    }
    assert!(!living(testbed).await.contains(&record.id.to_string()));
    assert_eq!(apply(testbed, &create(&record)).await, Applied::Exists, "its id is used up");
    let next = DesiredRecord { id: record.id.next(), ..record };
    settle(testbed, &next).await;
    assert_satisfied(testbed, &next).await;
}

pub(crate) async fn a_used_id_shows_whether_its_record_lives_or_is_dead(testbed: &dyn Testbed) {
    let record = visitor(testbed, "ada");
    let used = async || testbed.system().observe(Scope::UsedId(record.id)).await.unwrap().records;
    assert!(used().await.is_empty());
    settle(testbed, &record).await;
    let living: Vec<_> = used().await.into_iter().map(|one| (one.id, one.dead)).collect();
    assert_eq!(living, [(Some(record.id), false)]);
    apply(testbed, &Step::Remove(record.id)).await;
    let dead: Vec<_> = used().await.into_iter().map(|one| (one.id, one.dead)).collect();
    assert_eq!(dead, [(Some(record.id), true)]);
}

pub(crate) async fn a_person_of_any_id_is_read_and_removed_by_it(testbed: &dyn Testbed) {
    let record = visitor(testbed, "ada");
    let misnamed = Misnamed { external_id: record.id.to_string(), id: record.id };
    let lives = async || {
        let found = testbed.system().observe(Scope::ExternalId(misnamed.external_id.clone())).await.unwrap();
        found.records.iter().any(|one| !one.dead && one.external_id == misnamed.external_id)
    };
    assert!(!lives().await);
    settle(testbed, &record).await;
    assert!(lives().await);
    let found = look(testbed, record.id).await.unwrap();
    let steps = disarming_misnamed(&misnamed, &found.facts, at("2026-12-01T14:00:00Z"));
    assert_eq!(steps.len(), 2, "its groups and its window");
    for step in &steps {
        assert_eq!(apply(testbed, step).await, Applied::Done);
    }
    assert!(!look(testbed, record.id).await.unwrap().facts.may_open(at("2026-12-01T14:00:00Z")));
    assert_eq!(apply(testbed, &Step::RemoveMisnamed(misnamed.clone())).await, Applied::Done);
    assert!(!lives().await);
    assert_eq!(apply(testbed, &Step::RemoveMisnamed(misnamed.clone())).await, Applied::Absent);
}

pub(crate) async fn two_hundred_and_fifty_people_are_each_listed_once(testbed: &dyn Testbed) {
    let before: BTreeSet<String> = living(testbed).await.into_iter().collect();
    let mut made = BTreeSet::new();
    for number in 0..250 {
        let record = visitor(testbed, &format!("guest-{number}"));
        apply(testbed, &create(&record)).await;
        made.insert(record.id.to_string());
    }
    let met = living(testbed).await;
    let met_once: BTreeSet<String> = met.iter().cloned().collect();
    assert_eq!(met.len(), met_once.len(), "every person is listed once");
    assert_eq!(met_once, before.union(&made).cloned().collect());
    assert!(walk(testbed, Scope::People).await.len() > 1, "it took several pages");
}

pub(crate) async fn a_card_is_found_by_its_number_until_its_holder_is_gone(testbed: &dyn Testbed) {
    let held = |number: &str| Card { number: number.to_owned(), format: testbed.format() };
    let holders = async || testbed.system().observe(Scope::Card(held("4711"))).await.unwrap().records;
    assert!(holders().await.is_empty());
    let record = with_card(testbed, visitor(testbed, "ada"), "4711");
    settle(testbed, &record).await;
    let found = holders().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, Some(record.id));
    let other = testbed.system().observe(Scope::Card(held("471"))).await.unwrap();
    assert!(other.records.is_empty(), "a part of a number is another number");
    apply(testbed, &Step::Remove(record.id)).await;
    assert!(holders().await.is_empty());
    let next = with_card(testbed, visitor(testbed, "charles"), "4711");
    settle(testbed, &next).await;
    assert_satisfied(testbed, &next).await;
}

pub(crate) async fn a_card_of_another_person_is_refused_for_good(testbed: &dyn Testbed) {
    let (ada, charles) = (with_card(testbed, visitor(testbed, "ada"), "4711"), visitor(testbed, "charles"));
    settle(testbed, &ada).await;
    settle(testbed, &charles).await;
    let wanted = with_card(testbed, charles.clone(), "4711").card.unwrap();
    let until = charles.window.until;
    let error =
        try_apply(testbed, &Step::AssignCard { id: charles.id, card: wanted, until }).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Terminal, Some(ErrorCode::CardTaken)));
    assert!(!error.message.contains("4711") && !error.message.contains("Byron"), "{error}");
    assert_satisfied(testbed, &ada).await;
    assert_satisfied(testbed, &charles).await;
}

pub(crate) async fn giving_and_taking_a_card_may_be_repeated(testbed: &dyn Testbed) {
    let record = with_card(testbed, visitor(testbed, "ada"), "4711");
    settle(testbed, &record).await;
    let (id, card, until) = (record.id, record.card.clone().unwrap(), record.window.until);
    assert_eq!(apply(testbed, &Step::AssignCard { id, card: card.clone(), until }).await, Applied::Done);
    assert_satisfied(testbed, &record).await;
    assert_eq!(apply(testbed, &Step::WithdrawCard { id, card: card.clone() }).await, Applied::Done);
    assert_eq!(apply(testbed, &Step::WithdrawCard { id, card }).await, Applied::Absent);
    assert_satisfied(testbed, &DesiredRecord { card: None, ..record }).await;
}

pub(crate) async fn a_card_with_another_end_is_replaced(testbed: &dyn Testbed) {
    let mut record = with_card(testbed, visitor(testbed, "ada"), "4711");
    settle(testbed, &record).await;
    record.window.until = at("2026-12-01T20:00:00Z");
    settle(testbed, &record).await;
    assert_satisfied(testbed, &record).await;
}

pub(crate) async fn groups_and_card_formats_are_listed_by_name(testbed: &dyn Testbed) {
    let pages = walk(testbed, Scope::Groups).await;
    let names: Vec<String> = pages.into_iter().flat_map(|page| page.names).collect();
    let once: BTreeSet<&String> = names.iter().collect();
    assert_eq!(once.len(), names.len(), "no name comes twice");
    assert!(testbed.groups().iter().all(|group| once.contains(group)), "{names:?}");
    let formats = testbed.system().observe(Scope::CardFormats).await.unwrap().names;
    assert!(formats.contains(&testbed.format()), "{formats:?}");
}

pub(crate) async fn names_in_all_letters_and_markup_survive(testbed: &dyn Testbed) {
    let names = ["Zoë <&>\"'", "Łukasz ]]> &amp;", "李小龍", "O'Neill-Ångström", "עדה", "👩‍🔬 &#65;"];
    for (number, name) in names.into_iter().enumerate() {
        let mut record = visitor(testbed, &format!("guest-{number}"));
        record.person.first_name = name.to_owned();
        record.person.last_name = name.chars().rev().collect();
        record.tenant = format!("{name} & Co.");
        record.id = identified(&record);
        settle(testbed, &record).await;
        assert_satisfied(testbed, &record).await;
    }
}

pub(crate) async fn each_changed_field_leaves_the_others(testbed: &dyn Testbed) {
    let mut record = with_card(testbed, visitor(testbed, "ada"), "4711");
    settle(testbed, &record).await;
    let changes: [fn(&mut DesiredRecord, &dyn Testbed); 5] = [
        |record, _| record.person.last_name = "King".into(),
        |record, _| record.person.phone = "+1 212 555 0100".into(),
        |record, _| record.tenant = "Analytical Engines".into(),
        |record, _| record.window.from = at("2026-12-01T14:30:00Z"),
        |record, testbed| record.groups = testbed.groups().into_iter().skip(1).collect(),
    ];
    for change in changes {
        change(&mut record, testbed);
        assert_eq!(settle(testbed, &record).await, 1, "one change is one step");
        assert_satisfied(testbed, &record).await;
    }
}

pub(crate) async fn groups_contact_and_tenant_can_be_emptied(testbed: &dyn Testbed) {
    let mut record = visitor(testbed, "ada");
    record.groups = testbed.groups().into_iter().collect();
    record.person.phone = "+1 212 555 0100".into();
    settle(testbed, &record).await;
    record.groups.clear();
    record.person.email = String::new();
    record.tenant = String::new();
    settle(testbed, &record).await;
    assert_satisfied(testbed, &record).await;
}

pub(crate) async fn a_lost_answer_is_found_again_by_its_id(testbed: &dyn Testbed) {
    let record = visitor(testbed, "ada");
    testbed.lose_answer_of_next_creation().await;
    let error = try_apply(testbed, &create(&record)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert_eq!(apply(testbed, &create(&record)).await, Applied::Exists);
    assert_satisfied(testbed, &record).await;
}

pub(crate) async fn an_edit_by_hand_is_seen_and_repaired(testbed: &dyn Testbed) {
    let record = visitor(testbed, "ada");
    settle(testbed, &record).await;
    testbed.rename_by_hand(&record.id.to_string(), "Smith").await;
    assert_eq!(look(testbed, record.id).await.unwrap().facts.person.last_name, "Smith");
    assert_eq!(settle(testbed, &record).await, 1);
    assert_satisfied(testbed, &record).await;
}

pub(crate) async fn an_unknown_group_is_waited_for_and_makes_nothing(testbed: &dyn Testbed) {
    let mut record = visitor(testbed, "ada");
    record.groups.insert("No such level".to_owned());
    let error = try_apply(testbed, &create(&record)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Dependency, "{error}");
    assert_eq!(look(testbed, record.id).await, None);
}

pub(crate) async fn a_record_is_reduced_and_keeps_the_rest(testbed: &dyn Testbed) {
    let mut record = with_card(testbed, visitor(testbed, "ada"), "4711");
    record.groups = testbed.groups().into_iter().collect();
    settle(testbed, &record).await;
    let mut less = DesiredRecord { groups: testbed.groups().into_iter().skip(1).collect(), ..record.clone() };
    less.window.until = at("2026-12-01T20:00:00Z");
    let found = look(testbed, record.id).await.unwrap().facts;
    let shared = Entitlement::of(&less).shared_with(&found).unwrap();
    let steps = reduction(record.id, &found, &shared);
    assert_eq!(steps.len(), 1, "one change is one step: {steps:?}");
    for step in steps {
        assert_eq!(apply(testbed, &step).await, Applied::Done);
    }
    assert_eq!(look(testbed, record.id).await.unwrap().facts, shared);
    // A withdrawn card, and no other change.
    let found = shared;
    let shared = Entitlement::of(&DesiredRecord { card: None, ..less }).shared_with(&found).unwrap();
    for step in reduction(record.id, &found, &shared) {
        assert_eq!(apply(testbed, &step).await, Applied::Done);
    }
    assert_eq!(look(testbed, record.id).await.unwrap().facts, shared);
}

pub(crate) async fn each_measure_alone_disarms_a_record(testbed: &dyn Testbed) {
    let now = at("2026-12-01T15:00:00Z");
    for (number, closes) in [(0, false), (1, true), (2, true)] {
        let name = format!("guest-{number}");
        let mut record = with_card(testbed, visitor(testbed, &name), &format!("471{number}"));
        record.groups = testbed.groups().into_iter().collect();
        settle(testbed, &record).await;
        let before = look(testbed, record.id).await.unwrap().facts;
        let steps = disarming(record.id, &before, now);
        assert_eq!(steps.len(), 3, "the card, the groups, the window");
        assert_eq!(apply(testbed, &steps[number]).await, Applied::Done);
        let after = look(testbed, record.id).await.unwrap().facts;
        assert_eq!((before.may_open(now), after.may_open(now)), (true, !closes), "{:?}", steps[number]);
        let kept =
            [after.cards == before.cards, after.groups == before.groups, after.window == before.window];
        assert_eq!(kept.iter().filter(|same| !**same).count(), 1, "one measure changes one thing");
        for step in disarming(record.id, &after, now) {
            assert_eq!(apply(testbed, &step).await, Applied::Done);
        }
        let left = look(testbed, record.id).await.unwrap().facts;
        assert_eq!(disarming(record.id, &left, now), []);
    }
}

pub(crate) async fn the_health_names_a_version(testbed: &dyn Testbed) {
    assert!(!testbed.system().check().await.unwrap().version.is_empty());
}
