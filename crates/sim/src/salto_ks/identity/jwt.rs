//! Tokens: signed RS256, `typ: at+jwt` (2.2).

use std::collections::HashMap;
use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::ids;
use super::client::Client;
use super::code::{Code, Refresh};
use crate::frame::dice::Dice;

/// One key for the process: making one takes a tenth of a second, and no test needs another.
static KEY: LazyLock<Option<KeyPair>> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).ok());

/// Name of the key in the JWKS.
const KEY_ID: &str = "vestibule-sim-1";

/// The lifetime of an access token (2.2).
pub(super) const TOKEN_SECONDS: i64 = 3600;

/// All codes and tokens of the identity host.
pub(crate) struct Grants {
    clients: Vec<Client>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh: HashMap<String, Refresh>,
    dice: Dice,
}

/// The content of a valid access token.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    /// Subject at the identity host.
    pub(crate) subject: Uuid,
    pub(crate) client_id: String,
    pub(crate) issued: Timestamp,
    pub(crate) scopes: Vec<String>,
}

impl Grants {
    /// A host with these clients and no tokens.
    pub(crate) fn new(clients: Vec<Client>) -> Result<Self, String> {
        let seed = Timestamp::now().as_nanosecond();
        key()?;
        // Tokens need not be repeatable, and must differ after a restart.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let dice = Dice::new(seed as u64);
        Ok(Self { clients, codes: HashMap::new(), refresh: HashMap::new(), dice })
    }

    /// The client with this id.
    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == id)
    }

    /// All clients.
    pub(crate) fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The number of valid refresh tokens.
    pub(crate) fn refresh_tokens(&self) -> usize {
        self.refresh.len()
    }

    /// Revokes all refresh tokens and codes of a person (`None`: of all people).
    pub(crate) fn revoke(&mut self, user: Option<super::super::ids::Pu>) {
        self.refresh.retain(|_, token| user.is_some_and(|user| token.user != user));
        self.codes.retain(|_, code| user.is_some_and(|user| code.user != user));
    }

    /// Removes codes that have expired.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.codes.retain(|_, code| now < code.expires);
    }

    /// A random secret.
    pub(super) fn secret(&mut self) -> String {
        let halves = [ids::throw(&mut self.dice), ids::throw(&mut self.dice)];
        halves.map(|half| half.simple().to_string()).concat().to_uppercase()
    }
}

/// The JWKS.
pub(super) fn jwks() -> Result<Value, String> {
    let der = key()?.public_key().as_ref();
    let (modulus, exponent) = components(der).ok_or("the signing key cannot be read")?;
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Ok(json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
                          "n": text(modulus), "e": text(exponent) }] }))
}

fn key() -> Result<&'static KeyPair, String> {
    KEY.as_ref().ok_or_else(|| "the signing key cannot be made".to_owned())
}

/// Modulus and exponent of a PKCS #1 public key: a SEQUENCE of two INTEGERs.
fn components(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, _) = element(der, 0x30)?;
    let (modulus, rest) = element(body, 0x02)?;
    let (exponent, _) = element(rest, 0x02)?;
    Some((modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent))
}

/// The content of the first element, and the bytes after it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let count = usize::from(first & 0x7f);
    let (length, rest) = if first < 0x80 {
        (count, rest)
    } else {
        let bytes = rest.get(..count)?;
        (bytes.iter().fold(0, |sum, b| (sum << 8) | usize::from(*b)), rest.get(count..)?)
    };
    (found == tag).then_some(())?;
    Some((rest.get(..length)?, rest.get(length..)?))
}

/// Signs claims; `kind` is the `typ` of the header.
pub(super) fn sign(kind: &str, claims: &Value) -> Result<String, String> {
    let header = json!({ "alg": "RS256", "kid": KEY_ID, "typ": kind });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&header), part(claims));
    let key = key()?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| "the token cannot be signed".to_owned())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The content of an access token, if this host signed it and it is valid at this instant.
pub(crate) fn verify(token: &str, now: Timestamp) -> Option<Holder> {
    let (text, signature) = token.rsplit_once('.')?;
    let (header, claims) = text.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let public = key().ok()?.public_key().as_ref();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
    public.verify(text.as_bytes(), &signature).ok()?;
    let json =
        |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (header, claims) = (json(header)?, json(claims)?);
    let instant = |name: &str| claims[name].as_i64().and_then(|s| Timestamp::from_second(s).ok());
    let (issued, expires) = (instant("iat")?, instant("exp")?);
    let good = header["typ"] == "at+jwt" && claims["aud"] == "user_api" && now < expires;
    good.then_some(())?;
    let scopes = claims["scope"].as_array()?.iter().filter_map(|s| s.as_str().map(str::to_owned)).collect();
    let client_id = claims["client_id"].as_str()?.to_owned();
    let subject = ids::read(claims["sub"].as_str()?)?;
    Some(Holder { subject, client_id, issued, scopes })
}

impl Grants {
    /// See [`verify`].
    pub(crate) fn holder(&self, token: &str, now: Timestamp) -> Option<Holder> {
        verify(token, now).filter(|holder| self.client(&holder.client_id).is_some())
    }
}

/// `at` plus this number of seconds.
pub(super) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
