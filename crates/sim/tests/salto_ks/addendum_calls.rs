//! The addendum, A8 to A14.

use serde_json::json;

use crate::addendum::guest;
use crate::harness::{Got, NOTHING, SITE, Sim, sim, text};
use crate::locks::{keys, open, otp};
use crate::{oauth, oauth_code};

/// [M]
#[tokio::test]
async fn a8_the_access_token_has_the_method_and_time_of_the_login() {
    let sim = sim(&[]).await;
    let claims = oauth::part(&sim.token, 1);
    assert_eq!((&claims["amr"], &claims["idp"]), (&json!(["password"]), &json!("local")));
    assert_eq!(claims["auth_time"], claims["iat"]);
    let refresh = oauth_code::refresh_token(&sim).await;
    sim.advance("PT30M").await;
    let got = oauth_code::refresh(&sim, &refresh).await.is(200);
    let later = oauth::part(&text(&got["access_token"]), 1);
    assert_eq!(later["auth_time"], claims["auth_time"], "a refresh is no login");
    assert_ne!(later["iat"], claims["iat"]);
    sim.advance("PT30M").await;
    let got = oauth_code::refresh(&sim, &text(&got["refresh_token"])).await.is(200);
    assert_eq!(oauth::part(&text(&got["access_token"]), 1)["auth_time"], claims["auth_time"]);
}

/// [M]
#[tokio::test]
async fn a9_the_callers_activations_distinguish_begun_from_done() {
    let sim = sim(&[]).await;
    let list = async || sim.get(&format!("/v1.2/me/{SITE}/activated_iqs")).await;
    assert_eq!(list().await.is(200), json!({ "items": [], "next_page_link": null, "count": null }));
    open(&sim, "Studio", Some("00000")).await.error(404, "3104");
    assert!(list().await.items().is_empty(), "an attempt starts no activation");
    let (iq, secret, pin) = keys(&sim).await;
    let begun = json!({ "iq_id": iq, "activation_date": null, "activated": false });
    assert_eq!(list().await.items(), [begun]);
    sim.advance("PT1M").await;
    let now = otp("20260901080100", &secret, &pin);
    sim.s("PUT", &format!("/iqs/{iq}/pin"), json!({ "otp": now, "delta": "0000" })).await.is(204);
    let done = json!({ "iq_id": iq, "activation_date": "2026-09-01T08:01:00Z", "activated": true });
    assert_eq!(list().await.items(), [done]);
    let tenant = sim.log_in("tenant@sim.example").await;
    let other = sim.call_as(&tenant, "GET", &format!("/v1.2/me/{SITE}/activated_iqs"), None).await;
    assert!(other.items().is_empty(), "activations of other users are not shown");
    sim.get("/v1.2/me/SIM001/activated_iqs").await.error(400, "1100");
}

async fn export(sim: &Sim, query: &str) -> Got {
    sim.s1("GET", &format!("/entries/export?{query}"), NOTHING).await
}

