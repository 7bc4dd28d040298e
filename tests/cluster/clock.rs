//! A system whose clock or zone is not the declared one, and one that does not keep what it is sent.

use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::testbed::{MORNING, Person, Testbed, View, clock_checks, integration, visitor};

/// A building whose NetBox has this clock, and one visitor in it.
async fn with_clock(name: &str, switches: &serde_json::Value) -> Testbed {
    let mut testbed = Testbed::declared(name, MORNING, "America/New_York").await;
    testbed.netbox.switch(switches);
    testbed.start().await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed
}

async fn says_by_how_much(testbed: &Testbed, words: &str) {
    let netbox = testbed.reads("AccessIntegration", "netbox", "ClockDiffers").await;
    assert_eq!(netbox.kstatus(), Kstatus::Failed);
    assert!(netbox.message().contains(words), "{}", netbox.message());
}

/// The state of a NetBox whose clock is right again, after the advice was followed.
async fn follows_the_advice(testbed: &Testbed) {
    testbed.sync("clock").await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert!(netbox.is_ready());
    assert_eq!(testbed.netbox.people().await.len(), 1);
}

#[tokio::test]
async fn a_clock_hours_ahead_is_reported_and_forgotten_when_it_was_set() {
    let testbed = with_clock("clock-ahead", &json!({"box.clock-offset": "16500"})).await;
    says_by_how_much(&testbed, "4 h 35 min ahead of").await;
    testbed.sync("still").await;
    says_by_how_much(&testbed, "4 h 35 min ahead of").await;
    testbed.netbox.switch(&json!({"box.clock-offset": "0"}));
    follows_the_advice(&testbed).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_netbox_in_another_zone_is_reported_and_right_when_the_zone_is_declared() {
    let testbed = with_clock("clock-zone", &json!({"box.zone": "Europe/London"})).await;
    says_by_how_much(&testbed, "5 h ahead of").await;
    let url = testbed.netbox.url();
    let declared = json!({"lenelS2": {"url": url, "timeZone": "Europe/London"}});
    testbed.apply(integration(&url, declared)).await;
    testbed.until("AccessIntegration", "netbox", "takes the zone", View::is_of_now).await;
    // 17:00 in New York.
    let is_right = |people: &[Person]| people[0].exp_date.as_deref() == Some("2026-12-01 22:00:00");
    testbed.netbox.until("the dates are corrected without a request for a sync", is_right).await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    follows_the_advice(&testbed).await;
    let ada = testbed.netbox.person("ada@example.org").await;
    assert_eq!(ada.exp_date.as_deref(), Some("2026-12-01 22:00:00"), "17:00 in New York");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_name_that_the_netbox_does_not_keep_is_reported_with_its_field_and_cure() {
    let testbed = Testbed::new("latin").await;
    testbed.netbox.switch(&json!({"text.non-ascii": "latin-1"}));
    testbed.apply(visitor("li", json!({"lastName": "李", "firstName": "小龍"}))).await;
    let li = testbed.reads("Visitor", "li", "Succeeded").await;
    let synced = li.condition("Synced").expect("it is there");
    assert!(li.is_ready() && synced.reason == "DriftDetected", "{synced:?}");
    assert!(synced.message.contains("spec.lastName"), "{}", synced.message);
    testbed.netbox.forget_calls();
    testbed.sync("quiet").await;
    assert_eq!(testbed.netbox.writes(), clock_checks(1), "it is not sent again");
    let url = testbed.netbox.url();
    testbed.apply(integration(&url, json!({"lenelS2": {"url": url, "wire": {"names": "Ascii"}}}))).await;
    let kept = |li: &View| li.condition("Synced").is_some_and(|synced| synced.reason == "Succeeded");
    testbed.until("Visitor", "li", "is in step in the letters that the advice names", kept).await;
    assert!(testbed.netbox.person("li@example.org").await.last_name.is_ascii());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_person_renamed_at_the_desk_twice_gets_the_declared_name_back_twice() {
    let testbed = Testbed::new("renamed").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let id = testbed.reads("Visitor", "ada", "Succeeded").await.external_id().to_owned();
    let declared = testbed.netbox.person("ada@example.org").await.last_name;
    for time in ["first", "second"] {
        testbed.netbox.edit(&json!({"action": "modify_person", "id": id, "set": {"LASTNAME": "Smith"}}));
        testbed.sync(time).await;
        let is_back = |people: &[crate::testbed::Person]| people[0].last_name == declared;
        testbed.netbox.until("the declared name is back", is_back).await;
    }
    testbed.agrees().await;
}
