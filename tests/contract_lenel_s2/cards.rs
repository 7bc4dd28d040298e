//! Cards are compared as the NetBox compares them: by the number encoded or printed, without leading zeros.

use vestibule::system::lenel_s2::{CardIdentity, Config, Wire};
use vestibule::system::{AccessSystem, Applied, Scope};
use vestibule_core::diff::Step;
use vestibule_core::model::Card;

use crate::contract::{apply, assert_satisfied, settle, visitor, with_card};
use crate::testbed::{NetBox, testbed};

fn card(number: &str) -> Card {
    Card { number: number.to_owned(), format: "26 bit Wiegand".to_owned() }
}

async fn holders(testbed: &NetBox, card: &Card) -> Vec<String> {
    let found = testbed.client.observe(Scope::Card(card.clone())).await.unwrap();
    found.records.into_iter().map(|one| one.external_id).collect()
}

#[tokio::test]
async fn a_number_is_found_with_and_without_its_leading_zeros_and_withdrawn_in_the_stored_form() {
    for (written, wanted) in [("0007002", "7002"), ("7002", "0007002"), ("00000", "0"), ("0", "000")] {
        let testbed = testbed().await;
        let record = with_card(&testbed, visitor(&testbed, "ada"), written);
        settle(&testbed, &record).await;
        assert_satisfied(&testbed, &record).await;
        assert_eq!(settle(&testbed, &record).await, 0, "nothing is written again: {written}");
        assert_eq!(
            settle(&testbed, &with_card(&testbed, record.clone(), wanted)).await,
            0,
            "{written} {wanted}"
        );
        assert_eq!(holders(&testbed, &card(wanted)).await, [record.id.to_string()], "{written} {wanted}");
        let withdraw = Step::WithdrawCard { id: record.id, card: card(wanted) };
        assert_eq!(apply(&testbed, &withdraw).await, Applied::Done, "{written} {wanted}");
        assert!(holders(&testbed, &card(written)).await.is_empty());
    }
}

#[tokio::test]
async fn a_staff_card_is_found_by_its_encoded_and_by_its_printed_number() {
    let testbed = testbed().await;
    for number in ["1101", "31101", "01101", "0031101"] {
        assert_eq!(holders(&testbed, &card(number)).await, ["emp-0001"], "{number}");
    }
    assert!(holders(&testbed, &card("110")).await.is_empty());
}

#[tokio::test]
async fn the_same_number_in_another_format_is_another_card_unless_the_netbox_is_configured_otherwise() {
    let wide = Card { format: "Visitor 32 bit".to_owned(), ..card("1101") };
    let apart = testbed().await;
    assert!(holders(&apart, &wide).await.is_empty());
    let record = visitor(&apart, "ada");
    settle(&apart, &record).await;
    let assign = Step::AssignCard { id: record.id, card: wide.clone(), until: record.window.until };
    assert_eq!(apply(&apart, &assign).await, Applied::Done);
    let wire = Wire { card_identity: CardIdentity::Number, ..Wire::default() };
    let together = NetBox::with(&[("card.identity", "number")], |config| Config { wire, ..config }).await;
    assert_eq!(holders(&together, &wide).await, ["emp-0001"]);
}
