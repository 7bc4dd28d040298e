//! Authentication: Basic and the owner's GUID for each door, or a token fetched with them (2B.2, 2B.10 rows 2 and 3).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::contract::Operation;
use super::envelope::Refusal;
use super::store::{self, Credentials, Door, Token};
use super::system::Inner;
use crate::frame::Request;

/// An authenticated caller.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// GUID of the owner.
    pub owner: String,
    /// Its credentials.
    pub credentials: Credentials,
}

impl Caller {
    /// Its name in visits: an authorizer, not an employee (2A.1).
    pub(super) fn authorizer(&self) -> String {
        format!("authorizer {}", self.credentials.username)
    }
}

/// The door of a call; a token can be fetched at any door.
const fn door(operation: Operation) -> Option<Door> {
    match operation {
        Operation::PostToken => None,
        Operation::PostVisit | Operation::GetVisits | Operation::DeleteVisit | Operation::PutVisit => {
            Some(Door::VisitorConnect)
        }
        Operation::GetReaderActivity => Some(Door::EventStream),
        _ => Some(Door::OasisConnect),
    }
}

fn by_token(inner: &Inner, door: Door) -> bool {
    let own = inner.switches.get("auth.visitor-connect");
    match (door, own) {
        (Door::VisitorConnect, "basic" | "token") => own == "token",
        _ => inner.switches.is("auth.mode", "token"),
    }
}

/// Whether a door requires tokens, so that they can be fetched.
fn any_token(inner: &Inner) -> bool {
    [Door::OasisConnect, Door::VisitorConnect, Door::EventStream]
        .into_iter()
        .any(|door| by_token(inner, door))
}

/// Authenticates a call.
pub(super) fn enter(
    inner: &mut Inner,
    request: &Request,
    operation: Operation,
    body: Option<&Value>,
    now: Timestamp,
) -> Result<Caller, Refusal> {
    let door = door(operation);
    if door.is_none() && !any_token(inner) {
        return Err(Refusal::NotFound);
    }
    match door.filter(|door| by_token(inner, *door)) {
        Some(door) => bearer(inner, request, door, body, now),
        None => basic(inner, request, door, body),
    }
}

fn basic(
    inner: &Inner,
    request: &Request,
    door: Option<Door>,
    body: Option<&Value>,
) -> Result<Caller, Refusal> {
    let credentials = basic_credentials(request).ok_or(Refusal::Credentials)?;
    let fits = |owner: &&store::Owner| {
        let mut doors = owner.doors.iter().filter(|(name, _)| door.is_none_or(|door| door == **name));
        doors.any(|(_, wanted)| *wanted == credentials)
    };
    let mut owners = inner.store.owners.iter().filter(fits).peekable();
    if owners.peek().is_none() {
        return Err(Refusal::Credentials);
    }
    let sent = sent_owner(inner, request, body)?.ok_or(Refusal::Forbidden)?;
    let owner = owners.find(|owner| owner.guid == sent).ok_or(Refusal::Forbidden)?;
    Ok(Caller { owner: owner.guid.clone(), credentials })
}

fn bearer(
    inner: &mut Inner,
    request: &Request,
    door: Door,
    body: Option<&Value>,
    now: Timestamp,
) -> Result<Caller, Refusal> {
    inner.store.tokens.retain(|_, token| token.expires > now);
    let sent = scheme(request, "bearer").ok_or(Refusal::Credentials)?;
    let token = inner.store.tokens.get(sent).ok_or(Refusal::Credentials)?;
    let owner = inner.store.owners.iter().find(|owner| owner.guid == token.owner);
    let opens = owner.is_some_and(|owner| owner.doors.get(&door) == Some(&token.credentials));
    if !opens {
        return Err(Refusal::Credentials);
    }
    // A token belongs to an owner; an owner that is also sent must be the same.
    if sent_owner(inner, request, body)?.is_some_and(|sent| sent != token.owner) {
        return Err(Refusal::Forbidden);
    }
    Ok(Caller { owner: token.owner.clone(), credentials: token.credentials.clone() })
}

/// Makes a token; the first value is the token, the second its life in seconds.
pub(super) fn issue(inner: &mut Inner, caller: &Caller, now: Timestamp) -> (String, i64) {
    let seconds = inner.switches.whole("token.lifetime").unwrap_or(3600).clamp(0, 1_000_000_000);
    let token = inner.store.mint().replace('-', "");
    let expires = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    let (owner, credentials) = (caller.owner.clone(), caller.credentials.clone());
    inner.store.tokens.insert(token.clone(), Token { owner, credentials, expires });
    (token, seconds)
}

/// Ends the token of a call, if it has one.
pub(super) fn end(inner: &mut Inner, request: &Request) {
    if let Some(token) = scheme(request, "bearer") {
        inner.store.tokens.remove(token);
    }
}

/// The owner's GUID of a request; a GUID in the wrong form counts as a wrong one.
fn sent_owner(inner: &Inner, request: &Request, body: Option<&Value>) -> Result<Option<String>, Refusal> {
    let parameter = inner.contract.parameter("OwnerGuid");
    let in_body = || body.and_then(|body| Some(body.get(parameter)?.as_str()?.to_owned()));
    let sent = match inner.switches.get("auth.owner") {
        "body" if body.is_some() => in_body(),
        "query" | "body" => request.query_value(parameter),
        _ => request.header(inner.contract.owner_header()).map(str::to_owned),
    };
    let Some(sent) = sent else {
        return Ok(None);
    };
    let braced = sent.starts_with('{') && sent.ends_with('}');
    let formed = match inner.switches.get("auth.braces") {
        "required" => braced,
        "refused" => !braced,
        _ => true,
    };
    match store::guid(&sent).filter(|_| formed && sent.contains('-')) {
        Some(guid) => Ok(Some(guid)),
        None => Err(Refusal::Forbidden),
    }
}

/// The text after a scheme in `Authorization`.
fn scheme<'r>(request: &'r Request, wanted: &str) -> Option<&'r str> {
    let (scheme, rest) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}

fn basic_credentials(request: &Request) -> Option<Credentials> {
    let text = String::from_utf8(base64(scheme(request, "basic")?)?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(Credentials { username: username.to_owned(), password: password.to_owned() })
}

/// Base64 with or without padding (RFC 4648 section 4).
fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.trim_end_matches('=').bytes().map(digit).collect::<Option<_>>()?;
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(4) {
        let number = group.iter().enumerate().fold(0u32, |n, (i, d)| n | u32::from(*d) << (18 - 6 * i));
        bytes.extend_from_slice(number.to_be_bytes().get(1..group.len())?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_rfc_4648_writes_it() {
        for (text, expected) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text).as_deref(), Some(expected.as_bytes()), "{text}");
        }
        assert_eq!(base64("Z"), Some(vec![]));
        assert_eq!(base64("Zm9v!"), None);
    }
}
