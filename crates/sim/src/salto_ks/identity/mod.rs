//! The identity host (2.2): discovery, JWKS, authorize with consent, token, end of session.

mod authorize;
mod client;
mod code;
mod consent;
mod form;
mod jwt;
mod token;

use serde_json::{Value, json};

pub(super) use self::client::Client;
pub(super) use self::jwt::Grants;

use super::inner::Inner;
use crate::frame::{Call, Reply, Request};

/// All scopes; a client may use some of them.
pub(super) const SCOPES: [&str; 4] = ["openid", "profile", "offline_access", "user_api.full_access"];

/// The operation of a request to the identity host.
pub(super) fn operation(request: &Request) -> &'static str {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/.well-known/openid-configuration") => "identity.discovery",
        ("GET", "/.well-known/openid-configuration/jwks") => "identity.jwks",
        ("GET", "/connect/authorize") => "identity.authorize",
        ("POST", "/connect/authorize") => "identity.consent",
        ("POST", "/connect/token") => match form::value(request, "grant_type").as_deref() {
            Some("password") => "token.password",
            Some("authorization_code") => "token.code",
            Some("refresh_token") => "token.refresh",
            _ => "token.other",
        },
        ("GET", "/connect/endsession") => "identity.endsession",
        _ => "(unknown)",
    }
}

/// Answers a request to the identity host.
pub(super) fn answer(inner: &mut Inner, request: &Request, call: &Call<'_>) -> Reply {
    if let Some((text, _)) = call.twists.fail() {
        return error(400, text, None);
    }
    match operation(request) {
        "identity.discovery" => plain(200, &discovery(&inner.base(request))),
        "identity.jwks" => match jwt::jwks() {
            Ok(keys) => plain(200, &keys),
            Err(sentence) => Reply::text(500, "text/plain", sentence),
        },
        "identity.authorize" => authorize::ask(inner, request, call.now),
        "identity.consent" => authorize::decide(inner, request, call.now),
        "identity.endsession" => Reply::text(
            200,
            "text/html; charset=utf-8",
            "<!doctype html><title>Signed out</title><p>Signed out.",
        ),
        "(unknown)" if known(&request.path) => Reply::empty(405),
        "(unknown)" => Reply::empty(404),
        _ => token::answer(inner, request, call.now),
    }
}

fn known(path: &str) -> bool {
    matches!(
        path,
        "/.well-known/openid-configuration"
            | "/.well-known/openid-configuration/jwks"
            | "/connect/authorize"
            | "/connect/token"
            | "/connect/endsession"
    )
}

/// `client_credentials` is listed and of no use (2.2).
fn discovery(base: &str) -> Value {
    json!({
        "issuer": base,
        "jwks_uri": format!("{base}/.well-known/openid-configuration/jwks"),
        "authorization_endpoint": format!("{base}/connect/authorize"),
        "token_endpoint": format!("{base}/connect/token"),
        "end_session_endpoint": format!("{base}/connect/endsession"),
        "scopes_supported": SCOPES,
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token", "password"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "code_challenge_methods_supported": ["S256"],
    })
}

fn plain(status: u16, value: &Value) -> Reply {
    Reply::text(status, "application/json", value.to_string())
}

/// The errors that are outcomes in the counters.
const WORDS: [&str; 6] = [
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_request",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// `{error[, error_description]}` (2.2); its outcome in the counters is the error.
fn error(status: u16, name: &str, description: Option<&str>) -> Reply {
    let mut body = json!({ "error": name });
    if let Some(text) = description {
        body["error_description"] = json!(text);
    }
    let word = WORDS.into_iter().find(|word| *word == name).unwrap_or("other_error");
    let reply = plain(status, &body).counted(word);
    if status == 401 { reply.with_header("www-authenticate", "Basic realm=\"identity\"") } else { reply }
}
