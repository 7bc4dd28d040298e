//! 2.9: the life of a user.

use serde_json::json;

use crate::harness::{NOTHING, Sim, sim, text};

async fn seats(sim: &Sim) -> (u64, u64) {
    let site = sim.s("GET", "", NOTHING).await.is(200);
    (site["active_user_amount"].as_u64().unwrap(), site["subscribed_user_amount"].as_u64().unwrap())
}

async fn fill(sim: &Sim) {
    sim.edit(json!({ "action": "set_site", "seats": 7 })).await;
    let (used, bought) = seats(sim).await;
    assert_eq!(used, bought);
}

/// [V]
#[tokio::test]
async fn s2_9_each_create_with_e_mail_mails_and_the_mail_names_the_site() {
    let sim = sim(&[]).await;
    sim.person("one").await;
    sim.person("two").await;
    let mails = sim.outbox().await;
    assert_eq!(mails.len(), 2);
    assert_eq!((&mails[1]["to"], &mails[1]["site"]), (&json!("two@example.org"), &json!("Small Building")));
}

/// [I]
#[tokio::test]
async fn s2_9_an_answer_lost_after_the_write_leaves_user_and_mail() {
    let sim = sim(&[]).await;
    let role = sim.role("site_user").await;
    let fault = json!({ "kind": "refuse", "when": "after", "operation": "users.create" });
    sim.fault(fault).await;
    let body = json!({ "first_name": "A", "last_name": "B", "email": "ada@example.org", "role_ids": [role] });
    let url = format!("{}/v1.2/sites/{}/users", sim.running.url, crate::harness::SITE);
    assert!(sim.http.post(url).bearer_auth(&sim.token).json(&body).send().await.is_err());
    let found = sim.s("GET", "/users?$filter=user/email eq 'ada@example.org'", NOTHING).await;
    assert_eq!((found.items().len(), sim.outbox().await.len()), (1, 1));
}

/// [M]
#[tokio::test]
async fn s2_9_a_seat_is_taken_by_each_subscribed_user() {
    let sim = sim(&[]).await;
    assert_eq!(seats(&sim).await, (7, 12));
    sim.ada().await.is(200);
    assert_eq!(seats(&sim).await, (8, 12));
}

/// [M]
#[tokio::test]
async fn s2_9_exhaustion_is_silent_and_there_is_still_a_pin() {
    let sim = sim(&[]).await;
    fill(&sim).await;
    let made = sim.ada().await;
    assert_eq!((made.status, &made.json["subscription_state"]), (200, &json!("suspended")));
    let su = text(&made.json["id"]);
    let pin = sim.s("PUT", &format!("/users/{su}/pin"), json!({})).await;
    assert!(pin.status == 200 && pin.json.is_string());
    let guest = json!({ "alias": "V", "expires_at": "2027-01-01T00:00:00Z" });
    assert_eq!(sim.s("POST", "/guests", guest).await.is(201)["subscription_state"], json!("suspended"));
    assert_eq!(seats(&sim).await, (7, 7));
}

/// [I]
#[tokio::test]
async fn s2_9_a_suspended_user_is_refused_at_the_door() {
    let sim = sim(&[]).await;
    fill(&sim).await;
    let made = sim.ada().await.is(200);
    let group = sim.group("Coworking").await;
    sim.s("POST", &format!("/access_groups/{group}/users"), json!({ "user_id": made["user"]["id"] }))
        .await
        .is(200);
    assert_eq!(sim.door("ada@example.org", "Main entrance").await, (false, "suspended".to_owned()));
}

/// [M]
#[tokio::test]
async fn s2_9_an_expiry_in_the_past_frees_no_seat_and_delete_frees_it_at_once() {
    let sim = sim(&[]).await;
    let guest = json!({ "alias": "V", "expires_at": "2026-01-01T00:00:00Z" });
    let made = sim.s("POST", "/guests", guest).await.is(201);
    assert_eq!(seats(&sim).await.0, 8);
    sim.s("DELETE", &format!("/users/{}", text(&made["id"])), NOTHING).await.is(202);
    assert_eq!(seats(&sim).await.0, 7);
}

