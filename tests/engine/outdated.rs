//! A setting changes that decides how a record is written, such as the zone of the system's dates: all records are compared and
//! written again at once, and nothing is in sync before.

use std::sync::Arc;

use jiff::SignedDuration;
use vestibule::engine::{ClockState, Outcome, Priority};
use vestibule::system::memory::Memory;
use vestibule::system::{AccessSystem, ErrorKind};
use vestibule_core::adapt::Capabilities;
use vestibule_core::model::{DesiredRecord, Mode};

use crate::testbed::{Fate, GROUPS, Setup, Site, Testbed, visitor};

const FIVE_HOURS: SignedDuration = SignedDuration::from_hours(5);
const DETECTED: &str = "vestibule_drift_detected_total";

fn guests() -> Vec<DesiredRecord> {
    ["ada", "bob", "eve"].map(visitor).into()
}

/// An engine at rest. The dates of its records are five hours off by the zone that [`corrected`] declares.
async fn at_rest() -> Testbed {
    let memory = Memory::with_groups(GROUPS);
    let able = Capabilities { shows_edit_time: true, ..memory.capabilities().clone() };
    Setup { memory: memory.able(able), standing: guests(), ..Setup::default() }.start().await
}

/// The zone is corrected. Gives the new connection.
fn corrected(testbed: &Testbed) -> Arc<Site> {
    let site = testbed.site.in_another_zone(FIVE_HOURS);
    testbed.engine.set_system(site.clone());
    site
}

/// Whether the system holds the records with the dates of the new zone.
fn is_right(testbed: &Testbed) -> bool {
    let people = testbed.living();
    people.len() == 3
        && guests().iter().all(|one| {
            let shown = people.iter().find(|person| person.id == Some(one.id));
            shown.and_then(|person| person.facts.window).is_some_and(|window| {
                (window.from, window.until) == (one.window.from - FIVE_HOURS, one.window.until - FIVE_HOURS)
            })
        })
}

#[tokio::test(start_paused = true)]
async fn a_corrected_zone_corrects_the_dates_of_all_records_at_once() {
    let testbed = at_rest().await;
    corrected(&testbed);
    assert!(testbed.state().outdated, "at once, before anything was called");
    assert!(guests().iter().all(|one| testbed.engine.is_outdated(one.id.object_id)));
    testbed.until("a state in sync", |testbed| !testbed.state().outdated).await;
    assert!(is_right(&testbed), "not before all are right: {:?}", testbed.living());
    assert_eq!(testbed.metric(DETECTED), 0, "a setting asked for it, so it is no drift");
    testbed.rest().await;
    assert_eq!(testbed.living().len(), 3, "they are changed in place");
}

#[tokio::test(start_paused = true)]
async fn what_a_record_holds_is_not_known_between_the_change_and_the_comparison() {
    let testbed = at_rest().await;
    corrected(&testbed);
    for one in guests() {
        let existing = testbed.engine.existing(one.id.object_id).unwrap();
        assert!(existing.iter().all(|held| held.id == one.id && !one.id.holds(held.fingerprint)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_corrected_zone_has_the_clock_compared_at_once() {
    let testbed = at_rest().await;
    let site = testbed.site.in_another_zone(FIVE_HOURS);
    site.clock_is_off(FIVE_HOURS);
    testbed.engine.set_system(site);
    testbed.until("a state in sync", |testbed| !testbed.state().outdated).await;
    assert_eq!(testbed.state().clock, ClockState::Differs(FIVE_HOURS));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_was_under_way_when_the_zone_was_corrected_proves_nothing() {
    let testbed = at_rest().await;
    testbed.engine.request_sync("now");
    testbed.until("the list", |testbed| testbed.site.count("list-people") == 1).await;
    let site = corrected(&testbed);
    testbed.until("a state in sync", |testbed| !testbed.state().outdated).await;
    assert!(is_right(&testbed), "{:?}", testbed.living());
    assert!(site.count("list-people") > 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_under_way_is_read_again() {
    let testbed = at_rest().await;
    let eve = visitor("late");
    testbed.push(&eve, Priority::UserChange);
    testbed.until("the write", |testbed| testbed.site.count("create") == 1).await;
    corrected(&testbed);
    testbed.until("a state in sync", |testbed| !testbed.state().outdated).await;
    testbed.rest().await;
    let late = testbed.living().into_iter().find(|person| person.id == Some(eve.id)).unwrap();
    assert_eq!(late.facts.window.unwrap().from, eve.window.from - FIVE_HOURS);
    assert!(matches!(testbed.last(&eve), Some(Outcome::Present(_))));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_in_sync_while_the_system_refuses_the_correction() {
    let testbed = at_rest().await;
    let site = testbed.site.in_another_zone(FIVE_HOURS);
    site.every("update", Fate::Fails(ErrorKind::Dependency));
    testbed.engine.set_system(site.clone());
    testbed.pass(600).await;
    assert!(testbed.state().outdated && !is_right(&testbed));
    site.heal();
    testbed.until("a state in sync", |testbed| !testbed.state().outdated).await;
    assert!(is_right(&testbed));
}

#[tokio::test(start_paused = true)]
async fn in_mode_observe_the_difference_is_reported_and_nothing_is_written() {
    let testbed = at_rest().await;
    testbed.set(|settings| settings.mode = Mode::Observe);
    let site = corrected(&testbed);
    testbed.until("a comparison", |testbed| !testbed.state().outdated).await;
    testbed.rest().await;
    assert!(site.writes().is_empty());
    assert!(guests().iter().all(|one| matches!(testbed.last(one), Some(Outcome::Withheld(..)))));
}

#[tokio::test(start_paused = true)]
async fn a_new_secret_alone_makes_nothing_outdated_and_lists_nothing() {
    let testbed = at_rest().await;
    testbed.engine.set_system(testbed.site.in_another_zone(SignedDuration::ZERO));
    testbed.pass(60).await;
    assert!(!testbed.state().outdated);
    assert_eq!((testbed.site.count("list-people"), testbed.state().syncs), (0, 2));
}
