//! Reading writes back: texts that a system does not keep.

use vestibule::engine::{Outcome, Priority};
use vestibule_core::model::{DesiredRecord, Facts, Field, Fields, Person};

use crate::testbed::{Fate, Setup, Testbed, identified, visitor};

const DETECTED: &str = "vestibule_drift_detected_total";

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
    assert_eq!(testbed.metric(DETECTED), 1);
    testbed.forget();
    for _ in 0..3 {
        testbed.sync().await;
    }
    assert_eq!(testbed.metric(DETECTED), 1, "one difference is counted once");
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
    assert_eq!(testbed.metric(DETECTED), 1, "by the comparison that found it, and not again by the repair");
}

#[tokio::test(start_paused = true)]
async fn each_new_difference_of_a_text_is_counted_once() {
    let (testbed, li) = (Testbed::empty().await, li());
    testbed.site.alters(Some(latin_1));
    testbed.push(&li, Priority::UserChange);
    testbed.rest().await;
    // Repaired by hand in part: another difference, which the next comparison finds.
    testbed.site.memory.edit(&li.id.to_string(), |facts| facts.person.last_name = "Li".to_owned());
    testbed.sync().await;
    testbed.sync().await;
    assert_eq!(testbed.metric(DETECTED), 2);
    let wang = Person { last_name: "王".to_owned(), ..li.person.clone() };
    let wang = identified(DesiredRecord { person: wang, ..li });
    testbed.push(&wang, Priority::UserChange);
    testbed.rest().await;
    testbed.sync().await;
    assert_eq!(testbed.metric(DETECTED), 3, "a name that a user has changed is another record");
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
    let longer = visitor("a-visitor-with-an-address-that-is-longer-still");
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
