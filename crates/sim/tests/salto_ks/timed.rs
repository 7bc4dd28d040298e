//! 2.4 and 2.8: limits, consistency, timed access.

use serde_json::json;

use crate::harness::{NOTHING, always, sim, text};

/// [C]
#[tokio::test]
async fn s2_4_429_comes_with_and_without_retry_after() {
    let sim = sim(&[]).await;
    sim.order("limits", json!({ "rate": 0.01, "burst": 1 })).await;
    assert_eq!(sim.get("/v1.2/me").await.status, 200);
    let got = sim.get("/v1.2/me").await;
    assert_eq!((got.status, got.headers.get("retry-after")), (429, None));
    sim.order("limits", json!({ "retry_after": 7 })).await;
    assert_eq!(sim.get("/v1.2/me").await.status, 200);
    assert_eq!(sim.get("/v1.2/me").await.headers["retry-after"], "7");
}

/// [C]
#[tokio::test]
async fn s2_4_bursts_of_503() {
    let sim = sim(&[]).await;
    sim.fault(json!({ "kind": "http", "status": 503, "times": 3 })).await;
    for status in [503, 503, 503, 200] {
        assert_eq!(sim.get("/v1.2/me").await.status, status);
    }
}

/// [M]
#[tokio::test]
async fn s2_4_one_guest_in_three_is_unusable_for_a_minute() {
    let sim = sim(&[("fresh.seconds", "60"), ("fresh.one-in", "3")]).await;
    let group = sim.group("Empty").await;
    let mut unusable = Vec::new();
    for number in 0..3 {
        let body = json!({ "alias": format!("V{number}"), "expires_at": "2026-09-02T00:00:00Z" });
        let made = sim.s("POST", "/guests", body).await.is(201);
        if made["roles"] == json!([]) {
            unusable.push(made);
        }
    }
    assert_eq!(unusable.len(), 1);
    let (su, pu) = (text(&unusable[0]["id"]), text(&unusable[0]["user"]["id"]));
    let add = format!("/access_groups/{group}/users");
    let early = sim.s("PUT", &format!("/users/{su}/pin"), json!({})).await;
    let message = "User does not have permission for this operation on this user";
    assert_eq!(early.error(403, "2203").json["Message"], json!(message));
    sim.s("POST", &add, json!({ "user_id": pu })).await.error(404, "2202");
    let patched = sim.s("PATCH", &format!("/users/{su}"), json!({ "use_pin": true })).await.is(200);
    assert_eq!(patched["roles"], json!([]));
    sim.advance("PT1M").await;
    sim.s("PUT", &format!("/users/{su}/pin"), json!({})).await.is(200);
    sim.s("POST", &add, json!({ "user_id": pu })).await.is(200);
    let read = sim.s("GET", &format!("/users/{su}"), NOTHING).await.is(200);
    assert_eq!(read["roles"][0]["code"], json!("site_guest"));
}

/// [M]
#[tokio::test]
async fn s2_4_new_members_and_first_schedules_reach_the_hardware_late() {
    let sim = sim(&[("hardware.member-seconds", "45"), ("hardware.schedule-seconds", "210")]).await;
    let (coworking, none) = (sim.group("Coworking").await, sim.group("No schedule").await);
    let (_, pu) = sim.user("Cleaner").await;
    sim.s("POST", &format!("/access_groups/{coworking}/users"), json!({ "user_id": pu })).await.is(200);
    sim.s1("POST", &format!("/access_groups/{none}/time_schedules"), always()).await.is(200);
    assert!(!sim.door("Cleaner", "Meeting room").await.0 && !sim.door("zoe@acme.example", "Studio").await.0);
    sim.advance("PT45S").await;
    assert!(sim.door("Cleaner", "Meeting room").await.0 && !sim.door("zoe@acme.example", "Studio").await.0);
    sim.advance("PT165S").await;
    assert!(sim.door("zoe@acme.example", "Studio").await.0);
}

/// [M]
#[tokio::test]
async fn s2_8_no_request_puts_dates_on_a_membership() {
    let sim = sim(&[]).await;
    let group = sim.group("Coworking").await;
    let (_, pu) = sim.user("Cleaner").await;
    let body = json!({ "user_id": pu, "start_date": "2027-01-01", "expires_at": "2027-01-01T00:00:00Z" });
    sim.s("POST", &format!("/access_groups/{group}/users"), body).await.is(200);
    assert!(sim.door("Cleaner", "Meeting room").await.0, "at once");
    assert!(sim.door_at("Cleaner", "Meeting room", Some("2030-01-01T00:00:00Z")).await.0, "and for ever");
}

/// [I]
#[tokio::test]
async fn s2_8_a_membership_opens_while_it_is_there() {
    let sim = sim(&[]).await;
    let group = sim.group("Coworking").await;
    let (_, pu) = sim.user("Cleaner").await;
    let path = format!("/access_groups/{group}/users");
    assert!(!sim.door("Cleaner", "Meeting room").await.0);
    sim.s("POST", &path, json!({ "user_id": pu })).await.is(200);
    assert!(sim.door("Cleaner", "Meeting room").await.0);
    sim.s("DELETE", &format!("{path}/{pu}"), NOTHING).await.ok();
    assert!(!sim.door("Cleaner", "Meeting room").await.0);
}

/// [M]
#[tokio::test]
async fn s2_8_a_pin_expires() {
    let sim = sim(&[]).await;
    let (su, _) = sim.user("Cleaner").await;
    sim.s("PATCH", &format!("/users/{su}"), json!({ "use_pin": true })).await.is(200);
    let body = json!({ "expiry_date": "2026-09-01T09:00:00Z" });
    let pin = text(&sim.s("PUT", &format!("/users/{su}/pin"), body).await.is(200));
    let keys = sim.s("GET", &format!("/users/{su}/keys"), NOTHING).await.items();
    assert_eq!(keys[0]["expiry_date"], json!("2026-09-01T09:00:00Z"));
    let open =
        async || sim.order("door", json!({ "pin": pin, "lock": "Main entrance" })).await["granted"].clone();
    assert_eq!(open().await, json!(true));
    sim.advance("PT1H").await;
    assert_eq!(open().await, json!(false));
}

/// [V]
#[tokio::test]
async fn s2_8_with_the_iq_offline_a_used_credential_may_still_open() {
    let sim = sim(&[]).await;
    sim.order("door", json!({ "user": "zoe@acme.example", "lock": "Main entrance" })).await;
    sim.edit(json!({ "action": "set_iq", "iq": "Basement IQ", "online": false })).await;
    let (su, _) = sim.user("Zoë O''Brien").await;
    let group = sim.group("Coworking").await;
    let (_, pu) = sim.user("Zoë O''Brien").await;
    sim.s("DELETE", &format!("/access_groups/{group}/users/{pu}"), NOTHING).await.ok();
    assert!(sim.door(&su, "Main entrance").await.0, "the lock does not know the change");
    assert_eq!(sim.door("Cleaner", "Main entrance").await, (false, "offline".to_owned()));
    sim.advance("P8D").await;
    assert_eq!(sim.door(&su, "Main entrance").await, (false, "offline".to_owned()));
}
