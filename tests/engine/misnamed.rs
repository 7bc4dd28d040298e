//! Systems that do not keep the id of a record: it is removed at once, and no other is created.

use vestibule::clock::Clock;
use vestibule::engine::{CreateStop, Outcome, Priority};
use vestibule::system::memory::Ids;
use vestibule::system::{Applied, ErrorKind, Page};
use vestibule_core::guard::Limits;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{DesiredRecord, Mode, ObservedRecord};
use vestibule_core::plan::{Change, Withheld};

use crate::testbed::{Fate, OWNER_ID, Setup, Testbed, shown, stranger, visitor};

const CUT: [usize; 3] = [8, 20, 32];

/// A stage of a system that does this to ids.
async fn stage_with(ids: Ids) -> Testbed {
    let setup = Setup::default();
    setup.memory.set_ids(ids);
    setup.start().await
}

fn guests(count: usize) -> Vec<DesiredRecord> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

fn ended_window() -> vestibule_core::schedule::Window {
    crate::testbed::ended("any").window
}

fn waits(testbed: &Testbed, record: &DesiredRecord) -> bool {
    matches!(testbed.last(record), Some(Outcome::Failed { error, retried: true })
        if error.kind == ErrorKind::Dependency && error.message.contains("AccessIntegration door"))
}

