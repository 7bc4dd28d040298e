//! 2.15: every switch about users and memberships in every position.

use serde_json::{Value, json};

use crate::harness::{NOTHING, SITE, sim};

/// [?]
#[tokio::test]
async fn s2_15_5_a_create_with_a_known_e_mail() {
    let sim = sim(&[]).await;
    let (zoe, _) = sim.user("Zoë O''Brien").await;
    let here = "zoe@acme.example";
    sim.create("Z", "O", Some(here)).await.error(400, "1101");
    sim.create("Grace", "Hopper", Some("grace@hopper.example")).await.error(400, "1101");
    sim.switch("users.known-email", "existing").await;
    assert_eq!(sim.create("Z", "O", Some(here)).await.is(200)["id"], json!(zoe));
    let grace = sim.create("Grace", "Hopper", Some("grace@hopper.example")).await.is(200);
    assert_eq!(grace["user"]["has_profile"], json!(true));
    sim.switch("users.known-email", "second").await;
    let second = sim.create("Z", "O", Some(here)).await.is(200);
    assert_ne!(second["id"], json!(zoe));
    let found = sim.s("GET", &format!("/users?$filter=user/email eq '{here}'"), NOTHING).await;
    assert_eq!(found.items().len(), 2);
}

/// [?]
#[tokio::test]
async fn s2_15_6_added_twice_removed_though_absent_deleted_twice() {
    let sim = sim(&[]).await;
    let (group, empty) = (sim.group("Coworking").await, sim.group("Empty").await);
    let (_, pu) = sim.user("Zoë O''Brien").await;
    let calls: [(&str, &str, String, Value); 3] = [
        ("members.added-twice", "POST", format!("/access_groups/{group}/users"), json!({ "user_id": pu })),
        (
            "members.removed-absent",
            "PATCH",
            format!("/access_groups/{empty}/users"),
            json!({ "remove_ids": [pu] }),
        ),
        ("members.deleted-twice", "DELETE", format!("/access_groups/{empty}/users/{pu}"), NOTHING),
    ];
    for (switch, method, path, body) in calls {
        let got = async || sim.s(method, &path, body.clone()).await;
        got().await.is(200);
        sim.switch(switch, "400").await;
        got().await.error(400, "1101");
        sim.switch(switch, "404").await;
        got().await.error(404, "2202");
        sim.switch(switch, "200").await;
    }
}

/// [?]
#[tokio::test]
async fn s2_15_7_expires_at_of_users_is_ignored_or_accepted_and_stops_or_does_not() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Zoë O''Brien").await;
    let path = format!("/users/{su}");
    let past = json!({ "expires_at": "2026-01-01T00:00:00Z" });
    assert!(
        sim.s("PATCH", &path, past.clone()).await.is(200)["expires_at"].is_null(),
        "expires-at.users ignored"
    );
    assert!(sim.door(&su, "Main entrance").await.0);
    sim.switch("expires-at.users", "accepted").await;
    let got = sim.s("PATCH", &path, past).await.is(200);
    assert_eq!(got["expires_at"], json!("2026-01-01T00:00:00Z"));
    assert!(!sim.door(&su, "Main entrance").await.0, "expires-at.door stops");
    sim.switch("expires-at.door", "does-not-stop").await;
    assert!(sim.door(&su, "Main entrance").await.0);
    let role = sim.role("site_user").await;
    let body = json!({ "first_name": "A", "last_name": "B", "role_ids": [role], "expires_at": "2027-01-01T00:00:00Z" });
    assert_eq!(sim.s("POST", "/users", body).await.is(200)["expires_at"], json!("2027-01-01T00:00:00Z"));
}

/// [?]
#[tokio::test]
async fn s2_15_9_a_resume_without_a_free_seat() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    let path = format!("/users/{su}/subscription");
    sim.s("PATCH", &path, json!({ "state": "suspended" })).await.ok();
    sim.edit(json!({ "action": "set_site", "seats": 6 })).await;
    sim.s("PATCH", &path, json!({ "state": "subscribed" })).await.is(204);
    let user = sim.s("GET", &format!("/users/{su}"), NOTHING).await.is(200);
    assert_eq!(user["subscription_state"], json!("suspended"), "resume.no-seat suspended");
    sim.switch("resume.no-seat", "403").await;
    sim.s("PATCH", &path, json!({ "state": "subscribed" })).await.error(403, "2212");
}

