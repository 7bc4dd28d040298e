//! 2.2: the code grant with PKCE, consent, and refresh tokens.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::harness::{Got, Sim, sim, text};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";
const SCOPES: &str = "openid profile offline_access user_api.full_access";
const ALLOW: [(&str, &str); 3] =
    [("decision", "allow"), ("username", "admin@sim.example"), ("password", "sim")];

fn query(changes: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let mut all = vec![
        ("response_type", "code"),
        ("client_id", "sim"),
        ("redirect_uri", REDIRECT),
        ("state", "s-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("scope", SCOPES),
    ];
    all.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    all.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    let pairs: Vec<String> = all.iter().map(|(k, v)| format!("{k}={}", v.replace(' ', "%20"))).collect();
    pairs.join("&")
}

async fn authorize(sim: &Sim, changes: &[(&str, &str)]) -> Got {
    let url = format!("{}/connect/authorize?{}", sim.identity(), query(changes));
    Got::of(sim.http.get(url).send().await.unwrap()).await
}

async fn answer(sim: &Sim, changes: &[(&str, &str)], form: &[(&str, &str)]) -> Got {
    let url = format!("{}/connect/authorize?{}", sim.identity(), query(changes));
    Got::of(sim.http.post(url).form(form).send().await.unwrap()).await
}

fn location(got: &Got, name: &str) -> Option<String> {
    let target = got.headers.get("location")?.to_str().unwrap().to_owned();
    assert!(target.starts_with(REDIRECT), "{target}");
    let query = target.split_once('?')?.1.to_owned();
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(str::to_owned))
}

async fn code(sim: &Sim, changes: &[(&str, &str)]) -> String {
    location(&answer(sim, changes, &ALLOW).await, "code").unwrap()
}

async fn exchange(sim: &Sim, code: &str, changes: &[(&str, &str)]) -> Got {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("client_id", "sim"),
        ("code_verifier", VERIFIER),
    ];
    form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    form.extend(changes);
    sim.form(&form, Some(("sim", "sim"))).await
}

/// A refresh token of the code grant.
pub async fn refresh_token(sim: &Sim) -> String {
    let code = code(sim, &[]).await;
    text(&exchange(sim, &code, &[]).await.ok()["refresh_token"])
}

/// The answer to a refresh token.
pub async fn refresh(sim: &Sim, token: &str) -> Got {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "sim")];
    sim.form(&form, Some(("sim", "sim"))).await
}

/// [V]
#[tokio::test]
async fn s2_2_code_with_pkce_a_person_clicks_allow() {
    let sim = sim(&[]).await;
    let page = authorize(&sim, &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("name=decision value=allow") && page.text.contains("admin@sim.example"));
    let answered = answer(&sim, &[], &ALLOW).await;
    assert_eq!(answered.status, 302);
    assert_eq!(location(&answered, "state").as_deref(), Some("s-1"));
    let got = exchange(&sim, &location(&answered, "code").unwrap(), &[]).await.is(200);
    assert_eq!(got["scope"], json!(SCOPES));
    assert!(got["refresh_token"].is_string() && got["id_token"].is_string());
    let me = sim.call_as(&text(&got["access_token"]), "GET", "/v1.2/me", None).await.is(200);
    assert_eq!(me["email"], json!("admin@sim.example"));
}

