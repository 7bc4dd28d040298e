//! 2.15: every switch in every position, and the table of switches.

use serde_json::json;
use vestibule_sim::frame::{Position, Switch};
use vestibule_sim::salto_ks::SWITCHES;

use crate::conventions_lists::walk;
use crate::harness::{NOTHING, SITE, always, logged_in, sim, text};
use crate::support::docs;
use crate::support::simulator::Simulator;
use crate::{entries, oauth_code};

/// [?]
#[tokio::test]
async fn s2_15_1_a_refresh_token_rotates_is_fixed_or_expires() {
    let sim = sim(&[]).await;
    let first = oauth_code::refresh_token(&sim).await;
    assert_ne!(refreshed(&sim, &first).await, Some(first.clone()));
    assert_eq!(refreshed(&sim, &first).await, None, "refresh.rotation rotates: reuse fails");
    sim.switch("refresh.rotation", "fixed").await;
    let fixed = oauth_code::refresh_token(&sim).await;
    assert_eq!(refreshed(&sim, &fixed).await, Some(fixed.clone()));
    sim.advance("P300D").await;
    assert_eq!(refreshed(&sim, &fixed).await, Some(fixed.clone()), "refresh.lifetime none");
    sim.switch("refresh.lifetime", "86400").await;
    let short = oauth_code::refresh_token(&sim).await;
    sim.advance("PT23H").await;
    assert!(refreshed(&sim, &short).await.is_some());
    sim.advance("PT1H").await;
    assert_eq!(refreshed(&sim, &short).await, None);
}

async fn refreshed(sim: &crate::harness::Sim, token: &str) -> Option<String> {
    let got = oauth_code::refresh(sim, token).await;
    if got.status != 200 {
        assert_eq!((got.status, &got.json["error"]), (400, &json!("invalid_grant")));
    }
    got.json["refresh_token"].as_str().map(str::to_owned)
}

/// [?]
#[tokio::test]
async fn s2_15_2_next_page_links_have_the_base_of_the_switch() {
    let sim = sim(&[]).await;
    let link = async || text(&sim.s("GET", "/users?$top=1", NOTHING).await.json["next_page_link"]);
    let path = format!("/v1.2/sites/{SITE}/users?$top=1&$skip=1");
    assert_eq!(link().await, format!("{}{path}", sim.running.url), "links.base own");
    sim.switch("links.base", "https://connect.example/").await;
    assert_eq!(link().await, format!("https://connect.example{path}"));
    sim.switch("links.base", "http").await;
    assert!(link().await.starts_with("http://"));
}

