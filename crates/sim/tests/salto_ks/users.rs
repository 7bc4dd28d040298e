//! 2.6: site users and roles.

use serde_json::json;

use crate::harness::{MILL, NOTHING, SITE, sim, text};

/// [M]
#[tokio::test]
async fn s2_6_a_site_user_has_the_documented_fields() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    let user = sim.s("GET", &format!("/users/{su}"), NOTHING).await.is(200);
    for field in [
        "id",
        "user",
        "roles",
        "alias",
        "toggle_easy_office_mode",
        "toggle_manual_office_mode",
        "override_privacy_mode",
        "remote_access",
        "blocked",
        "tag_owned_by_this_site",
        "subscription_state",
        "use_pin",
        "expires_at",
        "data_removal_expires_at",
    ] {
        assert!(user.get(field).is_some(), "{field}");
    }
    for field in ["id", "customer_reference", "code", "parent_id", "is_hierarchical"] {
        assert!(user["roles"][0].get(field).is_some(), "{field}");
    }
}

/// [M]
#[tokio::test]
async fn s2_6_without_e_mail_a_user_is_managed_by_the_site_and_has_no_profile() {
    let sim = sim(&[]).await;
    let made = sim.create("Nell", "Nomail", None).await.is(200);
    let user = &made["user"];
    assert!(user["email"].is_null());
    assert_eq!((&user["has_profile"], &user["is_managed_by_current_site"]), (&json!(false), &json!(true)));
}

/// [C]
#[tokio::test]
async fn s2_6_a_user_is_found_by_e_mail() {
    let sim = sim(&[]).await;
    let got = sim.s("GET", "/users?$filter=user/email eq 'zoe@acme.example'", NOTHING).await;
    assert_eq!(got.items()[0]["alias"], json!("Zoë O'Brien"));
}

/// [M]
#[tokio::test]
async fn s2_6_a_deleted_user_is_404() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    assert_eq!(sim.s("DELETE", &format!("/users/{su}"), NOTHING).await.status, 202);
    sim.s("GET", &format!("/users/{su}"), NOTHING).await.error(404, "2202");
    sim.s("DELETE", &format!("/users/{su}"), NOTHING).await.error(404, "2202");
}

/// [V]
#[tokio::test]
async fn s2_6_create_with_e_mail_answers_the_worked_example_and_mails() {
    let sim = sim(&[]).await;
    let made = sim.ada().await.is(200);
    assert_eq!(made["user"]["email"], json!("ada@example.org"));
    assert_eq!(made["user"]["has_profile"], json!(false));
    assert_eq!(made["roles"][0]["code"], json!("site_user"));
    assert_eq!(made["alias"], json!("Ada Byron"));
    assert_eq!(made["subscription_state"], json!("subscribed"));
    assert_ne!(made["id"], made["user"]["id"]);
    let mails = sim.outbox().await;
    assert_eq!(mails.len(), 1);
    assert_eq!((&mails[0]["to"], &mails[0]["kind"]), (&json!("ada@example.org"), &json!("invitation")));
    assert_eq!(mails[0]["user"], made["id"]);
}

/// [V]
#[tokio::test]
async fn s2_6_create_without_e_mail_sends_no_mail() {
    let sim = sim(&[]).await;
    sim.create("Nell", "Nomail", None).await.is(200);
    assert!(sim.outbox().await.is_empty());
}

/// [M]
#[tokio::test]
async fn s2_6_an_empty_e_mail_is_1101_and_creates_no_user() {
    let sim = sim(&[]).await;
    let got = sim.create("Nell", "Nomail", Some("")).await;
    assert_eq!(got.error(400, "1101").json["Message"], json!("Email '' is not valid"));
    assert_eq!(sim.s("GET", "/users?$inlinecount=allpages", NOTHING).await.json["count"], json!(7));
}

/// [M]
#[tokio::test]
async fn s2_6_a_create_needs_names_and_a_hierarchical_role() {
    let sim = sim(&[]).await;
    let (user, mobile) = (sim.role("site_user").await, sim.role("site_mobile_user").await);
    let body = |roles: serde_json::Value| json!({ "first_name": "A", "last_name": "B", "role_ids": roles });
    sim.s("POST", "/users", json!({ "first_name": "A", "role_ids": [user] })).await.error(400, "1100");
    sim.s("POST", "/users", json!({ "first_name": "A", "last_name": "B" })).await.error(400, "1100");
    sim.s("POST", "/users", body(json!([mobile]))).await.error(400, "1101");
    sim.s("POST", "/users", body(json!([]))).await.error(400, "1101");
    sim.s("POST", "/users", body(json!(["00000000-0000-4000-8000-000000000000"]))).await.error(400, "1101");
    let made = sim.s("POST", "/users", body(json!([mobile, user]))).await.is(200);
    assert_eq!(made["roles"].as_array().unwrap().len(), 2);
}

/// [I]
#[tokio::test]
async fn s2_6_unknown_keys_of_a_create_are_ignored() {
    let sim = sim(&[]).await;
    let role = sim.role("site_user").await;
    let body =
        json!({ "first_name": "A", "last_name": "B", "role_ids": [role], "phone": "+1", "favourite": 7 });
    sim.s("POST", "/users", body).await.is(200);
}

