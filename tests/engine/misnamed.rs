//! Systems that do not keep the id of a record: it is removed at once, and no other is created.

use vestibule::clock::Clock;
use vestibule::engine::{Class, CreateStop, Outcome};
use vestibule::system::memory::Ids;
use vestibule::system::{Applied, Class as ErrorClass, Observed};
use vestibule_core::guard::Limits;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{Mode, ObservedRecord, Record};
use vestibule_core::plan::{Change, Withheld};

use crate::stage::{Fate, OWNER_ID, Setup, Stage, shown, stranger, visitor};

const CUT: [usize; 3] = [8, 20, 40];

/// A stage of a system that does this to ids.
async fn stage_with(ids: Ids) -> Stage {
    let setup = Setup::default();
    setup.memory.set_ids(ids);
    setup.start().await
}

fn guests(count: usize) -> Vec<Record> {
    (0..count).map(|n| visitor(&format!("guest-{n}"))).collect()
}

fn ended_window() -> vestibule_core::schedule::Window {
    crate::stage::ended("anybody").window
}

fn waits(stage: &Stage, record: &Record) -> bool {
    matches!(stage.last(record), Some(Outcome::Failed { error, retried: true })
        if error.class == ErrorClass::Dependency && error.message.contains("AccessIntegration door"))
}

