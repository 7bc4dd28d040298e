//! Records that are created repeatedly: the number rises past the removed ones in a few calls.

use vestibule::engine::{Outcome, Priority};
use vestibule::system::{ErrorKind, Page};
use vestibule_core::identity::{NUMBERS, RecordId};
use vestibule_core::model::{DesiredRecord, ObservedRecord};

use crate::testbed::{Fate, Setup, Testbed, shown, visitor};

fn numbered(record: &DesiredRecord, number: u16) -> DesiredRecord {
    DesiredRecord { id: RecordId { number, ..record.id }, ..record.clone() }
}

/// A testbed with a system in which these numbers of a record are removed, and that record.
async fn after_remakes(dead: impl IntoIterator<Item = u16>) -> (Testbed, DesiredRecord) {
    let (setup, ada) = (Setup::default(), visitor("ada"));
    for number in dead {
        setup.memory.put(ObservedRecord { dead: true, ..shown(&numbered(&ada, number)) });
    }
    (setup.start().await, ada)
}

#[tokio::test(start_paused = true)]
async fn the_record_number_rises_past_any_number_of_removed_records_in_a_few_calls() {
    for dead in [1, 2, 32, 33, 500, NUMBERS - 1] {
        let (testbed, ada) = after_remakes(0..dead).await;
        testbed.push(&ada, Priority::UserChange);
        testbed.rest().await;
        assert_eq!(testbed.last(&ada), Some(Outcome::Present(numbered(&ada, dead).id)));
        assert_eq!(testbed.site.count("create"), 2, "past {dead}");
        let calls = testbed.site.names().len();
        assert!(calls <= 26, "{calls} calls past {dead}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_system_that_hides_removed_records_from_a_read_costs_no_more_calls() {
    let (testbed, ada) = after_remakes(0..700).await;
    testbed.site.every("read", Fate::Shows(Page::default()));
    testbed.push(&ada, Priority::UserChange);
    testbed.until("the record", |testbed| testbed.living().len() == 1).await;
    assert_eq!(testbed.living()[0].id, Some(numbered(&ada, 700).id));
    assert!(testbed.site.names().len() <= 30, "{}", testbed.site.names().len());
}

#[tokio::test(start_paused = true)]
async fn a_system_that_hides_removed_records_entirely_still_gets_the_visitor() {
    let bob = visitor("bob");
    let (setup, ada) = (Setup { standing: vec![bob.clone()], ..Setup::default() }, visitor("ada"));
    for number in 0..40 {
        setup.memory.put(ObservedRecord { dead: true, ..shown(&numbered(&ada, number)) });
    }
    let testbed = setup.start().await;
    testbed.site.rule(|call| match call.name {
        "read" | "find-id" => Fate::Shows(Page::default()),
        _ => Fate::Done,
    });
    testbed.push(&ada, Priority::UserChange);
    // Numbers are random. Three draws in a row that hit one of forty in a thousand end only this turn.
    testbed.until("the visitor", |testbed| testbed.holds(&[&ada, &bob])).await;
}

#[tokio::test(start_paused = true)]
async fn a_living_record_above_the_removed_ones_is_used_and_not_created_again() {
    let (testbed, ada) = after_remakes(0..5).await;
    testbed.site.memory.put(shown(&numbered(&ada, 5)));
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.last(&ada), Some(Outcome::Present(numbered(&ada, 5).id)));
    assert_eq!(testbed.living().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_every_number_is_used_the_visitor_says_so() {
    let (testbed, ada) = after_remakes(0..NUMBERS).await;
    testbed.push(&ada, Priority::UserChange);
    testbed.rest().await;
    let Some(Outcome::Failed { error, retried: false }) = testbed.last(&ada) else {
        panic!("{:?}", testbed.last(&ada))
    };
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("1024") && error.message.contains("change"), "{error}");
    assert!(testbed.site.names().len() <= 26);
}