/// [C]
#[tokio::test]
async fn a10_entries_are_exported_as_csv_with_semicolons_and_american_local_time() {
    let sim = sim(&[]).await;
    sim.edit(
        json!({ "action": "add_user", "user": { "alias": "Q", "first_name": "Q; \"X\"", "last_name": "Y" } }),
    )
    .await;
    for user in ["Cleaner", "Q"] {
        sim.order("door", json!({ "user": user, "lock": "Main entrance" })).await;
        sim.advance("PT20M").await;
    }
    let range = "from_date=2026-09-01T00:00:00.000Z&to_date=2026-09-01T23:59:59.999Z";
    let got = export(&sim, &format!("export_file_name=entries.csv&{range}")).await;
    assert_eq!(got.status, 200);
    assert!(got.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert_eq!(got.headers["content-disposition"], "attachment; filename=\"entries.csv\"");
    let lines: Vec<&str> = got.text.lines().collect();
    assert_eq!(
        lines,
        [
            "Local Time;Event Category;Event Detail;Lock Name;User First Name;User Last Name;Access By;Access Detail",
            "09/01/2026 10:00:00;lock_opened;;Main entrance;Clara;Cleaner;tag;00000018",
            "09/01/2026 10:20:00;lock_rejected;no_access;Main entrance;\"Q; \"\"X\"\"\";Y;tag;",
        ]
    );
    let narrow = "from_date=2026-09-01T08:10:00Z&to_date=2026-09-01T08:20:00Z";
    assert_eq!(export(&sim, narrow).await.text.lines().count(), 2, "both ends are included");
    let nothing = "from_date=2025-01-01T00:00:00Z&to_date=2025-12-31T23:59:59Z";
    assert_eq!(export(&sim, nothing).await.text.lines().count(), 1, "the header is in the answer too");
}

/// [I]
#[tokio::test]
async fn a10_an_export_needs_its_dates_and_the_rights_of_the_list() {
    let sim = sim(&[]).await;
    export(&sim, "export_file_name=x.csv").await.error(400, "1100");
    export(&sim, "from_date=yesterday&to_date=2026-09-01T00:00:00Z").await.error(400, "1101");
    let path = "/entries/export?from_date=2026-09-01T00:00:00Z&to_date=2026-09-02T00:00:00Z";
    sim.s("GET", path, NOTHING).await.is(405);
    let tenant = sim.log_in("tenant@sim.example").await;
    let path = format!("/v1.1/sites/{SITE}{path}");
    sim.call_as(&tenant, "GET", &path, None).await.error(403, "2203");
    let strange = format!("{path}&export_file_name=..%2F%22x%0D%0A");
    let named = sim.get(&strange).await;
    assert_eq!(named.headers["content-disposition"], "attachment; filename=\"..x\"");
}

/// [C]
#[tokio::test]
async fn a11_the_header_against_odata_conversion_and_the_preflight_of_a_browser_are_accepted() {
    let sim = sim(&[]).await;
    let url = format!("{}/v1.1/sites?$filter=site_uid eq 'DE4520'", sim.running.url).replace(' ', "%20");
    let plain = sim.http.get(&url).bearer_auth(&sim.token);
    let marked = plain.try_clone().unwrap().header("CLP-disable-odata-v3-conversion", "true");
    let (plain, marked) =
        (Got::of(plain.send().await.unwrap()).await, Got::of(marked.send().await.unwrap()).await);
    assert_eq!((marked.status, marked.items().len(), &marked.text), (200, 1, &plain.text));
    let asked = "authorization,clp-disable-odata-v3-conversion";
    let preflight = sim
        .http
        .request(reqwest::Method::OPTIONS, &url)
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", asked);
    let got = Got::of(preflight.send().await.unwrap()).await;
    assert_eq!((got.status, got.text.as_str()), (204, ""));
    assert_eq!(got.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(got.headers["access-control-allow-headers"], asked);
    assert_eq!(sim.call("OPTIONS", "/v1.1/nothing", None).await.status, 404);
}

/// [C]
#[tokio::test]
async fn a12_schedule_dates_with_a_space_or_milliseconds_and_z_are_read_as_wall_clock() {
    let sim = sim(&[]).await;
    let group = sim.group("Empty").await;
    for (sent, read) in [
        ("2026-09-01 15:00:00", "2026-09-01T15:00:00"),
        ("2026-09-01 15:00", "2026-09-01T15:00:00"),
        ("2026-09-01T15:00:00.000Z", "2026-09-01T15:00:00"),
        ("2026-09-01T15:00:00.000", "2026-09-01T15:00:00"),
    ] {
        let mut body = crate::harness::always();
        body["start_date"] = json!(sent);
        let made = sim.s1("POST", &format!("/access_groups/{group}/time_schedules"), body).await.is(200);
        assert_eq!(made["start_date"], json!(read), "{sent}");
    }
}

/// [C]
#[tokio::test]
async fn a13_the_new_iq_pin_is_the_old_one_less_delta_digit_by_digit() {
    let sim = sim(&[]).await;
    let (iq, secret, pin) = keys(&sim).await;
    let put = async |pin: &str, delta: &str| {
        let body = json!({ "otp": otp("20260901080000", &secret, pin), "delta": delta });
        sim.s("PUT", &format!("/iqs/{iq}/pin"), body).await
    };
    put(&pin, "000").await.error(400, "1101");
    put(&pin, "00x0").await.error(400, "1101");
    put(&pin, "0000").await.is(204);
    open(&sim, "Studio", Some(&otp("20260901080000", &secret, &pin))).await.is(200);
    put(&pin, "6995").await.is(204);
    let less = |(old, by): (char, char)| {
        let digits = (old.to_digit(10).unwrap(), by.to_digit(10).unwrap());
        char::from_digit((digits.0 + 10 - digits.1) % 10, 10).unwrap()
    };
    let new: String = pin.chars().zip("6995".chars()).map(less).collect();
    open(&sim, "Studio", Some(&otp("20260901080000", &secret, &pin))).await.error(400, "3102");
    open(&sim, "Studio", Some(&otp("20260901080000", &secret, &new))).await.is(200);
}

/// [C]
#[tokio::test]
async fn a14_a_client_with_the_role_ids_of_accept_needs_the_switch() {
    let sim = sim(&[]).await;
    let body = guest("8f6081a3-80fb-11e8-a892-000d3a221c5b");
    sim.s("POST", "/users", body.clone()).await.error(400, "1101");
    sim.switch("roles.ids", "accept").await;
    let made = sim.s("POST", "/users", body).await.is(200);
    assert_eq!(made["roles"][0]["code"], json!("site_user"));
    assert_eq!(made["roles"][0]["parent_id"], json!("76f7e578-80fb-11e8-a892-000d3a221c5b"));
}
