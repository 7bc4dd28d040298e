//! Writes that a box refuses although they are done, or cannot be.

use vestibule::system::{AccessSystem, Applied, Class};
use vestibule_core::diff::Step;
use vestibule_core::identity::{Owner, RecordId};

use crate::stub::{Stub, assign, card_until, details, fail, id, person, session, success};

#[tokio::test]
async fn a_removal_refused_with_unknown_words_is_judged_by_what_is_there() {
    let gone = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "RemovePerson" => fail(asked, "Person is not active"),
            _ => details(asked, &format!("<PERSONID>{}</PERSONID><DELETED>TRUE</DELETED>", id())),
        })
    })
    .await;
    assert_eq!(gone.client.apply(&Step::Remove(id())).await, Ok(Applied::Absent));
    let there = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "RemovePerson" => fail(asked, "Cannot delete Byron"),
            _ => person(asked, ""),
        })
    })
    .await;
    let error = there.client.apply(&Step::Remove(id())).await.unwrap_err();
    assert_eq!(error.class, Class::Terminal);
    assert!(error.message.contains("Cannot delete ...") && !error.message.contains("Byron"), "{error}");
}

#[tokio::test]
async fn a_card_that_is_there_and_opens_nothing_is_given_anew() {
    for found in [card_until("2026-12-01 18:00:00", 1), card_until("2026-11-01 18:00:00", 0)] {
        let stub = Stub::new(move |asked| {
            session(asked, |asked| match (asked.command.as_str(), asked.before) {
                ("AddCredential", 0) => fail(asked, "Card in use"),
                ("GetPerson", _) => person(asked, &found),
                _ => success(asked),
            })
        })
        .await;
        assert_eq!(stub.client.apply(&assign()).await, Ok(Applied::Done));
        assert_eq!((stub.asked("RemoveCredential"), stub.asked("AddCredential")), (1, 2));
    }
}

#[tokio::test]
async fn a_card_that_is_there_as_wanted_is_done_however_the_box_words_it() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "AddCredential" => fail(asked, "Card in use"),
            _ => person(asked, &card_until("2026-12-01 18:00:00", 0)),
        })
    })
    .await;
    assert_eq!(stub.client.apply(&assign()).await, Ok(Applied::Done));
    assert_eq!(stub.asked("RemoveCredential"), 0);
}

#[tokio::test]
async fn a_number_too_large_for_its_format_is_said_in_the_boxs_words_without_the_number() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "AddCredential" => fail(asked, "Encoded number 4711 is too large for selected format"),
            _ => person(asked, ""),
        })
    })
    .await;
    let error = stub.client.apply(&assign()).await.unwrap_err();
    assert_eq!(error.class, Class::Terminal);
    assert!(error.message.contains("Encoded number ... is too large for selected format"), "{error}");
}

#[tokio::test]
async fn nothing_of_another_owner_is_written_and_no_call_is_made_for_it() {
    let stub = Stub::new(|asked| session(asked, success)).await;
    let other = RecordId { owner: Owner(1), ..id() };
    assert_eq!(stub.client.apply(&Step::Remove(other)).await.unwrap_err().class, Class::Terminal);
    assert!(stub.script.asked.lock().is_empty());
}
