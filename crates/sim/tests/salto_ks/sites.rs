//! 2.5: me, sites.

use serde_json::json;

use crate::harness::{MILL, NOTHING, SITE, sim, text};

/// [M]
#[tokio::test]
async fn s2_5_me_is_the_platform_profile() {
    let sim = sim(&[]).await;
    let me = sim.get("/v1.2/me").await.is(200);
    for field in [
        "id",
        "first_name",
        "last_name",
        "phone",
        "email",
        "language",
        "tag_number",
        "tag_rf_id_uid",
        "image_url",
    ] {
        assert!(me.get(field).is_some(), "{field}");
    }
    assert_eq!(me["email"], json!("admin@sim.example"));
    let user = json!({ "email": "tagged@sim.example", "alias": "T", "tag": "00000042" });
    sim.edit(json!({ "action": "add_user", "user": user })).await;
    sim.edit(json!({ "action": "complete_profile", "email": "tagged@sim.example", "password": "sim" })).await;
    let tagged = sim.log_in("tagged@sim.example").await;
    let me = sim.call_as(&tagged, "GET", "/v1.2/me", None).await.is(200);
    assert_eq!(me["tag_number"], json!("00000042"));
}

/// [I]
#[tokio::test]
async fn s2_5_the_sites_have_no_role_filter_and_s_me_shows_the_role_on_a_site() {
    let sim = sim(&[]).await;
    let sites = sim.get("/v1.2/sites").await.items();
    let mut mine = Vec::new();
    for site in &sites {
        let me = sim.get(&format!("/v1.2/sites/{}/me", text(&site["id"]))).await.is(200);
        if me["roles"].as_array().unwrap().iter().any(|role| role["code"] == "site_admin") {
            mine.push(text(&site["customer_reference"]));
        }
    }
    assert_eq!((sites.len(), mine), (2, vec!["Small Building".to_owned()]));
}

/// [M]
#[tokio::test]
async fn s2_5_the_owner_has_no_role_and_has_all_rights() {
    let sim = sim(&[]).await;
    let owner = sim.log_in("owner@sim.example").await;
    let me = sim.call_as(&owner, "GET", &format!("/v1.2/sites/{SITE}/me"), None).await.is(200);
    assert_eq!(me["roles"][0]["code"], json!("site_user"));
    assert_eq!(me["ownership_state"], json!("owner"));
    let site = sim.s("GET", "", NOTHING).await.is(200);
    assert_eq!(site["owner"]["id"], me["user"]["id"]);
    assert_eq!(site["owner"]["email"], json!("owner@sim.example"));
    assert_eq!(sim.call_as(&owner, "GET", &format!("/v1.2/sites/{SITE}/users"), None).await.status, 200);
}

/// [M]
#[tokio::test]
async fn s2_5_s_me_is_the_site_user_with_ownership_and_pods() {
    let sim = sim(&[]).await;
    let me = sim.s("GET", "/me", NOTHING).await.is(200);
    assert_eq!(me["subscription_state"], json!("subscribed"));
    assert!(me["member_of_pods"].is_array() && me["guest_of_pods"].is_array());
    assert_ne!(me["id"], me["user"]["id"]);
    assert_eq!(me["roles"][0]["code"], json!("site_admin"));
}

/// [M]
#[tokio::test]
async fn s2_5_a_site_shows_its_seats_zone_and_state() {
    let sim = sim(&[]).await;
    let site = sim.s("GET", "", NOTHING).await.is(200);
    assert_eq!(
        (
            &site["active_user_amount"],
            &site["subscribed_user_amount"],
            &site["subscription_valid"],
            &site["time_zone"]
        ),
        (&json!(7), &json!(12), &json!(true), &json!("Europe/Berlin"))
    );
    assert_eq!(site["installation_state"], json!("released"));
    assert_eq!((&site["country_code"], &site["site_uid"]), (&json!("DE"), &json!("SIM001")));
    for field in ["active_iq_amount", "pin_enabled", "mkey_compatible", "store_events_ttl"] {
        assert!(!site[field].is_null(), "{field}");
    }
}

/// [M]
#[tokio::test]
async fn s2_5_the_subscription_shows_its_features() {
    let sim = sim(&[]).await;
    let subscription = sim.s("GET", "/subscription", NOTHING).await.is(200);
    assert_eq!(subscription["user_amount"], json!(12));
    assert!(subscription["type"].is_string());
    assert!(subscription["features"].as_array().unwrap().contains(&json!("events_streaming")));
}

/// [M]
#[tokio::test]
async fn s2_5_v2_permissions_are_403_for_a_custom_role() {
    let sim = sim(&[]).await;
    let custom = sim.log_in("custom@sim.example").await;
    for path in ["me/permissions", "me/roles", "roles", "permissions"] {
        let path = format!("/v2/sites/{SITE}/{path}");
        assert_eq!(sim.call_as(&custom, "GET", &path, None).await.status, 403);
        assert_eq!(sim.get(&path).await.status, 200);
    }
    assert_eq!(sim.call_as(&custom, "GET", &format!("/v1.2/sites/{SITE}/users"), None).await.status, 200);
}

/// [V]
#[tokio::test]
async fn s2_5_a_new_site_is_not_released_and_has_no_seat() {
    let sim = sim(&[]).await;
    let body = json!({ "customer_reference": "New", "country_code": "DE", "time_zone": "Europe/Berlin" });
    let made = sim.call("POST", "/v1.1/sites", Some(body)).await.is(200);
    let users = format!("/v1.2/sites/{}/users", text(&made["id"]));
    sim.get(&users).await.error(400, "2210");
}

/// [I]
#[tokio::test]
async fn s2_5_an_administrator_role_can_be_withdrawn() {
    let sim = sim(&[]).await;
    let order =
        json!({ "action": "set_user", "user": "admin@sim.example", "set": { "roles": ["site_user"] } });
    sim.edit(order).await;
    sim.s("GET", "/users", NOTHING).await.error(403, "2203");
    assert_eq!(sim.s("GET", "/me", NOTHING).await.json["roles"][0]["code"], json!("site_user"));
    assert_eq!(sim.get(&format!("/v1.2/sites/{MILL}/me")).await.status, 200);
}
