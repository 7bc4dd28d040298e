//! While a record cannot be written as declared, access that was withdrawn does not stay open.

use serde_json::{Value, json};

use crate::testbed::{Person, Testbed, View, integration, tenant, visitor};

fn granting(groups: &[&str]) -> Value {
    tenant("acme", json!({"visitorAccess": [{"integrationRef": {"name": "netbox"}, "groups": groups}]}))
}

/// A building with one visitor present, who has a card.
async fn with_ada(name: &str) -> Testbed {
    let testbed = Testbed::new(name).await;
    testbed.apply(visitor("ada", json!({"credentialNumber": "4711"}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let ada = testbed.netbox.person("ada@example.org").await;
    assert!(testbed.netbox.opens(&ada.id, "Acme suite").await);
    testbed
}

#[tokio::test]
async fn a_typo_in_the_only_group_closes_every_door_until_it_is_corrected() {
    let testbed = with_ada("typo").await;
    testbed.apply(granting(&["Lobyy"])).await;
    testbed.netbox.until("Ada is out", <[Person]>::is_empty).await;
    let says = |ada: &View| ada.reason() == "DependencyNotReady" && ada.message().contains("opens no door");
    let ada = testbed.until("Visitor", "ada", "says that no door is open", says).await;
    assert!(ada.message().contains("\"Lobyy\"") && !ada.has_record(), "{}", ada.message());
    // The message says: name another.
    testbed.apply(granting(&["Lobby"])).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.levels, ["Lobby"]);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_typo_beside_a_group_that_stays_takes_away_the_other_group_the_time_and_the_card() {
    let testbed = with_ada("beside").await;
    let before = testbed.netbox.person("ada@example.org").await;
    testbed.apply(granting(&["Lobby", "Acme Roof"])).await;
    let lobby = |people: &[Person]| people.len() == 1 && people[0].levels == ["Lobby"];
    testbed.netbox.until("only the lobby is left", lobby).await;
    assert!(!testbed.netbox.opens(&before.id, "Acme suite").await);
    assert!(testbed.netbox.opens(&before.id, "Lobby turnstile").await, "what is still declared stays open");
    // Shortened meanwhile, and given another card.
    let change = json!({"credentialNumber": "4712", "visit": {"endTime": "12:00"}});
    testbed.apply(visitor("ada", change)).await;
    let ended =
        |people: &[Person]| people.iter().all(|one| one.exp_date.as_deref() == Some("2026-12-01 12:00:00"));
    testbed.netbox.until("it ends at noon", ended).await;
    let people = testbed.netbox.until("the card is withdrawn", |people| people[0].cards.is_empty()).await;
    assert_eq!((people.len(), people[0].id.as_str()), (1, before.id.as_str()));
    let says = |ada: &View| ada.message().contains("opens only what is still declared");
    let ada = testbed.until("Visitor", "ada", "says what is left", says).await;
    assert!(ada.message().contains("\"Acme Roof\""), "{}", ada.message());
    // The message says: create it there.
    testbed.netbox.edit(&json!({"action": "add_level", "name": "Acme Roof", "reader_group": "All readers"}));
    testbed.set_clock("2026-12-01T14:20:00Z");
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let after = testbed.netbox.person("ada@example.org").await;
    assert_eq!(
        (after.levels.join(", "), after.cards[0].number.as_str()),
        ("Acme Roof, Lobby".into(), "4712")
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_refused_spec_still_shortens_the_visit() {
    let testbed = with_ada("refused").await;
    let change = json!({"email": null, "credentialNumber": "4711", "visit": {"endTime": "11:00"}});
    testbed.apply(visitor("ada", change)).await;
    testbed.reads("Visitor", "ada", "InvalidSpec").await;
    let ended =
        |people: &[Person]| people.iter().all(|one| one.exp_date.as_deref() == Some("2026-12-01 11:00:00"));
    let people = testbed.netbox.until("it ends at eleven", ended).await;
    assert_eq!((people.len(), people[0].cards.len()), (1, 1));
    // The message says: set spec.email.
    let change = json!({"credentialNumber": "4711", "visit": {"endTime": "11:00"}});
    testbed.apply(visitor("ada", change)).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_group_removed_during_a_suspension_is_withdrawn_at_once() {
    let testbed = with_ada("rests").await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"suspend": true}))).await;
    testbed.reads("AccessIntegration", "netbox", "Suspended").await;
    testbed.apply(granting(&["Lobby", "Floor 4"])).await;
    let lobby = |people: &[Person]| people.len() == 1 && people[0].levels == ["Lobby"];
    testbed.netbox.until("only the lobby is left", lobby).await;
    testbed.reads("Visitor", "ada", "Suspended").await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"suspend": false}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.levels, ["Floor 4", "Lobby"]);
    testbed.agrees().await;
}
