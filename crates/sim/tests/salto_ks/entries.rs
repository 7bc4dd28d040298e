//! 2.11: entries and streaming.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Got, NOTHING, SITE, Sim, logged_in, sim, text};

const PATH: &str = "/entries?$orderby=utc_date_time desc";

async fn walks(sim: &Sim, count: usize) {
    for _ in 0..count {
        sim.order("door", json!({ "user": "zoe@acme.example", "lock": "Main entrance" })).await;
        sim.advance("PT1M").await;
    }
}

async fn entries(sim: &Sim, query: &str, token: Option<&str>) -> Got {
    let url = format!("{}/v1.1/sites/{SITE}{query}", sim.running.url).replace(' ', "%20");
    let mut request = sim.http.get(url).bearer_auth(&sim.token);
    if let Some(token) = token {
        request = request.header("CLP-Continuation-Token", token);
    }
    Got::of(request.send().await.unwrap()).await
}

/// All entries; the token is sent back as the JSON text in the string.
async fn all(sim: &Sim, query: &str) -> (Vec<Value>, Vec<usize>) {
    let (mut items, mut sizes, mut token) = (Vec::new(), Vec::new(), None::<String>);
    for _ in 0..50 {
        let got = entries(sim, query, token.as_deref()).await;
        assert_eq!(got.status, 200, "{}", got.text);
        sizes.push(got.items().len());
        items.extend(got.items());
        match got.json["continuation_token"].as_str() {
            None => return (items, sizes),
            Some(next) => token = Some(next.to_owned()),
        }
    }
    panic!("the entries do not end");
}

/// [M]
#[tokio::test]
async fn s2_11_pages_follow_the_continuation_token_and_end_without_one() {
    let sim = sim(&[]).await;
    walks(&sim, 7).await;
    let (items, sizes) = all(&sim, &format!("{PATH}&$top=3")).await;
    assert_eq!((items.len(), sizes), (7, vec![3, 3, 1]));
    let times: Vec<String> = items.iter().map(|item| text(&item["utc_date_time"])).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{times:?}");
}

/// [M]
#[tokio::test]
async fn s2_11_the_token_is_a_json_text_inside_a_json_string() {
    let sim = sim(&[]).await;
    walks(&sim, 2).await;
    let got = entries(&sim, &format!("{PATH}&$top=1"), None).await;
    let token = text(&got.json["continuation_token"]);
    let inside: Value = serde_json::from_str(&token).unwrap();
    assert!(inside[0]["token"].is_string());
    let escaped = token.replace('"', "\\\"");
    entries(&sim, PATH, Some(&escaped)).await.error(400, "1100");
    entries(&sim, PATH, Some("nonsense")).await.error(400, "1100");
}

/// [M]
#[tokio::test]
async fn s2_11_there_is_no_skip() {
    let sim = sim(&[]).await;
    entries(&sim, "/entries?$skip=1", None).await.error(400, "1102");
}

/// [I]
#[tokio::test]
async fn s2_11_new_entries_do_not_shift_the_pages() {
    let sim = sim(&[]).await;
    walks(&sim, 4).await;
    let first = entries(&sim, &format!("{PATH}&$top=2"), None).await;
    walks(&sim, 3).await;
    let token = text(&first.json["continuation_token"]);
    let second = entries(&sim, &format!("{PATH}&$top=2"), Some(&token)).await;
    assert!(second.items().iter().all(|item| !first.items().contains(item)));
    assert_eq!(second.items().len(), 2);
    assert!(second.json["continuation_token"].is_null());
}

/// [M]
#[tokio::test]
async fn s2_11_an_entry_has_the_documented_fields_in_utc_and_local_time() {
    let sim = sim(&[]).await;
    walks(&sim, 1).await;
    let item = entries(&sim, PATH, None).await.items().remove(0);
    for field in [
        "id",
        "event_category",
        "event_detail",
        "utc_date_time",
        "local_date_time",
        "lock_id",
        "lock_mac_address",
        "lock_customer_reference",
        "user_id",
        "user_first_name",
        "user_last_name",
        "user_image_url",
        "user_alias",
        "iq_id",
        "iq_customer_reference",
        "iq_mac_address",
        "iq_revision",
        "exit_requested",
        "access_by",
        "access_detail",
        "ttl_in_seconds",
        "expiration_date_time",
    ] {
        assert!(item.get(field).is_some(), "{field}");
    }
    assert_eq!(
        (&item["utc_date_time"], &item["local_date_time"]),
        (&json!("2026-09-01T08:00:00Z"), &json!("2026-09-01T10:00:00"))
    );
    let (_, pu) = sim.user("Zoë O''Brien").await;
    assert_eq!((&item["user_id"], &item["access_by"]), (&json!(pu), &json!("tag")));
    assert_eq!((&item["event_category"], &item["event_detail"]), (&json!("lock_opened"), &Value::Null));
}

