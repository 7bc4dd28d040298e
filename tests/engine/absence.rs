//! Absence needs a second witness: after a start one short list concludes nothing, whatever else is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;
use vestibule::engine::{Outcome, Priority, Reason};
use vestibule::system::{ErrorKind, Page};
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::DesiredRecord;
use vestibule_core::plan::DesiredState;

use crate::testbed::{Fate, Setup, Testbed, shown, visitor, with_card, with_group};

/// An engine that has read one empty listing. No record is declared any more.
async fn after_one_empty_list(records: &[DesiredRecord]) -> Testbed {
    let setup = Setup::default();
    for record in records {
        setup.memory.put(shown(record));
    }
    let testbed = setup.raise();
    for record in records {
        testbed.house.declare(record.id.object_id, DesiredState::Nothing);
    }
    testbed.site.next("list-people", Fate::Shows(Page::default()));
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
    assert!(testbed.site.writes().is_empty());
    testbed
}

#[tokio::test(start_paused = true)]
async fn after_a_start_one_list_that_lacks_a_visitor_does_not_make_it_absent() {
    let ada = visitor("ada");
    let testbed = after_one_empty_list(std::slice::from_ref(&ada)).await;
    assert!(testbed.engine.lacks_witness(ada.id.object_id));
    testbed.engine.push(ada.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
    testbed.until("the first word", |testbed| testbed.last(&ada).is_some()).await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Unconfirmed));
    assert!(!testbed.engine.is_absent(ada.id.object_id) && !testbed.engine.is_settled(ada.id.object_id));
    testbed.until("the second sync", |testbed| testbed.state().syncs == 2).await;
    testbed.engine.push(ada.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
    testbed.until("the end", |testbed| testbed.last(&ada) == Some(Outcome::Absent)).await;
    assert!(testbed.holds(&[]) && testbed.engine.is_absent(ada.id.object_id));
}

#[tokio::test(start_paused = true)]
async fn many_that_need_a_second_witness_cost_one_list_a_few_seconds_later() {
    let testbed = Setup::default().raise();
    let guests: Vec<_> = (0..50).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        testbed.house.declare(one.id.object_id, DesiredState::Nothing);
    }
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
    for one in &guests {
        testbed.engine.push(one.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
        testbed.engine.request_witness();
    }
    testbed.pass(3).await;
    assert_eq!(testbed.site.count("list-people"), 1, "two lists of one moment share their fault");
    testbed.pass(600).await;
    assert_eq!((testbed.site.count("list-people"), testbed.site.count("read")), (2, 0));
    assert!(guests.iter().all(|one| testbed.last(one) == Some(Outcome::Absent)));
    testbed.engine.request_witness();
    testbed.pass(600).await;
    assert_eq!(testbed.site.count("list-people"), 2, "a third says nothing new");
}

