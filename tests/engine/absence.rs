//! Absence needs a second witness: after a start one short list concludes nothing, whatever else is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use proptest::prelude::*;
use vestibule::engine::{Class, Outcome, Reason};
use vestibule::system::{Class as ErrorClass, Observed};
use vestibule_core::identity::{RecordId, Slot};
use vestibule_core::model::Record;
use vestibule_core::plan::Want;

use crate::stage::{Fate, Setup, Stage, shown, visitor, with_group};

/// An engine that has read one list, which lacks everybody; nobody is declared any more.
async fn after_one_empty_list(records: &[Record]) -> Stage {
    let setup = Setup::default();
    for record in records {
        setup.memory.put(shown(record));
    }
    let stage = setup.raise();
    for record in records {
        stage.house.declare(record.id.slot, Want::Nothing);
    }
    stage.site.next("list-people", Fate::Shows(Observed::default()));
    stage.until("the first sync", |stage| stage.state().syncs == 1).await;
    assert!(stage.site.writes().is_empty());
    stage
}

#[tokio::test(start_paused = true)]
async fn after_a_start_one_list_that_lacks_a_visitor_does_not_make_it_absent() {
    let ada = visitor("ada");
    let stage = after_one_empty_list(std::slice::from_ref(&ada)).await;
    assert!(stage.engine.lacks_witness(ada.id.slot));
    stage.engine.push(ada.id.slot, Class::Revocation.with_reason(Reason::Deletion));
    stage.until("the first word", |stage| stage.last(&ada).is_some()).await;
    assert_eq!(stage.last(&ada), Some(Outcome::Unconfirmed));
    assert!(!stage.engine.is_absent(ada.id.slot) && !stage.engine.is_settled(ada.id.slot));
    stage.until("the second sync", |stage| stage.state().syncs == 2).await;
    stage.engine.push(ada.id.slot, Class::Revocation.with_reason(Reason::Deletion));
    stage.until("the end", |stage| stage.last(&ada) == Some(Outcome::Absent)).await;
    assert!(stage.holds(&[]) && stage.engine.is_absent(ada.id.slot));
}