/// [M]
#[tokio::test]
async fn s2_15_2_a_link_may_be_http_though_the_host_speaks_https() {
    use vestibule_sim::frame::{Options, Tls};
    let options = Options { tls: Some(Tls::OwnAuthority), ..Options::default() }.with("links.base", "http");
    let running = vestibule_sim::salto_ks::start(options).await.unwrap();
    let certificate = reqwest::Certificate::from_pem(running.ca_pem().unwrap().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([certificate]).build().unwrap();
    let sim = logged_in(Simulator { running, http }).await;
    let got = sim.s("GET", "/users?$top=1", NOTHING).await;
    assert!(sim.running.url.starts_with("https://"));
    assert!(text(&got.json["next_page_link"]).starts_with("http://"), "{}", got.text);
}

/// [?]
#[tokio::test]
async fn s2_15_4_page_size_and_maximum() {
    let sim = sim(&[("page.size", "3")]).await;
    assert_eq!(sim.s("GET", "/users", NOTHING).await.items().len(), 3);
    assert_eq!(walk(&sim, &format!("/v1.2/sites/{SITE}/users")).await.len(), 7);
    assert_eq!(sim.s("GET", "/users?$top=1000", NOTHING).await.items().len(), 7, "page.maximum none");
    sim.switch("page.maximum", "5").await;
    sim.s("GET", "/users?$top=6", NOTHING).await.error(400, "1102");
    assert_eq!(sim.s("GET", "/users?$top=5", NOTHING).await.items().len(), 5);
}

/// [?]
#[tokio::test]
async fn s2_15_4_lists_in_an_envelope_or_as_bare_arrays() {
    let sim = sim(&[]).await;
    assert!(sim.get("/v1.2/sites").await.json.is_object(), "page.form envelope");
    sim.switch("page.form", "bare").await;
    assert_eq!(sim.get("/v1.2/sites").await.json.as_array().unwrap().len(), 2);
    assert_eq!(sim.s("GET", "/users?$top=2&$skip=6", NOTHING).await.json.as_array().unwrap().len(), 1);
    sim.switch("page.form", "bare-sites").await;
    assert_eq!(sim.get("/v1.2/sites").await.json.as_array().unwrap().len(), 2);
    assert!(sim.s("GET", "/users", NOTHING).await.json.is_object());
}

/// [?]
#[tokio::test]
async fn s2_15_8_success_codes_of_delete_and_subscription() {
    for (position, status) in [("204", 204), ("200", 200), ("202", 202)] {
        let sim = sim(&[("status.delete", position), ("status.subscription", position)]).await;
        let (su, pu) = sim.user("Cleaner").await;
        let group = sim.group("Office hours").await;
        let made = sim.s1("POST", &format!("/access_groups/{group}/time_schedules"), always()).await.is(200);
        let lock = sim.lock("Main entrance").await;
        for path in [
            format!("/access_groups/{group}/users/{pu}"),
            format!("/access_groups/{group}/locks/{lock}"),
            format!("/access_groups/{group}/time_schedules/{}", text(&made["id"])),
            format!("/access_groups/{group}"),
        ] {
            assert_eq!(sim.s1("DELETE", &path, NOTHING).await.status, status, "{path}");
        }
        let state = json!({ "state": "suspended" });
        assert_eq!(sim.s("PATCH", &format!("/users/{su}/subscription"), state).await.status, status);
    }
}

/// [?]
#[tokio::test]
async fn s2_15_12_schedule_dates_with_z() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    let mut body = always();
    body["start_date"] = json!("2026-09-01T15:00:00Z");
    let path = format!("/access_groups/{group}/time_schedules");
    let read = async || sim.s1("POST", &path, body.clone()).await.is(200)["start_date"].clone();
    assert_eq!(read().await, json!("2026-09-01T15:00:00"), "schedules.z wall-clock");
    sim.switch("schedules.z", "converted").await;
    assert_eq!(read().await, json!("2026-09-01T17:00:00"));
}

/// [?]
#[tokio::test]
async fn s2_15_13_bodies_of_401_unknown_codes_and_extra_fields() {
    let sim = sim(&[]).await;
    let refused = async || sim.call_as("x", "GET", "/v1.2/me", None).await;
    assert_eq!(refused().await.text, "", "errors.401 empty");
    sim.switch("errors.401", "1500").await;
    refused().await.error(401, "1500");
    let missing = async || sim.s("GET", "/users/00000000-0000-4000-8000-000000000000", NOTHING).await;
    missing().await.error(404, "2202");
    sim.switch("errors.code", "3199").await;
    missing().await.error(404, "3199");
    let group = async || sim.s("GET", "/access_groups", NOTHING).await.items().remove(0);
    assert_eq!(group().await.as_object().unwrap().len(), 2, "groups.object plain");
    sim.switch("groups.object", "extra").await;
    assert!(group().await.as_object().unwrap().len() > 2);
}

/// [?]
#[tokio::test]
async fn s2_15_14_group_names_and_renaming() {
    let sim = sim(&[]).await;
    let make = async || sim.s("POST", "/access_groups", json!({ "customer_reference": "Coworking" })).await;
    make().await.is(200);
    sim.switch("groups.unique-names", "yes").await;
    make().await.error(400, "1101");
    let group = sim.group("Empty").await;
    let rename = async |name: &str| {
        sim.s("PATCH", &format!("/access_groups/{group}"), json!({ "customer_reference": name })).await
    };
    rename("Full").await.is(405);
    sim.switch("groups.rename", "yes").await;
    assert_eq!(rename("Full").await.is(200)["customer_reference"], json!("Full"));
    rename("Coworking").await.error(400, "1101");
}

