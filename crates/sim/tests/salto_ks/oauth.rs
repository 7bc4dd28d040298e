//! 2.1 and 2.2: hosts, discovery, the password grant, access tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::{Got, NOTHING, SITE, sim, text};

pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// [M]
#[tokio::test]
async fn s2_1_identity_and_api_have_their_own_hosts() {
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
    for client in [Some(("sim", "wrong")), Some(("unknown", "sim")), None] {
        let got = sim.form(&form, client).await;
        assert_eq!((got.status, &got.json["error"]), (401, &json!("invalid_client")));
    }
}

/// [C]
#[tokio::test]
async fn s2_2_a_wrong_password_is_400_invalid_grant() {
    let sim = sim(&[]).await;
    for (user, password) in
        [("admin@sim.example", "wrong"), ("unknown@sim.example", "sim"), ("zoe@acme.example", "")]
    {
        let form = [("grant_type", "password"), ("username", user), ("password", password)];
        let got = sim.form(&form, Some(("sim", "sim"))).await;
        assert_eq!((got.status, &got.json["error"]), (400, &json!("invalid_grant")));
    }
}

/// [M]
#[tokio::test]
async fn s2_2_client_credentials_is_listed_and_refused() {
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
