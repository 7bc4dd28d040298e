//! `/connect/authorize`: the code grant with PKCE (2.2).

use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::ids::Pu;
use super::super::inner::Inner;
use super::code::{CODE_SECONDS, Code};
use super::consent;
use super::form::value;
use super::jwt::later;
use crate::frame::{Reply, Request};

/// The request of a client.
pub(super) struct Asked {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) scopes: Vec<String>,
    challenge: String,
    nonce: Option<String>,
    quietly: bool,
}

/// `GET`: the consent page, or the answer of the switch `consent`.
pub(super) fn ask(inner: &mut Inner, request: &Request, now: Timestamp) -> Reply {
    let asked = match read(inner, request) {
        Ok(asked) => asked,
        Err(reply) => return reply,
    };
    match inner.switches.get("consent") {
        "allow" => match consent::first_administrator(inner) {
            Some(user) => allow(inner, asked, user, now),
            None => denied(&asked, "login_required"),
        },
        "deny" => denied(&asked, "access_denied"),
        _ if asked.quietly => denied(&asked, "login_required"),
        _ => consent::page(inner, request, &asked, None),
    }
}

/// `POST`: the answer of a person or a script to the page.
pub(super) fn decide(inner: &mut Inner, request: &Request, now: Timestamp) -> Reply {
    let asked = match read(inner, request) {
        Ok(asked) => asked,
        Err(reply) => return reply,
    };
    if value(request, "decision").as_deref() != Some("allow") {
        return denied(&asked, "access_denied");
    }
    let profile = inner.store.by_email(&value(request, "username").unwrap_or_default());
    let given = value(request, "password");
    match profile.filter(|p| p.password.is_some() && p.password == given).map(|p| p.id) {
        Some(user) => allow(inner, asked, user, now),
        None => consent::page(inner, request, &asked, Some("The e-mail or the password is wrong.")),
    }
}

/// A wrong client or redirect is an error for the person; other errors are sent to the client.
fn read(inner: &Inner, request: &Request) -> Result<Asked, Reply> {
    let get = |name: &str| request.query_value(name).filter(|value| !value.is_empty());
    let client_id = get("client_id").unwrap_or_default();
    let client = inner.grants.client(&client_id).ok_or_else(|| wrong("unauthorized_client"))?;
    let redirect_uri = get("redirect_uri").filter(|uri| client.redirects_to(uri));
    let redirect_uri = redirect_uri.ok_or_else(|| wrong("invalid_redirect_uri"))?;
    let mut asked = Asked {
        client_id,
        redirect_uri,
        state: get("state"),
        scopes: Vec::new(),
        challenge: get("code_challenge").unwrap_or_default(),
        nonce: get("nonce"),
        quietly: get("prompt").as_deref() == Some("none"),
    };
    if get("response_type").as_deref() != Some("code") {
        return Err(denied(&asked, "unsupported_response_type"));
    }
    if !client.may("authorization_code") {
        return Err(denied(&asked, "unauthorized_client"));
    }
    if asked.challenge.is_empty() || get("code_challenge_method").as_deref() != Some("S256") {
        return Err(denied(&asked, "invalid_request"));
    }
    match client.scopes_of(&get("scope").unwrap_or_default()) {
        Some(scopes) => asked.scopes = scopes,
        None => return Err(denied(&asked, "invalid_scope")),
    }
    Ok(asked)
}

fn wrong(error: &'static str) -> Reply {
    let text = format!("<!doctype html><title>Error</title><h1>Sorry, there was an error: {error}</h1>");
    Reply::text(400, "text/html; charset=utf-8", text).counted(error)
}

fn allow(inner: &mut Inner, asked: Asked, user: Pu, now: Timestamp) -> Reply {
    let code = inner.grants.secret();
    let target = back(&asked, &[("code", &code), ("scope", &asked.scopes.join(" "))]);
    let Asked { client_id, redirect_uri, scopes, challenge, nonce, .. } = asked;
    let expires = later(now, CODE_SECONDS);
    inner.grants.codes.insert(
        code,
        Code { client_id, user, redirect_uri, challenge, scopes, nonce, logged_in: now, expires },
    );
    redirect(&target).counted("ok")
}

fn denied(asked: &Asked, error: &'static str) -> Reply {
    redirect(&back(asked, &[("error", error)])).counted(error)
}

fn redirect(target: &str) -> Reply {
    Reply::empty(302).with_header("location", target)
}

fn back(asked: &Asked, values: &[(&str, &str)]) -> String {
    let mut target = asked.redirect_uri.clone();
    let state = asked.state.iter().map(|state| ("state", state.as_str()));
    for (name, value) in values.iter().copied().chain(state) {
        let mark = if target.contains('?') { '&' } else { '?' };
        // Writing to a String cannot fail.
        let _ = write!(target, "{mark}{name}={}", encode(value));
    }
    target
}

/// Percent-encodes all characters except the unreserved ones.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
