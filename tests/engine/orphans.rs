//! Records with our mark whose object nobody knows, and the guard that judges them.

use jiff::SignedDuration;
use vestibule::engine::SourceError;
use vestibule::system::Class as ErrorClass;
use vestibule_core::guard::Limits;
use vestibule_core::model::{Mode, ObservedRecord, Record};

use crate::stage::{Fate, Setup, Stage, ended, shown, visitor};

/// A stage with these orphans, synced once; the guard lets this many go.
async fn with_orphans(orphans: &[Record], max_deletions: u32) -> Stage {
    let mut setup = Setup::default();
    setup.settings.limits = Limits { max_deletions, max_percent: 0 };
    for one in orphans {
        setup.memory.put(shown(one));
    }
    let stage = setup.raise();
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    stage.rest().await;
    stage
}

fn many(count: usize) -> Vec<Record> {
    (0..count).map(|n| ended(&format!("orphan-{n}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_few_orphans_that_are_over_are_removed_and_read_back() {
    let orphans = many(3);
    let stage = with_orphans(&orphans, 10).await;
    assert!(stage.holds(&[]));
    assert_eq!(stage.house.asked_gone(), 3);
    assert_eq!(stage.state().held, None);
    let removals = stage.site.calls().iter().rposition(|call| call.name == "remove").unwrap();
    let after = &stage.site.names()[removals + 1..];
    assert!(
        after.contains(&"read") || after.contains(&"list-people"),
        "no removal is done before it is read back"
    );
}

#[tokio::test(start_paused = true)]
async fn an_orphan_whose_window_has_not_ended_is_held() {
    let ada = visitor("ada");
    let stage = with_orphans(std::slice::from_ref(&ada), 10).await;
    assert!(stage.holds(&[&ada]));
    assert_eq!(stage.state().held.map(|held| held.count), Some(1));
    assert_eq!(stage.site.count("remove"), 0);
}

#[tokio::test(start_paused = true)]
async fn too_many_orphans_are_held_together_and_released_by_their_hash_once() {
    let orphans = many(8);
    let stage = with_orphans(&orphans, 5).await;
    let held = stage.state().held.unwrap();
    assert_eq!((held.count, stage.site.count("remove")), (8, 0));
    stage.set(|settings| settings.released = Some("0123456789ab".to_owned()));
    stage.sync().await;
    assert_eq!(
        (stage.site.count("remove"), stage.state().used_release),
        (0, None),
        "another hash releases nothing"
    );
    let release =
        move |settings: &mut vestibule::engine::Settings| settings.released = Some(held.hash.clone());
    stage.set(&release);
    stage.sync().await;
    assert!(stage.holds(&[]));
    assert!(stage.state().used_release.is_some());
    assert_eq!(stage.state().held, None);
    let later = many(9);
    stage.site.memory.put(shown(&later[8]));
    stage.sync().await;
    assert_eq!(stage.state().held.map(|held| held.count), Some(1), "the next one is judged alone");
}

#[tokio::test(start_paused = true)]
async fn a_hash_that_fits_nothing_is_not_said_to_be_used_because_another_orphan_went() {
    let mut setup = Setup::default();
    setup.settings.released = Some("0123456789ab".to_owned());
    setup.memory.put(shown(&ended("over")));
    setup.memory.put(shown(&visitor("open")));
    let stage = setup.start().await;
    assert!(stage.holds(&[&visitor("open")]));
    assert_eq!(stage.state().used_release, None);
    assert_eq!(stage.state().held.map(|held| held.count), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_interrupted_is_finished_at_the_next_sync() {
    let orphans = many(8);
    let stage = with_orphans(&orphans, 5).await;
    let hash = stage.state().held.unwrap().hash;
    let mut removals = 0;
    stage.site.rule(move |call| {
        removals += usize::from(call.name == "remove");
        if removals == 4 { Fate::Fails(ErrorClass::Transient) } else { Fate::Done }
    });
    stage.set(|settings| settings.released = Some(hash.clone()));
    stage.engine.request_sync("release");
    stage.until("some removals", |stage| stage.site.count("remove") == 4).await;
    stage.site.heal();
    stage.pass(60).await;
    stage.sync().await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_hour_counts_as_one_mass_removal() {
    let stage = with_orphans(&many(4), 5).await;
    assert!(stage.holds(&[]));
    let next = [ended("later-1"), ended("later-2")];
    for one in &next {
        stage.site.memory.put(shown(one));
    }
    stage.sync().await;
    assert_eq!(stage.state().held.map(|held| held.count), Some(2));
    stage.pass(3600).await;
    stage.sync().await;
    assert!(stage.holds(&[]));
    assert_eq!(stage.state().held, None);
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_the_api_server_still_has_stays() {
    let old = ended("old");
    let setup = Setup::default();
    setup.memory.put(shown(&old));
    let stage = setup.raise();
    stage.house.still_has(&old.mark.object);
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    assert_eq!((stage.house.asked_gone(), stage.site.count("remove")), (1, 0));
    assert!(stage.holds(&[&old]));
}

/// One of ours whose NOTES somebody cleared.
fn unmarked(record: &Record) -> ObservedRecord {
    ObservedRecord { mark: None, ..shown(record) }
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_has_lost_its_mark_is_held_until_a_person_releases_it() {
    let old = ended("old");
    let setup = Setup::default();
    setup.memory.put(unmarked(&old));
    let stage = setup.start().await;
    let held = stage.state().held.unwrap();
    assert_eq!((held.count, held.unmarked, stage.site.count("remove")), (1, 1, 0));
    stage.set(|settings| settings.released = Some(held.hash.clone()));
    stage.until("its end", |stage| stage.holds(&[])).await;
    stage.rest().await;
    assert_eq!((stage.state().held, stage.state().used_release), (None, Some(held.hash)));
    assert_eq!(stage.house.asked_gone(), 0, "there is no name to ask for");
}

#[tokio::test(start_paused = true)]
async fn an_orphan_whose_mark_is_lost_while_it_is_judged_is_held_at_once() {
    let old = ended("old");
    let setup = Setup::default();
    setup.memory.put(shown(&old));
    let stage = setup.raise();
    let records = vec![unmarked(&old)];
    stage.site.every("read", Fate::Shows(vestibule::system::Observed { records, ..Default::default() }));
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    assert_eq!(stage.state().held.map(|held| (held.count, held.unmarked)), Some((1, 1)));
    assert!(stage.holds(&[&old]));
}

#[tokio::test(start_paused = true)]
async fn a_released_record_that_the_api_server_still_has_an_object_for_stays_and_stays_held() {
    let ada = visitor("ada");
    let stage = with_orphans(std::slice::from_ref(&ada), 10).await;
    stage.house.still_has(&ada.mark.object);
    let hash = stage.state().held.unwrap().hash;
    stage.set(|settings| settings.released = Some(hash.clone()));
    stage.sync().await;
    assert!(stage.holds(&[&ada]));
    assert_eq!(stage.state().held.map(|held| held.hash), Some(hash));
}

#[tokio::test(start_paused = true)]
async fn a_released_record_that_the_system_does_not_remove_is_reported_as_such_until_it_is_gone() {
    let orphans = many(8);
    let stage = with_orphans(&orphans, 5).await;
    let hash = stage.state().held.unwrap().hash;
    let stuck = orphans.iter().map(|one| one.id).min().unwrap();
    stage.site.rule(move |call| {
        let refused = call.name == "remove" && call.id == Some(stuck);
        if refused { Fate::Fails(ErrorClass::Terminal) } else { Fate::Done }
    });
    stage.set(|settings| settings.released = Some(hash.clone()));
    stage.sync().await;
    assert_eq!(stage.state().held, None, "a release was given, and nothing waits for another");
    let unremoved = stage.state().unremoved.unwrap();
    assert_eq!((unremoved.count, unremoved.open), (1, 0));
    assert_eq!(stage.site.count("reduce"), 1, "its window is over, and its group was taken away");
    stage.site.heal();
    stage.until("the end of all", |stage| stage.holds(&[])).await;
    stage.until("the end of the report", |stage| stage.state().unremoved.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn orphans_are_not_judged_before_all_objects_are_known() {
    let setup = Setup::default();
    setup.memory.put(shown(&ended("old")));
    setup.memory.put(shown(&visitor("ada")));
    let stage = setup.raise();
    stage.house.set_complete(false);
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    assert_eq!((stage.state().held, stage.house.asked_gone(), stage.site.count("remove")), (None, 0, 0));
    stage.house.set_complete(true);
    stage.sync().await;
    assert!(stage.holds(&[&visitor("ada")]));
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_removes_nothing_leaves_orphans_and_still_syncs() {
    for mode in [Mode::Observe, Mode::CreateOnly, Mode::Upsert] {
        let old = ended("old");
        let mut setup = Setup::default();
        setup.settings.mode = mode;
        setup.memory.put(shown(&old));
        let stage = setup.start().await;
        stage.pass(600).await;
        assert_eq!(stage.state().syncs, 2, "{mode:?}: it is not repeated");
        assert!(stage.site.names().is_empty());
        assert!(stage.holds(&[&old]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_removes_nothing_holds_nothing_that_somebody_could_release() {
    for mode in [Mode::Observe, Mode::CreateOnly, Mode::Upsert] {
        let ada = visitor("ada");
        let mut setup = Setup::default();
        setup.settings.mode = mode;
        setup.memory.put(shown(&ada));
        let stage = setup.start().await;
        assert_eq!((stage.state().held, stage.shows("records")), (None, 1), "{mode:?}: it is only counted");
        stage.set(|settings| settings.mode = Mode::Enforce);
        stage.until("held", |stage| stage.state().held.is_some()).await;
        stage.set(|settings| settings.mode = mode);
        stage.until("not held any more", |stage| stage.state().held.is_none()).await;
        assert!(stage.holds(&[&ada]));
    }
}

#[tokio::test(start_paused = true)]
async fn suspension_does_not_keep_orphans() {
    let mut setup = Setup::default();
    setup.settings.suspended = true;
    setup.memory.put(shown(&ended("old")));
    let stage = setup.start().await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_the_system_refuses_to_remove_keeps_neither_others_nor_the_sync() {
    let orphans = many(5);
    let setup = Setup::default();
    for one in &orphans {
        setup.memory.put(shown(one));
    }
    let stage = setup.raise();
    let stuck = orphans.iter().map(|one| one.id).min().unwrap();
    stage.site.rule(move |call| {
        let refused = call.name == "remove" && call.id == Some(stuck);
        if refused { Fate::Fails(ErrorClass::Terminal) } else { Fate::Done }
    });
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    stage.rest().await;
    assert_eq!(stage.living().len(), 1);
    assert_eq!(stage.state().condition, vestibule::engine::Condition::Connected);
    stage.site.heal();
    stage.sync().await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_orphan_whose_removal_is_never_answered_is_tried_for_ever_and_repeats_no_listing() {
    let orphans = many(3);
    let setup = Setup::default();
    for one in &orphans {
        setup.memory.put(shown(one));
    }
    let stage = setup.raise();
    let stuck = orphans.iter().map(|one| one.id).min().unwrap();
    stage.site.rule(move |call| {
        let lost = call.name == "remove" && call.id == Some(stuck);
        if lost { Fate::Fails(ErrorClass::Transient) } else { Fate::Done }
    });
    stage.until("the first sync", |stage| stage.state().syncs > 0).await;
    stage.rest().await;
    stage.forget();
    stage.pass(3600).await;
    assert_eq!((stage.living().len(), stage.site.count("list-people")), (1, 0));
    let tried =
        stage.site.calls().iter().filter(|call| (call.name, call.id) == ("remove", Some(stuck))).count();
    assert!((8..25).contains(&tried), "{tried} in an hour");
    assert_eq!(stage.state().condition, vestibule::engine::Condition::Connected);
    stage.site.heal();
    stage.until("its end", |stage| stage.holds(&[])).await;
    stage.rest().await;
    assert_eq!(stage.site.count("list-people"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_the_list_lacks_and_that_cannot_be_read_keeps_neither_others_nor_the_sync() {
    let (gone, old) = (visitor("gone"), ended("old"));
    let stage = with_orphans(std::slice::from_ref(&gone), 10).await;
    stage.site.memory.put(ObservedRecord { dead: true, ..shown(&gone) });
    stage.site.memory.put(shown(&old));
    stage.site.rule(move |call| {
        let unread = call.name == "read" && call.id == Some(visitor("gone").id);
        if unread { Fate::Fails(ErrorClass::Transient) } else { Fate::Done }
    });
    stage.sync().await;
    assert_eq!((stage.living().len(), stage.shows("records")), (0, 1));
    stage.site.heal();
    stage.until("its end", |stage| stage.shows("records") == 0).await;
    assert_eq!(stage.state().held, None);
}

#[tokio::test(start_paused = true)]
async fn an_orphan_removed_by_hand_is_neither_held_nor_counted_any_more() {
    let ada = visitor("ada");
    let stage = with_orphans(std::slice::from_ref(&ada), 10).await;
    assert_eq!(stage.state().held.map(|held| held.count), Some(1));
    stage.site.memory.put(ObservedRecord { dead: true, ..shown(&ada) });
    stage.sync().await;
    assert_eq!((stage.state().held, stage.shows("records")), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_declared_again_makes_its_orphan_a_visitor() {
    let ada = visitor("ada");
    let stage = with_orphans(std::slice::from_ref(&ada), 10).await;
    stage.forget();
    stage.house.fail_claims(Some(SourceError::Frozen));
    stage.push(&ada, vestibule::engine::Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.names(), [""; 0]);
    stage.sync().await;
    assert_eq!(stage.state().held, None);
    assert!(stage.holds(&[&ada]));
    assert!(stage.state().last_sync.unwrap() + SignedDuration::from_secs(1) > ada.window.from);
}