/// [V]
#[tokio::test]
async fn s2_6_a_tag_is_linked_by_its_id_at_creation() {
    let sim = sim(&[]).await;
    let state = sim.look("state?site=SIM001").await;
    let (tag, role) = (&state["sites"][0]["tags"][0], sim.role("site_user").await);
    let body = json!({ "first_name": "A", "last_name": "B", "role_ids": [role], "tag_id": tag["id"] });
    let made = sim.s("POST", "/users", body).await.is(200);
    assert_eq!(made["user"]["tag_number"], tag["number"]);
    assert_eq!(made["tag_owned_by_this_site"], json!(true));
    let unknown = json!({ "first_name": "A", "last_name": "B", "role_ids": [role], "tag_id": made["id"] });
    sim.s("POST", "/users", unknown).await.error(404, "2202");
}

/// [M]
#[tokio::test]
async fn s2_6_a_guest_is_201_without_mail_and_takes_a_seat() {
    let sim = sim(&[]).await;
    let seats = async || sim.s("GET", "", NOTHING).await.json["active_user_amount"].as_u64().unwrap();
    let before = seats().await;
    let body = json!({ "alias": "Visitor 123", "expires_at": "2026-09-01T18:00:00Z" });
    let made = sim.s("POST", "/guests", body).await.is(201);
    assert_eq!(made["roles"][0]["code"], json!("site_guest"));
    assert_eq!((&made["alias"], &made["use_pin"]), (&json!("Visitor 123"), &json!(false)));
    assert_eq!(made["expires_at"], json!("2026-09-01T18:00:00Z"));
    assert!(made["user"]["id"].is_string() && made["user"]["email"].is_null());
    assert_eq!(seats().await, before + 1);
    assert!(sim.outbox().await.is_empty());
}

/// [V]
#[tokio::test]
async fn s2_6_search_finds_by_e_mail_and_tag_and_shows_whether_linked() {
    let sim = sim(&[]).await;
    let find =
        async |text: &str| sim.get(&format!("/v1.1/users/search?search_for={text}&for_site_id={SITE}")).await;
    let grace = find("grace@hopper.example").await.is(200);
    assert_eq!((&grace["has_identity"], &grace["is_linked"]), (&json!(true), &json!(false)));
    for field in ["id", "first_name", "last_name", "image_url", "is_managed"] {
        assert!(grace.get(field).is_some(), "{field}");
    }
    assert_eq!(find("zoe@acme.example").await.is(200)["is_linked"], json!(true));
    assert_eq!(find("00000018").await.is(200)["first_name"], json!("Clara"));
    find("unknown@example.org").await.error(404, "2202");
}

/// [V]
#[tokio::test]
async fn s2_6_existing_links_a_ks_account_without_a_mail() {
    let sim = sim(&[]).await;
    let grace =
        sim.get(&format!("/v1.1/users/search?search_for=grace@hopper.example&for_site_id={SITE}")).await;
    let role = sim.role("site_user").await;
    let body = json!({ "id": grace.json["id"], "role_ids": [role], "alias": "Grace Hopper" });
    let made = sim.s1("POST", "/users/existing", body.clone()).await.is(200);
    assert_eq!((&made["user"]["id"], &made["alias"]), (&grace.json["id"], &json!("Grace Hopper")));
    assert_eq!(made["user"]["has_profile"], json!(true));
    assert!(sim.outbox().await.is_empty());
    sim.s1("POST", "/users/existing", body).await.error(400, "1101");
}

/// [M]
#[tokio::test]
async fn s2_6_patch_is_partial() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    let path = format!("/users/{su}");
    let got = sim.s("PATCH", &path, json!({ "use_pin": true })).await.is(200);
    assert_eq!((&got["use_pin"], &got["alias"]), (&json!(true), &json!("Cleaner")));
    let got = sim.s("PATCH", &path, json!({ "blocked": true })).await.is(200);
    assert_eq!((&got["use_pin"], &got["blocked"]), (&json!(true), &json!(true)));
}

/// [C]
#[tokio::test]
async fn s2_6_the_subscription_is_patched_by_state_and_any_other_field_is_1101() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    let path = format!("/users/{su}/subscription");
    sim.s("PATCH", &path, json!({ "subscription_state": "suspended" })).await.error(400, "1101");
    sim.s("PATCH", &path, json!({ "state": "paused" })).await.error(400, "1101");
    sim.s("PATCH", &path, json!({ "state": "suspended" })).await.is(204);
    let state =
        async || sim.s("GET", &format!("/users/{su}"), NOTHING).await.json["subscription_state"].clone();
    assert_eq!(state().await, json!("suspended"));
    sim.s("PATCH", &path, json!({ "state": "subscribed" })).await.is(204);
    assert_eq!(state().await, json!("subscribed"));
}

