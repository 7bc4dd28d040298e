//! Full syncs: absence needs a second witness, a part of a list is no list, and what is not ours stays.

use std::sync::Arc;

use parking_lot::Mutex;
use vestibule::system::{Class as ErrorClass, Cursor, Observed};
use vestibule_core::model::Record;

use crate::stage::{Fate, GROUPS, Setup, Stage, shown, stranger, visitor};

fn guests(count: usize) -> Vec<Record> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

async fn stage_of(guests: &[Record]) -> Stage {
    Stage::holding(&guests.iter().collect::<Vec<_>>()).await
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_with_success_removes_nothing_and_makes_nothing_again() {
    let guests = guests(30);
    let stage = stage_of(&guests).await;
    stage.site.every("list-people", Fate::Shows(Observed::default()));
    stage.sync().await;
    assert!(stage.site.writes().is_empty());
    assert_eq!(stage.site.count("read"), 30, "each is asked for by its id");
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
    assert!(guests.iter().all(|one| stage.engine.held(one.id.slot).unwrap()[0].id == one.id));
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_makes_again_only_who_is_really_gone() {
    let guests = guests(10);
    let stage = stage_of(&guests).await;
    stage.site.memory.put(vestibule_core::model::ObservedRecord { dead: true, ..shown(&guests[3]) });
    stage.site.every("list-people", Fate::Shows(Observed::default()));
    stage.sync().await;
    let again = guests[3].id;
    assert_eq!(stage.site.writes(), [("create", again), ("create", again.next())]);
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn a_short_list_is_asked_about_as_well() {
    let guests = guests(20);
    let stage = stage_of(&guests).await;
    let part = Observed { records: guests[..5].iter().map(shown).collect(), ..Observed::default() };
    stage.site.every("list-people", Fate::Shows(part));
    stage.sync().await;
    assert!(stage.site.writes().is_empty());
    assert_eq!(stage.site.count("read"), 15);
    assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
}

/// Pages that follow each other in a circle.
fn circle(
    cursors: &'static [&'static str],
    calls: &Arc<Mutex<usize>>,
) -> impl FnMut(&crate::stage::Call) -> Fate + use<> {
    let calls = Arc::clone(calls);
    move |call| {
        if call.name != "list-people" {
            return Fate::Done;
        }
        let mut count = calls.lock();
        let next = Some(Cursor(cursors[*count % cursors.len()].to_owned()));
        *count += 1;
        Fate::Shows(Observed { next, ..Observed::default() })
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_repeat_fail_the_sync_as_a_whole() {
    for cursors in [["a"].as_slice(), ["a", "b"].as_slice(), ["a", "b", "c"].as_slice()] {
        let guests = guests(5);
        let stage = stage_of(&guests).await;
        let calls = Arc::default();
        stage.site.rule(circle(cursors, &calls));
        stage.engine.request_sync("now");
        stage.pass(5).await;
        assert_eq!(*calls.lock(), cursors.len() + 1, "noticed at the first page that came before");
        assert_eq!((stage.state().syncs, stage.site.count("read")), (2, 0));
        assert!(stage.holds(&guests.iter().collect::<Vec<_>>()));
        stage.site.heal();
        stage.until("the next sync", |stage| stage.state().syncs == 3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_page_changes_nothing_and_the_request_is_answered_later() {
    let memory = vestibule::system::memory::Memory::with_groups(GROUPS).paged(4);
    let standing = guests(12);
    let stage = Setup { memory, standing: standing.clone(), ..Setup::default() }.start().await;
    let mut page = 0;
    stage.site.rule(move |call| {
        page += usize::from(call.name == "list-people");
        if page == 3 { Fate::Fails(ErrorClass::Transient) } else { Fate::Done }
    });
    stage.engine.request_sync("please");
    stage.until("the third page", |stage| stage.site.count("list-people") == 3).await;
    stage.pass(5).await;
    assert_eq!(stage.site.count("read"), 0);
    assert_eq!((stage.state().syncs, stage.shows("records")), (2, 12));
    stage.site.heal();
    stage.until("the next sync", |stage| stage.state().syncs == 3).await;
    assert_eq!(stage.state().handled_syncs, ["please"]);
    assert!(stage.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sync_costs_its_pages_and_the_names() {
    let memory = vestibule::system::memory::Memory::with_groups(GROUPS).paged(10);
    let stage = Setup { memory, standing: guests(95), ..Setup::default() }.start().await;
    stage.sync().await;
    assert_eq!(stage.site.count("list-people"), 10);
    assert_eq!(stage.site.calls().len(), 12, "{:?}", stage.site.names());
}

#[tokio::test(start_paused = true)]
async fn foreign_people_are_never_touched() {
    let setup = Setup::default();
    let people = [stranger("4711", "1"), stranger("vst-not-an-id", "2"), stranger("guest", "3")];
    for person in &people {
        setup.memory.put(person.clone());
    }
    let stage = setup.start().await;
    stage.sync().await;
    stage.engine.drain();
    stage.until("the end of draining", |stage| stage.state().drained).await;
    assert!(stage.site.writes().is_empty());
    assert_eq!(stage.living(), stage.site.memory.everybody());
    assert_eq!(stage.living().len(), 3);
}