/// [M]
#[tokio::test]
async fn s2_11_rejections_are_no_access_suspended_or_offline() {
    let sim = sim(&[]).await;
    let walk = async |user: &str, lock: &str| {
        sim.order("door", json!({ "user": user, "lock": lock })).await;
        let item =
            entries(&sim, &format!("{PATH}&$top=1&$filter=event_category eq 'lock_rejected'"), None).await;
        sim.advance("PT1M").await;
        item.items()[0]["event_detail"].clone()
    };
    assert_eq!(walk("Cleaner", "Studio").await, json!("no_access"));
    sim.edit(json!({ "action": "set_user", "user": "Cleaner", "set": { "suspended": true } })).await;
    assert_eq!(walk("Cleaner", "Main entrance").await, json!("suspended"));
    sim.edit(json!({ "action": "set_iq", "iq": "Roof IQ", "online": false })).await;
    assert_eq!(walk("zoe@acme.example", "Studio").await, json!("offline"));
}

/// [M]
#[tokio::test]
async fn s2_11_an_unknown_tag_shows_its_number_and_neither_user_nor_detail() {
    let sim = sim(&[]).await;
    let answer = sim.order("door", json!({ "tag": "02307300", "lock": "Main entrance" })).await;
    assert_eq!((&answer["granted"], &answer["detail"]), (&json!(false), &NOTHING));
    let item = entries(&sim, PATH, None).await.items().remove(0);
    assert_eq!((&item["event_category"], &item["access_by"]), (&json!("lock_rejected"), &json!("tag")));
    assert_eq!(item["access_detail"], json!("02307300"));
    for field in ["event_detail", "user_id", "user_first_name", "user_last_name", "user_alias"] {
        assert!(item[field].is_null(), "{field}");
    }
    let known = sim.order("door", json!({ "tag": "00000018", "lock": "Main entrance" })).await;
    assert_eq!(known["granted"], json!(true), "the cleaner's");
}

/// [M]
#[tokio::test]
async fn s2_11_a_pin_whose_user_may_not_use_one_is_rejected_with_the_user_and_without_detail() {
    let sim = sim(&[]).await;
    let (su, pu) = sim.user("Cleaner").await;
    let pin = text(&sim.s("PUT", &format!("/users/{su}/pin"), json!({})).await.is(200));
    let walk = async || sim.order("door", json!({ "pin": pin, "lock": "Main entrance" })).await;
    assert_eq!(walk().await["granted"], json!(false));
    let item = entries(&sim, PATH, None).await.items().remove(0);
    assert_eq!((&item["event_category"], &item["event_detail"]), (&json!("lock_rejected"), &NOTHING));
    assert_eq!((&item["user_id"], &item["user_alias"]), (&json!(pu), &json!("Cleaner")));
    sim.s("PATCH", &format!("/users/{su}"), json!({ "use_pin": true })).await.is(200);
    assert_eq!(walk().await["granted"], json!(true));
}

/// [M]
#[tokio::test]
async fn s2_11_from_the_inside_a_lock_always_opens_and_no_user_is_named() {
    let sim = sim(&[]).await;
    let answer = sim.order("door", json!({ "by": "inside_handle", "lock": "Studio" })).await;
    assert_eq!(answer["granted"], json!(true));
    let item = entries(&sim, PATH, None).await.items().remove(0);
    assert_eq!(
        (&item["event_category"], &item["access_by"]),
        (&json!("lock_opened"), &json!("inside_handle"))
    );
    assert_eq!((&item["exit_requested"], &item["user_id"]), (&json!(true), &NOTHING));
}

/// [I]
#[tokio::test]
async fn s2_11_a_dry_attempt_of_any_kind_leaves_no_entry() {
    let sim = sim(&[]).await;
    for attempt in [json!({ "pin": "000000" }), json!({ "tag": "1" }), json!({ "user": "Cleaner" })] {
        let mut order = attempt.clone();
        (order["lock"], order["dry"]) = (json!("Main entrance"), json!(true));
        sim.order("door", order).await;
        assert!(entries(&sim, PATH, None).await.items().is_empty(), "{attempt}");
    }
}

/// [M]
#[tokio::test]
async fn s2_11_an_unknown_pin_shows_an_id_that_is_no_user() {
    let sim = sim(&[]).await;
    sim.order("door", json!({ "pin": "000000#", "lock": "Main entrance" })).await;
    let item = entries(&sim, PATH, None).await.items().remove(0);
    assert_eq!((&item["event_category"], &item["access_by"]), (&json!("lock_rejected"), &json!("pin_code")));
    let unknown = text(&item["user_id"]);
    let users = sim.s("GET", &format!("/users?$filter=user/id eq '{unknown}'"), NOTHING).await;
    assert!(users.items().is_empty());
}

