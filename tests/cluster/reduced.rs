//! While a record cannot be made as it is declared, nothing stays open that was taken away.

use serde_json::{Value, json};

use crate::stage::{Person, Stage, View, integration, tenant, visitor};

fn granting(groups: &[&str]) -> Value {
    tenant("acme", json!({"visitorAccess": [{"integrationRef": {"name": "netbox"}, "groups": groups}]}))
}

/// A building with a visitor in it who holds a card.
async fn with_ada(name: &str) -> Stage {
    let stage = Stage::new(name).await;
    stage.apply(visitor("ada", json!({"credentialNumber": "4711"}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    let ada = stage.netbox.person("ada@example.org").await;
    assert!(stage.netbox.opens(&ada.id, "Acme suite").await);
    stage
}

#[tokio::test]
async fn a_typo_in_the_only_group_closes_every_door_until_it_is_corrected() {
    let stage = with_ada("typo").await;
    stage.apply(granting(&["Lobyy"])).await;
    stage.netbox.until("Ada is out", <[Person]>::is_empty).await;
    let says = |ada: &View| ada.reason() == "DependencyNotReady" && ada.message().contains("opens no door");
    let ada = stage.until("Visitor", "ada", "says that no door is open", says).await;
    assert!(ada.message().contains("\"Lobyy\"") && !ada.has_record(), "{}", ada.message());
    // The message says: name another.
    stage.apply(granting(&["Lobby"])).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(stage.netbox.person("ada@example.org").await.levels, ["Lobby"]);
    stage.agrees().await;
}

#[tokio::test]
async fn a_typo_beside_a_group_that_stays_takes_away_the_other_group_the_time_and_the_card() {
    let stage = with_ada("beside").await;
    let before = stage.netbox.person("ada@example.org").await;
    stage.apply(granting(&["Lobby", "Acme Roof"])).await;
    let lobby = |people: &[Person]| people.len() == 1 && people[0].levels == ["Lobby"];
    stage.netbox.until("only the lobby is left", lobby).await;
    assert!(!stage.netbox.opens(&before.id, "Acme suite").await);
    assert!(stage.netbox.opens(&before.id, "Lobby turnstile").await, "what is still declared stays open");
    // Shortened meanwhile, and given another card.
    let change = json!({"credentialNumber": "4712", "visit": {"endTime": "12:00"}});
    stage.apply(visitor("ada", change)).await;
    let ended =
        |people: &[Person]| people.iter().all(|one| one.exp_date.as_deref() == Some("2026-12-01 12:00:00"));
    stage.netbox.until("it ends at noon", ended).await;
    let people = stage.netbox.until("the card is withdrawn", |people| people[0].cards.is_empty()).await;
    assert_eq!((people.len(), people[0].id.as_str()), (1, before.id.as_str()));
    let says = |ada: &View| ada.message().contains("opens only what is still declared");
    let ada = stage.until("Visitor", "ada", "says what is left", says).await;
    assert!(ada.message().contains("\"Acme Roof\""), "{}", ada.message());
    // The message says: create it there.
    stage.netbox.edit(&json!({"action": "add_level", "name": "Acme Roof", "reader_group": "All readers"}));
    stage.set_clock("2026-12-01T14:20:00Z");
    stage.reads("Visitor", "ada", "Succeeded").await;
    let after = stage.netbox.person("ada@example.org").await;
    assert_eq!(
        (after.levels.join(", "), after.cards[0].number.as_str()),
        ("Acme Roof, Lobby".into(), "4712")
    );
    stage.agrees().await;
}

#[tokio::test]
async fn a_refused_spec_ends_a_shortened_visit_then() {
    let stage = with_ada("refused").await;
    let change = json!({"email": null, "credentialNumber": "4711", "visit": {"endTime": "11:00"}});
    stage.apply(visitor("ada", change)).await;
    stage.reads("Visitor", "ada", "InvalidSpec").await;
    let ended =
        |people: &[Person]| people.iter().all(|one| one.exp_date.as_deref() == Some("2026-12-01 11:00:00"));
    let people = stage.netbox.until("it ends at eleven", ended).await;
    assert_eq!((people.len(), people[0].cards.len()), (1, 1));
    // The message says: set spec.email.
    let change = json!({"credentialNumber": "4711", "visit": {"endTime": "11:00"}});
    stage.apply(visitor("ada", change)).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_group_that_is_taken_away_during_a_suspension_is_taken_away_then() {
    let stage = with_ada("rests").await;
    stage.apply(integration(&stage.netbox.url(), json!({"suspend": true}))).await;
    stage.reads("AccessIntegration", "netbox", "Suspended").await;
    stage.apply(granting(&["Lobby", "Floor 4"])).await;
    let lobby = |people: &[Person]| people.len() == 1 && people[0].levels == ["Lobby"];
    stage.netbox.until("only the lobby is left", lobby).await;
    stage.reads("Visitor", "ada", "Suspended").await;
    stage.apply(integration(&stage.netbox.url(), json!({"suspend": false}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(stage.netbox.person("ada@example.org").await.levels, ["Floor 4", "Lobby"]);
    stage.agrees().await;
}
