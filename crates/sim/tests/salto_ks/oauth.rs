//! 2.1 and 2.2: hosts, OAuth2, OpenID Connect.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::{Got, NOTHING, SITE, Sim, sim, text};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";
const SCOPES: &str = "openid profile offline_access user_api.full_access";

pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

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

const ALLOW: [(&str, &str); 3] =
    [("decision", "allow"), ("username", "admin@sim.example"), ("password", "sim")];

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

/// Uses one.
pub async fn refresh(sim: &Sim, token: &str) -> Got {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "sim")];
    sim.form(&form, Some(("sim", "sim"))).await
}

/// [M]
#[tokio::test]
async fn s2_1_identity_and_api_stand_on_hosts_of_their_own() {
    let sim = sim(&[]).await;
    assert_ne!(sim.running.url, sim.identity());
    let other =
        sim.http.get(format!("{}/v1.2/me", sim.identity())).bearer_auth(&sim.token).send().await.unwrap();
    assert_eq!(other.status(), 404);
    assert_eq!(sim.get("/connect/token").await.status, 404);
}

/// [M]
#[tokio::test]
async fn s2_2_discovery_is_open_and_names_the_documented_paths() {
    let sim = sim(&[]).await;
    let identity = sim.identity();
    let url = format!("{identity}/.well-known/openid-configuration");
    let found = Got::of(sim.http.get(url).send().await.unwrap()).await.is(200);
    assert_eq!(found["issuer"], json!(identity));
    assert_eq!(found["authorization_endpoint"], json!(format!("{identity}/connect/authorize")));
    assert_eq!(found["token_endpoint"], json!(format!("{identity}/connect/token")));
    assert_eq!(found["end_session_endpoint"], json!(format!("{identity}/connect/endsession")));
    for grant in ["authorization_code", "refresh_token", "password", "client_credentials"] {
        assert!(found["grant_types_supported"].as_array().unwrap().contains(&json!(grant)), "{grant}");
    }
}

/// [V]
#[tokio::test]
async fn s2_2_end_of_session_answers_a_page() {
    let sim = sim(&[]).await;
    let page = sim.http.get(format!("{}/connect/endsession", sim.identity())).send().await.unwrap();
    assert_eq!(page.status(), 200);
}

/// [M]
#[tokio::test]
async fn s2_2_password_grant_with_basic_gives_exactly_the_documented_answer() {
    let sim = sim(&[]).await;
    let form = [
        ("grant_type", "password"),
        ("username", "admin@sim.example"),
        ("password", "sim"),
        ("scope", "user_api.full_access"),
    ];
    let got = sim.form(&form, Some(("sim", "sim"))).await.is(200);
    assert_eq!(got["expires_in"], json!(3600));
    assert_eq!(got["token_type"], json!("Bearer"));
    assert_eq!(got["scope"], json!("user_api.full_access"));
    assert_eq!(got.as_object().unwrap().len(), 4, "no refresh token without offline_access");
}

/// [M]
#[tokio::test]
async fn s2_2_a_refresh_token_comes_with_offline_access() {
    let sim = sim(&[]).await;
    let form = [
        ("grant_type", "password"),
        ("username", "admin@sim.example"),
        ("password", "sim"),
        ("scope", "user_api.full_access offline_access"),
    ];
    let got = sim.form(&form, Some(("sim", "sim"))).await.is(200);
    assert!(got["refresh_token"].is_string());
}

/// [M]
#[tokio::test]
async fn s2_2_a_scope_not_allowed_for_the_client_is_400_invalid_scope() {
    let sim = sim(&[]).await;
    for (client, scope) in [("sim-narrow", "user_api.full_access offline_access"), ("sim", "core_api")] {
        let form = [
            ("grant_type", "password"),
            ("username", "admin@sim.example"),
            ("password", "sim"),
            ("scope", scope),
        ];
        let got = sim.form(&form, Some((client, "sim"))).await;
        assert_eq!((got.status, got.text.as_str()), (400, r#"{"error":"invalid_scope"}"#));
    }
}

/// [C]
#[tokio::test]
async fn s2_2_a_wrong_client_is_401_invalid_client() {
    let sim = sim(&[]).await;
    let form = [("grant_type", "password"), ("username", "admin@sim.example"), ("password", "sim")];
    for client in [Some(("sim", "wrong")), Some(("nobody", "sim")), None] {
        let got = sim.form(&form, client).await;
        assert_eq!((got.status, &got.json["error"]), (401, &json!("invalid_client")));
    }
}

/// [C]
#[tokio::test]
async fn s2_2_a_wrong_password_is_400_invalid_grant() {
    let sim = sim(&[]).await;
    for (user, password) in
        [("admin@sim.example", "wrong"), ("nobody@sim.example", "sim"), ("zoe@acme.example", "")]
    {
        let form = [("grant_type", "password"), ("username", user), ("password", password)];
        let got = sim.form(&form, Some(("sim", "sim"))).await;
        assert_eq!((got.status, &got.json["error"]), (400, &json!("invalid_grant")));
    }
}

/// [M]
#[tokio::test]
async fn s2_2_client_credentials_is_listed_and_of_no_use() {
    let sim = sim(&[]).await;
    let form = [("grant_type", "client_credentials"), ("scope", "user_api.full_access")];
    let got = sim.form(&form, Some(("sim", "sim"))).await;
    assert_eq!((got.status, &got.json["error"]), (400, &json!("unauthorized_client")));
}

/// [I]
#[tokio::test]
async fn s2_2_an_unknown_grant_and_a_body_that_is_no_form_are_refused() {
    let sim = sim(&[]).await;
    let got = sim.form(&[("grant_type", "device_code")], Some(("sim", "sim"))).await;
    assert_eq!((got.status, &got.json["error"]), (400, &json!("unsupported_grant_type")));
    let url = format!("{}/connect/token", sim.identity());
    let got =
        Got::of(sim.http.post(url).json(&json!({ "grant_type": "password" })).send().await.unwrap()).await;
    assert_eq!((got.status, &got.json["error"]), (400, &json!("invalid_request")));
}

/// [M]
#[tokio::test]
async fn s2_2_the_access_token_is_an_rs256_jwt_with_the_documented_claims() {
    let sim = sim(&[]).await;
    let header = part(&sim.token, 0);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("at+jwt")));
    let claims = part(&sim.token, 1);
    assert_eq!(claims["iss"], json!(sim.identity()));
    assert_eq!(claims["aud"], json!("user_api"));
    assert_eq!(claims["scope"], json!(["user_api.full_access"]));
    assert_eq!(claims["client_id"], json!("sim"));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    assert_eq!(claims["nbf"], claims["iat"]);
    for claim in ["product_id", "tenant_id", "identity_id", "skip_email"] {
        assert!(!claims[claim].is_null(), "{claim}");
    }
    let profile = claims.as_object().unwrap().keys().find(|key| key.starts_with("profile_id_"));
    assert!(profile.is_some());
    let me = sim.get("/v1.2/me").await.is(200);
    assert_ne!(claims["sub"], me["id"], "sub is the identity's, not the platform user id");
}

