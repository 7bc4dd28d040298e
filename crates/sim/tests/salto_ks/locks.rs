//! 2.10 and 2.12: locks, IQs, remote opening, pods.

use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::harness::{MILL, NOTHING, SITE, Sim, sim, text};

/// [M]
#[tokio::test]
async fn s2_10_a_lock_has_the_documented_fields_and_no_site_id() {
    let sim = sim(&[]).await;
    let id = sim.lock("Main entrance").await;
    let lock = sim.s("GET", &format!("/locks/{id}"), NOTHING).await.is(200);
    for field in [
        "id",
        "customer_reference",
        "mac",
        "floor",
        "locked_state",
        "lock_type",
        "online",
        "iq_link_state",
        "tag_registration_state",
        "battery_level",
        "left_open_alarm",
        "intrusion_alarm",
        "easy_office_mode_schedule",
        "iq",
        "repeater",
        "privacy_mode",
        "communication_type",
        "vendor",
        "offline_access_keys_limit",
        "offline_access_keys_count",
    ] {
        assert!(lock.get(field).is_some(), "{field}");
    }
    assert_eq!(lock["locked_state"], json!("locked"));
    for field in ["id", "customer_reference", "mac_address", "is_online", "revision", "otp_enabled"] {
        assert!(lock["iq"].get(field).is_some(), "{field}");
    }
    assert!(!lock.to_string().contains(SITE));
}

/// [M]
#[tokio::test]
async fn s2_10_an_iq_has_the_documented_fields_and_its_own_zone() {
    let sim = sim(&[]).await;
    let id = sim.iq("Roof IQ").await;
    let iq = sim.s("GET", &format!("/iqs/{id}"), NOTHING).await.is(200);
    for field in [
        "id",
        "customer_reference",
        "time_zone",
        "mac",
        "operator",
        "state",
        "restore_required",
        "reset_date",
        "online",
        "led_enabled",
        "data_sync_state",
        "signal_strength",
        "revision",
        "otp_enabled",
    ] {
        assert!(iq.get(field).is_some(), "{field}");
    }
    assert_eq!((&iq["otp_enabled"], &iq["time_zone"]), (&json!(true), &json!("Europe/Berlin")));
    assert_eq!(
        (&iq["online"], &iq["data_sync_state"]),
        (&json!(true), &json!("not_synced")),
        "it is ordinary"
    );
    sim.s("POST", &format!("/iqs/{id}/restore"), NOTHING).await.ok();
}

pub async fn open(sim: &Sim, lock: &str, otp: Option<&str>) -> crate::harness::Got {
    let lock = sim.lock(lock).await;
    let mut body = json!({ "locked_state": "unlocked" });
    if let Some(otp) = otp {
        body["otp"] = json!(otp);
    }
    sim.s("PATCH", &format!("/locks/{lock}/locking"), body).await
}

/// [M]
#[tokio::test]
async fn s2_10_remote_opening_is_200_and_leaves_an_entry() {
    let sim = sim(&[]).await;
    open(&sim, "Main entrance", None).await.is(200);
    let entries = sim.s1("GET", "/entries", NOTHING).await.items();
    assert_eq!(
        (&entries[0]["event_category"], &entries[0]["access_by"]),
        (&json!("lock_opened"), &json!("remote"))
    );
    let lock = sim.lock("Main entrance").await;
    let lock = sim.s("GET", &format!("/locks/{lock}"), NOTHING).await;
    assert_eq!(lock.json["locked_state"], json!("locked"), "it relocks itself");
}

/// [M]
#[tokio::test]
async fn s2_10_a_user_without_remote_access_is_forbidden_and_an_offline_iq_is_3101() {
    let sim = sim(&[]).await;
    let lock = sim.lock("Main entrance").await;
    let path = format!("/v1.2/sites/{SITE}/locks/{lock}/locking");
    let custom = sim.log_in("custom@sim.example").await;
    let body = json!({ "locked_state": "unlocked" });
    let got = sim.call_as(&custom, "PATCH", &path, Some(body)).await;
    assert_eq!(
        got.error(403, "3102").json["Message"],
        json!("Request execution failed with code: command_forbidden")
    );
    sim.edit(json!({ "action": "set_iq", "iq": "Basement IQ", "online": false })).await;
    open(&sim, "Main entrance", None).await.error(500, "3101");
}

pub fn otp(at: &str, secret: &str, pin: &str) -> String {
    let sum = Md5::digest(format!("{at}{secret}{pin}").as_bytes());
    let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..5].to_owned()
}

/// Reads secret and PIN, each of which is answered once.
pub async fn keys(sim: &Sim) -> (String, String, String) {
    let iq = sim.iq("Roof IQ").await;
    let secret = text(&sim.s("GET", &format!("/iqs/{iq}/secret"), NOTHING).await.is(200)["secret"]);
    sim.s("GET", &format!("/iqs/{iq}/pin?send_email=true"), NOTHING).await.is(204);
    let mails = sim.outbox().await;
    let mail: &Value = mails.iter().find(|mail| mail["kind"] == "iq_pin").unwrap();
    assert_eq!(mail["to"], json!("admin@sim.example"));
    let pin: String = text(&mail["text"]).chars().filter(char::is_ascii_digit).collect();
    (iq, secret, pin)
}

