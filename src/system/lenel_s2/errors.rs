//! The meaning of a NetBox's errors, and a sentence for each: what was tried, what the NetBox answered, what to do
//! (systems/lenel-s2.md 2.11; design 3.18). One module, so that each kind is decided in one place.

use std::time::Duration;

use super::envelope::{Command, Unreadable};
use super::words::quoted;
use crate::system::{ErrorCode, ErrorKind, SystemError};

/// Where the three checkboxes of the API are in the NetBox's menu (2.3).
const SETTINGS: &str = "Site Settings > Network Controller > Data Integration";

/// The commands that remove access.
const TAKES_AWAY: [&str; 3] = ["ModifyPerson", "RemovePerson", "RemoveCredential"];

/// The commands that grant access.
const GRANTS: [&str; 2] = ["AddPerson", "AddCredential"];

/// An APIERROR that a new login does not fix (2.11).
pub(super) fn api_error(operation: &'static str, number: u16) -> SystemError {
    let (kind, said) = match number {
        1 => (ErrorKind::Transient, "its API has not started (APIERROR 1); it is tried again".to_owned()),
        2 => (
            ErrorKind::Terminal,
            format!(
                "its API is not enabled (APIERROR 2): tick Enable V2 under {SETTINGS}, and check the licence"
            ),
        ),
        3 => (
            ErrorKind::Terminal,
            "it found no command in the request (APIERROR 3): this NetBox may need the other body form, see \
             spec.lenelS2.wire.bodyForm"
                .to_owned(),
        ),
        4 => (
            ErrorKind::Terminal,
            "it could not parse the request (APIERROR 4): please report this".to_owned(),
        ),
        6 => (ErrorKind::Terminal, "its version does not know this command (APIERROR 6)".to_owned()),
        other => (ErrorKind::Transient, format!("it answered APIERROR {other}; it is tried again")),
    };
    let error = SystemError::new(kind, operation, format!("{operation} on the NetBox failed: {said}"));
    // A NetBox that does not know one command may know the others.
    if matches!(number, 2..=4) { error.with_code(ErrorCode::Endpoint) } else { error }
}

/// The login is refused. It is not repeated, because repeated failures lock the account (design 3.17).
pub(super) fn login_refused() -> SystemError {
    SystemError::new(
        ErrorKind::Auth,
        "Login",
        "The NetBox refused the login: check username and password in the Secret",
    )
}

/// The login failed with words. Only words about sessions mean that it may work later (2.16 no. 2).
pub(super) fn login_failed(login: &Command, words: &str) -> SystemError {
    let said = quoted(login, words);
    if words.to_lowercase().contains("session") {
        let message = format!(
            "The NetBox gives no further session: it said {said}. Give Vestibule a user of its own, or raise the limit; it \
             is tried again"
        );
        return SystemError::new(ErrorKind::Transient, login.name, message);
    }
    let SystemError { kind, operation, message, .. } = login_refused();
    SystemError::new(kind, operation, format!("{message}. It said {said}"))
}

/// Login answered SUCCESS and every command after it is refused: the cause is a checkbox, not the password (2.3,
/// measured on 6.2.0).
pub(super) fn login_trap() -> SystemError {
    SystemError::new(
        ErrorKind::Auth,
        "Login",
        format!(
            "The NetBox accepted the login but refuses every command of its session (APIERROR 5): wrong \
             authentication mode on the controller, not a wrong password. Tick the third checkbox, \"Use login \
             username/password for authentication (requires setup privilege)\", under {SETTINGS}"
        ),
    )
}

/// Refused twice, although the renewed session is proven: the account lacks the right.
pub(super) fn not_allowed(operation: &'static str) -> SystemError {
    let message = format!(
        "The NetBox refused {operation} for Vestibule's user although its login works (APIERROR 5): give the user a role with \
         read and write right to the API"
    );
    // Without the right to read, no work is possible, and another login may have the right: the login is rejected. Without the
    // right to create, reads and removals continue. A command that removes access fails alone, so that the other ways to
    // close a door stay available.
    let kind = if TAKES_AWAY.contains(&operation) { ErrorKind::Terminal } else { ErrorKind::Auth };
    let error = SystemError::new(kind, operation, message);
    if GRANTS.contains(&operation) { error.with_code(ErrorCode::MayNotCreate) } else { error }
}

