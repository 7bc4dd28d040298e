//! The system's clock: compared at each connection and by each full sync, with one write that changes nothing.

use jiff::SignedDuration;
use vestibule::engine::{ClockState, Priority};
use vestibule::system::memory::Memory;
use vestibule::system::{AccessSystem, ErrorKind};
use vestibule_core::adapt::Capabilities;
use vestibule_core::model::{Mode, Person};

use crate::testbed::{Fate, GROUPS, Setup, Testbed, identified, visitor};

const TWO_HOURS: SignedDuration = SignedDuration::from_hours(2);

fn showing_edit_times() -> Memory {
    let memory = Memory::with_groups(GROUPS);
    let able = Capabilities { shows_edit_time: true, ..memory.capabilities().clone() };
    memory.able(able)
}

async fn with_a_clock(off: SignedDuration) -> Testbed {
    let testbed = Setup { memory: showing_edit_times(), ..Setup::default() }.start().await;
    testbed.site.clock_is_off(off);
    testbed
}

/// An engine at rest whose system holds these.
async fn at_rest(names: &[&str]) -> Testbed {
    let standing = names.iter().map(|name| visitor(name)).collect();
    Setup { memory: showing_edit_times(), standing, ..Setup::default() }.start().await
}

#[tokio::test(start_paused = true)]
async fn a_full_sync_compares_the_clock_of_a_system_that_nothing_is_written_to() {
    let testbed = at_rest(&["ada", "bob"]).await;
    assert_eq!(testbed.state().clock, ClockState::Right, "compared by the first sync");
    for seconds in [-900, 310, 7200] {
        testbed.site.clock_is_off(SignedDuration::from_secs(seconds));
        testbed.forget();
        testbed.sync().await;
        assert!(matches!(testbed.state().clock, ClockState::Differs(_)), "{seconds} s");
        assert_eq!(testbed.site.writes().len(), 1, "one write a sync, however many records there are");
        testbed.site.clock_is_off(SignedDuration::ZERO);
        testbed.sync().await;
        assert_eq!(testbed.state().clock, ClockState::Right);
    }
    assert!(testbed.holds(&[&visitor("ada"), &visitor("bob")]), "the write changes nothing");
    assert_eq!(testbed.metric("vestibule_drift_detected_total"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_first_sync_after_a_start_compares_the_clock() {
    let standing = vec![visitor("ada")];
    let testbed = Setup { memory: showing_edit_times(), standing, ..Setup::default() }.raise();
    testbed.site.clock_is_off(TWO_HOURS);
    testbed.until("the first sync", |testbed| testbed.state().syncs == 1).await;
    assert_eq!(testbed.state().clock, ClockState::Differs(TWO_HOURS), "before the sync is reported");
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_compares_the_clock_although_no_sync_is_due() {
    let testbed = at_rest(&["ada"]).await;
    testbed.site.clock_is_off(TWO_HOURS);
    testbed.engine.set_system(testbed.site.clone());
    testbed.until("the comparison", |testbed| testbed.state().clock == ClockState::Differs(TWO_HOURS)).await;
    testbed.rest().await;
    assert_eq!((testbed.site.count("list-people"), testbed.site.writes().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn at_rest_the_clock_costs_one_write_a_full_sync_and_none_between() {
    let testbed = at_rest(&["ada", "bob", "eve"]).await;
    testbed.pass(11 * 3600).await;
    assert!(testbed.site.calls().is_empty(), "{:?}", testbed.site.names());
    testbed.pass(26 * 3600).await;
    assert_eq!((testbed.site.count("list-people"), testbed.site.writes().len()), (3, 3));
    assert!(testbed.site.writes().iter().all(|(name, _)| *name == "update"));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_changed_nothing_is_written_for_the_clock() {
    for mode in [Mode::Observe, Mode::CreateOnly] {
        let testbed = at_rest(&["ada"]).await;
        testbed.set(|settings| settings.mode = mode);
        testbed.site.clock_is_off(TWO_HOURS);
        testbed.sync().await;
        assert!(testbed.site.writes().is_empty(), "{mode:?}");
    }
    let testbed = at_rest(&["ada"]).await;
    testbed.set(|settings| settings.suspended = true);
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty(), "suspended");
    testbed.set(|_| {});
    testbed.site.clock_is_off(TWO_HOURS);
    testbed.site.rule({
        let engine = testbed.engine.clone();
        move |call| {
            if call.name == "list-card-formats" {
                engine.suspend();
            }
            Fate::Done
        }
    });
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty(), "suspended while it lists");
}

#[tokio::test(start_paused = true)]
async fn where_only_creates_are_allowed_the_next_one_compares_the_clock() {
    let testbed = at_rest(&["ada"]).await;
    testbed.set(|settings| settings.mode = Mode::CreateOnly);
    testbed.site.clock_is_off(TWO_HOURS);
    testbed.sync().await;
    assert_eq!(testbed.state().clock, ClockState::Right, "not known yet");
    testbed.push(&visitor("bob"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.state().clock, ClockState::Differs(TWO_HOURS));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_refused_ends_no_sync() {
    let testbed = at_rest(&["ada"]).await;
    testbed.site.every("update", Fate::Fails(ErrorKind::Terminal));
    testbed.sync().await;
    assert_eq!(testbed.site.writes().len(), 1, "it is tried once");
    testbed.site.heal();
    testbed.site.clock_is_off(TWO_HOURS);
    testbed.push(&visitor("bob"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.state().clock, ClockState::Differs(TWO_HOURS), "the next write is read back instead");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_a_turn_changes_during_the_comparison_is_as_declared_in_the_end() {
    let ada = visitor("ada");
    let testbed = at_rest(&["ada"]).await;
    // Changed in the system between our read and our write, as by another hand: our write puts the old address back.
    let memory = testbed.site.memory.clone();
    let key = ada.id.to_string();
    testbed.site.rule(move |call| {
        if call.name == "update" {
            memory.edit(&key, |facts| facts.person.first_name = "Eve".to_owned());
        }
        Fate::Done
    });
    testbed.sync().await;
    testbed.site.heal();
    testbed.rest().await;
    assert!(testbed.holds(&[&ada]), "{:?}", testbed.living());
}

#[tokio::test(start_paused = true)]
async fn after_a_sync_that_compared_the_clock_no_create_is_read_back_for_it() {
    let testbed = with_a_clock(SignedDuration::from_secs(-20)).await;
    testbed.push(&visitor("ada"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(
        (testbed.site.count("read"), testbed.state().clock),
        (1, ClockState::Right),
        "nothing was there"
    );
    testbed.sync().await;
    testbed.forget();
    testbed.push(&visitor("kim"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.count("read"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_clock_of_another_zone_is_reported_with_the_first_write_and_gone_when_it_was_set() {
    let testbed = with_a_clock(SignedDuration::from_hours(5)).await;
    testbed.push(&visitor("ada"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.state().clock, ClockState::Differs(SignedDuration::from_hours(5)));
    testbed.sync().await;
    assert_eq!(testbed.state().clock, ClockState::Differs(SignedDuration::from_hours(5)), "still");
    testbed.site.clock_is_off(SignedDuration::ZERO);
    testbed.sync().await;
    assert_eq!(testbed.state().clock, ClockState::Right);
    assert!(testbed.holds(&[&visitor("ada")]));
}

#[tokio::test(start_paused = true)]
async fn a_text_that_the_system_does_not_keep_is_as_it_was_after_the_comparison() {
    let testbed = at_rest(&[]).await;
    testbed.site.alters(Some(|facts| facts.person.last_name = "?".to_owned()));
    let person = Person { last_name: "李".to_owned(), ..visitor("li").person };
    let li = identified(vestibule_core::model::DesiredRecord { person, ..visitor("li") });
    testbed.push(&li, Priority::UserChange);
    testbed.rest().await;
    testbed.forget();
    testbed.sync().await;
    testbed.sync().await;
    assert_eq!(testbed.site.writes().len(), 2, "the clock's, one a sync");
    assert!(!testbed.engine.altered(li.id.object_id).is_empty(), "and it is still reported");
}

#[tokio::test(start_paused = true)]
async fn after_another_login_the_clock_is_compared_before_the_next_sync() {
    let testbed = with_a_clock(SignedDuration::ZERO).await;
    testbed.push(&visitor("ada"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!((testbed.site.count("read"), testbed.state().clock), (1, ClockState::Right));
    testbed.site.clock_is_off(SignedDuration::from_hours(5));
    testbed.engine.set_system(testbed.site.clone());
    testbed.push(&visitor("bob"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.state().clock, ClockState::Differs(SignedDuration::from_hours(5)));
}