/// [V]
#[tokio::test]
async fn s2_9_suspending_frees_the_seat_and_resuming_takes_it_again() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Zoë O''Brien").await;
    let path = format!("/users/{su}/subscription");
    sim.s("PATCH", &path, json!({ "state": "suspended" })).await.ok();
    assert_eq!(seats(&sim).await.0, 6);
    assert_eq!(sim.door(&su, "Main entrance").await, (false, "suspended".to_owned()));
    sim.s("PATCH", &path, json!({ "state": "subscribed" })).await.ok();
    assert_eq!(seats(&sim).await.0, 7);
    assert!(sim.door(&su, "Main entrance").await.0);
}

/// [I]
#[tokio::test]
async fn s2_9_out_of_all_groups_nothing_opens_and_the_seat_is_kept() {
    let sim = sim(&[]).await;
    let (su, pu) = sim.user("Zoë O''Brien").await;
    for group in ["Coworking", "No schedule"] {
        let group = sim.group(group).await;
        sim.s("DELETE", &format!("/access_groups/{group}/users/{pu}"), NOTHING).await.ok();
    }
    assert!(!sim.door(&su, "Main entrance").await.0);
    assert_eq!(seats(&sim).await.0, 7);
}

/// [C]
#[tokio::test]
async fn s2_9_a_blocked_user_opens_nothing_and_keeps_the_seat() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Zoë O''Brien").await;
    sim.s("PATCH", &format!("/users/{su}"), json!({ "blocked": true })).await.is(200);
    assert!(!sim.door(&su, "Main entrance").await.0);
    assert_eq!(seats(&sim).await.0, 7);
    sim.s("PATCH", &format!("/users/{su}"), json!({ "blocked": false })).await.is(200);
    assert!(sim.door(&su, "Main entrance").await.0);
}

/// [V]
#[tokio::test]
async fn s2_9_a_suspended_caller_cannot_act_on_the_site() {
    let sim = sim(&[]).await;
    sim.edit(json!({ "action": "set_user", "user": "admin@sim.example", "set": { "suspended": true } }))
        .await;
    sim.s("GET", "/users", NOTHING).await.error(403, "2203");
}

/// [I]
#[tokio::test]
async fn s2_9_delete_and_create_again_gives_a_new_site_user_and_a_new_mail() {
    let sim = sim(&[]).await;
    let first = sim.ada().await.is(200);
    sim.s("DELETE", &format!("/users/{}", text(&first["id"])), NOTHING).await.is(202);
    let again = sim.ada().await.is(200);
    assert_ne!(first["id"], again["id"]);
    assert_eq!(sim.outbox().await.len(), 2);
}

/// [I]
#[tokio::test]
async fn s2_9_delete_removes_memberships_and_pin() {
    let sim = sim(&[]).await;
    let (su, pu) = sim.user("Zoë O''Brien").await;
    let group = sim.group("Coworking").await;
    sim.s("DELETE", &format!("/users/{su}"), NOTHING).await.is(202);
    let members = sim.s("GET", &format!("/access_groups/{group}/users"), NOTHING).await.items();
    assert!(members.iter().all(|user| user["id"] != json!(pu)));
    sim.s("GET", &format!("/users/{su}/keys"), NOTHING).await.error(404, "2202");
}

/// [V]
#[tokio::test]
async fn s2_9_when_the_sites_subscription_ends_users_are_unsubscribed_and_rights_stay_as_they_are() {
    let sim = sim(&[]).await;
    sim.edit(json!({ "action": "set_site", "subscription_valid": false })).await;
    let (su, pu) = sim.user("Zoë O''Brien").await;
    let user = sim.s("GET", &format!("/users/{su}"), NOTHING).await.is(200);
    assert_eq!(user["subscription_state"], json!("suspended"));
    let group = sim.group("Coworking").await;
    let path = format!("/access_groups/{group}/users");
    sim.s("DELETE", &format!("{path}/{pu}"), NOTHING).await.error(403, "2212");
    sim.s("POST", &path, json!({ "user_id": pu })).await.error(403, "2212");
}