/// [M]
#[tokio::test]
async fn s2_2_the_signature_can_be_checked_with_the_jwks() {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
    let sim = sim(&[]).await;
    let url = format!("{}/.well-known/openid-configuration/jwks", sim.identity());
    let keys = Got::of(sim.http.get(url).send().await.unwrap()).await.is(200);
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["alg"]), (&json!("RSA"), &json!("RS256")));
    assert_eq!(part(&sim.token, 0)["kid"], key["kid"]);
    let decode = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let public = RsaPublicKeyComponents { n: decode("n"), e: decode("e") };
    let (text, signature) = sim.token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    public.verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature).unwrap();
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
async fn s2_2_a_person_who_denies_or_mistypes_gives_no_code() {
    let sim = sim(&[]).await;
    let denied = answer(&sim, &[], &[("decision", "deny")]).await;
    assert_eq!(location(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(location(&denied, "state").as_deref(), Some("s-1"));
    let wrong = [("decision", "allow"), ("username", "admin@sim.example"), ("password", "wrong")];
    let again = answer(&sim, &[], &wrong).await;
    assert_eq!(again.status, 200);
    assert!(again.text.contains("do not fit"));
}

/// [V]
#[tokio::test]
async fn s2_2_a_script_may_answer_the_consent() {
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
async fn s2_2_a_code_is_good_once_for_its_redirect_and_not_for_ever() {
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
async fn s2_2_redirects_are_registered_and_a_wrong_one_is_never_called() {
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
    let refused = authorize(&sim, &[("client_id", "nobody")]).await;
    assert_eq!(refused.status, 400);
}

/// [V]
#[tokio::test]
async fn s2_2_authorize_tells_the_client_what_was_wrong() {
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
async fn s2_2_the_refresh_token_rotates_and_every_answer_brings_a_new_one() {
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

/// [V]
#[tokio::test]
async fn s2_2_a_token_acts_as_one_user_and_sees_that_users_sites() {
    let sim = sim(&[]).await;
    let names =
        |got: Got| -> Vec<String> { got.items().iter().map(|s| text(&s["customer_reference"])).collect() };
    assert_eq!(names(sim.get("/v1.2/sites").await), ["Small Building", "Mill"]);
    let stranger = sim.log_in("stranger@mill.example").await;
    assert_eq!(names(sim.call_as(&stranger, "GET", "/v1.2/sites", None).await), ["Mill"]);
}

/// [I]
#[tokio::test]
async fn s2_2_401_without_a_token_with_a_bad_one_and_after_an_hour() {
    let sim = sim(&[]).await;
    for token in ["", "nonsense", "a.b.c", &format!("{}x", sim.token)] {
        let got = sim.call_as(token, "GET", "/v1.2/me", None).await;
        assert_eq!((got.status, got.text.as_str()), (401, ""));
        assert_eq!(got.headers["www-authenticate"], "Bearer");
    }
    sim.advance("PT59M").await;
    assert_eq!(sim.get("/v1.2/me").await.status, 200);
    sim.advance("PT2M").await;
    assert_eq!(sim.get("/v1.2/me").await.status, 401);
}

/// [I]
#[tokio::test]
async fn s2_2_a_token_without_the_api_scope_opens_nothing() {
    let sim = sim(&[]).await;
    let form = [
        ("grant_type", "password"),
        ("username", "admin@sim.example"),
        ("password", "sim"),
        ("scope", "openid"),
    ];
    let got = sim.form(&form, Some(("sim", "sim"))).await.is(200);
    let path = format!("/v1.2/sites/{SITE}/users");
    assert_eq!(sim.call_as(&text(&got["access_token"]), "GET", &path, None).await.status, 403);
    assert_eq!(sim.s("GET", "/users", NOTHING).await.status, 200);
}
