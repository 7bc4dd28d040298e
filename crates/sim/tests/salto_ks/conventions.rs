//! 2.3: versions, ids, dates, success codes, errors.

use serde_json::json;

use crate::harness::{MILL, NOTHING, SITE, TOWER, sim, text};

/// [C]
#[tokio::test]
async fn s2_3_v1_2_resources_are_served_on_v1_1_too() {
    let sim = sim(&[]).await;
    for path in ["/users", "/access_groups", "/locks", "/roles", "/iqs", "/me", "/subscription"] {
        assert_eq!(sim.s("GET", path, NOTHING).await.status, 200, "{path}");
        assert_eq!(sim.s1("GET", path, NOTHING).await.status, 200, "{path}");
    }
}

/// [M]
#[tokio::test]
async fn s2_3_entries_on_v1_2_are_405() {
    let sim = sim(&[]).await;
    assert_eq!(sim.s("GET", "/entries", NOTHING).await.status, 405);
    assert_eq!(sim.s1("GET", "/entries", NOTHING).await.status, 200);
}

/// [I]
#[tokio::test]
async fn s2_3_resources_of_v1_1_are_405_on_v1_2() {
    let sim = sim(&[]).await;
    let group = sim.group("Coworking").await;
    let path = format!("/access_groups/{group}/time_schedules");
    assert_eq!(sim.s("GET", &path, NOTHING).await.status, 405);
    assert_eq!(sim.s1("GET", &path, NOTHING).await.status, 200);
    assert_eq!(sim.get("/v1.2/users/search?search_for=x&for_site_id=y").await.status, 405);
    assert_eq!(sim.s("POST", "/users/existing", json!({})).await.status, 405);
}

/// [M]
#[tokio::test]
async fn s2_3_ids_are_lower_case_uuids_and_labels_are_customer_references() {
    let sim = sim(&[]).await;
    for path in ["/access_groups", "/locks", "/iqs", "/roles"] {
        for item in sim.s("GET", path, NOTHING).await.items() {
            let id = text(&item["id"]);
            assert!(id.len() == 36 && id == id.to_lowercase(), "{id}");
            assert!(item["customer_reference"].is_string() && item.get("name").is_none());
        }
    }
}

/// [M]
#[tokio::test]
async fn s2_3_the_readable_site_uid_in_the_path_is_400_1100() {
    let sim = sim(&[]).await;
    sim.get("/v1.2/sites/SIM001/users").await.error(400, "1100");
    sim.get("/v1.2/sites/SIM001").await.error(400, "1100");
}

