//! Writes that a NetBox refuses although they are done, or cannot be done.

use vestibule::system::{AccessSystem, Applied, ErrorKind, Scope};
use vestibule_core::diff::Step;
use vestibule_core::identity::{Owner, RecordId};
use vestibule_core::model::{Card, Misnamed};

use crate::stub::{Stub, assign, card, card_until, create, details, fail, id, person, session, success};

#[tokio::test]
async fn a_removal_refused_with_unknown_words_is_decided_by_reading_the_person() {
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
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("Cannot delete ...") && !error.message.contains("Byron"), "{error}");
}

#[tokio::test]
async fn a_creation_succeeds_only_if_the_answer_names_the_id_or_the_person_can_be_read() {
    let given = [
        (id().to_string(), Ok(Applied::Done)),
        ("_41".to_owned(), Ok(Applied::Misnamed("_41".to_owned()))),
        (id().to_string()[..20].to_owned(), Ok(Applied::Misnamed(id().to_string()[..20].to_owned()))),
        (id().to_string().to_uppercase(), Ok(Applied::Misnamed(id().to_string().to_uppercase()))),
    ];
    for (text, expected) in given {
        let stub = Stub::new(move |asked| {
            session(asked, |asked| details(asked, &format!("<PERSONID>{text}</PERSONID>")))
        })
        .await;
        assert_eq!(stub.client.apply(&create()).await, expected);
        assert_eq!(stub.asked("GetPerson"), 0);
    }
    for is_shown in [true, false] {
        let stub = Stub::new(move |asked| {
            session(asked, |asked| match asked.command.as_str() {
                "GetPerson" if is_shown => person(asked, ""),
                "GetPerson" => fail(asked, "NOT FOUND"),
                _ => success(asked),
            })
        })
        .await;
        let applied = stub.client.apply(&create()).await.map_err(|error| error.kind);
        assert_eq!(applied, if is_shown { Ok(Applied::Done) } else { Err(ErrorKind::Transient) });
    }
}

#[tokio::test]
async fn a_netbox_that_shortens_the_id_of_a_read_returns_another_person() {
    let cut = id().to_string()[..20].to_owned();
    let other = "emp-0001".to_owned();
    for (shown, kind) in
        [(cut, None), (other, Some(ErrorKind::Transient)), (String::new(), Some(ErrorKind::Transient))]
    {
        let stub = Stub::new(move |asked| {
            session(asked, |asked| details(asked, &format!("<PERSONID>{shown}</PERSONID>")))
        })
        .await;
        let found = stub.client.observe(Scope::Record(id())).await;
        assert_eq!(found.as_ref().err().map(|error| error.kind), kind);
        assert!(found.map_or(true, |found| found.records.is_empty()));
    }
}

#[tokio::test]
async fn a_present_card_that_opens_nothing_is_assigned_again() {
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
async fn a_present_card_as_desired_is_success_in_every_wording() {
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
async fn a_number_too_large_for_its_format_is_reported_in_the_netboxs_words_without_the_number() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "AddCredential" => fail(asked, "Encoded number 4711 is too large for selected format"),
            _ => person(asked, ""),
        })
    })
    .await;
    let error = stub.client.apply(&assign()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Terminal);
    assert!(error.message.contains("Encoded number ... is too large for selected format"), "{error}");
}

#[tokio::test]
async fn nothing_of_another_owner_is_written_and_no_call_is_made_for_it() {
    let stub = Stub::new(|asked| session(asked, success)).await;
    let other = RecordId { owner: Owner(1), ..id() };
    let misnamed = Misnamed { external_id: "_41".to_owned(), id: other };
    for step in [Step::Remove(other), Step::RemoveMisnamed(misnamed)] {
        assert_eq!(stub.client.apply(&step).await.unwrap_err().kind, ErrorKind::Terminal);
    }
    assert!(stub.script.asked.lock().is_empty());
}

#[tokio::test]
async fn a_card_stored_in_another_form_is_withdrawn_in_that_form() {
    let padded = card_until("2026-12-01 18:00:00", 0).replace("<ENCODEDNUM>4711", "<ENCODEDNUM>0004711");
    let stub = Stub::new(move |asked| {
        session(asked, |asked| match asked.command.as_str() {
            "RemoveCredential" if asked.body.contains("<ENCODEDNUM>0004711<") => success(asked),
            "RemoveCredential" => fail(asked, "NOT FOUND"),
            _ => person(asked, &padded),
        })
    })
    .await;
    let withdraw = Step::WithdrawCard { id: id(), card: card() };
    assert_eq!(stub.client.apply(&withdraw).await, Ok(Applied::Done));
    assert_eq!(stub.asked("RemoveCredential"), 2);
}

#[tokio::test]
async fn a_card_that_is_listed_and_not_found_is_no_success() {
    let stub = Stub::new(move |asked| {
        session(asked, |asked| match asked.command.as_str() {
            "RemoveCredential" => fail(asked, "NOT FOUND"),
            _ => person(asked, &card_until("2026-12-01 18:00:00", 0)),
        })
    })
    .await;
    let withdraw = Step::WithdrawCard { id: id(), card: card() };
    assert!(stub.client.apply(&withdraw).await.is_err());
}

#[tokio::test]
async fn the_encoded_number_is_sent_without_leading_zeros_and_the_printed_one_as_declared() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| match asked.body.as_str() {
            body if body.contains("<ENCODEDNUM>4711</ENCODEDNUM><HOTSTAMP>004711</HOTSTAMP>") => {
                success(asked)
            }
            _ => fail(asked, "no"),
        })
    })
    .await;
    let padded = Card { number: "004711".to_owned(), ..card() };
    let assign = Step::AssignCard { id: id(), card: padded, until: "2026-12-01T23:00:00Z".parse().unwrap() };
    assert_eq!(stub.client.apply(&assign).await, Ok(Applied::Done));
}

#[tokio::test]
async fn a_netbox_that_ignores_the_filter_by_number_is_not_listed_completely() {
    let stub = Stub::new(|asked| {
        let people = "<PEOPLE><PERSON><PERSONID>_41</PERSONID></PERSON></PEOPLE><NEXTKEY>7</NEXTKEY>";
        session(asked, |asked| match asked.body.as_str() {
            body if body.contains("RAWCARDNUMBER") => details(asked, people),
            _ => details(asked, "<PEOPLE></PEOPLE><NEXTKEY>-1</NEXTKEY>"),
        })
    })
    .await;
    let found = stub.client.observe(Scope::Card(card())).await.unwrap();
    assert!(found.records.is_empty());
    assert_eq!(stub.asked("SearchPersonData"), 2);
}
