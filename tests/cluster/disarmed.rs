//! A record that the NetBox does not remove opens no door, and is reported until it is gone.

use serde_json::json;
use vestibule_core::status::Truth;

use crate::testbed::{NetBox, Person, Testbed, View, visitor};

/// Ada with a card, and Bob.
async fn with_two(name: &str) -> Testbed {
    let testbed = Testbed::new(name).await;
    testbed.apply(visitor("ada", json!({"credentialNumber": "4711"}))).await;
    testbed.apply(visitor("bob", json!({"credentialNumber": "4712"}))).await;
    for name in ["ada", "bob"] {
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    testbed
}

fn refuses_removal(netbox: &NetBox) {
    netbox.fault(json!({"kind": "fail", "operation": "RemovePerson", "text": "Database error", "times": 0}));
}

/// Whether a person opens the door of their company.
async fn is_let_in(testbed: &Testbed, person: &str) -> bool {
    testbed.netbox.opens(person, "Acme suite").await
}

/// Whether no part of a person's record opens a door.
fn is_disarmed(person: &Person) -> bool {
    person.levels.is_empty() && person.cards.is_empty()
}

#[tokio::test]
async fn a_deleted_visitor_is_not_let_in_while_the_removal_fails() {
    let testbed = with_two("error").await;
    let ada = testbed.netbox.person("ada@example.org").await;
    assert!(is_let_in(&testbed, &ada.id).await);
    refuses_removal(&testbed.netbox);
    testbed.delete("Visitor", "ada").await;
    let view = testbed.reads("Visitor", "ada", "DeletionFailed").await;
    for part in ["Database error", "opens no door", "access.vestibule.dev/abandon"] {
        assert!(view.message().contains(part), "{}", view.message());
    }
    let left = testbed.netbox.person("ada@example.org").await;
    assert!(is_disarmed(&left) && left.exp_date < ada.act_date, "{left:?}");
    assert!(!is_let_in(&testbed, &ada.id).await);
    let netbox = testbed.reads("AccessIntegration", "netbox", "ProgressingWithRetry").await;
    assert!(netbox.message().contains("1 (disarmed"), "{}", netbox.message());
    let bob = testbed.netbox.person("bob@example.org").await;
    assert!(is_let_in(&testbed, &bob.id).await, "no other is touched");
    testbed.agrees().await;
    // The message says: correct the value. The removal is tried again by itself.
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-01T14:30:00Z");
    testbed.gone("Visitor", "ada").await;
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_role_without_the_right_to_delete_stops_nothing_else_and_a_changed_visitor_is_let_in_once() {
    let testbed = with_two("right").await;
    let before = testbed.netbox.person("ada@example.org").await;
    let lacks = json!({"kind": "error", "operation": "RemovePerson", "code": 5, "times": 0});
    testbed.netbox.fault(lacks);
    testbed.apply(visitor("ada", json!({"credentialNumber": "4711", "visit": {"endTime": "18:00"}}))).await;
    let reports = |ada: &View| {
        let synced = ada.condition("Synced");
        ada.is_ready()
            && synced.is_some_and(|it| it.status == Truth::False && it.message.contains("opens no door"))
    };
    let ada = testbed.until("Visitor", "ada", "is in, beside its former record", reports).await;
    assert_ne!(ada.external_id(), before.id);
    let people = testbed.netbox.people().await;
    let of_ada: Vec<_> = people.iter().filter(|one| one.email == "ada@example.org").collect();
    assert_eq!(of_ada.len(), 2);
    for one in of_ada {
        let is_new = one.id == ada.external_id();
        assert_eq!((is_let_in(&testbed, &one.id).await, is_disarmed(one)), (is_new, !is_new), "{one:?}");
    }
    // The login works, and so does all other work.
    testbed.reads("AccessIntegration", "netbox", "ProgressingWithRetry").await;
    testbed.apply(visitor("eve", json!({}))).await;
    testbed.reads("Visitor", "eve", "Succeeded").await;
    testbed.agrees().await;
    // The message says: give the role the right.
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-01T14:30:00Z");
    let synced = |ada: &View| ada.condition("Synced").is_some_and(|it| it.status == Truth::True);
    testbed.until("Visitor", "ada", "is in sync again", synced).await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, ada.external_id());
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_of_the_next_day_is_let_in_although_yesterdays_record_is_not_removed() {
    let testbed = Testbed::new("next-day").await;
    testbed.apply(visitor("ada", json!({"visit": {"to": "2026-12-02"}, "credentialNumber": "4711"}))).await;
    testbed.apply(visitor("bob", json!({}))).await;
    for name in ["ada", "bob"] {
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    refuses_removal(&testbed.netbox);
    testbed.set_clock("2026-12-02T05:00:00Z");
    let days = |people: &[Person]| {
        people
            .iter()
            .any(|one| one.act_date.as_deref() == Some("2026-12-02 09:00:00") && one.cards.len() == 1)
    };
    let people = testbed.netbox.until("Ada is in for Wednesday", days).await;
    testbed
        .netbox
        .until("those of Tuesday are disarmed", |people| {
            people.iter().filter(|one| is_disarmed(one)).count() == people.len() - 1
        })
        .await;
    assert_eq!(people.len(), 3, "two of Tuesday are left");
    let netbox = |view: &View| view.message().contains("2 (disarmed");
    testbed.until("AccessIntegration", "netbox", "counts both", netbox).await;
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-02T05:30:00Z");
    testbed.netbox.until("one is left", |people| people.len() == 1).await;
    testbed.reads("Visitor", "bob", "Expired").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_under_deletion_says_how_many_records_it_cannot_remove() {
    let testbed = with_two("drain").await;
    refuses_removal(&testbed.netbox);
    testbed.delete("AccessIntegration", "netbox").await;
    let netbox = |view: &View| view.reason() == "DeletionFailed" && view.message().contains("2 (disarmed");
    let view = testbed.until("AccessIntegration", "netbox", "counts both", netbox).await;
    assert!(view.message().contains("access.vestibule.dev/abandon"), "{}", view.message());
    assert!(testbed.netbox.people().await.iter().all(is_disarmed));
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-01T14:30:00Z");
    testbed.gone("AccessIntegration", "netbox").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}
