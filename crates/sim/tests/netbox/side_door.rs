//! The side door: state, edits, orders, access.

use std::net::{Ipv4Addr, UdpSocket};

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_sim::frame::Options;

use crate::harness::{Sim, at_nine, command};

#[tokio::test]
async fn state_shows_all_records_as_documented() {
    let sim = Sim::new().await;
    let state = sim.look("state").await;
    for key in "now local zone version live deleted people users sessions partitions card_formats access_levels \
                access_level_groups portals reader_groups portal_groups time_specs time_spec_groups holidays udf_lists \
                outputs events activity last_logid"
        .split_whitespace()
    {
        assert!(!state[key].is_null(), "{key}");
    }
    assert_eq!(
        (&state["live"], &state["deleted"], &state["zone"]),
        (&json!(5), &json!(1), &json!("America/New_York"))
    );
    for (which, count) in [("live", 5), ("deleted", 1), ("none", 0)] {
        assert_eq!(
            sim.look(&format!("state?people={which}")).await["people"].as_array().unwrap().len(),
            count
        );
    }
    assert_eq!(sim.look("state?person=unknown").await, json!(null));
    assert!(!state.to_string().contains(&sim.session), "a whole session id is shown");
}

#[tokio::test]
async fn edits_are_all_or_nothing_and_name_the_error() {
    let sim = Sim::new().await;
    let before = sim.look("state").await;
    let orders = json!([{ "action": "remove_person", "id": "emp-0001" }, { "action": "remove_person", "id": "unknown" }]);
    assert_eq!(sim.refused("edit", orders).await, "there is no person `unknown`");
    assert_eq!(sim.look("state").await, before);
    for (order, sentence) in [
        (
            json!({ "action": "add_person", "person": { "PERSONID": "emp-0001" } }),
            "there is a person `emp-0001` already",
        ),
        (
            json!({ "action": "add_person", "person": { "ACCESSLEVELS": ["No"] } }),
            "there is no access level `No`",
        ),
        (json!({ "action": "add_person", "person": { "SHOESIZE": 44 } }), "a person has no field SHOESIZE"),
        (json!({ "action": "rename_level", "name": "No", "to": "Yes" }), "there is no access level `No`"),
        (json!({ "action": "set_password", "username": "no", "password": "x" }), "there is no user `no`"),
    ] {
        assert_eq!(sim.refused("edit", order).await, sentence);
    }
    assert!(sim.refused("edit", json!({ "action": "dance" })).await.contains("dance"));
    assert_eq!(sim.look("state").await, before);
}

#[tokio::test]
async fn every_edit_has_its_effect() {
    let sim = Sim::new().await;
    let card =
        json!({ "CARDFORMAT": "26 bit Wiegand", "ENCODEDNUM": 5000, "CARDEXPDATE": "2026-12-01 20:00" });
    let person = json!({ "PERSONID": "g1", "LASTNAME": "Guest", "EXPDATE": "2026-12-01 18:00", "ACCESSLEVELS": ["Lobby"], "ACCESSCARDS": [card] });
    sim.edit(json!({ "action": "add_person", "person": person })).await;
    assert_eq!(sim.door("g1", "Lobby turnstile").await, "");
    let change = json!({ "action": "modify_person", "id": "g1", "set": { "EXPDATE": "2026-12-01 20:00" }, "add_levels": ["Floor 4"], "remove_levels": ["Lobby"] });
    assert_eq!(sim.edit(change).await["levels"], json!(["Floor 4"]));
    sim.edit(json!({ "action": "remove_card", "id": "g1", "number": "5000" })).await;
    let card = json!({ "CARDFORMAT": "26 bit Wiegand", "ENCODEDNUM": 5001 });
    sim.edit(json!({ "action": "add_card", "id": "g1", "card": card })).await;
    assert_eq!(sim.person("g1").await["cards"][0]["number"], json!("5001"));
    sim.edit(json!({ "action": "remove_person", "id": "g1" })).await;
    sim.edit(json!({ "action": "restore_person", "id": "g1" })).await;
    assert_eq!(sim.person("g1").await["deleted"], json!(false));
    sim.edit(json!({ "action": "purge_person", "id": "g1" })).await;
    assert_eq!(sim.person("g1").await, json!(null));
    sim.edit(json!({ "action": "set_password", "username": "reader", "password": "new" })).await;
    assert!(sim.login("reader", "reader").await.is_none() && sim.login("reader", "new").await.is_some());
    sim.edit(json!({ "action": "end_sessions", "username": "reader" })).await;
    sim.ok("PingApp", "").await;
    sim.edit(json!({ "action": "end_sessions" })).await;
    assert_eq!(sim.run("PingApp", "").await, "<APIERROR>5</APIERROR>");
}

