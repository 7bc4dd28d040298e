//! One card for several Visitors: it passes from one to the next, and each status says which card the Visitor waits
//! for.

use serde_json::{Value, json};
use vestibule_core::status::Kstatus;

use crate::testbed::{Testbed, View, visitor};

fn visit(name: &str, from: &str, until: &str, card: &str) -> Value {
    visitor(name, json!({"visit": {"startTime": from, "endTime": until}, "credentialNumber": card}))
}

/// The first visit has the card until eleven, and the second waits for it.
async fn waiting(name: &str) -> Testbed {
    let testbed = Testbed::new(name).await;
    testbed.apply(visit("first", "09:00", "11:00", "7001")).await;
    testbed.reads("Visitor", "first", "Succeeded").await;
    testbed.apply(visit("second", "11:00", "12:00", "7001")).await;
    testbed.reads("Visitor", "second", "DependencyNotReady").await;
    testbed
}

async fn has_card(testbed: &Testbed, name: &str, number: &str) {
    testbed.reads("Visitor", name, "Succeeded").await;
    let cards = testbed.netbox.person(&format!("{name}@example.org")).await.cards;
    assert_eq!(cards.iter().map(|card| card.number.as_str()).collect::<Vec<_>>(), [number]);
}

#[tokio::test]
async fn a_visitor_waits_for_a_card_and_gets_it_when_its_holders_visit_ends() {
    let testbed = waiting("card-wait").await;
    let second = testbed.view("Visitor", "second");
    let holder = format!("Visitor {}/first", testbed.namespace.name());
    let message = format!("waits for the card of spec.credentialNumber until 11:00: {holder} holds it");
    assert_eq!((second.kstatus(), second.message()), (Kstatus::InProgress, message.as_str()));
    assert!(!second.status.to_string().contains("7001"), "{}", second.status);
    assert_eq!(testbed.netbox.people().await.len(), 1, "no groups without the card");
    testbed.set_clock("2026-12-01T16:00:00Z");
    has_card(&testbed, "second", "7001").await;
    assert!(testbed.netbox.person("first@example.org").await.cards.is_empty());
    let stalled = |view: &View| view.condition("Stalled").is_some();
    assert!(!testbed.history("Visitor", "second").iter().any(stalled));
    testbed.agrees().await;
}

#[tokio::test]
async fn a_card_passes_on_without_a_sync_when_its_holder_is_deleted() {
    let testbed = waiting("card-deleted").await;
    testbed.delete("Visitor", "first").await;
    has_card(&testbed, "second", "7001").await;
    testbed.gone("Visitor", "first").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_card_passes_on_without_a_sync_when_its_holder_moves_or_has_another_card() {
    let testbed = waiting("card-moved").await;
    testbed.apply(visit("first", "09:00", "11:00", "7002")).await;
    has_card(&testbed, "second", "7001").await;
    has_card(&testbed, "first", "7002").await;
    // Moved back: the earlier visit has the card first.
    testbed.apply(visit("first", "09:00", "11:00", "7001")).await;
    has_card(&testbed, "first", "7001").await;
    testbed.reads("Visitor", "second", "DependencyNotReady").await;
    testbed.patch("Visitor", "first", json!({"spec": {"visit": {"from": "2026-12-02"}}})).await;
    has_card(&testbed, "second", "7001").await;
    testbed.reads("Visitor", "first", "Scheduled").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn visitors_with_one_card_and_overlapping_hours_are_refused_until_one_of_them_changes() {
    let testbed = Testbed::new("card-overlap").await;
    testbed.apply(visit("first", "09:00", "11:00", "7001")).await;
    testbed.reads("Visitor", "first", "Succeeded").await;
    testbed.apply(visit("second", "10:00", "12:00", "07001")).await;
    let second = testbed.reads("Visitor", "second", "DuplicateClaim").await;
    assert!(
        second.message().contains(&format!("Visitor {}/first", testbed.namespace.name())),
        "{}",
        second.message()
    );
    assert!(!second.message().contains("7001"), "{}", second.message());
    testbed.apply(visit("first", "09:00", "10:00", "7001")).await;
    let second = testbed.reads("Visitor", "second", "DependencyNotReady").await;
    assert!(second.message().contains("until 10:00"), "{}", second.message());
    testbed.set_clock("2026-12-01T15:00:00Z");
    has_card(&testbed, "second", "7001").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_wait_for_a_card_survives_a_restart_and_leading_zeros_make_no_other_card() {
    let mut testbed = waiting("card-restart").await;
    testbed.stop().await;
    testbed.apply(visit("third", "12:00", "13:00", "0007001")).await;
    testbed.start().await;
    let third = testbed.reads("Visitor", "third", "DependencyNotReady").await;
    assert_eq!(third.kstatus(), Kstatus::InProgress);
    testbed.reads("Visitor", "second", "DependencyNotReady").await;
    testbed.set_clock("2026-12-01T16:00:00Z");
    has_card(&testbed, "second", "7001").await;
    let after = |view: &View| view.message().contains("until 12:00");
    testbed.until("Visitor", "third", "waits for the second", after).await;
    testbed.set_clock("2026-12-01T17:00:00Z");
    testbed.reads("Visitor", "third", "Succeeded").await;
    assert_eq!(testbed.netbox.person("third@example.org").await.cards.len(), 1);
    testbed.agrees().await;
}