/// [?]
#[tokio::test]
async fn s2_15_10_a_blocked_user_keeps_the_seat_or_frees_it() {
    let sim = sim(&[]).await;
    let used = async || sim.s("GET", "", NOTHING).await.json["active_user_amount"].clone();
    let (su, _) = sim.user("Cleaner").await;
    let path = format!("/users/{su}");
    sim.s("PATCH", &path, json!({ "blocked": true })).await.is(200);
    assert_eq!(used().await, json!(7), "blocked.keeps-seat yes");
    sim.switch("blocked.keeps-seat", "no").await;
    assert_eq!(used().await, json!(6));
    sim.edit(json!({ "action": "set_site", "seats": 6 })).await;
    let back = sim.s("PATCH", &path, json!({ "blocked": false })).await.is(200);
    assert_eq!(back["subscription_state"], json!("suspended"), "another user has the seat");
}

/// [?]
#[tokio::test]
async fn s2_15_11_patch_of_alias_roles_and_e_mail() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    let role = sim.role("site_super_user").await;
    let patch = async |body: Value| sim.s("PATCH", &format!("/users/{su}"), body).await;
    let person = json!({ "alias": "Clara", "role_ids": [role] });
    let mail = json!({ "email": "clara@example.org" });
    let got = patch(person.clone()).await.is(200);
    assert_eq!((&got["alias"], &got["roles"][0]["code"]), (&json!("Clara"), &json!("site_super_user")));
    patch(mail.clone()).await.error(400, "1101");
    sim.switch("users.patch", "all").await;
    assert_eq!(patch(mail.clone()).await.is(200)["user"]["email"], json!("clara@example.org"));
    sim.switch("users.patch", "none").await;
    patch(mail).await.error(400, "1101");
    patch(person).await.error(400, "1101");
    patch(json!({ "blocked": true })).await.is(200);
}

/// [?]
#[tokio::test]
async fn s2_15_15_invitations_can_be_suppressed_for_a_client() {
    let sim = sim(&[("invitations.mail", "sim")]).await;
    sim.ada().await.is(200);
    assert!(sim.outbox().await.is_empty());
    sim.switch("invitations.mail", "each-create").await;
    sim.person("eve").await;
    assert_eq!(sim.outbox().await.len(), 1);
    let refused = sim.refused("switches", json!({ "invitations.mail": "unknown" })).await;
    assert_eq!(refused, "switch `invitations.mail`: there is no OAuth client `unknown`");
}

/// [M]
#[tokio::test]
async fn s2_3_a_deleted_user_may_be_readable_for_some_seconds_and_holds_no_seat() {
    let sim = sim(&[("users.delete-seconds", "10")]).await;
    let (su, _) = sim.user("Cleaner").await;
    let path = format!("/users/{su}");
    sim.s("DELETE", &path, NOTHING).await.is(202);
    sim.s("GET", &path, NOTHING).await.is(200);
    assert_eq!(sim.s("GET", "", NOTHING).await.json["active_user_amount"], json!(6));
    sim.s("DELETE", &path, NOTHING).await.error(404, "2202");
    sim.advance("PT10S").await;
    sim.s("GET", &path, NOTHING).await.error(404, "2202");
}

/// [?]
#[tokio::test]
async fn s2_6_a_search_without_a_match() {
    let sim = sim(&[]).await;
    let find =
        async || sim.get(&format!("/v1.1/users/search?search_for=x@y.example&for_site_id={SITE}")).await;
    find().await.error(404, "2202");
    sim.switch("users.search-miss", "null").await;
    assert_eq!((find().await.status, find().await.text), (200, "null".to_owned()));
    sim.switch("users.search-miss", "empty").await;
    assert_eq!((find().await.status, find().await.text), (200, String::new()));
}
