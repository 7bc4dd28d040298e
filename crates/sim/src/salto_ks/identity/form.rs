//! Forms and Basic credentials.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::frame::{Request, percent_decode};

/// A value of a form body.
pub(super) fn value(request: &Request, name: &str) -> Option<String> {
    let kind = request.header("content-type").unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let text = std::str::from_utf8(&request.body).ok()?;
    text.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(key) == name).then(|| percent_decode(value))
    })
}

/// Client id and secret of `Authorization: Basic`; each half is form-encoded (RFC 6749, 2.3.1).
pub(super) fn basic(request: &Request) -> Option<(String, String)> {
    let header = request.header("authorization")?;
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(rest.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((percent_decode(id), percent_decode(secret)))
}
