//! Reading writes back: texts that a system does not keep, and a clock that is wrong.

use jiff::SignedDuration;
use vestibule::engine::{Class, ClockState, Outcome};
use vestibule::system::AccessSystem;
use vestibule::system::memory::Memory;
use vestibule_core::adjust::Capabilities;
use vestibule_core::model::{Facts, Field, Fields, Mode, Person, Record};

use crate::stage::{Fate, GROUPS, Setup, Stage, identified, visitor};

/// A visitor whose name a Latin-1 system cannot hold.
fn li() -> Record {
    let person = Person { last_name: "李".to_owned(), ..visitor("li").person };
    identified(Record { person, ..visitor("li") })
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
    let (stage, li) = (Stage::empty().await, li());
    stage.site.alters(Some(latin_1));
    stage.push(&li, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.last(&li), Some(Outcome::Altered(li.id, names())));
    stage.forget();
    for _ in 0..3 {
        stage.sync().await;
    }
    assert!(stage.site.writes().is_empty(), "{:?}", stage.site.writes());
    assert_eq!(stage.engine.altered(li.id.slot), names());
    stage
        .site
        .memory
        .edit(&li.id.to_string(), |facts| facts.groups.insert("Parking".to_owned()).then_some(()).unwrap());
    stage.sync().await;
    assert_eq!(stage.living()[0].facts.groups, li.groups, "what opens a door is repaired all the same");
    assert_eq!(stage.last(&li), Some(Outcome::Altered(li.id, names())), "and the name is reported as before");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_an_altered_name_costs_one_repair_and_is_reported_again() {
    let li = li();
    let stage = Setup { standing: vec![li.clone()], ..Setup::default() }.raise();
    stage.site.alters(Some(latin_1));
    stage.site.memory.edit(&li.id.to_string(), latin_1);
    stage.rest().await;
    stage.sync().await;
    stage.sync().await;
    assert_eq!(stage.site.count("update"), 1);
    assert_eq!(stage.engine.altered(li.id.slot), names());
}

#[tokio::test(start_paused = true)]
async fn a_long_text_is_read_back_until_the_system_has_kept_one_as_long() {
    let stage = Stage::empty().await;
    let long = |name: &str| visitor(&format!("{name}-with-a-long-address"));
    stage.push(&long("ada"), Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.count("read"), 1);
    stage.push(&long("bob"), Class::UserChange);
    stage.push(&visitor("eve"), Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.count("read"), 1, "nothing is left to learn");
    stage.site.alters(Some(cut_emails));
    let longer = visitor("somebody-with-an-address-that-is-longer-still");
    stage.push(&longer, Class::UserChange);
    stage.rest().await;
    let contact = [Field::Contact].into_iter().collect();
    assert_eq!(stage.last(&longer), Some(Outcome::Altered(longer.id, contact)));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_opens_other_groups_than_it_acknowledged_is_set_right() {
    let (stage, li) = (Stage::empty().await, li());
    stage.site.alters(Some(|facts| {
        facts.groups.insert("Parking".to_owned());
    }));
    stage.push(&li, Class::UserChange);
    stage.until("the first create", |stage| stage.site.count("read") > 0).await;
    assert!(matches!(stage.last(&li), None | Some(Outcome::Failed { retried: true, .. })));
    stage.site.alters(None);
    stage.rest().await;
    assert!(stage.holds(&[&li]));
    assert_eq!(stage.last(&li), Some(Outcome::Present(li.id)));
}

#[tokio::test(start_paused = true)]
async fn a_read_back_that_fails_makes_no_failure_of_the_creation() {
    let (stage, li) = (Stage::empty().await, li());
    stage.site.every("read", Fate::Fails(vestibule::system::Class::Transient));
    stage.push(&li, Class::UserChange);
    stage.until("a report", |stage| stage.last(&li).is_some()).await;
    assert_eq!(stage.last(&li), Some(Outcome::Present(li.id)));
}

// === The clock ===

async fn with_a_clock(off: SignedDuration) -> Stage {
    let memory = Memory::with_groups(GROUPS);
    let able = Capabilities { shows_edit_time: true, ..memory.capabilities().clone() };
    let stage = Setup { memory: memory.able(able), ..Setup::default() }.start().await;
    stage.site.clock_is_off(off);
    stage
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_right_costs_one_read_after_the_first_write_of_each_full_sync() {
    let stage = with_a_clock(SignedDuration::from_secs(-20)).await;
    for name in ["ada", "bob", "eve"] {
        stage.push(&visitor(name), Class::UserChange);
        stage.rest().await;
    }
    assert_eq!((stage.site.count("read"), stage.state().clock), (1, ClockState::Right));
    stage.sync().await;
    stage.push(&visitor("kim"), Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.count("read"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_clock_of_another_zone_is_reported_with_the_first_write_and_gone_when_it_was_set() {
    let stage = with_a_clock(SignedDuration::from_hours(5)).await;
    stage.push(&visitor("ada"), Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.state().clock, ClockState::Differs(SignedDuration::from_hours(5)));
    stage.sync().await;
    assert_eq!(stage.state().clock, ClockState::Differs(SignedDuration::from_hours(5)), "still");
    stage.site.clock_is_off(SignedDuration::ZERO);
    stage.sync().await;
    assert_eq!(
        stage.state().clock,
        ClockState::Right,
        "a full sync writes one record as it stands and looks"
    );
    assert!(stage.holds(&[&visitor("ada")]));
    stage.forget();
    stage.sync().await;
    assert!(stage.site.writes().is_empty(), "a clock that is right is not asked about");
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_changed_a_wrong_clock_is_not_asked_about_again() {
    let stage = with_a_clock(SignedDuration::from_mins(-30)).await;
    stage.push(&visitor("ada"), Class::UserChange);
    stage.rest().await;
    stage.set(|settings| settings.mode = Mode::Observe);
    stage.forget();
    stage.sync().await;
    assert!(stage.site.writes().is_empty());
    assert_eq!(stage.state().clock, ClockState::Differs(SignedDuration::from_mins(-30)));
}