/// [M]
#[tokio::test]
async fn s2_11_entries_are_kept_for_90_days() {
    let sim = sim(&[]).await;
    walks(&sim, 1).await;
    assert_eq!(sim.s("GET", "", NOTHING).await.json["store_events_ttl"], json!("90.00:00:00"));
    sim.advance("P89D").await;
    let sim = logged_in(sim.simulator).await;
    assert_eq!(entries(&sim, PATH, None).await.items().len(), 1);
    sim.advance("P1D").await;
    let sim = logged_in(sim.simulator).await;
    assert_eq!(entries(&sim, PATH, None).await.items().len(), 0);
}

/// [V]
#[tokio::test]
async fn s2_11_entries_can_be_delayed() {
    let sim = sim(&[("entries.delay-seconds", "120")]).await;
    walks(&sim, 1).await;
    assert_eq!(entries(&sim, PATH, None).await.items().len(), 0);
    sim.advance("PT1M").await;
    assert_eq!(entries(&sim, PATH, None).await.items().len(), 1);
}

/// [M]
#[tokio::test]
async fn s2_11_empty_items_with_a_token_are_not_the_end() {
    let sim = sim(&[("entries.empty-page", "yes")]).await;
    walks(&sim, 5).await;
    let (items, sizes) = all(&sim, &format!("{PATH}&$top=2")).await;
    assert_eq!((items.len(), sizes[0]), (5, 0));
}

/// Opens the hub and returns the stream and the address for messages.
async fn hub(sim: &Sim, query: &str) -> (reqwest::Response, String) {
    let base = format!("{}/v1/hub/entries", sim.running.url);
    let url = format!("{base}/negotiate?negotiateVersion=1&site_id={SITE}{query}");
    let got = Got::of(sim.http.post(url).bearer_auth(&sim.token).send().await.unwrap()).await.is(200);
    let url = format!("{base}?site_id={SITE}{query}&id={}", text(&got["connectionToken"]));
    let stream = sim
        .http
        .get(&url)
        .bearer_auth(&sim.token)
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let hello = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
    let sent = sim.http.post(&url).bearer_auth(&sim.token).body(hello).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    (stream, url)
}

async fn message(stream: &mut reqwest::Response) -> Value {
    let piece =
        tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.unwrap().unwrap().unwrap();
    let text = String::from_utf8(piece.to_vec()).unwrap();
    let line = text.strip_prefix("data: ").unwrap().trim_end().trim_end_matches('\u{1e}');
    serde_json::from_str(line).unwrap()
}

/// The first message after a person has opened a door.
pub async fn streamed(sim: &Sim) -> Value {
    let (mut stream, _) = hub(sim, "").await;
    assert_eq!(message(&mut stream).await, json!({}), "the handshake");
    sim.order("door", json!({ "user": "zoe@acme.example", "lock": "Main entrance" })).await;
    let got = message(&mut stream).await;
    assert_eq!((&got["type"], &got["target"]), (&json!(1), &json!("ReceiveMessage")));
    got["arguments"][0].clone()
}

/// [V]
#[tokio::test]
async fn s2_11_the_hub_sends_entries_by_receive_message() {
    let sim = sim(&[]).await;
    let sent = streamed(&sim).await;
    let entry = entries(&sim, PATH, None).await.items().remove(0);
    assert_eq!(sent["id"], entry["id"]);
}

/// [V]
#[tokio::test]
async fn s2_11_the_hub_may_be_limited_to_a_user() {
    let sim = sim(&[]).await;
    let (_, cleaner) = sim.user("Cleaner").await;
    let (mut stream, _) = hub(&sim, &format!("&user_id={cleaner}")).await;
    assert_eq!(message(&mut stream).await, json!({}));
    for user in ["zoe@acme.example", "Cleaner"] {
        sim.order("door", json!({ "user": user, "lock": "Main entrance" })).await;
    }
    assert_eq!(message(&mut stream).await["arguments"][0]["user_id"], json!(cleaner));
}

/// [V]
#[tokio::test]
async fn s2_11_the_hub_needs_a_token_a_site_and_the_feature() {
    let sim = sim(&[]).await;
    let url = |site: &str| format!("{}/v1/hub/entries/negotiate?site_id={site}", sim.running.url);
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(sim.http.post(url(SITE))).await, 401);
    assert_eq!(status(sim.http.post(url(crate::harness::MILL)).bearer_auth(&sim.token)).await, 403);
    assert_eq!(status(sim.http.post(url("x")).bearer_auth(&sim.token)).await, 400);
}