/// [M]
#[tokio::test]
async fn s2_6_delete_keeps_a_completed_profile_and_removes_another() {
    let sim = sim(&[]).await;
    let find =
        async |mail: &str| sim.get(&format!("/v1.1/users/search?search_for={mail}&for_site_id={SITE}")).await;
    let (su, pu) = sim.person("lost").await;
    let (kept_su, kept_pu) = sim.person("kept").await;
    sim.edit(json!({ "action": "complete_profile", "email": "kept@example.org" })).await;
    for id in [su, kept_su] {
        sim.s("DELETE", &format!("/users/{id}"), NOTHING).await.is(202);
    }
    assert_eq!(find("kept@example.org").await.is(200)["id"], json!(kept_pu));
    find("lost@example.org").await.error(404, "2202");
    let again = sim.create("lost", "Test", Some("lost@example.org")).await.is(200);
    assert_ne!(again["user"]["id"], json!(pu));
}

/// [M]
#[tokio::test]
async fn s2_6_a_pin_is_a_bare_json_string_that_rotates_and_is_never_shown() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    sim.s("PATCH", &format!("/users/{su}"), json!({ "use_pin": true })).await.is(200);
    let mut seen = Vec::new();
    for _ in 0..40 {
        let got = sim.s("PUT", &format!("/users/{su}/pin"), json!({})).await;
        assert_eq!(got.status, 200);
        let pin = text(&got.json);
        assert_eq!(got.text, format!("\"{pin}\""));
        assert!((6..=10).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()), "{pin}");
        seen.push(pin);
    }
    assert!(seen.iter().any(|pin| pin.len() == 6) && seen.iter().any(|pin| pin.len() > 6));
    let last = seen.pop().unwrap();
    assert!(!seen.contains(&last));
    let open = async |pin: &str| {
        let order = json!({ "pin": format!("{pin}#"), "lock": "Main entrance" });
        sim.order("door", order).await["granted"].clone()
    };
    assert_eq!((open(&last).await, open(&seen[0]).await), (json!(true), json!(false)));
    let keys = sim.s("GET", &format!("/users/{su}/keys"), NOTHING).await;
    assert_eq!(keys.items()[0]["type"], json!("pin"));
    assert_eq!(keys.items()[0]["key_identifier"], json!("pin"));
    assert!(!keys.text.contains(&last));
}

/// [M]
#[tokio::test]
async fn s2_6_a_custom_pin_needs_the_site_feature() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    sim.s("PUT", &format!("/users/{su}/pin/custom"), json!({ "pin": "123456" })).await.error(403, "2212");
}

/// [M]
#[tokio::test]
async fn s2_6_where_the_site_has_the_feature_a_custom_pin_opens() {
    let sim = sim(&[]).await;
    let stranger = sim.log_in("stranger@mill.example").await;
    let site = format!("/v1.2/sites/{MILL}");
    let me = sim.call_as(&stranger, "GET", &format!("{site}/me"), None).await.is(200);
    let path = format!("{site}/users/{}/pin/custom", text(&me["id"]));
    let put = async |pin: &str| sim.call_as(&stranger, "PUT", &path, Some(json!({ "pin": pin }))).await;
    put("24680").await.is(200);
    assert_eq!(
        put("24680").await.error(400, "3102").json["Message"],
        json!("Request execution failed with code: pin_not_changed")
    );
    put("12 34").await.error(400, "1101");
}

/// [M]
#[tokio::test]
async fn s2_6_roles_are_found_by_code_and_are_those_that_the_caller_may_assign() {
    let sim = sim(&[]).await;
    let roles = sim.s("GET", "/roles", NOTHING).await.items();
    let codes: Vec<String> = roles.iter().map(|role| text(&role["code"])).collect();
    for code in [
        "site_admin",
        "site_super_user",
        "site_user",
        "site_mobile_user",
        "site_remote_office_mode_user",
        "site_pod_member",
        "site_guest",
        "custom_front_desk",
    ] {
        assert!(codes.contains(&code.to_owned()), "{code}");
    }
    let flag =
        |code: &str| roles.iter().find(|role| role["code"] == code).unwrap()["is_hierarchical"].clone();
    assert_eq!((flag("site_user"), flag("site_mobile_user")), (json!(true), json!(false)));
    let custom = sim.log_in("custom@sim.example").await;
    let fewer = sim.call_as(&custom, "GET", &format!("/v1.2/sites/{SITE}/roles"), None).await.items();
    let fewer: Vec<String> = fewer.iter().map(|role| text(&role["code"])).collect();
    assert_eq!(fewer, ["site_user"], "as measured for a custom role");
    let admin = sim.role("site_admin").await;
    let body = json!({ "first_name": "A", "last_name": "B", "role_ids": [admin] });
    let path = format!("/v1.2/sites/{SITE}/users");
    sim.call_as(&custom, "POST", &path, Some(body)).await.error(400, "1101");
}

/// [I]
#[tokio::test]
async fn s2_6_a_plain_user_may_not_manage() {
    let sim = sim(&[]).await;
    let tenant = sim.log_in("tenant@sim.example").await;
    sim.call_as(&tenant, "GET", &format!("/v1.2/sites/{SITE}/users"), None).await.error(403, "2203");
    assert_eq!(sim.call_as(&tenant, "GET", &format!("/v1.2/sites/{SITE}/me"), None).await.status, 200);
}
