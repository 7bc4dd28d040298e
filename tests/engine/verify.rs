//! Reading writes back: texts that a system does not keep, and a clock that is wrong.

use jiff::SignedDuration;
use vestibule::engine::{ClockState, Outcome, Priority};
use vestibule::system::AccessSystem;
use vestibule::system::memory::Memory;
use vestibule_core::adapt::Capabilities;
use vestibule_core::model::{DesiredRecord, Facts, Field, Fields, Mode, Person};

use crate::testbed::{Fate, GROUPS, Setup, Testbed, identified, visitor};

/// A visitor whose name a Latin-1 system cannot hold.
fn li() -> DesiredRecord {
    let person = Person { last_name: "李".to_owned(), ..visitor("li").person };
    identified(DesiredRecord { person, ..visitor("li") })
}

fn latin_1(facts: &mut Facts) {
    let name = &mut facts.person.last_name;
    *name = name.chars().map(|c| if (c as u32) < 256 { c } else { '?' }).collect();
}

fn cut_emails(facts: &mut Facts) {
    facts.person.email.truncate(20);
}

fn names() -> Fields {
    [Field::Name].into_iter().collect()
}

#[tokio::test(start_paused = true)]
async fn a_name_that_the_system_does_not_keep_is_reported_at_once_and_not_sent_again() {
    let (testbed, li) = (Testbed::empty().await, li());
    testbed.site.alters(Some(latin_1));
    testbed.push(&li, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.last(&li), Some(Outcome::Altered(li.id, names())));
    testbed.forget();
    for _ in 0..3 {
        testbed.sync().await;
    }
    assert!(testbed.site.writes().is_empty(), "{:?}", testbed.site.writes());
    assert_eq!(testbed.engine.altered(li.id.object_id), names());
    testbed
        .site
        .memory
        .edit(&li.id.to_string(), |facts| facts.groups.insert("Parking".to_owned()).then_some(()).unwrap());
    testbed.sync().await;
    assert_eq!(testbed.living()[0].facts.groups, li.groups, "what opens a door is repaired all the same");
    assert_eq!(
        testbed.last(&li),
        Some(Outcome::Altered(li.id, names())),
        "and the name is reported as before"
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_an_altered_name_costs_one_repair_and_is_reported_again() {
    let li = li();
    let testbed = Setup { standing: vec![li.clone()], ..Setup::default() }.raise();
    testbed.site.alters(Some(latin_1));
    testbed.site.memory.edit(&li.id.to_string(), latin_1);
    testbed.rest().await;
    testbed.sync().await;
    testbed.sync().await;
    assert_eq!(testbed.site.count("update"), 1);
    assert_eq!(testbed.engine.altered(li.id.object_id), names());
}

#[tokio::test(start_paused = true)]
async fn a_long_text_is_read_back_until_the_system_has_kept_one_as_long() {
    let testbed = Testbed::empty().await;
    let long = |name: &str| visitor(&format!("{name}-with-a-long-address"));
    testbed.push(&long("ada"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.count("read"), 1);
    testbed.push(&long("bob"), Priority::UserChange);
    testbed.push(&visitor("eve"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.count("read"), 1, "nothing is left to learn");
    testbed.site.alters(Some(cut_emails));
    let longer = visitor("somebody-with-an-address-that-is-longer-still");
    testbed.push(&longer, Priority::UserChange);
    testbed.rest().await;
    let contact = [Field::Contact].into_iter().collect();
    assert_eq!(testbed.last(&longer), Some(Outcome::Altered(longer.id, contact)));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_opens_other_groups_than_it_acknowledged_is_set_right() {
    let (testbed, li) = (Testbed::empty().await, li());
    testbed.site.alters(Some(|facts| {
        facts.groups.insert("Parking".to_owned());
    }));
    testbed.push(&li, Priority::UserChange);
    testbed.until("the first create", |testbed| testbed.site.count("read") > 0).await;
    assert!(matches!(testbed.last(&li), None | Some(Outcome::Failed { retried: true, .. })));
    testbed.site.alters(None);
    testbed.rest().await;
    assert!(testbed.holds(&[&li]));
    assert_eq!(testbed.last(&li), Some(Outcome::Present(li.id)));
}

#[tokio::test(start_paused = true)]
async fn a_read_back_that_fails_makes_no_failure_of_the_creation() {
    let (testbed, li) = (Testbed::empty().await, li());
    testbed.site.every("read", Fate::Fails(vestibule::system::ErrorKind::Transient));
    testbed.push(&li, Priority::UserChange);
    testbed.until("a report", |testbed| testbed.last(&li).is_some()).await;
    assert_eq!(testbed.last(&li), Some(Outcome::Present(li.id)));
}

// === The clock ===

async fn with_a_clock(off: SignedDuration) -> Testbed {
    let memory = Memory::with_groups(GROUPS);
    let able = Capabilities { shows_edit_time: true, ..memory.capabilities().clone() };
    let testbed = Setup { memory: memory.able(able), ..Setup::default() }.start().await;
    testbed.site.clock_is_off(off);
    testbed
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_right_costs_one_read_after_the_first_write_of_each_full_sync() {
    let testbed = with_a_clock(SignedDuration::from_secs(-20)).await;
    for name in ["ada", "bob", "eve"] {
        testbed.push(&visitor(name), Priority::UserChange);
        testbed.rest().await;
    }
    assert_eq!((testbed.site.count("read"), testbed.state().clock), (1, ClockState::Right));
    testbed.sync().await;
    testbed.push(&visitor("kim"), Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.count("read"), 2);
}

#[tokio::test(start_paused = true)]
async fn after_another_login_the_clock_is_compared_again_with_the_first_write() {
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
    assert_eq!(
        testbed.state().clock,
        ClockState::Right,
        "a full sync writes one record as it stands and looks"
    );
    assert!(testbed.holds(&[&visitor("ada")]));
    testbed.forget();
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty(), "a clock that is right is not asked about");
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_changed_a_wrong_clock_is_not_asked_about_again() {
    let testbed = with_a_clock(SignedDuration::from_mins(-30)).await;
    testbed.push(&visitor("ada"), Priority::UserChange);
    testbed.rest().await;
    testbed.set(|settings| settings.mode = Mode::Observe);
    testbed.forget();
    testbed.sync().await;
    assert!(testbed.site.writes().is_empty());
    assert_eq!(testbed.state().clock, ClockState::Differs(SignedDuration::from_mins(-30)));
}