#[tokio::test]
async fn a_dry_attempt_at_a_door_leaves_no_record() {
    let sim = Sim::new().await;
    let last = sim.look("state?people=none").await["last_logid"].clone();
    let dry = sim.order("door", json!({ "person": "emp-0001", "portal": "Acme suite", "dry": true })).await;
    assert_eq!(dry, json!({ "granted": true, "reason": "", "at": "2026-12-01 09:00:00" }));
    assert_eq!(sim.look("state?people=none").await["last_logid"], last);
    assert_eq!(
        sim.refused("door", json!({ "person": "emp-0001", "portal": "No" })).await,
        "there is no portal \"No\""
    );
    assert_eq!(sim.refused("door", json!({ "person": "no", "portal": 57 })).await, "there is no person `no`");
}

#[tokio::test]
async fn reset_restores_the_seed_and_with_all_the_start() {
    let sim = Sim::with(&[("session.idle", "600")]).await;
    sim.add("a", "").await;
    sim.fault(json!({ "kind": "refuse", "operation": "Nothing" })).await;
    sim.clock("2027-01-01T00:00:00Z").await;
    sim.switch("session.idle", "none").await;
    sim.order("reset", json!({})).await;
    assert_eq!(sim.person("a").await, json!(null));
    assert_eq!(sim.run("PingApp", "").await, "<APIERROR>5</APIERROR>");
    assert_eq!(sim.look("faults").await, json!([]));
    assert_eq!(sim.look("calls").await["total"], json!(1));
    assert_eq!(sim.look("clock").await["now"], json!("2027-01-01T00:00:00Z"));
    sim.order("reset", json!({ "all": true })).await;
    assert_eq!(sim.look("clock").await["now"], json!(crate::harness::NINE));
    let switches = sim.look("switches").await;
    let idle = switches.as_array().unwrap().iter().find(|s| s["name"] == "session.idle").unwrap();
    assert_eq!(idle["position"], json!("600"));
}

