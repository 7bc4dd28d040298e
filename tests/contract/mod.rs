//! The contract of `AccessSystem`, run against the system in memory and against every client over its simulator. A
//! scenario depends only on a [`Testbed`].

pub(crate) mod laws;
pub(crate) mod scenarios;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use vestibule::system::{AccessSystem, Applied, Cursor, Page, Scope, SystemError};
use vestibule_core::diff::{Step, diff};
use vestibule_core::identity::{Kind, ObjectId, Owner, RecordId};
use vestibule_core::model::{Card, DesiredRecord, ObjectKey, ObservedRecord, OwnerMark, Person};
use vestibule_core::schedule::Window;

/// The owner of everything that scenarios create.
pub(crate) const OWNER_ID: &str = "test/contract/door";

/// A system with a way to do things that the trait cannot. It has at least three groups and one card format.
#[async_trait]
pub(crate) trait Testbed: Send + Sync {
    /// The system under test.
    fn system(&self) -> &dyn AccessSystem;
    /// Names of at least three groups that exist.
    fn groups(&self) -> Vec<String>;
    /// A card format that exists.
    fn format(&self) -> String;
    /// Runs the next creation and loses its answer.
    async fn lose_answer_of_next_creation(&self);
    /// Changes a person's last name, as an operator of the system would.
    async fn rename_by_hand(&self, external_id: &str, last_name: &str);
}

/// A visitor of a name for 2026-12-01, 08:00 to 18:00 in New York, with the first group and no card.
pub(crate) fn visitor(testbed: &dyn Testbed, name: &str) -> DesiredRecord {
    let object = ObjectKey::new("contract", name);
    let mut record = DesiredRecord {
        id: RecordId::new(Owner::of(OWNER_ID), ObjectId::of_visitor(&object), 0),
        mark: OwnerMark { owner_id: OWNER_ID.to_owned(), kind: Kind::Visitor, object },
        person: Person {
            first_name: "Ada".to_owned(),
            last_name: "Byron".to_owned(),
            email: format!("{name}@example.org"),
            phone: String::new(),
        },
        tenant: "Acme Ltd".to_owned(),
        window: Window { from: at("2026-12-01T13:00:00Z"), until: at("2026-12-01T23:00:00Z") },
        groups: BTreeSet::from([testbed.groups()[0].clone()]),
        card: None,
    };
    record.id = identified(&record);
    record
}

/// The same with a credential number.
pub(crate) fn with_card(testbed: &dyn Testbed, record: DesiredRecord, number: &str) -> DesiredRecord {
    DesiredRecord { card: Some(Card { number: number.to_owned(), format: testbed.format() }), ..record }
}

/// The id that fits the content of a record.
pub(crate) fn identified(record: &DesiredRecord) -> RecordId {
    RecordId::new(record.id.owner, record.id.object_id, record.facts().fingerprint())
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The record that the system shows under an id.
pub(crate) async fn look(testbed: &dyn Testbed, id: RecordId) -> Option<ObservedRecord> {
    let mut found = testbed.system().observe(Scope::Record(id)).await.unwrap().records;
    assert!(found.len() <= 1, "one id, one record");
    found.pop()
}

pub(crate) async fn apply(testbed: &dyn Testbed, step: &Step) -> Applied {
    try_apply(testbed, step).await.unwrap()
}

pub(crate) async fn try_apply(testbed: &dyn Testbed, step: &Step) -> Result<Applied, SystemError> {
    testbed.system().apply(step).await
}

/// Applies the differences in order, and returns the number of steps.
pub(crate) async fn settle(testbed: &dyn Testbed, record: &DesiredRecord) -> usize {
    let record = Arc::new(record.clone());
    let steps = diff(&record, look(testbed, record.id).await.as_ref());
    for step in &steps {
        let applied = try_apply(testbed, step).await.unwrap_or_else(|error| panic!("{step:?}: {error}"));
        assert_eq!(applied, Applied::Done, "{step:?}");
    }
    steps.len()
}

/// Asserts that the system shows exactly this record.
pub(crate) async fn assert_satisfied(testbed: &dyn Testbed, record: &DesiredRecord) {
    let found = look(testbed, record.id).await;
    let steps = diff(&Arc::new(record.clone()), found.as_ref());
    assert!(steps.is_empty(), "still differs: {steps:?}, wanted {record:?}, found {found:?}");
}

/// All pages of a walk.
pub(crate) async fn walk(testbed: &dyn Testbed, scope: fn(Option<Cursor>) -> Scope) -> Vec<Page> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = testbed.system().observe(scope(cursor)).await.unwrap();
        let next = page.next.clone();
        pages.push(page);
        assert!(pages.len() < 10_000, "a walk ends");
        if next.is_none() {
            return pages;
        }
        cursor = next;
    }
}

/// Ids of the living people, from a complete walk.
pub(crate) async fn living(testbed: &dyn Testbed) -> Vec<String> {
    let pages = walk(testbed, Scope::People).await;
    pages.into_iter().flat_map(|page| page.records).map(|record| record.external_id).collect()
}

/// Makes a test of each scenario for one way to create a testbed.
#[macro_export]
macro_rules! contract {
    ($testbed:path: $($scenario:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $scenario() {
            let testbed = $testbed().await;
            $crate::contract::scenarios::$scenario(&testbed).await;
        })+
    };
    ($testbed:path) => {
        $crate::contract! { $testbed:
            a_created_record_reads_back_as_declared,
            creating_twice_says_exists_and_leaves_one,
            removing_twice_says_absent_the_second_time,
            an_unknown_record_is_absent_and_not_listed,
            a_removed_record_is_dead_and_a_new_number_works,
            a_used_id_shows_whether_its_record_lives_or_is_dead,
            a_person_of_any_id_is_read_and_removed_by_it,
            two_hundred_and_fifty_people_are_each_listed_once,
            a_card_is_found_by_its_number_until_its_holder_is_gone,
            a_card_of_another_person_is_refused_for_good,
            giving_and_taking_a_card_may_be_repeated,
            a_card_with_another_end_is_replaced,
            groups_and_card_formats_are_listed_by_name,
            names_in_all_letters_and_markup_survive,
            each_changed_field_leaves_the_others,
            groups_contact_and_tenant_can_be_emptied,
            a_lost_answer_is_found_again_by_its_id,
            an_edit_by_hand_is_seen_and_repaired,
            an_unknown_group_is_waited_for_and_makes_nothing,
            a_record_is_reduced_and_keeps_the_rest,
            each_measure_alone_disarms_a_record,
            the_health_names_a_version,
        }
    };
}