/// What a system that cuts ids made of a record.
fn cut(record: &DesiredRecord, length: usize) -> ObservedRecord {
    let external_id: String = record.id.to_string().chars().take(length).collect();
    ObservedRecord { external_id, id: None, mark: None, ..shown(record) }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_made_under_another_id_is_removed_at_once_and_no_other_is_made() {
    let shortened = |kept| CreateStop::ShortenedIds { sent: 36, kept };
    let cases = CUT.map(|kept| (Ids::Shortened(kept), shortened(kept)));
    for (ids, stop) in cases.into_iter().chain([(Ids::Chosen, CreateStop::ChosenIds)]) {
        let (testbed, guests) = (stage_with(ids).await, guests(10));
        for guest in &guests {
            testbed.push(guest, Priority::UserChange);
        }
        testbed.rest().await;
        assert_eq!(
            (testbed.living().len(), testbed.state().creates_stopped.clone()),
            (0, Some(stop)),
            "{ids:?}"
        );
        assert_eq!((testbed.site.count("create"), testbed.site.count("remove-misnamed")), (1, 1), "{ids:?}");
        // Its removal is read back; of an id that says nothing the person is looked at first.
        let reads = if ids == Ids::Chosen { 2 } else { 1 };
        assert_eq!(testbed.site.count("read-external"), reads, "{ids:?}");
        assert!(guests.iter().all(|guest| waits(&testbed, guest)), "{ids:?}");
        testbed.sync().await;
        testbed.pass(3 * 3600).await;
        assert_eq!(
            testbed.site.count("create"),
            2,
            "a sync that was asked for is one more attempt, time is none"
        );
        assert_eq!(testbed.living().len(), 0);
        testbed.delete(&guests[0], Priority::Revocation);
        testbed.rest().await;
        assert_eq!((testbed.last(&guests[0]), testbed.living().len()), (Some(Outcome::Absent), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_corrected_system_gets_all_records_when_the_spec_changes_or_a_sync_is_requested() {
    for by_sync in [true, false] {
        let (testbed, guests) = (stage_with(Ids::Shortened(20)).await, guests(3));
        for guest in &guests {
            testbed.push(guest, Priority::UserChange);
        }
        testbed.rest().await;
        testbed.site.memory.set_ids(Ids::Kept);
        testbed.pass(3600).await;
        assert_eq!(testbed.site.count("create"), 1);
        if by_sync {
            testbed.engine.request_sync("now");
        } else {
            testbed.set(|settings| settings.generation = 2);
        }
        testbed.until("all records", |testbed| testbed.holds(&guests.iter().collect::<Vec<_>>())).await;
        assert_eq!(testbed.state().creates_stopped, None);
        let is_present = |guest: &DesiredRecord| testbed.last(guest) == Some(Outcome::Present(guest.id));
        testbed.until("all outcomes", |_| guests.iter().all(is_present)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_is_a_pending_revocation_until_it_is_done() {
    for fate in [Fate::Fails(ErrorKind::Terminal), Fate::Claims(Applied::Done)] {
        let (testbed, ada) = (stage_with(Ids::Shortened(20)).await, visitor("ada"));
        testbed.site.every("remove-misnamed", fate);
        testbed.push(&ada, Priority::UserChange);
        testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
        assert!(matches!(testbed.last(&ada), Some(Outcome::Failed { retried: true, .. })));
        testbed.pass(600).await;
        let queued = &testbed.engine.diagnostics()["queued"]["revocation"];
        assert_eq!((queued.as_u64(), testbed.shows("records")), (Some(1), 1), "it is counted");
        assert!(!testbed.engine.is_settled(ada.id.object_id), "and holds the object");
        assert_eq!(testbed.site.count("create"), 1);
        testbed.delete(&ada, Priority::Revocation);
        testbed.pass(60).await;
        assert!(!testbed.house.outcomes(ada.id.object_id).contains(&Outcome::Absent));
        testbed.site.heal();
        testbed.until("its end", |testbed| testbed.last(&ada) == Some(Outcome::Absent)).await;
        assert_eq!((testbed.living().len(), testbed.shows("records")), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_the_system_does_not_remove_is_disarmed_and_counted() {
    for fate in [Fate::Fails(ErrorKind::Terminal), Fate::Claims(Applied::Done)] {
        let (testbed, ada) = (stage_with(Ids::Shortened(20)).await, visitor("ada"));
        testbed.site.every("remove-misnamed", fate);
        testbed.push(&ada, Priority::UserChange);
        let opens =
            |testbed: &Testbed| testbed.living().iter().any(|one| one.facts.may_open(testbed.clock.now()));
        testbed.until("a record", |testbed| !testbed.living().is_empty()).await;
        testbed.until("it opens nothing", |testbed| !opens(testbed)).await;
        testbed.until("the report", |testbed| testbed.state().unremoved.is_some()).await;
        let unremoved = testbed.state().unremoved.unwrap();
        assert_eq!((unremoved.count, unremoved.open), (1, 0));
        testbed.forget();
        testbed.pass(3600).await;
        assert_eq!(testbed.site.count("reduce-misnamed"), 0, "what is taken away is not taken away again");
        assert!(testbed.site.count("remove-misnamed") > 3);
        testbed.site.heal();
        testbed.until("its end", |testbed| testbed.living().is_empty()).await;
        testbed.until("its word", |testbed| testbed.state().unremoved.is_none()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn notes_copied_by_hand_prove_nothing_where_our_records_are_kept() {
    let (ada, known) = (visitor("ada"), visitor("known"));
    let copied = ObservedRecord { mark: Some(ada.mark.clone()), ..stranger("emp-0001", "7") };
    let setup = Setup { standing: vec![known], ..Setup::default() };
    setup.memory.put(copied.clone());
    setup.memory.put(ObservedRecord { dead: true, ..shown(&ada) });
    let testbed = setup.start().await;
    // As on a system that hides its dead.
    testbed.site.rule(|call| match call.name {
        "read" | "find-id" => Fate::Shows(Page::default()),
        _ => Fate::Done,
    });
    testbed.push(&ada, Priority::UserChange);
    testbed
        .until("the visitor", |testbed| {
            testbed.living().iter().any(|one| one.id.is_some_and(|id| id.same_content(&ada.id)))
        })
        .await;
    assert!(testbed.living().contains(&copied));
    assert_eq!(testbed.state().creates_stopped, None);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_a_system_that_alters_ids_leaves_no_record() {
    let all = CUT.map(Ids::Shortened).into_iter().chain([Ids::Chosen]);
    for (ids, deleted) in all.flat_map(|ids| [(ids, false), (ids, true)]) {
        let (testbed, ada) = (stage_with(ids).await, visitor("ada"));
        testbed.site.next("create", Fate::AnswerLost);
        testbed.push(&ada, Priority::UserChange);
        testbed.until("the loss", |testbed| testbed.last(&ada).is_some()).await;
        assert_eq!(testbed.living().len(), 1, "{ids:?}");
        if deleted {
            testbed.delete(&ada, Priority::Revocation);
        }
        testbed.rest().await;
        assert_eq!(testbed.living().len(), 0, "{ids:?} deleted={deleted}");
        assert!(testbed.state().creates_stopped.is_some());
        assert!(testbed.site.count("create") <= 2, "{:?}", testbed.site.names());
    }
}

#[tokio::test(start_paused = true)]
async fn ids_that_earlier_attempts_used_up_in_their_cut_form_are_not_tried_one_by_one() {
    for length in CUT {
        let (setup, guests) = (Setup::default(), guests(10));
        setup.memory.set_ids(Ids::Shortened(length));
        for guest in &guests {
            setup.memory.put(ObservedRecord { dead: true, ..cut(guest, length) });
        }
        let testbed = setup.start().await;
        for guest in &guests {
            testbed.push(guest, Priority::UserChange);
        }
        testbed.rest().await;
        testbed.pass(3600).await;
        assert_eq!(testbed.site.count("create"), 1);
        let stop = CreateStop::ShortenedIds { sent: 36, kept: length };
        assert_eq!(testbed.state().creates_stopped, Some(stop), "found without a memory of it");
        assert!(guests.iter().all(|guest| waits(&testbed, guest)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_names_a_person_of_the_site_removes_no_person() {
    let (ada, staff) = (visitor("ada"), stranger("emp-0001", "7"));
    let staff =
        ObservedRecord { facts: DesiredRecord { window: ended_window(), ..ada.clone() }.facts(), ..staff };
    for is_there in [false, true] {
        let setup = Setup::default();
        setup.memory.put(staff.clone());
        let testbed = setup.start().await;
        if is_there {
            testbed.site.memory.put(shown(&ada));
        }
        testbed.site.next("create", Fate::Claims(Applied::Misnamed("emp-0001".to_owned())));
        testbed.push(&ada, Priority::UserChange);
        testbed.rest().await;
        assert!(testbed.living().contains(&staff));
        assert_eq!(testbed.site.count("remove-misnamed"), 0);
        // Where our record is there the answer was another's.
        let stopped = (!is_there).then_some(CreateStop::ChosenIds);
        assert_eq!(testbed.state().creates_stopped, stopped);
        testbed.sync().await;
        testbed.until("the visitor", |testbed| testbed.last(&ada) == Some(Outcome::Present(ada.id))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_that_loses_a_digit_is_another_id_of_the_same_content_and_as_good() {
    let (setup, ada) = (Setup::default(), visitor("ada"));
    setup.memory.set_ids(Ids::Shortened(36));
    for number in (0..10).filter(|number| *number != 1) {
        let id = RecordId { number, ..ada.id };
        setup.memory.put(ObservedRecord { dead: true, ..shown(&DesiredRecord { id, ..ada.clone() }) });
    }
    // Only 10 is offered, of which the system makes 1.
    let used = ObservedRecord {
        dead: true,
        ..shown(&DesiredRecord { id: RecordId { number: 1, ..ada.id }, ..ada.clone() })
    };
    let testbed = setup.start().await;
    testbed.site.rule(move |call| {
        let hidden = call.name == "find-id" && call.id.is_some_and(|id| id.number == 1);
        if hidden { Fate::Shows(Page { records: vec![used.clone()], ..Page::default() }) } else { Fate::Done }
    });
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    let made = RecordId { number: 1, ..ada.id };
    assert_eq!((testbed.last(&ada), testbed.living().len()), (Some(Outcome::Present(made)), 1));
    assert_eq!(testbed.state().creates_stopped, None);
}

// === after a restart ===

/// A stage of a system where these are already.
async fn stage_holding(there: &[ObservedRecord], limits: Limits) -> Testbed {
    let mut setup = Setup::default();
    setup.settings.limits = limits;
    for person in there {
        setup.memory.put(person.clone());
    }
    let testbed = setup.raise();
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    testbed.rest().await;
    testbed
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_records_under_altered_ids_are_recognised_and_removed() {
    let guests = guests(3);
    let capitals =
        ObservedRecord { external_id: guests[2].id.to_string().to_uppercase(), ..cut(&guests[2], 36) };
    let theirs = stranger("vst-0000", "7");
    let there = [cut(&guests[0], 20), cut(&guests[1], 32), capitals, theirs.clone()];
    let testbed = stage_holding(&there, Limits::default()).await;
    testbed.until("they are gone", |testbed| testbed.living() == [theirs.clone()]).await;
    assert_eq!((testbed.site.count("remove-misnamed"), testbed.state().held.clone()), (3, None));
    assert!(testbed.state().claims_owner_id, "they are ours");
    assert_eq!(OWNER_ID, guests[0].mark.owner_id);
}

#[tokio::test(start_paused = true)]
async fn many_of_them_are_held_counted_and_released_together_with_the_orphans() {
    let guests = guests(8);
    let there: Vec<_> = guests.iter().map(|guest| cut(guest, 32)).collect();
    let testbed = stage_holding(&there, Limits { max_deletions: 5, max_percent: 0 }).await;
    let held = testbed.state().held.unwrap();
    assert_eq!(
        (held.count, held.misnamed, held.unmarked, testbed.site.count("remove-misnamed")),
        (8, 8, 0, 0)
    );
    assert_eq!(testbed.shows("records"), 8);
    let release = held.hash.clone();
    testbed.set(|settings| settings.released = Some(release));
    testbed.until("they are gone", |testbed| testbed.living().is_empty()).await;
    testbed.until("its word", |testbed| testbed.state().held.is_none()).await;
    assert_eq!(testbed.state().used_release, Some(held.hash));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_removed_by_hand_is_not_held_any_more() {
    let guests = guests(8);
    let there: Vec<_> = guests.iter().map(|guest| cut(guest, 32)).collect();
    let testbed = stage_holding(&there, Limits { max_deletions: 5, max_percent: 0 }).await;
    for person in &there {
        testbed.site.memory.put(ObservedRecord { dead: true, ..person.clone() });
    }
    testbed.sync().await;
    assert_eq!((testbed.state().held, testbed.shows("records")), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn one_whose_removal_fails_is_tried_again_by_itself() {
    let ada = visitor("ada");
    let mut setup = Setup::default();
    setup.memory.put(cut(&ada, 20));
    setup.settings.limits = Limits::default();
    let testbed = setup.raise();
    testbed.site.every("remove-misnamed", Fate::Fails(ErrorKind::Terminal));
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    testbed.pass(3600).await;
    assert_eq!((testbed.living().len(), testbed.shows("records")), (1, 1));
    assert!(testbed.site.count("remove-misnamed") > 3);
    testbed.site.heal();
    testbed.until("its end", |testbed| testbed.living().is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn an_integration_that_goes_takes_them_along_unasked() {
    let guests = guests(8);
    let there: Vec<_> = guests.iter().map(|guest| cut(guest, 32)).collect();
    let testbed = stage_holding(&there, Limits { max_deletions: 0, max_percent: 0 }).await;
    assert_eq!(testbed.living().len(), 8);
    testbed.engine.drain();
    testbed.until("the end of draining", |testbed| testbed.state().drained).await;
    assert_eq!(testbed.living(), []);
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_removes_nothing_still_takes_back_what_its_own_create_made_and_leaves_the_rest() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    for mode in [Mode::CreateOnly, Mode::Upsert] {
        let mut setup = Setup::default();
        setup.settings.mode = mode;
        setup.memory.set_ids(Ids::Shortened(20));
        setup.memory.put(cut(&bob, 32));
        let testbed = setup.start().await;
        testbed.push(&ada, Priority::UserChange);
        testbed.rest().await;
        assert_eq!((testbed.living().len(), testbed.shows("records")), (1, 1), "{mode:?}");
    }
    let mut setup = Setup::default();
    setup.settings.mode = Mode::Observe;
    setup.memory.put(cut(&bob, 32));
    let testbed = setup.start().await;
    testbed.sync().await;
    assert_eq!(testbed.site.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn one_that_may_not_be_removed_any_more_lets_its_object_go_and_is_counted() {
    let (testbed, ada) = (stage_with(Ids::Shortened(20)).await, visitor("ada"));
    testbed.site.every("remove-misnamed", Fate::Fails(ErrorKind::Terminal));
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&ada).is_some()).await;
    testbed.set(|settings| settings.mode = Mode::Observe);
    testbed.delete(&ada, Priority::Revocation);
    let kept = |outcome: &Outcome| {
        matches!(outcome, Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Remove))
    };
    testbed.until("its word", |testbed| testbed.last(&ada).as_ref().is_some_and(kept)).await;
    assert_eq!((testbed.engine.leave_behind(ada.id.object_id, &[]), testbed.state().left_behind), (1, 1));
}
