//! 2.7: access groups, time schedules.

use serde_json::{Value, json};

use crate::harness::{NOTHING, Sim, always, sim, text};

async fn schedule(sim: &Sim, group: &str, body: Value) -> crate::harness::Got {
    sim.s1("POST", &format!("/access_groups/{group}/time_schedules"), body).await
}

/// [M]
#[tokio::test]
async fn s2_7_a_group_is_id_and_customer_reference() {
    let sim = sim(&[]).await;
    let made = sim.s("POST", "/access_groups", json!({ "customer_reference": "Desks" })).await.is(200);
    assert_eq!(made.as_object().unwrap().len(), 2);
    assert_eq!(made["customer_reference"], json!("Desks"));
    assert_eq!(sim.group("Desks").await, text(&made["id"]));
}

/// [C]
#[tokio::test]
async fn s2_7_a_deleted_group_no_longer_exists() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    sim.s("DELETE", &format!("/access_groups/{group}"), NOTHING).await.is(204);
    sim.s("DELETE", &format!("/access_groups/{group}"), NOTHING).await.error(404, "2202");
}

/// [M]
#[tokio::test]
async fn s2_7_a_groups_users_are_platform_users() {
    let sim = sim(&[]).await;
    let group = sim.group("Coworking").await;
    let users = sim.s("GET", &format!("/access_groups/{group}/users"), NOTHING).await.items();
    assert_eq!(users[0]["email"], json!("zoe@acme.example"));
    assert!(users[0].get("roles").is_none() && users[0].get("alias").is_none());
}

/// [V]
#[tokio::test]
async fn s2_7_members_are_added_one_by_one_and_in_bulk_and_removed() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    let path = format!("/access_groups/{group}/users");
    let ((_, a), (_, b)) = (sim.user("Cleaner").await, sim.user("Tess Tenant").await);
    let ids = async || -> Vec<String> {
        sim.s("GET", &path, NOTHING).await.items().iter().map(|user| text(&user["id"])).collect()
    };
    sim.s("POST", &path, json!({ "user_id": a })).await.is(200);
    sim.s("PATCH", &path, json!({ "add_ids": [b], "remove_ids": [a] })).await.ok();
    assert_eq!(ids().await, [b.as_str()]);
    sim.s("PATCH", &path, json!({ "add_ids": [a] })).await.ok();
    sim.s("DELETE", &format!("{path}/{b}"), NOTHING).await.ok();
    assert_eq!(ids().await, [a.as_str()]);
}

/// [I]
#[tokio::test]
async fn s2_7_a_bulk_change_with_a_wrong_id_changes_nothing() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    let path = format!("/access_groups/{group}/users");
    let (su, pu) = sim.user("Cleaner").await;
    sim.s("PATCH", &path, json!({ "add_ids": [pu, su] })).await.error(404, "2202");
    assert!(sim.s("GET", &path, NOTHING).await.items().is_empty());
    sim.s("PATCH", &path, json!({})).await.error(400, "1100");
}

/// [V]
#[tokio::test]
async fn s2_7_locks_of_a_group_are_listed_added_and_removed() {
    let sim = sim(&[]).await;
    let (group, lock, other) =
        (sim.group("Empty").await, sim.lock("Studio").await, sim.lock("Meeting room").await);
    let path = format!("/access_groups/{group}/locks");
    let names = async || -> Vec<String> {
        let items = sim.s("GET", &path, NOTHING).await.items();
        items.iter().map(|lock| text(&lock["customer_reference"])).collect()
    };
    sim.s("POST", &path, json!({ "lock_id": lock })).await.is(200);
    sim.s("PATCH", &path, json!({ "add_ids": [other], "remove_ids": [lock] })).await.ok();
    assert_eq!(names().await, ["Meeting room"]);
    sim.s("DELETE", &format!("{path}/{other}"), NOTHING).await.ok();
    assert!(names().await.is_empty());
    sim.s("POST", &path, json!({ "lock_id": group })).await.error(404, "2202");
}

/// [V]
#[tokio::test]
async fn s2_7_a_schedule_has_days_a_window_and_a_validity() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    let mut body = always();
    body["start_date"] = json!("2026-09-01T15:00:00");
    body["end_date"] = json!("2026-09-03T11:00:00");
    body["start_time"] = json!("00:00:00");
    body["end_time"] = json!("23:59:59");
    let made = schedule(&sim, &group, body).await.is(200);
    assert!(made["id"].is_string());
    let path = format!("/access_groups/{group}/time_schedules");
    let read = sim.s1("GET", &format!("{path}/{}", text(&made["id"])), NOTHING).await.is(200);
    assert_eq!(read, made);
    assert_eq!((&read["monday"], &read["sunday"]), (&json!(true), &json!(true)));
    assert_eq!(
        (&read["start_date"], &read["end_date"]),
        (&json!("2026-09-01T15:00:00"), &json!("2026-09-03T11:00:00"))
    );
    assert_eq!(sim.s1("GET", &path, NOTHING).await.items(), [read]);
}

/// [M]
#[tokio::test]
async fn s2_7_an_end_of_18_00_reads_back_18_00_59() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    let mut body = always();
    body["start_time"] = json!("08:00");
    body["end_time"] = json!("18:00");
    let made = schedule(&sim, &group, body).await.is(200);
    assert_eq!((&made["start_time"], &made["end_time"]), (&json!("08:00:00"), &json!("18:00:59")));
}

