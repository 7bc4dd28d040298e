//! `POST /connect/token` (2.2).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::ids::Pu;
use super::super::inner::Inner;
use super::client::Client;
use super::code::{Code, Refresh};
use super::form::{basic, value};
use super::jwt::{TOKEN_SECONDS, later, sign};
use super::{error, plain};
use crate::frame::{Reply, Request};

/// The result of a grant.
struct Granted {
    client_id: String,
    user: Pu,
    scopes: Vec<String>,
    nonce: Option<String>,
    /// Time of the login, which a refresh does not change.
    logged_in: Timestamp,
    /// The refresh token of the answer; none: a new one if `offline_access` was granted.
    refresh: Option<String>,
}

type Step<T> = Result<T, Reply>;

/// Answers a request for a token.
pub(super) fn answer(inner: &mut Inner, request: &Request, now: Timestamp) -> Reply {
    match grant(inner, request, now).and_then(|granted| issue(inner, request, granted, now)) {
        Ok(reply) | Err(reply) => reply,
    }
}

fn grant(inner: &mut Inner, request: &Request, now: Timestamp) -> Step<Granted> {
    let Some(grant) = value(request, "grant_type") else {
        return Err(error(400, "invalid_request", None));
    };
    let client = client(inner, request)?;
    match grant.as_str() {
        "password" | "authorization_code" | "refresh_token" if !client.may(&grant) => {
            Err(error(400, "unauthorized_client", None))
        }
        "password" => password(inner, request, &client, now),
        "authorization_code" => code(inner, request, &client, now),
        "refresh_token" => refresh(inner, request, &client, now),
        "client_credentials" => Err(error(400, "unauthorized_client", None)),
        _ => Err(error(400, "unsupported_grant_type", None)),
    }
}

/// A confidential client sends its secret by Basic (or in the form), a public one its id only (2.2).
fn client(inner: &Inner, request: &Request) -> Step<Client> {
    let (id, secret) = match basic(request) {
        Some((id, secret)) => (id, Some(secret)),
        None => (value(request, "client_id").unwrap_or_default(), value(request, "client_secret")),
    };
    let client = inner.grants.client(&id).ok_or_else(|| error(401, "invalid_client", None))?;
    let known = client.client_secret.as_deref();
    let proven = match (known, secret.as_deref()) {
        (Some(known), Some(given)) => known == given,
        (None, given) => given.is_none_or(str::is_empty),
        (Some(_), None) => false,
    };
    if proven { Ok(client.clone()) } else { Err(error(401, "invalid_client", None)) }
}

fn password(inner: &Inner, request: &Request, client: &Client, now: Timestamp) -> Step<Granted> {
    let refused = || error(400, "invalid_grant", Some("invalid_username_or_password"));
    let scopes = client.scopes_of(&value(request, "scope").unwrap_or_default());
    let scopes = scopes.ok_or_else(|| error(400, "invalid_scope", None))?;
    let (Some(username), Some(given)) = (value(request, "username"), value(request, "password")) else {
        return Err(refused());
    };
    let profile = inner.store.by_email(&username).ok_or_else(refused)?;
    if profile.password.as_ref() != Some(&given) {
        return Err(refused());
    }
    let (client_id, user) = (client.client_id.clone(), profile.id);
    Ok(Granted { client_id, user, scopes, nonce: None, logged_in: now, refresh: None })
}

/// A code is valid once, for its client, redirect and verifier.
fn code(inner: &mut Inner, request: &Request, client: &Client, now: Timestamp) -> Step<Granted> {
    let refused = || error(400, "invalid_grant", None);
    let code =
        value(request, "code").and_then(|code| inner.grants.codes.remove(&code)).ok_or_else(refused)?;
    let verifier = value(request, "code_verifier").unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let same = code.client_id == client.client_id
        && value(request, "redirect_uri").as_deref() == Some(code.redirect_uri.as_str());
    if !same || challenge != code.challenge || now >= code.expires {
        return Err(refused());
    }
    let client_id = client.client_id.clone();
    let Code { user, scopes, nonce, logged_in, .. } = code;
    Ok(Granted { client_id, user, scopes, nonce, logged_in, refresh: None })
}