#[tokio::test(start_paused = true)]
async fn many_that_need_a_second_witness_cost_one_list_a_few_seconds_later() {
    let stage = Setup::default().raise();
    let guests: Vec<_> = (0..50).map(|n| visitor(&format!("guest-{n}"))).collect();
    for one in &guests {
        stage.house.declare(one.id.slot, Want::Nothing);
    }
    stage.until("the first sync", |stage| stage.state().syncs == 1).await;
    for one in &guests {
        stage.engine.push(one.id.slot, Class::Revocation.with_reason(Reason::Deletion));
        stage.engine.request_witness();
    }
    stage.pass(3).await;
    assert_eq!(stage.site.count("list-people"), 1, "two lists of one moment share their fault");
    stage.pass(600).await;
    assert_eq!((stage.site.count("list-people"), stage.site.count("read")), (2, 0));
    assert!(guests.iter().all(|one| stage.last(one) == Some(Outcome::Absent)));
    stage.engine.request_witness();
    stage.pass(600).await;
    assert_eq!(stage.site.count("list-people"), 2, "a third says nothing new");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_nobody_asks_reads_one_list() {
    let stage = Setup { standing: vec![visitor("ada")], ..Setup::default() }.raise();
    stage.pass(3600).await;
    assert_eq!(stage.site.count("list-people"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_this_process_made_from_the_first_record_on_needs_no_further_list() {
    let ada = visitor("ada");
    let stage = Setup::default().raise();
    stage.engine.note_new(ada.id.slot);
    stage.push(&ada, Class::UserChange);
    stage.until("the visitor", |stage| stage.last(&ada) == Some(Outcome::Present(ada.id))).await;
    stage.delete(&ada, Class::Revocation);
    stage.until("the end", |stage| stage.last(&ada) == Some(Outcome::Absent)).await;
    stage.pass(600).await;
    assert!(!stage.house.told(ada.id.slot).contains(&Outcome::Unconfirmed));
    assert_eq!(stage.site.count("list-people"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_may_have_made_needs_one_also_after_a_change() {
    let (old, new) = (visitor("ada"), with_group(&visitor("ada"), "Parking"));
    let stage = after_one_empty_list(std::slice::from_ref(&old)).await;
    stage.push(&new, Class::UserChange);
    stage.until("the visitor", |stage| stage.last(&new) == Some(Outcome::Present(new.id))).await;
    stage.delete(&new, Class::Revocation);
    stage.pass(2).await;
    assert_eq!(stage.last(&new), Some(Outcome::Unconfirmed));
    stage.until("the second sync", |stage| stage.state().syncs == 2).await;
    stage.engine.push(new.id.slot, Class::Revocation.with_reason(Reason::Deletion));
    stage.until("the end", |stage| stage.last(&new) == Some(Outcome::Absent)).await;
    assert!(stage.holds(&[]), "the old one too");
}

#[tokio::test(start_paused = true)]
async fn an_id_that_a_status_names_is_gone_when_it_was_read_as_gone_or_two_lists_lack_it() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    let stage = Setup::default().raise();
    stage.house.declare_known(ada.id.slot, Want::Nothing, vec![ada.id]);
    stage.until("the first sync", |stage| stage.state().syncs == 1).await;
    assert!(!stage.engine.is_gone(&ada.id) && !stage.engine.is_gone(&bob.id));
    stage.engine.push(ada.id.slot, Class::Revocation.with_reason(Reason::Deletion));
    stage.until("the reading", |stage| stage.last(&ada).is_some()).await;
    assert!(stage.engine.is_gone(&ada.id) && !stage.engine.is_gone(&bob.id));
    stage.until("the second sync", |stage| stage.state().syncs == 2).await;
    assert!(stage.engine.is_gone(&bob.id));
}

#[tokio::test(start_paused = true)]
async fn a_refused_reading_is_repeated_and_concludes_nothing() {
    for class in [ErrorClass::Terminal, ErrorClass::Dependency, ErrorClass::Transient] {
        let ada = visitor("ada");
        let stage = after_one_empty_list(std::slice::from_ref(&ada)).await;
        stage.house.declare_known(ada.id.slot, Want::Nothing, vec![ada.id]);
        let mut refusals = 2;
        stage.site.rule(move |call| match call.name {
            "read" if refusals > 0 => {
                refusals -= 1;
                Fate::Fails(class)
            }
            _ => Fate::Done,
        });
        stage.engine.push(ada.id.slot, Class::Revocation.with_reason(Reason::Deletion));
        stage.until("the end", |stage| stage.last(&ada) == Some(Outcome::Absent)).await;
        assert!(stage.holds(&[]), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn draining_after_a_start_does_not_end_on_the_word_of_one_empty_list() {
    let guests: Vec<_> = (0..3).map(|n| visitor(&format!("guest-{n}"))).collect();
    let setup = Setup::default();
    for one in &guests {
        setup.memory.put(shown(one));
    }
    let stage = setup.raise();
    stage.site.next("list-people", Fate::Shows(Observed::default()));
    stage.engine.drain();
    stage.until("the first sync", |stage| stage.state().syncs == 1).await;
    stage.pass(2).await;
    assert!(!stage.state().drained);
    stage.until("the end of draining", |stage| stage.state().drained).await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_where_something_was_confirms_no_removal() {
    let guests: Vec<_> = (0..20).map(|n| visitor(&format!("guest-{n}"))).collect();
    let stage = Stage::holding(&guests.iter().collect::<Vec<_>>()).await;
    let (gone, stays) = guests.split_at(15);
    // The removals do not hold, and the box lists nobody.
    let of_gone: BTreeSet<RecordId> = gone.iter().map(|one| one.id).collect();
    let mut acknowledged = BTreeSet::new();
    stage.site.rule(move |call| match (call.name, call.id) {
        ("list-people", _) => Fate::Shows(Observed::default()),
        ("remove", Some(id)) if of_gone.contains(&id) && acknowledged.insert(id) => {
            Fate::Claims(vestibule::system::Applied::Done)
        }
        _ => Fate::Done,
    });
    for one in gone {
        stage.delete(one, Class::RolloverRemoval);
    }
    stage.until("the end", |stage| gone.iter().all(|one| stage.last(one) == Some(Outcome::Absent))).await;
    assert!(stage.holds(&stays.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_lists_nobody_any_more_is_asked_less_and_less_often() {
    let stage = Setup { standing: vec![visitor("ada")], ..Setup::default() }.raise();
    stage.until("the first sync", |stage| stage.state().syncs == 1).await;
    stage.site.every("list-people", Fate::Shows(Observed::default()));
    stage.engine.request_witness();
    stage.pass(3600).await;
    assert!((8..15).contains(&stage.site.count("list-people")), "{:?}", stage.site.count("list-people"));
    assert!(!stage.engine.is_absent(visitor("bob").id.slot));
}

/// What goes wrong after a start. Each record is missing from one list at most.
#[derive(Clone, Debug)]
struct Trouble {
    /// How many visitors an earlier process left, each with one record or with two.
    visitors: Vec<Left>,
    /// Which readings, creations and removals fail, by the number of the call.
    failing: BTreeSet<usize>,
    class: ErrorClass,
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

fn trouble() -> impl Strategy<Value = Trouble> {
    let left = (0..=2_usize, 0..=2_usize, [0..4_usize, 0..4_usize]);
    let left =
        left.prop_map(|(records, named, lacking)| Left { records, named: named.min(records), lacking });
    let class = prop_oneof![
        Just(ErrorClass::Terminal),
        Just(ErrorClass::Dependency),
        Just(ErrorClass::Transient),
        Just(ErrorClass::Throttled(None)),
    ];
    let failing = proptest::collection::btree_set(0..40_usize, 0..12);
    (proptest::collection::vec(left, 1..6), failing, class, any::<bool>())
        .prop_map(|(visitors, failing, class, drains)| Trouble { visitors, failing, class, drains })
}

/// The records that an earlier process left of the nth visitor.
fn records(n: usize, left: &Left) -> Vec<Record> {
    let ada = visitor(&format!("guest-{n}"));
    let both = [ada.clone(), with_group(&ada, "Parking")];
    both.into_iter().take(left.records).collect()
}

/// A start with all this trouble, with everybody deleted.
fn start(trouble: &Trouble) -> Stage {
    let setup = Setup::default();
    let all: Vec<_> = trouble.visitors.iter().enumerate().map(|(n, left)| records(n, left)).collect();
    all.iter().flatten().for_each(|record| setup.memory.put(shown(record)));
    let stage = setup.raise();
    for (n, (left, records)) in trouble.visitors.iter().zip(&all).enumerate() {
        let known = records.iter().rev().take(left.named).map(|record| record.id).collect();
        stage.house.declare_known(visitor(&format!("guest-{n}")).id.slot, Want::Nothing, known);
    }
    let lacking: Vec<(RecordId, usize)> = trouble
        .visitors
        .iter()
        .zip(&all)
        .flat_map(|(left, records)| records.iter().map(|record| record.id).zip(left.lacking))
        .collect();
    let (site, failing, class) = (Arc::clone(&stage.site), trouble.failing.clone(), trouble.class);
    let (mut lists, mut calls) = (0, 0);
    stage.site.rule(move |call| {
        if call.name == "list-people" {
            let short = |id: &RecordId| lacking.contains(&(*id, lists));
            let mut living = site.memory.everybody();
            living.retain(|one| !one.dead && !one.id.is_some_and(|id| short(&id)));
            lists += 1;
            return Fate::Shows(Observed { records: living, ..Observed::default() });
        }
        let counts = ["read", "remove"].contains(&call.name);
        calls += usize::from(counts);
        if counts && failing.contains(&(calls - 1)) { Fate::Fails(class) } else { Fate::Done }
    });
    stage
}

/// Lets a deletion of everybody go on as the visitors' loop would, and looks at each moment whether something was concluded
/// too early.
async fn ends_truly(trouble: Trouble) {
    let stage = start(&trouble);
    let slots: Vec<_> = (0..trouble.visitors.len()).map(|n| visitor(&format!("guest-{n}")).id.slot).collect();
    let lives = |slot| stage.living().iter().any(|one| one.id.is_some_and(|id| id.slot == slot));
    if trouble.drains {
        stage.engine.drain();
    }
    let pushed = Mutex::new(0);
    stage
        .until("the end of all deletions", |stage| {
            // After each sync the loop compares, and queues whatever is named or held.
            let syncs = stage.state().syncs;
            if std::mem::replace(&mut *pushed.lock(), syncs) != syncs {
                for slot in &slots {
                    stage.engine.push(*slot, Class::Revocation.with_reason(Reason::Deletion));
                }
            }
            let free = |slot: &Slot| stage.engine.is_settled(*slot) && stage.engine.is_absent(*slot);
            for slot in &slots {
                let absent = stage.house.told(*slot).contains(&Outcome::Absent);
                assert!(!(absent || free(slot)) || !lives(*slot), "{slot} was taken for absent: {trouble:?}");
            }
            assert!(!stage.state().drained || !slots.iter().any(|slot| lives(*slot)), "{trouble:?}");
            slots.iter().all(free) && (stage.state().drained || !trouble.drains)
        })
        .await;
    assert!(stage.holds(&[]), "{trouble:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_short_list_and_no_refused_call_after_a_start_makes_a_living_record_absent(trouble in trouble()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(ends_truly(trouble));
    }
}