/// [M]
#[tokio::test]
async fn s2_7_no_weekday_and_an_end_before_the_start_are_1101() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    let never = schedule(&sim, &group, json!({ "start_time": "00:00", "end_time": "23:59" })).await;
    assert_eq!(never.error(400, "1101").json["Message"], json!("At least one day should be selected"));
    for (field, value) in [
        ("start_time", json!("23:59:59")),
        ("end_time", json!("00:00:00")),
        ("end_time", json!("25:00")),
        ("start_time", json!("8 am")),
        ("start_date", json!("2027-01-01")),
        ("start_date", json!("tomorrow")),
    ] {
        let mut body = always();
        body["end_date"] = json!("2026-12-31");
        body["end_time"] = json!("23:59:59");
        body[field] = value;
        schedule(&sim, &group, body).await.error(400, "1101");
    }
    schedule(&sim, &group, json!({ "monday": true })).await.error(400, "1100");
}

/// [C]
#[tokio::test]
async fn s2_7_a_schedule_is_patched_in_place_and_deleted() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    let made = schedule(&sim, &group, always()).await.is(200);
    let path = format!("/access_groups/{group}/time_schedules/{}", text(&made["id"]));
    let read = sim.s1("PATCH", &path, json!({ "sunday": false, "end_date": "2026-12-31" })).await.is(200);
    assert_eq!(
        (&read["id"], &read["sunday"], &read["monday"], &read["end_date"]),
        (&made["id"], &json!(false), &json!(true), &json!("2026-12-31"))
    );
    sim.s1("PATCH", &path, json!({ "end_time": "00:00:00" })).await.error(400, "1101");
    sim.s1("DELETE", &path, NOTHING).await.is(204);
    sim.s1("GET", &path, NOTHING).await.error(404, "2202");
}

/// [M]
#[tokio::test]
async fn s2_7_a_group_without_a_schedule_opens_nothing_until_it_has_one() {
    let sim = sim(&[]).await;
    assert_eq!(sim.door("zoe@acme.example", "Studio").await, (false, "no_access".to_owned()));
    let group = sim.group("No schedule").await;
    schedule(&sim, &group, always()).await.is(200);
    assert!(sim.door("zoe@acme.example", "Studio").await.0);
}

/// [I]
#[tokio::test]
async fn s2_7_a_group_needs_members_and_locks_too() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    schedule(&sim, &group, always()).await.is(200);
    assert!(!sim.door("Cleaner", "Studio").await.0);
    let (_, pu) = sim.user("Cleaner").await;
    sim.s("POST", &format!("/access_groups/{group}/users"), json!({ "user_id": pu })).await.is(200);
    assert!(!sim.door("Cleaner", "Studio").await.0);
    let lock = sim.lock("Studio").await;
    sim.s("POST", &format!("/access_groups/{group}/locks"), json!({ "lock_id": lock })).await.is(200);
    assert!(sim.door("Cleaner", "Studio").await.0);
}

/// [V]
#[tokio::test]
async fn s2_7_windows_are_by_the_clock_of_the_site() {
    let sim = sim(&[]).await;
    let at = async |instant: &str| sim.door_at("Cleaner", "Main entrance", Some(instant)).await.0;
    assert!(at("2026-09-01T06:00:00Z").await, "08:00 in Berlin in summer");
    assert!(!at("2026-09-01T05:59:59Z").await);
    assert!(at("2026-09-01T16:00:59Z").await, "the last second of 18:00:59");
    assert!(!at("2026-09-01T16:01:00Z").await);
    assert!(!at("2026-12-01T06:30:00Z").await, "07:30 in winter");
    assert!(!at("2026-09-05T08:00:00Z").await, "Saturday");
}

/// [V]
#[tokio::test]
async fn s2_7_a_group_opens_by_any_of_its_schedules() {
    let sim = sim(&[]).await;
    let group = sim.group("Office hours").await;
    let body = json!({ "saturday": true, "start_time": "10:00", "end_time": "12:00" });
    schedule(&sim, &group, body).await.is(200);
    assert!(sim.door_at("Cleaner", "Main entrance", Some("2026-09-05T08:30:00Z")).await.0);
    assert!(sim.door_at("Cleaner", "Main entrance", Some("2026-09-01T08:30:00Z")).await.0);
}

/// [V]
#[tokio::test]
async fn s2_7_dates_are_whole_days_and_instants_are_check_in_and_check_out() {
    let sim = sim(&[]).await;
    let group = sim.group("No schedule").await;
    let mut days = always();
    days["start_date"] = json!("2026-09-02");
    days["end_date"] = json!("2026-09-03");
    let made = schedule(&sim, &group, days).await.is(200);
    let at = async |instant: &str| sim.door_at("zoe@acme.example", "Studio", Some(instant)).await.0;
    assert!(!at("2026-09-01T21:59:00Z").await);
    assert!(at("2026-09-01T22:00:00Z").await, "midnight in Berlin");
    assert!(at("2026-09-03T21:59:00Z").await);
    assert!(!at("2026-09-03T22:00:00Z").await);
    let path = format!("/access_groups/{group}/time_schedules/{}", text(&made["id"]));
    let body = json!({ "start_date": "2026-09-02T15:00:00", "end_date": "2026-09-03T11:00:00" });
    sim.s1("PATCH", &path, body).await.is(200);
    assert!(!at("2026-09-02T12:59:59Z").await);
    assert!(at("2026-09-02T13:00:00Z").await);
    assert!(at("2026-09-03T08:59:59Z").await);
    assert!(!at("2026-09-03T09:00:00Z").await);
}
