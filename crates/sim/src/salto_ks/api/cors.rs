//! Browsers (A10, A11): a preflight is 204 on every known path, for any token.

use crate::frame::{Reply, Request};

/// The answer to `OPTIONS`.
pub(super) fn preflight(request: &Request) -> Reply {
    let headers = request.header("access-control-request-headers").unwrap_or("*").to_owned();
    Reply::empty(204)
        .counted("ok")
        .with_header("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
        .with_header("access-control-allow-headers", headers)
}

/// Allows a page of the origin in the request to read the answer.
pub(super) fn allow_origin(request: &Request, reply: Reply) -> Reply {
    match request.header("origin") {
        Some(origin) => reply.with_header("access-control-allow-origin", origin),
        None => reply,
    }
}
