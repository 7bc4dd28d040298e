//! Full syncs: absence needs a second read, an incomplete list proves nothing, and foreign records stay.

use std::sync::Arc;

use parking_lot::Mutex;
use vestibule::system::{Cursor, ErrorKind, Page};
use vestibule_core::model::DesiredRecord;

use crate::testbed::{Fate, GROUPS, Setup, Testbed, shown, stranger, visitor};

fn guests(count: usize) -> Vec<DesiredRecord> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

async fn stage_of(guests: &[DesiredRecord]) -> Testbed {
    Testbed::holding(&guests.iter().collect::<Vec<_>>()).await
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_with_success_removes_and_creates_nothing() {
    let guests = guests(30);
    let testbed = stage_of(&guests).await;
    testbed.site.every("list-people", Fate::Shows(Page::default()));
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty());
    assert_eq!(testbed.site.count("read"), 30, "each is read by its id");
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
    assert!(guests.iter().all(|one| testbed.engine.existing(one.id.object_id).unwrap()[0].id == one.id));
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_recreates_only_records_that_are_really_gone() {
    let guests = guests(10);
    let testbed = stage_of(&guests).await;
    testbed.site.memory.put(vestibule_core::model::ObservedRecord { dead: true, ..shown(&guests[3]) });
    testbed.site.every("list-people", Fate::Shows(Page::default()));
    testbed.sync().await;
    let again = guests[3].id;
    assert_eq!(testbed.site.writes(), [("create", again), ("create", again.next())]);
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn records_missing_from_a_short_list_are_read_one_by_one() {
    let guests = guests(20);
    let testbed = stage_of(&guests).await;
    let part = Page { records: guests[..5].iter().map(shown).collect(), ..Page::default() };
    testbed.site.every("list-people", Fate::Shows(part));
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty());
    assert_eq!(testbed.site.count("read"), 15);
    assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
}

/// Pages whose cursors form a cycle.
fn circle(
    cursors: &'static [&'static str],
    calls: &Arc<Mutex<usize>>,
) -> impl FnMut(&crate::testbed::Call) -> Fate + use<> {
    let calls = Arc::clone(calls);
    move |call| {
        if call.name != "list-people" {
            return Fate::Done;
        }
        let mut count = calls.lock();
        let next = Some(Cursor(cursors[*count % cursors.len()].to_owned()));
        *count += 1;
        Fate::Shows(Page { next, ..Page::default() })
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_repeat_fail_the_sync_as_a_whole() {
    for cursors in [["a"].as_slice(), ["a", "b"].as_slice(), ["a", "b", "c"].as_slice()] {
        let guests = guests(5);
        let testbed = stage_of(&guests).await;
        let calls = Arc::default();
        testbed.site.rule(circle(cursors, &calls));
        testbed.engine.request_sync("now");
        testbed.pass(5).await;
        assert_eq!(*calls.lock(), cursors.len() + 1, "detected at the first repeated page");
        assert_eq!((testbed.state().syncs, testbed.site.count("read")), (2, 0));
        assert!(testbed.holds(&guests.iter().collect::<Vec<_>>()));
        testbed.site.heal();
        testbed.until("the next sync", |testbed| testbed.state().syncs == 3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_page_changes_nothing_and_the_request_is_answered_later() {
    let memory = vestibule::system::memory::Memory::with_groups(GROUPS).paged(4);
    let standing = guests(12);
    let testbed = Setup { memory, standing: standing.clone(), ..Setup::default() }.start().await;
    let mut page = 0;
    testbed.site.rule(move |call| {
        page += usize::from(call.name == "list-people");
        if page == 3 { Fate::Fails(ErrorKind::Transient) } else { Fate::Done }
    });
    testbed.engine.request_sync("please");
    testbed.until("the third page", |testbed| testbed.site.count("list-people") == 3).await;
    testbed.pass(5).await;
    assert_eq!(testbed.site.count("read"), 0);
    assert_eq!((testbed.state().syncs, testbed.shows("records")), (2, 12));
    testbed.site.heal();
    testbed.until("the next sync", |testbed| testbed.state().syncs == 3).await;
    assert_eq!(testbed.state().handled_syncs, ["please"]);
    assert!(testbed.site.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sync_costs_its_pages_and_the_names() {
    let memory = vestibule::system::memory::Memory::with_groups(GROUPS).paged(10);
    let testbed = Setup { memory, standing: guests(95), ..Setup::default() }.start().await;
    testbed.sync().await;
    assert_eq!(testbed.site.count("list-people"), 10);
    assert_eq!(testbed.site.calls().len(), 12, "{:?}", testbed.site.names());
}

#[tokio::test(start_paused = true)]
async fn foreign_people_are_never_touched() {
    let setup = Setup::default();
    let people = [stranger("4711", "1"), stranger("vst-not-an-id", "2"), stranger("guest", "3")];
    for person in &people {
        setup.memory.put(person.clone());
    }
    let testbed = setup.start().await;
    testbed.sync().await;
    testbed.engine.drain();
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    assert!(testbed.site.writes().is_empty());
    assert_eq!(testbed.living(), testbed.site.memory.all_records());
    assert_eq!(testbed.living().len(), 3);
}
