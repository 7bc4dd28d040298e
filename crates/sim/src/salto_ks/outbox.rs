//! The mails that SALTO KS would have sent.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::store::instant;

/// One mail.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    /// Its time.
    pub(super) at: Timestamp,
    /// `invitation` (2.9) or `iq_pin` (2.10).
    pub(super) kind: &'static str,
    /// Address of the receiver.
    pub(super) to: String,
    /// Name of the site.
    pub(super) site: String,
    /// Site-user id of the receiver.
    pub(super) user: String,
    /// Its text, in one line.
    pub(super) text: String,
}

/// `GET /_sim/outbox`, oldest first.
pub(super) fn json(mails: &[Mail]) -> Value {
    let mail = |m: &Mail| json!({ "at": instant(m.at), "kind": m.kind, "to": m.to, "site": m.site, "user": m.user, "text": m.text });
    mails.iter().map(mail).collect()
}