/// A session that was just proven has ended: another program uses the account.
pub(super) fn session_taken(operation: &'static str) -> SystemError {
    let message = format!(
        "{operation} on the NetBox failed: it ended the session twice in a row (APIERROR 5). Another program may log in \
         as the same user: give Vestibule a user of its own"
    );
    SystemError::new(ErrorKind::Transient, operation, message)
}

/// The partition cannot be entered.
pub(super) fn partition(said: &str) -> SystemError {
    let message = format!(
        "The NetBox did not switch to the partition that the AccessIntegration names: {said}. Check spec.lenelS2.partitionKey, \
         and that Vestibule's user may enter it"
    );
    SystemError::new(ErrorKind::Terminal, "SwitchPartition", message).with_code(ErrorCode::Endpoint)
}

/// The answer cannot be read. If the command was a write, its outcome is unknown.
pub(super) fn unreadable(operation: &'static str, why: Unreadable) -> SystemError {
    let said = match why {
        Unreadable::Malformed => "its answer is incomplete or is not XML",
        Unreadable::Foreign => {
            "its answer does not come from a NetBox: check spec.lenelS2.url and spec.lenelS2.path"
        }
        Unreadable::OtherCommand => "it answered another command: a proxy may mix up answers",
    };
    let message = format!("{operation} on the NetBox failed: {said}; it is tried again");
    SystemError::new(ErrorKind::Transient, operation, message)
}

/// The answer lacks required content. It is not treated as an empty one.
pub(super) fn incomplete(operation: &'static str, what: &str) -> SystemError {
    let message = format!(
        "{operation} on the NetBox answered {what}; the answer is discarded and the call is tried again"
    );
    SystemError::new(ErrorKind::Transient, operation, message)
}

/// What went wrong with TLS. Another CA is the remedy only for a certificate that is not trusted.
pub(super) fn tls(error: &rustls::Error) -> String {
    use rustls::CertificateError::{NotValidForName, NotValidForNameContext};
    match error {
        rustls::Error::InvalidMessage(_) => format!(
            "it does not speak TLS at this port ({error}): write http:// in spec.lenelS2.url, or the port of its HTTPS"
        ),
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => format!(
            "its certificate is for another name ({error}): name that host in spec.lenelS2.url, or put the certificate itself \
             into spec.lenelS2.caBundle"
        ),
        rustls::Error::InvalidCertificate(_) => format!(
            "its certificate is not accepted ({error}): put its CA, or the certificate itself, into spec.lenelS2.caBundle"
        ),
        _ => format!(
            "TLS with it fails ({error}): check the port, and that the NetBox offers TLS 1.2 or 1.3; a certificate of an \
             authority that is not known here needs spec.lenelS2.caBundle"
        ),
    }
}

/// An HTTP status without an answer (2.1: 200 is normal, also for errors of the API).
pub(super) fn http_status(
    operation: &'static str,
    status: u16,
    retry_after: Option<Duration>,
) -> SystemError {
    let failed = format!("{operation} on the NetBox failed");
    let (kind, message) = match status {
        410 | 404 | 405 => (
            ErrorKind::Terminal,
            format!(
                "{failed}: nothing answers at this path (HTTP {status}). From version 6 on it is {}, before 5.6 \
                 /goforms/nbapi: set spec.lenelS2.path",
                super::PATH_V2
            ),
        ),
        429 => {
            (ErrorKind::Throttled(retry_after), format!("{failed}: it asks for fewer requests (HTTP 429)"))
        }
        503 if retry_after.is_some() => {
            (ErrorKind::Throttled(retry_after), format!("{failed}: it asks for a later retry (HTTP 503)"))
        }
        500.. => (ErrorKind::Transient, format!("{failed}: HTTP {status}; it is tried again")),
        300..400 => (
            ErrorKind::Terminal,
            format!(
                "{failed}: it redirects (HTTP {status}), which is not followed: set spec.lenelS2.url to the target"
            ),
        ),
        _ => (
            ErrorKind::Terminal,
            format!(
                "{failed}: HTTP {status}. A proxy in front of the NetBox may have refused the request: check scheme, host and port of \
                 spec.lenelS2.url"
            ),
        ),
    };
    let error = SystemError::new(kind, operation, message);
    if kind == ErrorKind::Terminal { error.with_code(ErrorCode::Endpoint) } else { error }
}