#[tokio::test]
async fn mistakes_at_the_side_door_are_sentences_and_change_nothing() {
    let sim = Sim::new().await;
    assert!(
        sim.refused("switches", json!({ "session.idle": "5", "nonsense": "1" }))
            .await
            .starts_with("there is no switch `nonsense`")
    );
    assert!(
        sim.refused("switches", json!({ "session.idle": "soon" }))
            .await
            .contains("its positions are none | <seconds>")
    );
    assert!(sim.refused("switches", json!({ "box.zone": "Nowhere/No" })).await.contains("time zone"));
    assert!(sim.refused("clock", json!({ "set": "tomorrow" })).await.len() > 5);
    assert!(
        sim.refused("faults", json!([{ "kind": "refuse" }, { "kind": "explode" }])).await.contains("explode")
    );
    assert_eq!(sim.look("faults").await, json!([]));
    let switches = sim.look("switches").await;
    assert!(switches.as_array().unwrap().iter().all(|s| s["position"] == s["default"]));
    let response = sim.send(Method::POST, "/_sim/edit", "{").await;
    assert_eq!(response.status(), 400);
    for (method, path) in [(Method::GET, "nothing"), (Method::POST, "nothing"), (Method::PATCH, "state")] {
        assert_eq!(sim.side_door(method, path, &json!({})).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn limits_are_read_and_set_and_null_removes_one() {
    let sim = Sim::new().await;
    let set =
        sim.order("limits", json!({ "latency_ms": 1, "rate": 1000, "burst": 5, "in_flight": 50 })).await;
    assert_eq!((&set["rate"], &set["burst"], &set["in_flight"]), (&json!(1000.0), &json!(5.0), &json!(50.0)));
    let set = sim.order("limits", json!({ "latency_ms": null, "rate": null, "in_flight": null })).await;
    assert_eq!(
        (&set["latency_ms"], &set["rate"], &set["in_flight"]),
        (&json!(0.0), &json!("none"), &json!("none"))
    );
    assert!(sim.refused("limits", json!({ "speed": 1 })).await.contains("limits.speed"));
}

#[tokio::test]
async fn the_page_is_whole_escaped_and_needs_no_script() {
    let sim = Sim::with(&[("session.idle", "600")]).await;
    sim.add("evil", "<FIRSTNAME>&lt;script&gt;alert(1)&lt;/script&gt;</FIRSTNAME>").await;
    sim.fault(json!({ "kind": "refuse", "operation": "Nothing" })).await;
    let page = sim.page("").await;
    for heading in [
        "Today",
        "People",
        "Changed last",
        "At the doors",
        "Sessions",
        "Last calls",
        "Active faults",
        "Switches not in their default position",
    ] {
        assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
    }
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    assert!(page.contains("name=viewport") && page.contains("session.idle") && page.contains("Grace Hopper"));
    assert!(
        page.contains("<a href=\"#active-faults\">Active faults: 1</a>")
            && page.contains("kind refuse, operation Nothing, when before")
    );
    let found = sim.page("?q=globex").await;
    let people = found.split("<h2>People</h2>").nth(1).unwrap().split("<h2>").next().unwrap();
    assert!(people.contains("Hank Scorpio") && !people.contains("Grace Hopper"));
}

#[tokio::test]
async fn a_browser_at_the_root_gets_a_link_to_the_page_and_a_client_does_not() {
    let sim = Sim::new().await;
    let get = |path: &str, accept: &str| {
        let request = sim.http.get(format!("{}{path}", sim.running.url));
        if accept.is_empty() { request } else { request.header("accept", accept) }
    };
    let browser = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
    let front = get("/", browser).send().await.unwrap();
    assert_eq!(
        (front.status().as_u16(), front.headers()["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    assert!(front.text().await.unwrap().contains("<a href=\"/_sim/\">"));
    assert_eq!(sim.look("calls").await["operations"].get("(http)"), None, "a browser's request is no call");
    for accept in ["", "*/*", "text/xml", "application/json"] {
        assert_eq!(get("/", accept).send().await.unwrap().status(), 404, "{accept}");
    }
    assert_eq!(get("/other", browser).send().await.unwrap().status(), 404);
    let post = sim.http.post(format!("{}/", sim.running.url)).header("accept", browser);
    assert_eq!(post.send().await.unwrap().status(), 404);
    assert_eq!(sim.count("(http)", "http_404").await, 6);
}

#[tokio::test]
async fn the_error_about_a_mistyped_switch_names_the_nearest_one() {
    let sim = Sim::new().await;
    let meant = "there is no switch `hisotry.end`; did you mean `history.end`?";
    assert_eq!(sim.refused("switches", json!({ "hisotry.end": "next" })).await, meant);
    let position = sim.refused("switches", json!({ "login.mode": "Trap" })).await;
    assert!(
        position.starts_with("switch `login.mode` has no position `Trap`; did you mean `trap`? "),
        "{position}"
    );
}

/// An address of this machine that is not loopback, if it has one; no packet is sent to find it.
fn outside_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    match socket.local_addr().ok()?.ip() {
        std::net::IpAddr::V4(ip) if !ip.is_loopback() => Some(ip),
        _ => None,
    }
}

#[tokio::test]
async fn the_side_door_is_open_to_loopback_only_by_default() {
    let Some(ip) = outside_address() else { return };
    for open in [false, true] {
        let options =
            Options { listen: (Ipv4Addr::UNSPECIFIED, 0).into(), side_door_open: open, ..at_nine() };
        let sim = Sim::of(options).await;
        let port = sim.running.url.rsplit(':').next().unwrap();
        let response = sim.http.get(format!("http://{ip}:{port}/_sim/state")).send().await.unwrap();
        assert_eq!(response.status(), if open { 200 } else { 403 });
        assert_eq!(response.text().await.unwrap().contains("--side-door-open"), !open);
        let url = format!("http://{ip}:{port}{}", crate::harness::PATH);
        let ping = command(&sim.session, "PingApp", "");
        assert!(
            sim.http.post(url).body(ping).send().await.unwrap().text().await.unwrap().contains("SUCCESS")
        );
    }
}

#[tokio::test]
async fn without_tls_there_is_no_certificate_and_netbox_sends_no_mail() {
    let sim = Sim::new().await;
    assert_eq!(sim.side_door(Method::GET, "ca.pem", &Value::Null).await.0, 404);
    assert_eq!(sim.look("outbox").await, json!([]));
}