/// 2.15 #1: rotates, reuse fails; or fixed; with or without an end.
fn refresh(inner: &mut Inner, request: &Request, client: &Client, now: Timestamp) -> Step<Granted> {
    let refused = || error(400, "invalid_grant", None);
    let given = value(request, "refresh_token").ok_or_else(refused)?;
    let token = inner.grants.refresh.get(&given).cloned().ok_or_else(refused)?;
    let lifetime = inner.switches.whole("refresh.lifetime");
    let over = lifetime.is_some_and(|seconds| now >= later(token.since, seconds));
    if token.client_id != client.client_id || over {
        return Err(refused());
    }
    let fixed = inner.switches.is("refresh.rotation", "fixed");
    if !fixed {
        inner.grants.refresh.remove(&given);
    }
    let Refresh { client_id, user, scopes, logged_in, .. } = token;
    Ok(Granted { client_id, user, scopes, nonce: None, logged_in, refresh: fixed.then_some(given) })
}

fn issue(inner: &mut Inner, request: &Request, granted: Granted, now: Timestamp) -> Step<Reply> {
    let failed = |sentence: String| Reply::text(500, "text/plain", sentence).counted("http_500");
    let has = |scope: &str| granted.scopes.iter().any(|s| s == scope);
    let claims = claims(inner, request, &granted, now).ok_or_else(|| error(400, "invalid_grant", None))?;
    let mut body = json!({
        "access_token": sign("at+jwt", &claims).map_err(failed)?,
        "expires_in": TOKEN_SECONDS,
        "token_type": "Bearer",
        "scope": granted.scopes.join(" "),
    });
    if has("openid") {
        let mut identity = json!({ "iss": claims["iss"], "aud": granted.client_id, "sub": claims["sub"],
                                   "iat": claims["iat"], "exp": claims["exp"] });
        if let Some(nonce) = &granted.nonce {
            identity["nonce"] = json!(nonce);
        }
        body["id_token"] = json!(sign("JWT", &identity).map_err(failed)?);
    }
    let offline = has("offline_access");
    let Granted { client_id, user, scopes, logged_in, refresh, .. } = granted;
    if offline {
        let token = refresh.unwrap_or_else(|| {
            let token = inner.grants.secret();
            inner
                .grants
                .refresh
                .insert(token.clone(), Refresh { client_id, user, scopes, logged_in, since: now });
            token
        });
        body["refresh_token"] = json!(token);
    }
    let who = inner.store.profiles.get(&user).and_then(|p| p.email.clone()).unwrap_or_default();
    Ok(plain(200, &body).with_header("cache-control", "no-store").about(who))
}

/// The claims of an access token (2.2, A8); `None` if the person no longer exists.
fn claims(inner: &Inner, request: &Request, granted: &Granted, now: Timestamp) -> Option<Value> {
    let profile = inner.store.profiles.get(&granted.user)?;
    let seconds = now.as_second();
    let suppressed = inner.switches.is("invitations.mail", &granted.client_id);
    let mut claims = json!({
        "iss": inner.base(request),
        "aud": "user_api",
        "scope": granted.scopes,
        "client_id": granted.client_id,
        "sub": profile.subject.to_string(),
        "amr": ["password"], "idp": "local", "auth_time": granted.logged_in.as_second(),
        "iat": seconds, "nbf": seconds, "exp": seconds + TOKEN_SECONDS,
        "product_id": "ks", "tenant_id": "sim",
        "identity_id": profile.subject.to_string(),
        "skip_email": suppressed.to_string(),
    });
    claims[format!("profile_id_{}", profile.subject)] = json!(profile.id.to_string());
    Some(claims)
}
