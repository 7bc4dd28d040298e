//! A system whose clock or zone is not the declared one, and one that does not keep what it is sent.

use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::stage::{MORNING, Stage, View, integration, visitor};

/// A building whose NetBox has this clock, and one visitor in it.
async fn with_clock(name: &str, switches: &serde_json::Value) -> Stage {
    let mut stage = Stage::declared(name, MORNING, "America/New_York").await;
    stage.netbox.switch(switches);
    stage.start().await;
    stage.apply(visitor("ada", json!({}))).await;
    stage.reads("Visitor", "ada", "Succeeded").await;
    stage
}

async fn says_by_how_much(stage: &Stage, words: &str) {
    let netbox = stage.reads("AccessIntegration", "netbox", "ClockDiffers").await;
    assert_eq!(netbox.kstatus(), Kstatus::Failed);
    assert!(netbox.message().contains(words), "{}", netbox.message());
}

/// The state of a NetBox whose clock is right again, after the advice was followed.
async fn follows_the_advice(stage: &Stage) {
    stage.sync("clock").await;
    let netbox = stage.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert!(netbox.is_ready());
    assert_eq!(stage.netbox.people().await.len(), 1);
}

#[tokio::test]
async fn a_clock_hours_ahead_is_reported_and_forgotten_when_it_was_set() {
    let stage = with_clock("clock-ahead", &json!({"box.clock-offset": "16500"})).await;
    says_by_how_much(&stage, "4 h 35 min ahead of").await;
    stage.sync("still").await;
    says_by_how_much(&stage, "4 h 35 min ahead of").await;
    stage.netbox.switch(&json!({"box.clock-offset": "0"}));
    follows_the_advice(&stage).await;
    stage.agrees().await;
}

#[tokio::test]
async fn a_netbox_in_another_zone_is_reported_and_right_when_the_zone_is_declared() {
    let stage = with_clock("clock-zone", &json!({"box.zone": "Europe/London"})).await;
    says_by_how_much(&stage, "5 h ahead of").await;
    let url = stage.netbox.url();
    let declared = json!({"lenelS2": {"url": url, "timeZone": "Europe/London"}});
    stage.apply(integration(&url, declared)).await;
    stage.until("AccessIntegration", "netbox", "takes the zone", View::is_of_now).await;
    follows_the_advice(&stage).await;
    let ada = stage.netbox.person("ada@example.org").await;
    assert_eq!(ada.exp_date.as_deref(), Some("2026-12-01 22:00:00"), "17:00 in New York");
    stage.agrees().await;
}

#[tokio::test]
async fn a_name_that_the_netbox_does_not_keep_is_reported_with_its_field_and_cure() {
    let stage = Stage::new("latin").await;
    stage.netbox.switch(&json!({"text.non-ascii": "latin-1"}));
    stage.apply(visitor("li", json!({"lastName": "李", "firstName": "小龍"}))).await;
    let li = stage.reads("Visitor", "li", "Succeeded").await;
    let synced = li.condition("Synced").expect("it is there");
    assert!(li.is_ready() && synced.reason == "DriftDetected", "{synced:?}");
    assert!(synced.message.contains("spec.lastName"), "{}", synced.message);
    stage.netbox.forget_calls();
    stage.sync("quiet").await;
    assert_eq!(stage.netbox.writes(), [].into(), "it is not sent again");
    let url = stage.netbox.url();
    stage.apply(integration(&url, json!({"lenelS2": {"url": url, "wire": {"names": "Ascii"}}}))).await;
    let kept = |li: &View| li.condition("Synced").is_some_and(|synced| synced.reason == "Succeeded");
    stage.until("Visitor", "li", "is in step in the letters that the advice names", kept).await;
    assert!(stage.netbox.person("li@example.org").await.last_name.is_ascii());
    stage.agrees().await;
}

#[tokio::test]
async fn a_person_renamed_at_the_desk_twice_gets_the_declared_name_back_twice() {
    let stage = Stage::new("renamed").await;
    stage.apply(visitor("ada", json!({}))).await;
    let id = stage.reads("Visitor", "ada", "Succeeded").await.external_id().to_owned();
    let declared = stage.netbox.person("ada@example.org").await.last_name;
    for time in ["first", "second"] {
        stage.netbox.edit(&json!({"action": "modify_person", "id": id, "set": {"LASTNAME": "Smith"}}));
        stage.sync(time).await;
        let is_back = |people: &[crate::stage::Person]| people[0].last_name == declared;
        stage.netbox.until("the declared name is back", is_back).await;
    }
    stage.agrees().await;
}
