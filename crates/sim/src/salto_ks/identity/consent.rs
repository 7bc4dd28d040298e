//! The consent page: a person can use it in a browser, a script can send the same form.

use super::super::ids::Pu;
use super::super::inner::Inner;
use super::authorize::Asked;
use crate::frame::html::{concat, escape};
use crate::frame::{Reply, Request};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}\
    label{display:block;margin:.6rem 0}input{font:inherit;width:100%;padding:.4rem}\
    button{font:inherit;padding:.5rem 1.2rem;margin:.8rem .5rem 0 0}.bad{color:#b3261e}";

/// The person of an automatic answer: the first administrator of the first site.
pub(super) fn first_administrator(inner: &Inner) -> Option<Pu> {
    let can_log_in = |user: &Pu| inner.store.profiles.get(user).is_some_and(|p| p.password.is_some());
    let sites = inner.store.sites.values();
    let mut people = sites.flat_map(|site| site.users.values()).filter(|user| user.is("site_admin"));
    people.find(|user| can_log_in(&user.user)).map(|user| user.user)
}

/// The page; the form is posted to the same address, query included.
pub(super) fn page(inner: &Inner, request: &Request, asked: &Asked, wrong: Option<&str>) -> Reply {
    let profile = first_administrator(inner).and_then(|user| inner.store.profiles.get(&user));
    let email = profile.and_then(|p| p.email.clone()).unwrap_or_default();
    let password = profile.and_then(|p| p.password.clone()).unwrap_or_default();
    let scopes = concat(asked.scopes.iter().map(|scope| format!("<li><code>{}</code>", escape(scope))));
    let wrong = wrong.map(|text| format!("<p class=bad role=alert>{}</p>", escape(text))).unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>SALTO KS (simulated)</title>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body>\
         <h1>SALTO KS <small>simulated</small></h1><p><b>{}</b> asks for access to your KS sites:</p>\
         <ul>{scopes}</ul>{wrong}<form method=post action=\"/connect/authorize?{}\">\
         <label>E-mail<input name=username value=\"{}\" autocomplete=off></label>\
         <label>Password<input name=password type=password value=\"{}\" autocomplete=off></label>\
         <button name=decision value=allow>Allow</button><button name=decision value=deny>Deny</button>\
         </form></body></html>\n",
        escape(&asked.client_id),
        escape(&request.query),
        escape(&email),
        escape(&password),
    );
    Reply::text(200, "text/html; charset=utf-8", html)
}
