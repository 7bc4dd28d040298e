//! Marked records without an object, and the guard that decides about them.

use jiff::SignedDuration;
use vestibule::engine::SourceError;
use vestibule::system::ErrorKind;
use vestibule_core::guard::Limits;
use vestibule_core::model::{DesiredRecord, Mode, ObservedRecord};

use crate::testbed::{Fate, Setup, Testbed, ended, shown, visitor};

/// A testbed with these orphans after one sync; the guard allows this many removals.
async fn with_orphans(orphans: &[DesiredRecord], max_deletions: u32) -> Testbed {
    let mut setup = Setup::default();
    setup.settings.limits = Limits { max_deletions, max_percent: 0 };
    for one in orphans {
        setup.memory.put(shown(one));
    }
    let testbed = setup.raise();
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    testbed.rest().await;
    testbed
}

fn many(count: usize) -> Vec<DesiredRecord> {
    (0..count).map(|n| ended(&format!("orphan-{n}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_few_orphans_that_are_over_are_removed_and_read_back() {
    let orphans = many(3);
    let testbed = with_orphans(&orphans, 10).await;
    assert!(testbed.holds(&[]));
    assert_eq!(testbed.house.asked_gone(), 3);
    assert_eq!(testbed.state().held, None);
    let removals = testbed.site.calls().iter().rposition(|call| call.name == "remove").unwrap();
    let after = &testbed.site.names()[removals + 1..];
    assert!(
        after.contains(&"read") || after.contains(&"list-people"),
        "no removal is done before it is read back"
    );
}

#[tokio::test(start_paused = true)]
async fn an_orphan_whose_window_has_not_ended_is_held() {
    let ada = visitor("ada");
    let testbed = with_orphans(std::slice::from_ref(&ada), 10).await;
    assert!(testbed.holds(&[&ada]));
    assert_eq!(testbed.state().held.map(|held| held.count), Some(1));
    assert_eq!(testbed.site.count("remove"), 0);
}

#[tokio::test(start_paused = true)]
async fn too_many_orphans_are_held_together_and_released_by_their_hash_once() {
    let orphans = many(8);
    let testbed = with_orphans(&orphans, 5).await;
    let held = testbed.state().held.unwrap();
    assert_eq!((held.count, testbed.site.count("remove")), (8, 0));
    testbed.set(|settings| settings.released = Some("0123456789ab".to_owned()));
    testbed.sync().await;
    assert_eq!(
        (testbed.site.count("remove"), testbed.state().used_release),
        (0, None),
        "another hash releases nothing"
    );
    let release =
        move |settings: &mut vestibule::engine::Settings| settings.released = Some(held.hash.clone());
    testbed.set(&release);
    testbed.sync().await;
    assert!(testbed.holds(&[]));
    assert!(testbed.state().used_release.is_some());
    assert_eq!(testbed.state().held, None);
    let later = many(9);
    testbed.site.memory.put(shown(&later[8]));
    testbed.sync().await;
    assert_eq!(testbed.state().held.map(|held| held.count), Some(1), "the next one is decided alone");
}

#[tokio::test(start_paused = true)]
async fn a_held_set_names_the_objects_of_a_few_records_and_reads_each_of_them_once() {
    let testbed = with_orphans(&many(8), 5).await;
    let held = testbed.state().held.unwrap();
    assert_eq!(held.names.len(), 3);
    assert!(held.names.iter().all(|name| name.starts_with("orphan-")), "{:?}", held.names);
    assert_eq!(testbed.site.count("read"), 3);
    testbed.sync().await;
    assert_eq!((testbed.state().held, testbed.site.count("read")), (Some(held), 3));
}

#[tokio::test(start_paused = true)]
async fn a_held_record_that_cannot_be_read_is_named_by_its_id_until_it_can() {
    let ada = visitor("ada");
    let setup = Setup::default();
    setup.memory.put(shown(&ada));
    let testbed = setup.raise();
    testbed.site.next("read", Fate::Fails(ErrorKind::Transient));
    testbed.until("held", |testbed| testbed.state().held.is_some()).await;
    assert_eq!(testbed.state().held.unwrap().names, [format!("record {}", ada.id)]);
    testbed.sync().await;
    assert_eq!(testbed.state().held.unwrap().names, ["ada"]);
}

#[tokio::test(start_paused = true)]
async fn a_hash_that_matches_nothing_is_not_reported_as_used_when_another_orphan_is_removed() {
    let mut setup = Setup::default();
    setup.settings.released = Some("0123456789ab".to_owned());
    setup.memory.put(shown(&ended("over")));
    setup.memory.put(shown(&visitor("open")));
    let testbed = setup.start().await;
    assert!(testbed.holds(&[&visitor("open")]));
    assert_eq!(testbed.state().used_release, None);
    assert_eq!(testbed.state().held.map(|held| held.count), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_release_that_is_interrupted_is_finished_at_the_next_sync() {
    let orphans = many(8);
    let testbed = with_orphans(&orphans, 5).await;
    let hash = testbed.state().held.unwrap().hash;
    let mut removals = 0;
    testbed.site.rule(move |call| {
        removals += usize::from(call.name == "remove");
        if removals == 4 { Fate::Fails(ErrorKind::Transient) } else { Fate::Done }
    });
    testbed.set(|settings| settings.released = Some(hash.clone()));
    testbed.engine.request_sync("release");
    testbed.until("some removals", |testbed| testbed.site.count("remove") == 4).await;
    testbed.site.heal();
    testbed.pass(60).await;
    testbed.sync().await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_hour_counts_as_one_mass_removal() {
    let testbed = with_orphans(&many(4), 5).await;
    assert!(testbed.holds(&[]));
    let next = [ended("later-1"), ended("later-2")];
    for one in &next {
        testbed.site.memory.put(shown(one));
    }
    testbed.sync().await;
    assert_eq!(testbed.state().held.map(|held| held.count), Some(2));
    testbed.pass(3600).await;
    testbed.sync().await;
    assert!(testbed.holds(&[]));
    assert_eq!(testbed.state().held, None);
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_the_api_server_still_has_stays() {
    let old = ended("old");
    let setup = Setup::default();
    setup.memory.put(shown(&old));
    let testbed = setup.raise();
    testbed.house.still_has(&old.mark.object);
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    assert_eq!((testbed.house.asked_gone(), testbed.site.count("remove")), (1, 0));
    assert!(testbed.holds(&[&old]));
}

/// A record of this owner whose NOTES were cleared by hand.
fn unmarked(record: &DesiredRecord) -> ObservedRecord {
    ObservedRecord { mark: None, ..shown(record) }
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_has_lost_its_mark_is_held_until_a_person_releases_it() {
    let old = ended("old");
    let setup = Setup::default();
    setup.memory.put(unmarked(&old));
    let testbed = setup.start().await;
    let held = testbed.state().held.unwrap();
    assert_eq!((held.count, held.unmarked, testbed.site.count("remove")), (1, 1, 0));
    assert_eq!(held.names, [format!("record {}", old.id)]);
    testbed.set(|settings| settings.released = Some(held.hash.clone()));
    testbed.until("its end", |testbed| testbed.holds(&[])).await;
    testbed.rest().await;
    assert_eq!((testbed.state().held, testbed.state().used_release), (None, Some(held.hash)));
    assert_eq!(testbed.house.asked_gone(), 0, "there is no name to ask for");
}

#[tokio::test(start_paused = true)]
async fn an_orphan_whose_mark_is_lost_while_it_is_judged_is_held_at_once() {
    let old = ended("old");
    let setup = Setup::default();
    setup.memory.put(shown(&old));
    let testbed = setup.raise();
    let records = vec![unmarked(&old)];
    testbed.site.every("read", Fate::Shows(vestibule::system::Page { records, ..Default::default() }));
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    assert_eq!(testbed.state().held.map(|held| (held.count, held.unmarked)), Some((1, 1)));
    assert!(testbed.holds(&[&old]));
}

#[tokio::test(start_paused = true)]
async fn a_released_record_that_the_api_server_still_has_an_object_for_stays_and_stays_held() {
    let ada = visitor("ada");
    let testbed = with_orphans(std::slice::from_ref(&ada), 10).await;
    testbed.house.still_has(&ada.mark.object);
    let hash = testbed.state().held.unwrap().hash;
    testbed.set(|settings| settings.released = Some(hash.clone()));
    testbed.sync().await;
    assert!(testbed.holds(&[&ada]));
    assert_eq!(testbed.state().held.map(|held| held.hash), Some(hash));
}

#[tokio::test(start_paused = true)]
async fn a_released_record_that_the_system_does_not_remove_is_reported_as_such_until_it_is_gone() {
    let orphans = many(8);
    let testbed = with_orphans(&orphans, 5).await;
    let hash = testbed.state().held.unwrap().hash;
    let stuck = orphans.iter().map(|one| one.id).min().unwrap();
    testbed.site.rule(move |call| {
        let refused = call.name == "remove" && call.id == Some(stuck);
        if refused { Fate::Fails(ErrorKind::Terminal) } else { Fate::Done }
    });
    testbed.set(|settings| settings.released = Some(hash.clone()));
    testbed.sync().await;
    assert_eq!(testbed.state().held, None, "the release was used, and no record waits for another");
    let unremoved = testbed.state().unremoved.unwrap();
    assert_eq!((unremoved.count, unremoved.open), (1, 0));
    assert_eq!(testbed.site.count("reduce"), 1, "its window is over, and its group was removed");
    testbed.site.heal();
    testbed.until("the end of all", |testbed| testbed.holds(&[])).await;
    testbed.until("the end of the report", |testbed| testbed.state().unremoved.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn orphans_are_not_judged_before_all_objects_are_known() {
    let setup = Setup::default();
    setup.memory.put(shown(&ended("old")));
    setup.memory.put(shown(&visitor("ada")));
    let testbed = setup.raise();
    testbed.house.set_complete(false);
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    assert_eq!(
        (testbed.state().held, testbed.house.asked_gone(), testbed.site.count("remove")),
        (None, 0, 0)
    );
    testbed.house.set_complete(true);
    testbed.sync().await;
    assert!(testbed.holds(&[&visitor("ada")]));
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_removes_nothing_leaves_orphans_and_still_syncs() {
    for mode in [Mode::Observe, Mode::CreateOnly, Mode::Upsert] {
        let old = ended("old");
        let mut setup = Setup::default();
        setup.settings.mode = mode;
        setup.memory.put(shown(&old));
        let testbed = setup.start().await;
        testbed.pass(600).await;
        assert_eq!(testbed.state().syncs, 2, "{mode:?}: it is not repeated");
        assert!(testbed.site.names().is_empty());
        assert!(testbed.holds(&[&old]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_removes_nothing_holds_nothing_to_release() {
    for mode in [Mode::Observe, Mode::CreateOnly, Mode::Upsert] {
        let ada = visitor("ada");
        let mut setup = Setup::default();
        setup.settings.mode = mode;
        setup.memory.put(shown(&ada));
        let testbed = setup.start().await;
        assert_eq!(
            (testbed.state().held, testbed.shows("records")),
            (None, 1),
            "{mode:?}: it is only counted"
        );
        testbed.set(|settings| settings.mode = Mode::Enforce);
        testbed.until("held", |testbed| testbed.state().held.is_some()).await;
        testbed.set(|settings| settings.mode = mode);
        testbed.until("not held any more", |testbed| testbed.state().held.is_none()).await;
        assert!(testbed.holds(&[&ada]));
    }
}

#[tokio::test(start_paused = true)]
async fn suspension_does_not_stop_the_removal_of_orphans() {
    let mut setup = Setup::default();
    setup.settings.suspended = true;
    setup.memory.put(shown(&ended("old")));
    let testbed = setup.start().await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_orphan_that_the_system_refuses_to_remove_stops_neither_others_nor_the_sync() {
    let orphans = many(5);
    let setup = Setup::default();
    for one in &orphans {
        setup.memory.put(shown(one));
    }
    let testbed = setup.raise();
    let stuck = orphans.iter().map(|one| one.id).min().unwrap();
    testbed.site.rule(move |call| {
        let refused = call.name == "remove" && call.id == Some(stuck);
        if refused { Fate::Fails(ErrorKind::Terminal) } else { Fate::Done }
    });
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    testbed.rest().await;
    assert_eq!(testbed.living().len(), 1);
    assert_eq!(testbed.state().condition, vestibule::engine::ConnectionState::Connected);
    testbed.site.heal();
    testbed.sync().await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn an_orphan_whose_removal_is_never_answered_is_retried_without_repeated_listings() {
    let orphans = many(3);
    let setup = Setup::default();
    for one in &orphans {
        setup.memory.put(shown(one));
    }
    let testbed = setup.raise();
    let stuck = orphans.iter().map(|one| one.id).min().unwrap();
    testbed.site.rule(move |call| {
        let lost = call.name == "remove" && call.id == Some(stuck);
        if lost { Fate::Fails(ErrorKind::Transient) } else { Fate::Done }
    });
    testbed.until("the first sync", |testbed| testbed.state().syncs > 0).await;
    testbed.rest().await;
    testbed.forget();
    testbed.pass(3600).await;
    assert_eq!((testbed.living().len(), testbed.site.count("list-people")), (1, 0));
    let tried =
        testbed.site.calls().iter().filter(|call| (call.name, call.id) == ("remove", Some(stuck))).count();
    assert!((8..25).contains(&tried), "{tried} in an hour");
    assert_eq!(testbed.state().condition, vestibule::engine::ConnectionState::Connected);
    testbed.site.heal();
    testbed.until("its end", |testbed| testbed.holds(&[])).await;
    testbed.rest().await;
    assert_eq!(testbed.site.count("list-people"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_orphan_that_the_list_lacks_stops_neither_others_nor_the_sync() {
    let (gone, old) = (visitor("gone"), ended("old"));
    let testbed = with_orphans(std::slice::from_ref(&gone), 10).await;
    testbed.site.memory.put(ObservedRecord { dead: true, ..shown(&gone) });
    testbed.site.memory.put(shown(&old));
    testbed.site.rule(move |call| {
        let unread = call.name == "read" && call.id == Some(visitor("gone").id);
        if unread { Fate::Fails(ErrorKind::Transient) } else { Fate::Done }
    });
    testbed.sync().await;
    assert_eq!((testbed.living().len(), testbed.shows("records")), (0, 1));
    testbed.site.heal();
    testbed.until("its end", |testbed| testbed.shows("records") == 0).await;
    assert_eq!(testbed.state().held, None);
}

#[tokio::test(start_paused = true)]
async fn an_orphan_removed_by_hand_is_neither_held_nor_counted_any_more() {
    let ada = visitor("ada");
    let testbed = with_orphans(std::slice::from_ref(&ada), 10).await;
    assert_eq!(testbed.state().held.map(|held| held.count), Some(1));
    testbed.site.memory.put(ObservedRecord { dead: true, ..shown(&ada) });
    testbed.sync().await;
    assert_eq!((testbed.state().held, testbed.shows("records")), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_declared_again_adopts_its_orphan() {
    let ada = visitor("ada");
    let testbed = with_orphans(std::slice::from_ref(&ada), 10).await;
    testbed.forget();
    testbed.house.fail_claims(Some(SourceError::Frozen));
    testbed.push(&ada, vestibule::engine::Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.names(), [""; 0]);
    testbed.sync().await;
    assert_eq!(testbed.state().held, None);
    assert!(testbed.holds(&[&ada]));
    assert!(testbed.state().last_sync.unwrap() + SignedDuration::from_secs(1) > ada.window.from);
}