/// What a system that cuts ids made of a record.
fn cut(record: &Record, length: usize) -> ObservedRecord {
    let external_id: String = record.id.to_string().chars().take(length).collect();
    ObservedRecord { external_id, id: None, mark: None, ..shown(record) }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_made_under_another_id_is_removed_at_once_and_no_other_is_made() {
    let shortened = |kept| CreateStop::ShortenedIds { sent: 44, kept };
    let cases = CUT.map(|kept| (Ids::Shortened(kept), shortened(kept)));
    for (ids, stop) in cases.into_iter().chain([(Ids::Chosen, CreateStop::ChosenIds)]) {
        let (stage, guests) = (stage_with(ids).await, guests(10));
        for guest in &guests {
            stage.push(guest, Class::UserChange);
        }
        stage.rest().await;
        assert_eq!((stage.living().len(), stage.state().creates_stopped.clone()), (0, Some(stop)), "{ids:?}");
        assert_eq!((stage.site.count("create"), stage.site.count("remove-misnamed")), (1, 1), "{ids:?}");
        // Its removal is read back; of an id that says nothing the person is looked at first.
        let reads = if ids == Ids::Chosen { 2 } else { 1 };
        assert_eq!(stage.site.count("read-external"), reads, "{ids:?}");
        assert!(guests.iter().all(|guest| waits(&stage, guest)), "{ids:?}");
        stage.sync().await;
        stage.pass(3 * 3600).await;
        assert_eq!(
            stage.site.count("create"),
            2,
            "a sync that was asked for is one more attempt, time is none"
        );
        assert_eq!(stage.living().len(), 0);
        stage.delete(&guests[0], Class::Revocation);
        stage.rest().await;
        assert_eq!((stage.last(&guests[0]), stage.living().len()), (Some(Outcome::Absent), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_system_that_was_set_right_gets_everybody_when_the_spec_changes_or_a_sync_is_asked_for() {
    for by_sync in [true, false] {
        let (stage, guests) = (stage_with(Ids::Shortened(20)).await, guests(3));
        for guest in &guests {
            stage.push(guest, Class::UserChange);
        }
        stage.rest().await;
        stage.site.memory.set_ids(Ids::Kept);
        stage.pass(3600).await;
        assert_eq!(stage.site.count("create"), 1);
        if by_sync {
            stage.engine.request_sync("now");
        } else {
            stage.set(|settings| settings.generation = 2);
        }
        stage.until("everybody", |stage| stage.holds(&guests.iter().collect::<Vec<_>>())).await;
        assert_eq!(stage.state().creates_stopped, None);
        let told = |guest: &Record| stage.last(guest) == Some(Outcome::Present(guest.id));
        stage.until("its word", |_| guests.iter().all(told)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_is_a_pending_revocation_until_it_is_done() {
    for fate in [Fate::Fails(ErrorClass::Terminal), Fate::Claims(Applied::Done)] {
        let (stage, ada) = (stage_with(Ids::Shortened(20)).await, visitor("ada"));
        stage.site.every("remove-misnamed", fate);
        stage.push(&ada, Class::UserChange);
        stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
        assert!(matches!(stage.last(&ada), Some(Outcome::Failed { retried: true, .. })));
        stage.pass(600).await;
        let queued = &stage.engine.diagnostics()["queued"]["revocation"];
        assert_eq!((queued.as_u64(), stage.shows("records")), (Some(1), 1), "it is counted");
        assert!(!stage.engine.is_settled(ada.id.slot), "and holds the object");
        assert_eq!(stage.site.count("create"), 1);
        stage.delete(&ada, Class::Revocation);
        stage.pass(60).await;
        assert!(!stage.house.told(ada.id.slot).contains(&Outcome::Absent));
        stage.site.heal();
        stage.until("its end", |stage| stage.last(&ada) == Some(Outcome::Absent)).await;
        assert_eq!((stage.living().len(), stage.shows("records")), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_the_system_does_not_remove_is_disarmed_and_counted() {
    for fate in [Fate::Fails(ErrorClass::Terminal), Fate::Claims(Applied::Done)] {
        let (stage, ada) = (stage_with(Ids::Shortened(20)).await, visitor("ada"));
        stage.site.every("remove-misnamed", fate);
        stage.push(&ada, Class::UserChange);
        let opens = |stage: &Stage| stage.living().iter().any(|one| one.facts.may_open(stage.clock.now()));
        stage.until("a record", |stage| !stage.living().is_empty()).await;
        stage.until("it opens nothing", |stage| !opens(stage)).await;
        stage.until("the report", |stage| stage.state().unremoved.is_some()).await;
        let unremoved = stage.state().unremoved.unwrap();
        assert_eq!((unremoved.count, unremoved.open), (1, 0));
        stage.forget();
        stage.pass(3600).await;
        assert_eq!(stage.site.count("reduce-misnamed"), 0, "what is taken away is not taken away again");
        assert!(stage.site.count("remove-misnamed") > 3);
        stage.site.heal();
        stage.until("its end", |stage| stage.living().is_empty()).await;
        stage.until("its word", |stage| stage.state().unremoved.is_none()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn notes_copied_by_hand_prove_nothing_where_our_records_are_kept() {
    let (ada, known) = (visitor("ada"), visitor("known"));
    let copied = ObservedRecord { mark: Some(ada.mark.clone()), ..stranger("emp-0001", "7") };
    let setup = Setup { standing: vec![known], ..Setup::default() };
    setup.memory.put(copied.clone());
    setup.memory.put(ObservedRecord { dead: true, ..shown(&ada) });
    let stage = setup.start().await;
    // As on a system that hides its dead.
    stage.site.rule(|call| match call.name {
        "read" | "find-id" => Fate::Shows(Observed::default()),
        _ => Fate::Done,
    });
    stage.push(&ada, Class::UserChange);
    stage
        .until("the visitor", |stage| {
            stage.living().iter().any(|one| one.id.is_some_and(|id| id.same_content(&ada.id)))
        })
        .await;
    assert!(stage.living().contains(&copied));
    assert_eq!(stage.state().creates_stopped, None);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_a_system_that_alters_ids_leaves_nobody_inside() {
    let all = CUT.map(Ids::Shortened).into_iter().chain([Ids::Chosen]);
    for (ids, deleted) in all.flat_map(|ids| [(ids, false), (ids, true)]) {
        let (stage, ada) = (stage_with(ids).await, visitor("ada"));
        stage.site.next("create", Fate::AnswerLost);
        stage.push(&ada, Class::UserChange);
        stage.until("the loss", |stage| stage.last(&ada).is_some()).await;
        assert_eq!(stage.living().len(), 1, "{ids:?}");
        if deleted {
            stage.delete(&ada, Class::Revocation);
        }
        stage.rest().await;
        assert_eq!(stage.living().len(), 0, "{ids:?} deleted={deleted}");
        assert!(stage.state().creates_stopped.is_some());
        assert!(stage.site.count("create") <= 2, "{:?}", stage.site.names());
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
        let stage = setup.start().await;
        for guest in &guests {
            stage.push(guest, Class::UserChange);
        }
        stage.rest().await;
        stage.pass(3600).await;
        assert_eq!(stage.site.count("create"), 1);
        let stop = CreateStop::ShortenedIds { sent: 44, kept: length };
        assert_eq!(stage.state().creates_stopped, Some(stop), "found without a memory of it");
        assert!(guests.iter().all(|guest| waits(&stage, guest)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_names_a_person_of_the_site_removes_nobody() {
    let (ada, staff) = (visitor("ada"), stranger("emp-0001", "7"));
    let staff = ObservedRecord { facts: Record { window: ended_window(), ..ada.clone() }.facts(), ..staff };
    for is_there in [false, true] {
        let setup = Setup::default();
        setup.memory.put(staff.clone());
        let stage = setup.start().await;
        if is_there {
            stage.site.memory.put(shown(&ada));
        }
        stage.site.next("create", Fate::Claims(Applied::Misnamed("emp-0001".to_owned())));
        stage.push(&ada, Class::UserChange);
        stage.rest().await;
        assert!(stage.living().contains(&staff));
        assert_eq!(stage.site.count("remove-misnamed"), 0);
        // Where our record is there the answer was another's.
        let stopped = (!is_there).then_some(CreateStop::ChosenIds);
        assert_eq!(stage.state().creates_stopped, stopped);
        stage.sync().await;
        stage.until("the visitor", |stage| stage.last(&ada) == Some(Outcome::Present(ada.id))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_that_loses_a_digit_is_another_id_of_the_same_content_and_as_good() {
    let (setup, ada) = (Setup::default(), visitor("ada"));
    setup.memory.set_ids(Ids::Shortened(44));
    for number in (0..10).filter(|number| *number != 1) {
        let id = RecordId { number, ..ada.id };
        setup.memory.put(ObservedRecord { dead: true, ..shown(&Record { id, ..ada.clone() }) });
    }
    // Only 10 is offered, of which the system makes 1.
    let used = ObservedRecord {
        dead: true,
        ..shown(&Record { id: RecordId { number: 1, ..ada.id }, ..ada.clone() })
    };
    let stage = setup.start().await;
    stage.site.rule(move |call| {
        let hidden = call.name == "find-id" && call.id.is_some_and(|id| id.number == 1);
        if hidden {
            Fate::Shows(Observed { records: vec![used.clone()], ..Observed::default() })
        } else {
            Fate::Done
        }
    });
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    let made = RecordId { number: 1, ..ada.id };
    assert_eq!((stage.last(&ada), stage.living().len()), (Some(Outcome::Present(made)), 1));
    assert_eq!(stage.state().creates_stopped, None);
}

// === after a restart ===

/// A stage of a system where these are already.
async fn stage_holding(there: &[ObservedRecord], limits: Limits) -> Stage {
    let mut setup = Setup::default();
    setup.settings.limits = limits;
    for person in there {
        setup.memory.put(person.clone());
    }
    let stage = setup.raise();
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    stage.rest().await;
    stage
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_what_is_left_of_our_ids_is_recognised_and_removed_whoever_is_declared() {
    let guests = guests(3);
    let capitals =
        ObservedRecord { external_id: guests[2].id.to_string().to_uppercase(), ..cut(&guests[2], 44) };
    let theirs = stranger("vst-0000", "7");
    let there = [cut(&guests[0], 20), cut(&guests[1], 40), capitals, theirs.clone()];
    let stage = stage_holding(&there, Limits::default()).await;
    stage.until("they are gone", |stage| stage.living() == [theirs.clone()]).await;
    assert_eq!((stage.site.count("remove-misnamed"), stage.state().held.clone()), (3, None));
    assert!(stage.state().claims_owner_id, "they are ours");
    assert_eq!(OWNER_ID, guests[0].mark.owner_id);
}

#[tokio::test(start_paused = true)]
async fn many_of_them_are_held_counted_and_released_together_with_the_orphans() {
    let guests = guests(8);
    let there: Vec<_> = guests.iter().map(|guest| cut(guest, 40)).collect();
    let stage = stage_holding(&there, Limits { max_deletions: 5, max_percent: 0 }).await;
    let held = stage.state().held.unwrap();
    assert_eq!((held.count, held.misnamed, held.unmarked, stage.site.count("remove-misnamed")), (8, 8, 0, 0));
    assert_eq!(stage.shows("records"), 8);
    let release = held.hash.clone();
    stage.set(|settings| settings.released = Some(release));
    stage.until("they are gone", |stage| stage.living().is_empty()).await;
    stage.until("its word", |stage| stage.state().held.is_none()).await;
    assert_eq!(stage.state().used_release, Some(held.hash));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_removed_by_hand_is_not_held_any_more() {
    let guests = guests(8);
    let there: Vec<_> = guests.iter().map(|guest| cut(guest, 40)).collect();
    let stage = stage_holding(&there, Limits { max_deletions: 5, max_percent: 0 }).await;
    for person in &there {
        stage.site.memory.put(ObservedRecord { dead: true, ..person.clone() });
    }
    stage.sync().await;
    assert_eq!((stage.state().held, stage.shows("records")), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn one_whose_removal_fails_is_tried_again_by_itself() {
    let ada = visitor("ada");
    let mut setup = Setup::default();
    setup.memory.put(cut(&ada, 20));
    setup.settings.limits = Limits::default();
    let stage = setup.raise();
    stage.site.every("remove-misnamed", Fate::Fails(ErrorClass::Terminal));
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    stage.pass(3600).await;
    assert_eq!((stage.living().len(), stage.shows("records")), (1, 1));
    assert!(stage.site.count("remove-misnamed") > 3);
    stage.site.heal();
    stage.until("its end", |stage| stage.living().is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn an_integration_that_goes_takes_them_along_unasked() {
    let guests = guests(8);
    let there: Vec<_> = guests.iter().map(|guest| cut(guest, 40)).collect();
    let stage = stage_holding(&there, Limits { max_deletions: 0, max_percent: 0 }).await;
    assert_eq!(stage.living().len(), 8);
    stage.engine.drain();
    stage.until("the end of draining", |stage| stage.state().drained).await;
    assert_eq!(stage.living(), []);
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_removes_nothing_still_takes_back_what_its_own_create_made_and_leaves_the_rest() {
    let (ada, bob) = (visitor("ada"), visitor("bob"));
    for mode in [Mode::CreateOnly, Mode::Upsert] {
        let mut setup = Setup::default();
        setup.settings.mode = mode;
        setup.memory.set_ids(Ids::Shortened(20));
        setup.memory.put(cut(&bob, 40));
        let stage = setup.start().await;
        stage.push(&ada, Class::UserChange);
        stage.rest().await;
        assert_eq!((stage.living().len(), stage.shows("records")), (1, 1), "{mode:?}");
    }
    let mut setup = Setup::default();
    setup.settings.mode = Mode::Observe;
    setup.memory.put(cut(&bob, 40));
    let stage = setup.start().await;
    stage.sync().await;
    assert_eq!(stage.site.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn one_that_may_not_be_removed_any_more_lets_its_object_go_and_is_counted() {
    let (stage, ada) = (stage_with(Ids::Shortened(20)).await, visitor("ada"));
    stage.site.every("remove-misnamed", Fate::Fails(ErrorClass::Terminal));
    stage.push(&ada, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&ada).is_some()).await;
    stage.set(|settings| settings.mode = Mode::Observe);
    stage.delete(&ada, Class::Revocation);
    let kept = |outcome: &Outcome| {
        matches!(outcome, Outcome::Withheld(Withheld::Mode(Mode::Observe), Change::Remove))
    };
    stage.until("its word", |stage| stage.last(&ada).as_ref().is_some_and(kept)).await;
    assert_eq!((stage.engine.leave_behind(ada.id.slot, &[]), stage.state().left_behind), (1, 1));
}
