//! The addendum: the behaviour that clients in use show, A1 to A7.

use serde_json::{Value, json};

use crate::harness::{NOTHING, Sim, sim, text};
use crate::locks::{keys, open, otp};

/// The body of every create of a hotel client in production.
pub fn guest(role: &str) -> Value {
    json!({ "alias": "Roma Guest", "blocked": false, "first_name": "Roma", "last_name": "Guest",
            "override_privacy_mode": true, "role_ids": [role], "tag_id": "", "toggle_easy_office_mode": true,
            "toggle_manual_office_mode": true, "use_pin": true })
}

/// [C]
#[tokio::test]
async fn a1_an_empty_tag_id_is_no_tag_and_the_user_is_created() {
    let sim = sim(&[]).await;
    let made = sim.s("POST", "/users", guest(&sim.role("site_user").await)).await.is(200);
    assert!(made["user"]["tag_number"].is_null());
    assert_eq!(made["tag_owned_by_this_site"], json!(false));
    let pin = sim.s("PUT", &format!("/users/{}/pin", text(&made["id"])), json!({})).await;
    assert!(pin.is(200).is_string());
}

/// [I]
#[tokio::test]
async fn a1_an_empty_tag_id_in_a_patch_keeps_the_tag_and_an_empty_required_id_is_1100() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    let got = sim.s("PATCH", &format!("/users/{su}"), json!({ "tag_id": "" })).await.is(200);
    assert_eq!(got["user"]["tag_number"], json!("00000018"));
    let group = sim.group("Coworking").await;
    for (path, body) in [("users", json!({ "user_id": "" })), ("locks", json!({ "lock_id": "" }))] {
        sim.s("POST", &format!("/access_groups/{group}/{path}"), body).await.error(400, "1100");
    }
    let mut existing = guest(&sim.role("site_user").await);
    existing["id"] = json!("");
    sim.s1("POST", "/users/existing", existing).await.error(400, "1100");
}

/// [M]
#[tokio::test]
async fn a2_roles_have_the_measured_labels_and_site_user_has_the_super_user_as_its_parent() {
    let sim = sim(&[]).await;
    let labels = [
        ("site_admin", "Site Admin"),
        ("site_user", "Site User"),
        ("site_mobile_user", "Site Mobile User"),
        ("site_remote_office_mode_user", "Site Remote Office Mode User"),
        ("site_pod_member", "Site Pod Member"),
    ];
    for ids in ["own", "accept", "production"] {
        sim.switch("roles.ids", ids).await;
        let roles = sim.s("GET", "/roles", NOTHING).await.items();
        let role = |code: &str| roles.iter().find(|role| role["code"] == code).unwrap();
        for (code, label) in labels {
            assert_eq!(role(code)["customer_reference"], json!(label));
            let parent = if code == "site_user" { role("site_super_user")["id"].clone() } else { NOTHING };
            assert_eq!(role(code)["parent_id"], parent, "{code} with roles.ids {ids}");
        }
    }
    let (su, _) = sim.user("Cleaner").await;
    let user = sim.s("GET", &format!("/users/{su}"), NOTHING).await.is(200);
    assert_eq!(user["roles"][0]["customer_reference"], json!("Site User"));
    assert!(user["roles"][0]["parent_id"].is_string());
}

/// [M]
#[tokio::test]
async fn a3_the_ownership_state_of_a_non_owner_is_site_user() {
    let sim = sim(&[]).await;
    assert_eq!(sim.s("GET", "/me", NOTHING).await.is(200)["ownership_state"], json!("site_user"));
}

/// [M]
#[tokio::test]
async fn a4_a_lock_has_the_measured_words() {
    let sim = sim(&[]).await;
    let id = sim.lock("Main entrance").await;
    let lock = sim.s("GET", &format!("/locks/{id}"), NOTHING).await.is(200);
    for (field, word) in [
        ("iq_link_state", "attached"),
        ("tag_registration_state", "not_started"),
        ("lock_type", "escutcheon_pin"),
        ("communication_type", "blue_net"),
        ("locked_state", "locked"),
        ("battery_level", "fresh"),
    ] {
        assert_eq!(lock[field], json!(word), "{field}");
    }
    let vendor = lock["vendor"].as_object().unwrap();
    assert_eq!(vendor.keys().collect::<Vec<_>>(), ["display_name", "id", "reference"]);
    let schedule = &lock["easy_office_mode_schedule"];
    for field in ["eom_auto_start", "monday", "sunday", "start_time", "end_time", "start_date", "end_date"] {
        assert!(schedule.get(field).is_some(), "{field}");
    }
    assert_eq!((&schedule["monday"], &schedule["end_time"]), (&json!(true), &json!("23:59:59")));
}

