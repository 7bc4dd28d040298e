//! 2.14: the requirements of people and tests on the simulator.

use serde_json::{Value, json};
use vestibule_sim::frame::Options;
use vestibule_sim::salto_ks;

use crate::harness::{NOTHING, SITE, sim, text};
use crate::oauth_code;

/// [I]
#[tokio::test]
async fn s2_14_the_decision_at_a_door_can_be_computed_for_any_instant() {
    let sim = sim(&[]).await;
    let ask =
        json!({ "user": "Cleaner", "lock": "Main entrance", "at": "2026-09-01T03:00:00Z", "dry": true });
    let answer = sim.order("door", ask).await;
    assert_eq!(
        answer,
        json!({ "granted": false, "detail": "no_access", "reason": "no schedule allows it now" })
    );
    assert!(sim.s1("GET", "/entries", NOTHING).await.items().is_empty());
}

/// [I]
#[tokio::test]
async fn s2_14_faults_401_during_a_run_and_invalid_grant_on_refresh() {
    let sim = sim(&[]).await;
    sim.fault(json!({ "kind": "session", "operation": "users.list", "skip": 1 })).await;
    for status in [200, 401, 200] {
        assert_eq!(sim.s("GET", "/users", NOTHING).await.status, status);
    }
    let token = oauth_code::refresh_token(&sim).await;
    let fault = json!({ "kind": "fail", "text": "invalid_grant", "operation": "token.refresh" });
    sim.fault(fault).await;
    let got = oauth_code::refresh(&sim, &token).await;
    assert_eq!((got.status, got.text.as_str()), (400, r#"{"error":"invalid_grant"}"#));
    assert_eq!(oauth_code::refresh(&sim, &token).await.status, 200);
}

/// [I]
#[tokio::test]
async fn s2_14_faults_an_empty_first_page_a_missing_page_and_a_link_that_repeats() {
    let sim = sim(&[]).await;
    let list = async || sim.s("GET", "/users?$top=3", NOTHING).await;
    sim.fault(json!({ "kind": "short", "keep": 0 })).await;
    assert_eq!(list().await.json, json!({ "items": [], "next_page_link": null, "count": null }));
    sim.fault(json!({ "kind": "short", "keep": 3 })).await;
    let got = list().await;
    assert_eq!((got.items().len(), &got.json["next_page_link"]), (3, &Value::Null));
    sim.fault(json!({ "kind": "repeat" })).await;
    assert!(text(&list().await.json["next_page_link"]).ends_with("$skip=0"));
}

/// [I]
#[tokio::test]
async fn s2_14_an_error_after_the_effect_keeps_the_effect() {
    let sim = sim(&[]).await;
    let fault = json!({ "kind": "error", "code": 2201, "when": "after", "operation": "groups.create" });
    sim.fault(fault).await;
    sim.s("POST", "/access_groups", json!({ "customer_reference": "Half" })).await.error(500, "2201");
    assert!(!sim.group("Half").await.is_empty());
}

/// [I]
#[tokio::test]
async fn s2_14_users_and_members_change_by_hand() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Zoë O''Brien").await;
    let group = sim.group("Coworking").await;
    sim.edit(json!([
        { "action": "add_member", "group": "Coworking", "user": "Cleaner" },
        { "action": "remove_user", "user": "zoe@acme.example" },
        { "action": "add_user", "user": { "email": "new@example.org", "alias": "New" } },
    ]))
    .await;
    sim.s("GET", &format!("/users/{su}"), NOTHING).await.error(404, "2202");
    let members = sim.s("GET", &format!("/access_groups/{group}/users"), NOTHING).await.items();
    assert_eq!((members.len(), &members[0]["first_name"]), (1, &json!("Clara")));
    let found = sim.s("GET", "/users?$filter=user/email eq 'new@example.org'", NOTHING).await;
    assert_eq!(found.items()[0]["alias"], json!("New"));
    assert!(sim.outbox().await.is_empty(), "by hand there is no mail");
}

/// [I]
#[tokio::test]
async fn s2_14_groups_locks_and_schedules_change_by_hand_too() {
    let sim = sim(&[]).await;
    sim.edit(json!([
        { "action": "add_group", "name": "By hand" },
        { "action": "add_member", "group": "By hand", "user": "Cleaner" },
        { "action": "add_lock", "group": "By hand", "lock": "Studio" },
        { "action": "add_schedule", "group": "By hand", "schedule": { "days": ["tuesday"] } },
    ]))
    .await;
    assert!(sim.door("Cleaner", "Studio").await.0);
    sim.edit(json!({ "action": "remove_schedules", "group": "By hand" })).await;
    assert!(!sim.door("Cleaner", "Studio").await.0);
    sim.edit(json!([
        { "action": "remove_lock", "group": "By hand", "lock": "Studio" },
        { "action": "remove_member", "group": "By hand", "user": "Cleaner" },
        { "action": "remove_group", "group": "By hand" },
        { "action": "end_sessions" },
    ]))
    .await;
    assert_eq!(sim.s("GET", "/access_groups", NOTHING).await.items().len(), 4);
}

/// [I]
#[tokio::test]
async fn s2_14_reset_restores_the_seed() {
    let sim = sim(&[]).await;
    sim.ada().await.is(200);
    sim.order("reset", NOTHING).await;
    assert_eq!(sim.s("GET", "/users?$inlinecount=allpages", NOTHING).await.json["count"], json!(7));
    assert!(sim.outbox().await.is_empty());
}

/// [I]
#[tokio::test]
async fn s2_14_the_page_shows_the_locks_that_each_user_may_open() {
    let sim = sim(&[]).await;
    let hostile = sim.create("<script>", "x", None).await;
    assert_eq!(hostile.status, 200);
    let page = sim.page("").await;
    for word in ["Small Building", "Coworking", "no schedule: opens nothing", "7 of 12 seats", "Cleaner"] {
        let word = if word.starts_with('7') { "8 of 12 seats" } else { word };
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("<script>"));
    assert!(sim.page("?q=zoe").await.contains("zoe@acme.example"));
}

/// [I]
#[tokio::test]
async fn s2_14_state_is_limited_to_a_user_or_a_site() {
    let sim = sim(&[]).await;
    let zoe = sim.look("state?user=zoe@acme.example").await;
    assert_eq!(zoe["groups"], json!(["Coworking", "No schedule"]));
    assert_eq!(sim.look("state?user=unknown").await, Value::Null);
    let one = sim.look("state?site=SIM001&users=none").await;
    assert_eq!((one["sites"].as_array().unwrap().len(), &one["sites"][0]["id"]), (1, &json!(SITE)));
}

/// [I]
#[tokio::test]
async fn s2_14_a_wrong_seed_or_edit_is_a_sentence() {
    for seed in [
        "sites: 7",
        "nonsense: true",
        "sites: [{ customer_reference: A, site_uid: A, time_zone: Mars/Base, subscribed_user_amount: 1 }]",
    ] {
        let options = Options { seed: Some(seed.to_owned()), ..Options::default() };
        let refused = salto_ks::start(options).await.err().unwrap();
        assert!(refused.len() > 20, "{refused}");
    }
    let sim = sim(&[]).await;
    let half =
        json!([{ "action": "add_group", "name": "Half" }, { "action": "remove_user", "user": "unknown" }]);
    for order in
        [half, json!({ "action": "fly" }), json!({ "action": "remove_user", "user": "unknown" }), json!(7)]
    {
        assert!(!sim.refused("edit", order).await.is_empty());
    }
    assert_eq!(sim.s("GET", "/access_groups", NOTHING).await.items().len(), 4, "all or nothing");
}