/// [V]
#[tokio::test]
async fn s2_2_a_denial_or_a_wrong_password_gives_no_code() {
    let sim = sim(&[]).await;
    let denied = answer(&sim, &[], &[("decision", "deny")]).await;
    assert_eq!(location(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(location(&denied, "state").as_deref(), Some("s-1"));
    let wrong = [("decision", "allow"), ("username", "admin@sim.example"), ("password", "wrong")];
    let again = answer(&sim, &[], &wrong).await;
    assert_eq!(again.status, 200);
    assert!(again.text.contains("is wrong"));
}

/// [V]
#[tokio::test]
async fn s2_2_a_switch_may_answer_the_consent() {
    let allow = sim(&[("consent", "allow")]).await;
    let code = location(&authorize(&allow, &[]).await, "code").unwrap();
    exchange(&allow, &code, &[]).await.is(200);
    allow.switch("consent", "deny").await;
    assert_eq!(location(&authorize(&allow, &[]).await, "error").as_deref(), Some("access_denied"));
}

/// [V]
#[tokio::test]
async fn s2_2_pkce_is_required_and_checked() {
    let sim = sim(&[]).await;
    for change in [("code_challenge", ""), ("code_challenge_method", "plain")] {
        let refused = authorize(&sim, &[change]).await;
        assert_eq!(location(&refused, "error").as_deref(), Some("invalid_request"));
    }
    let code = code(&sim, &[]).await;
    let got = exchange(&sim, &code, &[("code_verifier", "another")]).await;
    assert_eq!((got.status, &got.json["error"]), (400, &json!("invalid_grant")));
}

/// [I]
#[tokio::test]
async fn s2_2_a_code_is_valid_once_for_its_redirect_and_for_minutes() {
    let sim = sim(&[]).await;
    let first = code(&sim, &[]).await;
    exchange(&sim, &first, &[]).await.is(200);
    assert_eq!(exchange(&sim, &first, &[]).await.status, 400);
    let second = code(&sim, &[]).await;
    assert_eq!(exchange(&sim, &second, &[("redirect_uri", "http://127.0.0.1:1/")]).await.status, 400);
    let third = code(&sim, &[]).await;
    sim.advance("PT6M").await;
    assert_eq!(exchange(&sim, &third, &[]).await.status, 400);
}

/// [V]
#[tokio::test]
async fn s2_2_redirects_are_registered_and_a_wrong_one_gets_no_redirect() {
    let sim = sim(&[]).await;
    for uri in ["https://evil.example/cb", "http://127.0.0.1.evil.example/", "http://localhost@evil.example/"]
    {
        let got = authorize(&sim, &[("redirect_uri", uri)]).await;
        assert_eq!(got.status, 400, "{uri}");
        assert!(got.headers.get("location").is_none());
    }
    for uri in ["http://localhost:1/cb", "http://[::1]:8080/cb", "http://127.0.0.1/x"] {
        assert_eq!(authorize(&sim, &[("redirect_uri", uri)]).await.status, 200, "{uri}");
    }
    let refused = authorize(&sim, &[("client_id", "unknown")]).await;
    assert_eq!(refused.status, 400);
}

/// [V]
#[tokio::test]
async fn s2_2_authorize_sends_the_error_to_the_client() {
    let sim = sim(&[]).await;
    let changes = [
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "core_api"), "invalid_scope"),
        (("prompt", "none"), "login_required"),
    ];
    for (change, error) in changes {
        let got = authorize(&sim, &[change]).await;
        assert_eq!(location(&got, "error").as_deref(), Some(error));
    }
}

/// [C]
#[tokio::test]
async fn s2_2_a_public_client_has_no_secret() {
    let sim = sim(&[]).await;
    let code = code(&sim, &[("client_id", "sim-public")]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("client_id", "sim-public"),
        ("code_verifier", VERIFIER),
    ];
    let got = sim.form(&form, None).await.is(200);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", got["refresh_token"].as_str().unwrap()),
        ("client_id", "sim-public"),
    ];
    sim.form(&form, None).await.is(200);
    let form = [
        ("grant_type", "password"),
        ("username", "admin@sim.example"),
        ("password", "sim"),
        ("client_id", "sim-public"),
    ];
    assert_eq!(sim.form(&form, None).await.json["error"], json!("unauthorized_client"));
}

/// [C]
#[tokio::test]
async fn s2_2_the_refresh_token_rotates_with_every_answer() {
    let sim = sim(&[]).await;
    let first = refresh_token(&sim).await;
    let got = refresh(&sim, &first).await.is(200);
    let second = text(&got["refresh_token"]);
    assert_ne!(first, second);
    let reused = refresh(&sim, &first).await;
    assert_eq!((reused.status, &reused.json["error"]), (400, &json!("invalid_grant")));
    refresh(&sim, &second).await.is(200);
}

/// [C]
#[tokio::test]
async fn s2_2_a_changed_password_ends_the_link() {
    let sim = sim(&[]).await;
    let token = refresh_token(&sim).await;
    sim.edit(json!({ "action": "set_password", "email": "admin@sim.example", "password": "new" })).await;
    assert_eq!(refresh(&sim, &token).await.json["error"], json!("invalid_grant"));
    assert_eq!(sim.get("/v1.2/me").await.status, 401);
}