/// [M]
#[tokio::test]
async fn a5_an_iq_is_active_with_revision_2_and_a_short_mac() {
    let sim = sim(&[]).await;
    sim.edit(json!({ "action": "set_iq", "iq": "Roof IQ", "online": false })).await;
    let id = sim.iq("Roof IQ").await;
    let iq = sim.s("GET", &format!("/iqs/{id}"), NOTHING).await.is(200);
    assert_eq!(
        (&iq["state"], &iq["online"], &iq["revision"]),
        (&json!("active"), &json!(false), &json!("2.0"))
    );
    let mac = text(&iq["mac"]);
    let parts: Vec<&str> = mac.split('.').collect();
    let byte = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(parts.len() == 3 && parts.iter().all(byte), "{mac}");
    let lock = sim.s("GET", &format!("/locks/{}", sim.lock("Studio").await), NOTHING).await.is(200);
    assert_eq!((&lock["iq"]["mac_address"], &lock["iq"]["revision"]), (&iq["mac"], &iq["revision"]));
}

/// [M]
#[tokio::test]
async fn a5_the_secret_has_16_characters_and_a_second_one_is_refused_with_its_message() {
    let sim = sim(&[]).await;
    let (iq, secret, pin) = keys(&sim).await;
    assert!(secret.len() == 16 && secret.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
    let now = otp("20260901080000", &secret, &pin);
    sim.s("PUT", &format!("/iqs/{iq}/pin"), json!({ "otp": now, "delta": "0000" })).await.is(204);
    let again = sim.s("GET", &format!("/iqs/{iq}/secret"), NOTHING).await;
    let message = "Cannot get first secret for an already activated Iq.";
    assert_eq!(again.error(403, "2203").json["Message"], json!(message));
}

/// [M]
#[tokio::test]
async fn a5_a_missing_otp_is_2202_at_the_door_and_1100_at_the_end_of_an_activation() {
    let sim = sim(&[]).await;
    let (iq, secret, pin) = keys(&sim).await;
    let none = open(&sim, "Studio", None).await;
    assert_eq!(none.error(404, "2202").json["Message"], json!("Otp is invalid"));
    let (su, pu) = sim.user("Ada Admin").await;
    for user in [&su, &pu] {
        let got = sim.s("DELETE", &format!("/iqs/{iq}/pin/{user}"), NOTHING).await;
        assert_eq!(got.error(400, "1100").json["Message"], json!("The otp field is required."));
    }
    let now = otp("20260901080000", &secret, &pin);
    let (_, stranger) = sim.user("Cleaner").await;
    sim.s("DELETE", &format!("/iqs/{iq}/pin/{stranger}"), json!({ "otp": now })).await.error(404, "3104");
    sim.s("DELETE", &format!("/iqs/{iq}/pin/{pu}"), json!({ "otp": now })).await.is(204);
    sim.s("GET", &format!("/iqs/{iq}/secret"), NOTHING).await.is(200);
}

/// [M]
#[tokio::test]
async fn a6_the_owner_is_a_platform_user_and_the_subscription_type_is_default() {
    let sim = sim(&[]).await;
    let site = sim.s("GET", "", NOTHING).await.is(200);
    let owner = site["owner"].as_object().unwrap();
    let fields = [
        "email",
        "first_name",
        "has_profile",
        "id",
        "image_url",
        "is_managed_by_current_site",
        "last_name",
        "tag_number",
    ];
    assert_eq!(owner.keys().collect::<Vec<_>>(), fields);
    assert_eq!((&owner["has_profile"], &owner["is_managed_by_current_site"]), (&json!(true), &json!(false)));
    assert_eq!(sim.s("GET", "/subscription", NOTHING).await.is(200)["type"], json!("default"));
}

async fn last_entry(sim: &Sim) -> Value {
    sim.s1("GET", "/entries?$orderby=utc_date_time desc&$top=1", NOTHING).await.items().remove(0)
}

/// [M]
#[tokio::test]
async fn a7_an_entry_by_tag_names_the_tag_and_its_ttl_is_constant() {
    let sim = sim(&[]).await;
    for (order, detail) in [
        (json!({ "user": "Cleaner", "lock": "Main entrance" }), json!("00000018")),
        (json!({ "user": "Cleaner", "lock": "Studio" }), json!("00000018")),
        (json!({ "user": "Cleaner", "lock": "Main entrance", "by": "inside_handle" }), NOTHING),
        (json!({ "pin": "000000#", "lock": "Main entrance" }), NOTHING),
    ] {
        sim.order("door", order.clone()).await;
        assert_eq!(last_entry(&sim).await["access_detail"], detail, "{order}");
        sim.advance("PT1M").await;
    }
    let entry = last_entry(&sim).await;
    assert_eq!(entry["ttl_in_seconds"], json!(7_776_000));
    assert_eq!(entry["expiration_date_time"], json!("2026-11-30T08:03:01.401Z"));
}
