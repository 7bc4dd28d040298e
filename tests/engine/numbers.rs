//! Records that are made again and again: the number rises past the dead in a few calls.

use vestibule::engine::{Class, Outcome};
use vestibule::system::{Class as ErrorClass, Observed};
use vestibule_core::identity::RecordId;
use vestibule_core::model::{ObservedRecord, Record};
use vestibule_core::number_search::NUMBERS;

use crate::stage::{Fate, Setup, Stage, shown, visitor};

fn numbered(record: &Record, number: u16) -> Record {
    Record { id: RecordId { number, ..record.id }, ..record.clone() }
}

/// A stage of a system where these numbers of a record are dead, and it.
async fn after_remakes(dead: impl IntoIterator<Item = u16>) -> (Stage, Record) {
    let (setup, ada) = (Setup::default(), visitor("ada"));
    for number in dead {
        setup.memory.put(ObservedRecord { dead: true, ..shown(&numbered(&ada, number)) });
    }
    (setup.start().await, ada)
}

#[tokio::test(start_paused = true)]
async fn the_number_rises_past_any_number_of_dead_records_in_a_few_calls() {
    for dead in [1, 2, 32, 33, 500, NUMBERS - 1] {
        let (stage, ada) = after_remakes(0..dead).await;
        stage.push(&ada, Class::UserChange);
        stage.rest().await;
        assert_eq!(stage.last(&ada), Some(Outcome::Present(numbered(&ada, dead).id)));
        assert_eq!(stage.site.count("create"), 2, "past {dead}");
        let calls = stage.site.names().len();
        assert!(calls <= 26, "{calls} calls past {dead}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_system_that_hides_its_dead_from_a_read_costs_no_more() {
    let (stage, ada) = after_remakes(0..700).await;
    stage.site.every("read", Fate::Shows(Observed::default()));
    stage.push(&ada, Class::UserChange);
    stage.until("the record", |stage| stage.living().len() == 1).await;
    assert_eq!(stage.living()[0].id, Some(numbered(&ada, 700).id));
    assert!(stage.site.names().len() <= 30, "{}", stage.site.names().len());
}

#[tokio::test(start_paused = true)]
async fn a_system_that_hides_its_dead_altogether_still_takes_the_visitor() {
    let bob = visitor("bob");
    let (setup, ada) = (Setup { standing: vec![bob.clone()], ..Setup::default() }, visitor("ada"));
    for number in 0..40 {
        setup.memory.put(ObservedRecord { dead: true, ..shown(&numbered(&ada, number)) });
    }
    let stage = setup.start().await;
    stage.site.rule(|call| match call.name {
        "read" | "find-id" => Fate::Shows(Observed::default()),
        _ => Fate::Done,
    });
    stage.push(&ada, Class::UserChange);
    // A number is drawn: three draws in a row that meet one of forty in a thousand are the end of this turn only.
    stage.until("the visitor", |stage| stage.holds(&[&ada, &bob])).await;
}

#[tokio::test(start_paused = true)]
async fn a_living_record_above_the_dead_is_taken_up_and_not_made_once_more() {
    let (stage, ada) = after_remakes(0..5).await;
    stage.site.memory.put(shown(&numbered(&ada, 5)));
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.last(&ada), Some(Outcome::Present(numbered(&ada, 5).id)));
    assert_eq!(stage.living().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_every_number_is_used_the_visitor_says_so() {
    let (stage, ada) = after_remakes(0..NUMBERS).await;
    stage.push(&ada, Class::UserChange);
    stage.rest().await;
    let Some(Outcome::Failed { error, retried: false }) = stage.last(&ada) else {
        panic!("{:?}", stage.last(&ada))
    };
    assert_eq!(error.class, ErrorClass::Terminal);
    assert!(error.message.contains("1024") && error.message.contains("change"), "{error}");
    assert!(stage.site.names().len() <= 26);
}