/// The record that a write concerns does not exist, or a record that it names.
pub(super) fn missing(operation: &'static str, what: &str) -> SystemError {
    let message = format!("{operation} on the NetBox failed: {what} is not there");
    SystemError::new(ErrorKind::Dependency, operation, message)
}

/// CODE FAIL with the NetBox's words. An object that it does not know may still be created; any other failure is
/// permanent.
pub(super) fn failed(command: &Command, words: &str) -> SystemError {
    let lower = words.to_lowercase();
    let names_a_thing =
        ["access level", "accesslevel", "card format", "cardformat"].iter().any(|t| lower.contains(t));
    let unknown =
        ["not found", "does not exist", "invalid", "unknown", "no such"].iter().any(|t| lower.contains(t));
    let kind = if names_a_thing && unknown { ErrorKind::Dependency } else { ErrorKind::Terminal };
    let operation = command.name;
    let advice = "correct the value in the object or on the NetBox";
    let message = format!("{operation} on the NetBox failed: it said {}; {advice}", quoted(command, words));
    SystemError::new(kind, operation, message)
}

/// The card belongs to another person. (The NetBox's text is not known and might name that person, 2.8.)
pub(super) fn card_taken() -> SystemError {
    SystemError::new(
        ErrorKind::Terminal,
        "AddCredential",
        "AddCredential on the NetBox failed: the card of spec.credentialNumber already belongs to another person: choose \
         another number, or withdraw the card from that person",
    )
    .with_code(ErrorCode::CardTaken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_person() -> Command {
        Command::new("AddPerson")
            .with("LASTNAME", "Byron")
            .with("CONTACTEMAIL", "ada@example.org")
            .with("ACCESSLEVEL", "Floor 4")
    }

    #[test]
    fn every_api_error_has_its_class() {
        let classes = [1, 2, 3, 4, 6, 99].map(|number| api_error("X", number).kind.name());
        assert_eq!(classes, ["transient", "terminal", "terminal", "terminal", "terminal", "transient"]);
    }

    #[test]
    fn every_http_status_has_its_class() {
        let kind = |status| http_status("X", status, None).kind;
        assert_eq!([410, 404, 301, 400].map(kind), [ErrorKind::Terminal; 4]);
        assert_eq!([500, 502, 503].map(kind), [ErrorKind::Transient; 3]);
        let code = |status| http_status("X", status, None).code;
        assert_eq!([410, 404, 301, 400].map(code), [Some(ErrorCode::Endpoint); 4]);
        assert_eq!([500, 429].map(code), [None; 2]);
        assert_eq!(kind(429), ErrorKind::Throttled(None));
        let later = Some(Duration::from_secs(7));
        assert_eq!(http_status("X", 503, later).kind, ErrorKind::Throttled(later));
        assert!(http_status("X", 410, None).message.contains("spec.lenelS2.path"));
    }

    #[test]
    fn a_level_unknown_to_the_netbox_may_still_be_created() {
        assert_eq!(failed(&add_person(), "Access level Floor 4 does not exist").kind, ErrorKind::Dependency);
        assert_eq!(failed(&add_person(), "Missing Last Name").kind, ErrorKind::Terminal);
    }
}