#[tokio::test(start_paused = true)]
async fn an_engine_without_a_request_reads_one_list() {
    let testbed = Setup { standing: vec![visitor("ada")], ..Setup::default() }.raise();
    testbed.pass(3600).await;
    assert_eq!(testbed.site.count("list-people"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_this_process_made_from_the_first_record_on_needs_no_further_list() {
    let ada = visitor("ada");
    let testbed = Setup::default().raise();
    testbed.engine.note_new(ada.id.object_id);
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the visitor", |testbed| testbed.last(&ada) == Some(Outcome::Present(ada.id))).await;
    testbed.delete(&ada, Priority::Revocation);
    testbed.until("the end", |testbed| testbed.last(&ada) == Some(Outcome::Absent)).await;
    testbed.pass(600).await;
    assert!(!testbed.house.outcomes(ada.id.object_id).contains(&Outcome::Unconfirmed));
    assert_eq!(testbed.site.count("list-people"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_may_have_made_needs_one_also_after_a_change() {
    let (old, new) = (visitor("ada"), with_group(&visitor("ada"), "Parking"));
    let testbed = after_one_empty_list(std::slice::from_ref(&old)).await;
    testbed.push(&new, Priority::UserChange);
    testbed.until("the visitor", |testbed| testbed.last(&new) == Some(Outcome::Unconfirmed)).await;
    testbed.delete(&new, Priority::Revocation);
    testbed.pass(2).await;
    assert_eq!(testbed.last(&new), Some(Outcome::Unconfirmed));
    testbed.until("the second sync", |testbed| testbed.state().syncs == 2).await;
    testbed.engine.push(new.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
    testbed.until("the end", |testbed| testbed.last(&new) == Some(Outcome::Absent)).await;
    assert!(testbed.holds(&[]), "the old one too");
}

#[tokio::test(start_paused = true)]
async fn a_create_of_another_content_after_one_short_list_is_in_sync_when_a_second_list_agrees() {
    let (old, new) = (visitor("ada"), with_group(&visitor("ada"), "Parking"));
    let testbed = after_one_empty_list(std::slice::from_ref(&old)).await;
    testbed.push(&new, Priority::UserChange);
    testbed.until("the create", |testbed| testbed.last(&new).is_some()).await;
    assert_eq!(
        testbed.last(&new),
        Some(Outcome::Unconfirmed),
        "access is not delayed, but nothing is in sync"
    );
    assert!(!testbed.engine.is_settled(new.id.object_id) && testbed.living().len() == 2);
    testbed.pass(20).await;
    assert_eq!(testbed.last(&new), Some(Outcome::Present(new.id)));
    assert!(testbed.holds(&[&new]), "the record that no status named is removed as soon as it is listed");
    assert_eq!(testbed.site.count("list-people"), 2);
}

#[tokio::test(start_paused = true)]
async fn many_creates_after_one_list_cost_one_further_list_and_no_further_write() {
    let guests: Vec<_> = (0..30).map(|n| visitor(&format!("guest-{n}"))).collect();
    let testbed = after_one_empty_list(&[]).await;
    for one in &guests {
        testbed.push(one, Priority::RolloverAddition);
    }
    testbed
        .until("the end", |testbed| {
            guests.iter().all(|one| testbed.last(one) == Some(Outcome::Present(one.id)))
        })
        .await;
    testbed.pass(600).await;
    assert_eq!((testbed.site.count("list-people"), testbed.site.writes().len()), (2, 30));
    let none = guests.iter().all(|one| testbed.house.outcomes(one.id.object_id).len() == 2);
    assert!(none, "one report before the second list and one after it");
}

#[tokio::test(start_paused = true)]
async fn a_create_that_meets_the_unlisted_record_of_its_own_object_by_the_card_removes_it_at_once() {
    let (old, new) =
        (with_card(&visitor("ada"), "7001"), with_card(&with_group(&visitor("ada"), "Parking"), "7001"));
    let testbed = after_one_empty_list(std::slice::from_ref(&old)).await;
    testbed.push(&new, Priority::UserChange);
    testbed.until("the record", |testbed| testbed.holds(&[&new])).await;
    assert_eq!(testbed.site.count("list-people"), 1, "no list was needed to see it");
    testbed.pass(20).await;
    assert_eq!(testbed.last(&new), Some(Outcome::Present(new.id)));
}

#[tokio::test(start_paused = true)]
async fn a_text_that_the_system_does_not_keep_is_reported_after_the_second_list_too() {
    let testbed = after_one_empty_list(&[]).await;
    testbed.site.alters(Some(|facts| facts.person.last_name = "?".to_owned()));
    let long = visitor("a-visitor-whose-email-is-read-back");
    testbed.push(&long, Priority::UserChange);
    testbed.pass(20).await;
    assert!(matches!(testbed.last(&long), Some(Outcome::Altered(..))), "{:?}", testbed.last(&long));
}

#[tokio::test(start_paused = true)]
async fn an_id_that_a_status_names_is_gone_when_it_was_read_as_gone_or_two_lists_lack_it() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let testbed = Setup::default().raise();
    testbed.house.declare_known(ada.id.object_id, DesiredState::Nothing, vec![ada.id]);
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
    assert!(!testbed.engine.is_gone(&ada.id) && !testbed.engine.is_gone(&bob.id));
    testbed.engine.push(ada.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
    testbed.until("the reading", |testbed| testbed.last(&ada).is_some()).await;
    assert!(testbed.engine.is_gone(&ada.id) && !testbed.engine.is_gone(&bob.id));
    testbed.until("the second sync", |testbed| testbed.state().syncs == 2).await;
    assert!(testbed.engine.is_gone(&bob.id));
}

#[tokio::test(start_paused = true)]
async fn a_refused_reading_is_repeated_and_concludes_nothing() {
    for priority in [ErrorKind::Terminal, ErrorKind::Dependency, ErrorKind::Transient] {
        let ada = visitor("ada");
        let testbed = after_one_empty_list(std::slice::from_ref(&ada)).await;
        testbed.house.declare_known(ada.id.object_id, DesiredState::Nothing, vec![ada.id]);
        let mut refusals = 2;
        testbed.site.rule(move |call| match call.name {
            "read" if refusals > 0 => {
                refusals -= 1;
                Fate::Fails(priority)
            }
            _ => Fate::Done,
        });
        testbed.engine.push(ada.id.object_id, Priority::Revocation.with_reason(Reason::Deletion));
        testbed.until("the end", |testbed| testbed.last(&ada) == Some(Outcome::Absent)).await;
        assert!(testbed.holds(&[]), "{priority:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn draining_after_a_start_does_not_end_on_the_word_of_one_empty_list() {
    let guests: Vec<_> = (0..3).map(|n| visitor(&format!("guest-{n}"))).collect();
    let setup = Setup::default();
    for one in &guests {
        setup.memory.put(shown(one));
    }
    let testbed = setup.raise();
    testbed.site.next("list-people", Fate::Shows(Page::default()));
    testbed.engine.drain();
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
    testbed.pass(2).await;
    assert!(!testbed.state().drained);
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_where_something_was_confirms_no_removal() {
    let guests: Vec<_> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    let testbed = Testbed::holding(&guests.iter().collect::<Vec<_>>()).await;
    let (gone, stays) = guests.split_at(15);
    // The removals have no effect, and the system returns empty lists.
    let of_gone: BTreeSet<RecordId> = gone.iter().map(|one| one.id).collect();
    let mut acknowledged = BTreeSet::new();
    testbed.site.rule(move |call| match (call.name, call.id) {
        ("list-people", _) => Fate::Shows(Page::default()),
        ("remove", Some(id)) if of_gone.contains(&id) && acknowledged.insert(id) => {
            Fate::Claims(vestibule::system::Applied::Done)
        }
        _ => Fate::Done,
    });
    for one in gone {
        testbed.delete(one, Priority::RolloverRemoval);
    }
    testbed
        .until("the end", |testbed| gone.iter().all(|one| testbed.last(one) == Some(Outcome::Absent)))
        .await;
    assert!(testbed.holds(&stays.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_returns_empty_lists_is_listed_less_and_less_often() {
    let testbed = Setup { standing: vec![visitor("ada")], ..Setup::default() }.raise();
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
    testbed.site.every("list-people", Fate::Shows(Page::default()));
    testbed.engine.request_witness();
    testbed.pass(3600).await;
    assert!((8..15).contains(&testbed.site.count("list-people")), "{:?}", testbed.site.count("list-people"));
    assert!(!testbed.engine.is_absent(visitor("bob").id.object_id));
}

/// What goes wrong after a start. Each record is missing from one list at most.
#[derive(Clone, Debug)]
struct Failure {
    /// How many visitors an earlier process left, each with one record or with two.
    visitors: Vec<Left>,
    /// Which readings, creations and removals fail, by the number of the call.
    failing: BTreeSet<usize>,
    priority: ErrorKind,
    drains: bool,
}

/// What an earlier process left of a visitor.
#[derive(Clone, Debug)]
struct Left {
    records: usize,
    /// Ids that the status names.
    named: usize,
    /// The list that lacks each record.
    lacking: [usize; 2],
}

fn trouble() -> impl Strategy<Value = Failure> {
    let left = (0..=2_usize, 0..=2_usize, [0..4_usize, 0..4_usize]);
    let left =
        left.prop_map(|(records, named, lacking)| Left { records, named: named.min(records), lacking });
    let priority = prop_oneof![
        Just(ErrorKind::Terminal),
        Just(ErrorKind::Dependency),
        Just(ErrorKind::Transient),
        Just(ErrorKind::Throttled(None)),
    ];
    let failing = proptest::collection::btree_set(0..40_usize, 0..12);
    (proptest::collection::vec(left, 1..6), failing, priority, any::<bool>())
        .prop_map(|(visitors, failing, priority, drains)| Failure { visitors, failing, priority, drains })
}

/// The records that an earlier process left of the nth visitor.
fn records(n: usize, left: &Left) -> Vec<DesiredRecord> {
    let ada = visitor(&format!("guest-{n}"));
    let both = [ada.clone(), with_group(&ada, "Parking")];
    both.into_iter().take(left.records).collect()
}

/// A start with all these failures, in which every visitor is deleted.
fn start(trouble: &Failure) -> Testbed {
    let setup = Setup::default();
    let all: Vec<_> = trouble.visitors.iter().enumerate().map(|(n, left)| records(n, left)).collect();
    all.iter().flatten().for_each(|record| setup.memory.put(shown(record)));
    let testbed = setup.raise();
    for (n, (left, records)) in trouble.visitors.iter().zip(&all).enumerate() {
        let known = records.iter().rev().take(left.named).map(|record| record.id).collect();
        testbed.house.declare_known(
            visitor(&format!("guest-{n}")).id.object_id,
            DesiredState::Nothing,
            known,
        );
    }
    let lacking: Vec<(RecordId, usize)> = trouble
        .visitors
        .iter()
        .zip(&all)
        .flat_map(|(left, records)| records.iter().map(|record| record.id).zip(left.lacking))
        .collect();
    let (site, failing, priority) = (Arc::clone(&testbed.site), trouble.failing.clone(), trouble.priority);
    let (mut lists, mut calls) = (0, 0);
    testbed.site.rule(move |call| {
        if call.name == "list-people" {
            let short = |id: &RecordId| lacking.contains(&(*id, lists));
            let mut living = site.memory.all_records();
            living.retain(|one| !one.dead && !one.id.is_some_and(|id| short(&id)));
            lists += 1;
            return Fate::Shows(Page { records: living, ..Page::default() });
        }
        let counts = ["read", "remove"].contains(&call.name);
        calls += usize::from(counts);
        if counts && failing.contains(&(calls - 1)) { Fate::Fails(priority) } else { Fate::Done }
    });
    testbed
}

/// Deletes every visitor as the Visitor loop would, and checks at each moment that no absence is concluded too early.
async fn ends_truly(trouble: Failure) {
    let testbed = start(&trouble);
    let object_ids: Vec<_> =
        (0..trouble.visitors.len()).map(|n| visitor(&format!("guest-{n}")).id.object_id).collect();
    let lives =
        |object_id| testbed.living().iter().any(|one| one.id.is_some_and(|id| id.object_id == object_id));
    if trouble.drains {
        testbed.engine.drain();
    }
    let pushed = Mutex::new(0);
    testbed
        .until("the end of all deletions", |testbed| {
            // After each sync the loop compares, and queues whatever is named or held.
            let syncs = testbed.state().syncs;
            if std::mem::replace(&mut *pushed.lock(), syncs) != syncs {
                for object_id in &object_ids {
                    testbed.engine.push(*object_id, Priority::Revocation.with_reason(Reason::Deletion));
                }
            }
            let free = |object_id: &ObjectId| {
                testbed.engine.is_settled(*object_id) && testbed.engine.is_absent(*object_id)
            };
            for object_id in &object_ids {
                let absent = testbed.house.outcomes(*object_id).contains(&Outcome::Absent);
                assert!(
                    !(absent || free(object_id)) || !lives(*object_id),
                    "{object_id} was taken for absent: {trouble:?}"
                );
            }
            assert!(
                !testbed.state().drained || !object_ids.iter().any(|object_id| lives(*object_id)),
                "{trouble:?}"
            );
            object_ids.iter().all(free) && (testbed.state().drained || !trouble.drains)
        })
        .await;
    assert!(testbed.holds(&[]), "{trouble:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_short_list_and_no_refused_call_after_a_start_makes_a_living_record_absent(trouble in trouble()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(ends_truly(trouble));
    }
}