/// [?]
#[tokio::test]
async fn s2_15_17_the_stream_carries_an_entry_or_a_subset() {
    let sim = sim(&[]).await;
    assert_eq!(entries::streamed(&sim).await.as_object().unwrap().len(), 22);
    sim.switch("streaming.payload", "subset").await;
    assert_eq!(entries::streamed(&sim).await.as_object().unwrap().len(), 6);
}

/// [?]
#[tokio::test]
async fn s2_15_18_role_ids_are_own_or_of_an_environment() {
    let sim = sim(&[]).await;
    let own = sim.role("site_admin").await;
    sim.switch("roles.ids", "accept").await;
    assert_eq!(sim.role("site_admin").await, "7d53b0b3-3ef7-11e8-9f1c-0050568d6e36");
    assert_eq!(sim.role("site_mobile_user").await, "9df437bb-80fb-11e8-a892-000d3a221c5b");
    sim.ada().await.is(200);
    sim.switch("roles.ids", "production").await;
    assert_eq!(sim.role("site_super_user").await, "7d9378cf-8c2f-11e8-a31a-00505692f7ce");
    sim.switch("roles.ids", "own").await;
    assert_eq!(sim.role("site_admin").await, own);
}

/// [M]
#[tokio::test]
async fn s2_10_the_number_of_wrong_otps_until_blocked_varies() {
    let sim = sim(&[("otp.wrong", "8")]).await;
    let (iq, lock) = (sim.iq("Roof IQ").await, sim.lock("Studio").await);
    sim.s("GET", &format!("/iqs/{iq}/secret"), NOTHING).await.is(200);
    sim.s("GET", &format!("/iqs/{iq}/pin?send_email=true"), NOTHING).await.is(204);
    for _ in 0..8 {
        let body = json!({ "otp": "zzzzz", "delta": "0000" });
        sim.s("PUT", &format!("/iqs/{iq}/pin"), body).await.error(400, "3102");
    }
    let body = json!({ "otp": "zzzzz", "delta": "0000" });
    sim.s("PUT", &format!("/iqs/{iq}/pin"), body).await.error(403, "3102");
    assert!(!lock.is_empty());
}

/// [I]
#[tokio::test]
async fn s2_15_every_switch_takes_its_positions_and_refuses_others() {
    let sim = sim(&[]).await;
    for switch in SWITCHES {
        for position in switch.positions {
            let value = match position {
                Position::Word(word) => *word,
                Position::Number(_) | Position::Signed(_) => "5",
                Position::Text("client id") => "sim",
                Position::Text(_) => "https://connect.example",
            };
            sim.switch(switch.name, value).await;
            assert!(sim.get("/v1.2/sites").await.status < 500, "{} {value}", switch.name);
        }
        sim.switch(switch.name, switch.default).await;
    }
    let refused = sim.refused("switches", json!({ "page.form": "sideways" })).await;
    assert!(refused.contains("envelope | bare"), "{refused}");
}

/// [I]
#[test]
fn s2_15_every_row_of_the_table_has_a_switch() {
    // Row 3 is `limits.*` of the frame; row 16 concerns the client alone.
    for row in (1..=18).filter(|row| ![3, 16].contains(row)) {
        let source = format!("2.15 #{row}");
        assert!(SWITCHES.iter().any(|switch| switch.source == source), "{source}");
    }
}

/// [I]
#[test]
fn s2_15_every_position_of_every_switch_is_in_a_test() {
    let switches: Vec<&Switch> = SWITCHES.iter().collect();
    let tests = docs::tests(&docs::sources());
    assert_eq!(docs::unexercised(&switches, &tests, str::to_owned), Vec::<String>::new());
}