/// [M]
#[tokio::test]
async fn s2_3_the_wrong_one_of_the_two_ids_is_404_2202_user_not_found() {
    let sim = sim(&[]).await;
    let (su, pu) = sim.user("Cleaner").await;
    let group = sim.group("Coworking").await;
    let users = format!("/access_groups/{group}/users");
    let got = sim.s("POST", &users, json!({ "user_id": su })).await;
    assert_eq!((got.status, got.text.as_str()), (404, r#"{"ErrorCode":"2202","Message":"User not found"}"#));
    sim.s("PATCH", &users, json!({ "add_ids": [su], "remove_ids": [] })).await.error(404, "2202");
    sim.s("POST", &users, json!({ "user_id": pu })).await.is(200);
    for (method, path, body) in [
        ("GET", format!("/users/{pu}"), NOTHING),
        ("PATCH", format!("/users/{pu}"), json!({ "blocked": true })),
        ("DELETE", format!("/users/{pu}"), NOTHING),
        ("PATCH", format!("/users/{pu}/subscription"), json!({ "state": "suspended" })),
        ("PUT", format!("/users/{pu}/pin"), json!({})),
        ("GET", format!("/users/{pu}/keys"), NOTHING),
        ("GET", format!("/users/{pu}/activated_iqs"), NOTHING),
    ] {
        sim.s(method, &path, body).await.error(404, "2202");
    }
    sim.s1("POST", "/users/existing", json!({ "id": su, "role_ids": [sim.role("site_user").await] }))
        .await
        .error(404, "2202");
}

/// [M]
#[tokio::test]
async fn s2_3_groups_entries_search_and_me_use_platform_ids() {
    let sim = sim(&[]).await;
    let (su, pu) = sim.user("Ada Admin").await;
    assert_eq!(sim.get("/v1.2/me").await.json["id"], json!(pu));
    assert_eq!(sim.s("GET", "/me", NOTHING).await.json["id"], json!(su));
    let search = format!("/v1.1/users/search?search_for=admin@sim.example&for_site_id={SITE}");
    assert_eq!(sim.get(&search).await.json["id"], json!(pu));
    let group = sim.group("Coworking").await;
    let (_, zoe) = sim.user("Zoë O''Brien").await;
    let members = sim.s("GET", &format!("/access_groups/{group}/users"), NOTHING).await.items();
    assert_eq!(members[0]["id"], json!(zoe));
}

/// [M]
#[tokio::test]
async fn s2_3_instants_are_utc_with_z() {
    let sim = sim(&[]).await;
    let body = json!({ "alias": "Guest", "expires_at": "2026-09-01T20:00:00+02:00" });
    let made = sim.s("POST", "/guests", body).await.is(201);
    assert_eq!(made["expires_at"], json!("2026-09-01T18:00:00Z"));
}

/// [M]
#[tokio::test]
async fn s2_3_durations_are_net_text() {
    let sim = sim(&[]).await;
    assert_eq!(sim.s("GET", "", NOTHING).await.json["store_events_ttl"], json!("90.00:00:00"));
}

/// [M]
#[tokio::test]
async fn s2_3_success_codes_are_the_measured_ones() {
    let sim = sim(&[]).await;
    let (su, pu) = sim.user("Cleaner").await;
    assert_eq!(sim.s("PATCH", &format!("/users/{su}"), json!({ "use_pin": true })).await.status, 200);
    assert_eq!(sim.s("POST", "/access_groups", json!({ "customer_reference": "X" })).await.status, 200);
    let guest = json!({ "alias": "Visitor 123", "expires_at": "2026-09-01T18:00:00Z" });
    assert_eq!(sim.s("POST", "/guests", guest).await.status, 201);
    let group = sim.group("Office hours").await;
    assert_eq!(sim.s("DELETE", &format!("/access_groups/{group}/users/{pu}"), NOTHING).await.status, 204);
    assert_eq!(sim.s("DELETE", &format!("/access_groups/{group}"), NOTHING).await.status, 204);
    let state = json!({ "state": "suspended" });
    assert_eq!(sim.s("PATCH", &format!("/users/{su}/subscription"), state).await.status, 204);
    assert_eq!(sim.s("DELETE", &format!("/users/{su}"), NOTHING).await.status, 202);
}

/// [M]
#[tokio::test]
async fn s2_3_errors_of_v1_are_pascal_case_with_a_string_code() {
    let sim = sim(&[]).await;
    let got = sim.s("GET", "/users/00000000-0000-4000-8000-000000000000", NOTHING).await;
    assert_eq!((got.status, got.text.as_str()), (404, r#"{"ErrorCode":"2202","Message":"User not found"}"#));
}

/// [M]
#[tokio::test]
async fn s2_3_errors_of_v2_are_rfc_7807() {
    let sim = sim(&[]).await;
    let custom = sim.log_in("custom@sim.example").await;
    let got = sim.call_as(&custom, "GET", &format!("/v2/sites/{SITE}/roles"), None).await;
    assert_eq!(got.status, 403);
    assert_eq!(got.json["type"], json!("https://httpstatuses.io/403"));
    assert_eq!((&got.json["title"], &got.json["status"]), (&json!("Forbidden"), &json!(403)));
    assert!(got.json["traceId"].is_string());
    assert!(got.json["ErrorCode"].is_null());
}

/// [M]
#[tokio::test]
async fn s2_3_a_missing_or_garbled_field_is_1100_and_a_bad_value_1101() {
    let sim = sim(&[]).await;
    sim.s("POST", "/users", json!({ "last_name": "B", "role_ids": [] })).await.error(400, "1100");
    sim.s("POST", "/access_groups", json!({})).await.error(400, "1100");
    sim.s("POST", "/access_groups", json!({ "customer_reference": 7 })).await.error(400, "1100");
    sim.s("POST", "/access_groups", json!([])).await.error(400, "1100");
    sim.s("GET", "/users/not-an-id", NOTHING).await.error(400, "1100");
    let role = sim.role("site_user").await;
    let body = json!({ "first_name": "A", "last_name": "B", "role_ids": [role], "email": "" });
    sim.s("POST", "/users", body).await.error(400, "1101");
}

/// [I]
#[tokio::test]
async fn s2_3_2203_for_objects_that_the_caller_may_not_change() {
    let sim = sim(&[]).await;
    sim.get(&format!("/v1.2/sites/{MILL}/users")).await.error(403, "2203");
    sim.get(&format!("/v1.2/sites/{TOWER}")).await.error(403, "2203");
    sim.get("/v1.2/sites/00000000-0000-4000-8000-000000000000").await.error(404, "2202");
}

/// [V]
#[tokio::test]
async fn s2_3_an_unreleased_site_is_400_2210_and_one_without_subscription_403_2212() {
    let sim = sim(&[]).await;
    sim.edit(json!({ "action": "set_site", "released": false })).await;
    sim.s("GET", "/users", NOTHING).await.error(400, "2210");
    assert_eq!(sim.s("GET", "", NOTHING).await.json["installation_state"], json!("not_released"));
    sim.edit(json!({ "action": "set_site", "released": true, "subscription_valid": false })).await;
    sim.s("POST", "/access_groups", json!({ "customer_reference": "X" })).await.error(403, "2212");
    assert_eq!(sim.s("GET", "", NOTHING).await.json["subscription_valid"], json!(false));
}

/// [V]
#[tokio::test]
async fn s2_3_every_code_of_the_table_can_be_injected() {
    let sim = sim(&[]).await;
    let codes = [
        (1100, 400),
        (1101, 400),
        (1102, 400),
        (1500, 401),
        (1501, 400),
        (2201, 500),
        (2202, 404),
        (2203, 403),
        (2204, 400),
        (2209, 400),
        (2210, 400),
        (2211, 200),
        (2212, 403),
        (2213, 400),
        (2220, 403),
        (2222, 400),
        (2223, 400),
        (3101, 500),
        (3104, 404),
    ];
    for (code, status) in codes {
        sim.fault(json!({ "kind": "error", "code": code, "operation": "users.list" })).await;
        sim.s("GET", "/users", NOTHING).await.error(status, &code.to_string());
    }
    sim.fault(json!({ "kind": "fail", "text": "otp_invalid" })).await;
    assert_eq!(
        sim.s("GET", "/users", NOTHING).await.error(400, "3102").json["Message"],
        json!("otp_invalid")
    );
}

/// [I]
#[tokio::test]
async fn s2_3_unknown_paths_are_404_and_wrong_methods_405() {
    let sim = sim(&[]).await;
    assert_eq!(sim.get("/v1.2/collections").await.status, 404);
    assert_eq!(sim.get("/v9/sites").await.status, 404);
    assert_eq!(sim.s("PUT", "/users", json!({})).await.status, 405);
}