/// [M]
#[tokio::test]
async fn s2_10_activation_and_an_otp_that_is_valid_for_three_minutes() {
    let sim = sim(&[]).await;
    let (iq, secret, pin) = keys(&sim).await;
    let now = otp("20260901080000", &secret, &pin);
    open(&sim, "Studio", None).await.error(404, "2202");
    let early = open(&sim, "Studio", Some(&now)).await;
    assert_eq!(
        early.error(400, "3102").json["Message"],
        json!("Request execution failed with code: pin_not_changed")
    );
    sim.s("PUT", &format!("/iqs/{iq}/pin"), json!({ "otp": now, "delta": "0000" })).await.is(204);
    open(&sim, "Studio", Some(&now)).await.is(200);
    sim.advance("PT3M").await;
    open(&sim, "Studio", Some(&now)).await.is(200);
    sim.advance("PT1S").await;
    let got = open(&sim, "Studio", Some(&now)).await;
    assert_eq!(
        got.error(400, "3102").json["Message"],
        json!("Request execution failed with code: otp_invalid")
    );
    let (su, _) = sim.user("Ada Admin").await;
    let activated = sim.s("GET", &format!("/users/{su}/activated_iqs"), NOTHING).await.items();
    assert_eq!(activated, [json!({ "id": iq, "customer_reference": "Roof IQ", "otp_enabled": true })]);
}

/// [M]
#[tokio::test]
async fn s2_10_secret_and_pin_are_never_readable_again() {
    let sim = sim(&[]).await;
    let (iq, ..) = keys(&sim).await;
    sim.s("GET", &format!("/iqs/{iq}/secret"), NOTHING).await.error(403, "2203");
    let pin = sim.s("GET", &format!("/iqs/{iq}/pin?send_email=true"), NOTHING).await;
    assert_eq!(
        pin.error(403, "3102").json["Message"],
        json!("Request execution failed with code: command_forbidden")
    );
}

/// [M]
#[tokio::test]
async fn s2_10_wrong_otps_block() {
    let sim = sim(&[]).await;
    let (iq, secret, pin) = keys(&sim).await;
    let now = otp("20260901080000", &secret, &pin);
    sim.s("PUT", &format!("/iqs/{iq}/pin"), json!({ "otp": now, "delta": "0000" })).await.is(204);
    for _ in 0..3 {
        open(&sim, "Studio", Some("zzzzz")).await.error(400, "3102");
    }
    let got = open(&sim, "Studio", Some(&now)).await;
    assert_eq!(
        got.error(403, "3102").json["Message"],
        json!("Request execution failed with code: otp_blocked")
    );
}

/// [M]
#[tokio::test]
async fn s2_10_a_block_ends_by_itself() {
    let sim = sim(&[("otp.block-seconds", "600")]).await;
    let (iq, secret, pin) = keys(&sim).await;
    let put = async |otp: String| {
        sim.s("PUT", &format!("/iqs/{iq}/pin"), json!({ "otp": otp, "delta": "0000" })).await
    };
    for _ in 0..3 {
        put("zzzzz".to_owned()).await.error(400, "3102");
    }
    sim.advance("PT9M").await;
    put(otp("20260901080900", &secret, &pin)).await.error(403, "3102");
    sim.advance("PT1M").await;
    put("zzzzz".to_owned()).await.error(400, "3102");
    put(otp("20260901081000", &secret, &pin)).await.is(204);
}

/// [I]
#[tokio::test]
async fn s2_10_administrators_and_mobile_users_may_open_remotely() {
    let sim = sim(&[]).await;
    let (user, mobile) = (sim.role("site_user").await, sim.role("site_mobile_user").await);
    let made = async |roles: Value| {
        let body = json!({ "first_name": "A", "last_name": "B", "role_ids": roles });
        sim.s("POST", "/users", body).await.is(200)["remote_access"].clone()
    };
    assert_eq!(made(json!([user])).await, json!(false));
    assert_eq!(made(json!([user, mobile])).await, json!(true));
    let stranger = sim.log_in("stranger@mill.example").await;
    let me = sim.call_as(&stranger, "GET", &format!("/v1.2/sites/{MILL}/me"), None).await.is(200);
    assert_eq!((&me["roles"][0]["code"], &me["remote_access"]), (&json!("site_admin"), &json!(true)));
}

/// [V]
#[tokio::test]
async fn s2_12_a_pod_member_is_2220_to_normal_calls() {
    let sim = sim(&[]).await;
    let (su, pu) = sim.user("Poddy").await;
    sim.s("PATCH", &format!("/users/{su}"), json!({ "blocked": true })).await.error(403, "2220");
    sim.s("DELETE", &format!("/users/{su}"), NOTHING).await.error(403, "2220");
    let group = sim.group("Coworking").await;
    sim.s("POST", &format!("/access_groups/{group}/users"), json!({ "user_id": pu }))
        .await
        .error(403, "2220");
}

/// [V]
#[tokio::test]
async fn s2_12_pod_members_are_added_and_removed_by_pod_calls() {
    let sim = sim(&[]).await;
    let state = sim.look("state?site=SIM001").await;
    let pod = text(&state["sites"][0]["pods"][0]["id"]);
    let (su, _) = sim.user("Poddy").await;
    let path = format!("/pods/{pod}/members");
    let add = json!([{ "first_name": "P", "last_name": "Q", "email": "pq@example.org" }]);
    sim.s1("PATCH", &path, json!({ "add_members": add, "remove_member_ids": [su] })).await.is(200);
    sim.s("GET", &format!("/users/{su}"), NOTHING).await.error(404, "2202");
    let found = sim.s("GET", "/users?$filter=user/email eq 'pq@example.org'", NOTHING).await.items();
    assert_eq!(found[0]["roles"][0]["code"], json!("site_pod_member"));
    sim.s("PATCH", &path, json!({})).await.is(405);
}

/// [V]
#[tokio::test]
async fn s2_12_only_pod_members_make_pod_guests() {
    let sim = sim(&[]).await;
    let body = json!({ "first_name": "G", "last_name": "H" });
    sim.call("POST", "/v1.1/pods/guests", Some(body)).await.error(403, "2203");
}
