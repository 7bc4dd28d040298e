//! Validates an AccessIntegration and its Secret. The result is a value from which a client can be made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use vestibule_core::guard::Limits;
use vestibule_core::identity::Owner;
use vestibule_core::model::{Hasher, Mode, ObjectKey};
use vestibule_core::ownership::Ownership;
use vestibule_core::status::conditions;

use super::Object;
use super::described::{holding, letters};
use crate::api::{self, AccessIntegrationSpec, DeletionPolicy, LenelS2, OccupantDirection, VisitorDirection};
use crate::engine::{Settings, rate_limit};
use crate::reconcile::property;
use crate::system::lenel_s2::{self, Config, Credentials, Wire};

/// The resync interval of an integration that sets none.
const RESYNC: SignedDuration = SignedDuration::from_mins(30);

/// Requests in flight at a NetBox: one session, serial in practice (systems/lenel-s2.md 2.13).
const IN_FLIGHT: i32 = 1;

/// The data that is read for an integration beside the object: secret material and certificates, by key.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The credentials Secret; `None` if it does not exist.
    pub credentials: Option<BTreeMap<String, SecretString>>,
    /// The CA bundle, if one is referred to and was found.
    pub ca_pem: Option<Vec<u8>>,
    /// A version that changes with either.
    pub version: String,
    /// The Secret or the bundle does not exist, and none can be created, because the namespace is being deleted.
    pub lost_with_namespace: bool,
}

impl Secrets {
    /// The last known Secret and bundle, if one of them does not exist any more.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        let is_gone = (self.credentials.is_none() && before.credentials.is_some())
            || (self.ca_pem.is_none() && before.ca_pem.is_some());
        if is_gone { Self { lost_with_namespace: self.lost_with_namespace, ..before } } else { self }
    }
}

/// Why an integration is not connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its spec cannot be read: the desired state is not known.
    Unreadable(String),
    /// A person must change the object; the reason of `Stalled`.
    Invalid(&'static str, String),
    /// Something that it refers to is missing.
    Missing(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Unreadable(sentence) | Self::Invalid(_, sentence) | Self::Missing(sentence)) = self;
        f.write_str(sentence)
    }
}

/// An integration that can be connected.
pub struct Validated {
    /// The Property that it serves.
    pub property: ObjectKey,
    /// How to reach the system.
    pub config: Config,
    /// The login.
    pub credentials: Credentials,
    /// The owner id of its records.
    pub owner_id: String,
    /// The settings that may change without a new connection.
    pub settings: Settings,
    /// The rate limit in the spec.
    pub pace: rate_limit::Limits,
    /// The login at a host that the rate limit belongs to, however many integrations use it.
    pub login: u64,
    /// The account in the system. Another account is another engine.
    pub account: u64,
    /// The system, as `status.connectedTo` names it.
    pub system: String,
    /// A hash of everything that a client depends on.
    pub client: u64,
}

/// Validates an integration and its references.
pub fn validate(
    object: &Object,
    secrets: &Secrets,
    clock: Option<(&TimeZone, bool)>,
    default_owner_id: &str,
    allow_loopback: bool,
) -> Result<Validated, Refusal> {
    let spec = object.spec.as_ref().map_err(|sentence| Refusal::Unreadable(sentence.clone()))?;
    let system = supported(spec)?;
    let Some((zone, property_suspended)) = clock else {
        let name = &spec.property_ref.name;
        return Err(Refusal::Missing(format!(
            "Property {name} does not exist or is not valid: create it or correct it"
        )));
    };
    let owner_id = named_owner_id(object).unwrap_or(default_owner_id).to_owned();
    let credentials =
        credentials(spec, system, secrets).map_err(|refusal| lost(refusal, secrets, &owner_id))?;
    let config =
        config(system, zone, secrets, allow_loopback).map_err(|refusal| lost(refusal, secrets, &owner_id))?;
    let limits = spec.rate_limit.clone().unwrap_or_default();
    let in_flight = limits.max_in_flight.unwrap_or(IN_FLIGHT).max(1).unsigned_abs();
    let pace = rate_limit::Limits {
        rate: limits.requests_per_second.map(f64::from),
        burst: 10,
        max_in_flight: in_flight,
    };
    let system = config.place();
    let login = Hasher::new("login").text(&config.url).text(&credentials.username).finish();
    let (account, client) = hashes(&config, &credentials, &owner_id, secrets, &object.meta.key);
    let settings = settings(object, spec, property_suspended, in_flight as usize)?;
    let property = property::key(&object.meta.key.namespace, &spec.property_ref);
    Ok(Validated { property, config, credentials, owner_id, settings, pace, login, account, system, client })
}

/// The owner id that an integration declares or that its status has; `None` if it uses the default.
pub fn named_owner_id(object: &Object) -> Option<&str> {
    let declared = object.spec.as_ref().ok().and_then(|spec| spec.owner_id.as_deref());
    declared.or_else(|| object.status.as_ref()?.owner_id.as_deref())
}

fn invalid(sentence: impl Into<String>) -> Refusal {
    Refusal::Invalid(conditions::INVALID_SPEC, sentence.into())
}

/// The block of a supported system, or a sentence about the part of the spec that this version does not support yet.
fn supported(spec: &AccessIntegrationSpec) -> Result<&LenelS2, Refusal> {
    let unsupported =
        |sentence: &str| Err(Refusal::Invalid(conditions::NOT_SUPPORTED_BY_SYSTEM, sentence.to_owned()));
    if spec.occupants != OccupantDirection::None {
        return unsupported(
            "this version of Vestibule does not carry occupants yet: make the AccessIntegration with occupants: None",
        );
    }
    match &spec.lenel_s2 {
        Some(system) => Ok(system),
        None => unsupported(
            "this version of Vestibule speaks to LenelS2 NetBox only: Kastle and SALTO KS are not there yet",
        ),
    }
}

/// Names another remedy where the missing object cannot be created.
fn lost(refusal: Refusal, secrets: &Secrets, owner_id: &str) -> Refusal {
    match refusal {
        Refusal::Missing(_) if secrets.lost_with_namespace => Refusal::Missing(format!(
            "spec.credentialsSecretRef or spec.lenelS2.caBundle names an object that was deleted with the namespace, and no \
             Secret or ConfigMap can be created in a namespace that is being deleted. If the records may not stay, remove them \
             by hand: they are the persons in the system whose id begins with {}",
            Owner::of(owner_id).id_prefix()
        )),
        other => other,
    }
}

fn credentials(
    spec: &AccessIntegrationSpec,
    system: &LenelS2,
    secrets: &Secrets,
) -> Result<Credentials, Refusal> {
    let name = &spec.credentials_secret_ref.name;
    let Some(found) = &secrets.credentials else {
        return Err(Refusal::Missing(format!(
            "Secret {name} does not exist: make it with the keys username and password"
        )));
    };
    let key = |key: &str| {
        let missing =
            || Refusal::Missing(format!("Secret {name} has no key {key}: it needs username and password"));
        let value = found.get(key).ok_or_else(missing)?;
        let empty =
            || Refusal::Missing(format!("key {key} of Secret {name} is empty: write the {key} there"));
        if value.expose_secret().is_empty() { Err(empty()) } else { Ok(value) }
    };
    let (username, password) = (key("username")?, key("password")?.clone());
    if let Some(host) = found.get("host") {
        let url = Url::parse(&system.url).map_err(|_| invalid("spec.lenelS2.url is not a URL"))?;
        let same = url.host_str().is_some_and(|named| named.eq_ignore_ascii_case(host.expose_secret()));
        if !same {
            return Err(invalid(format!(
                "key host of Secret {name} names another host than spec.lenelS2.url, which is {}, so the login is not sent: \
                 correct the one that is wrong, or take the key host out of the Secret",
                url.host_str().unwrap_or_default()
            )));
        }
    }
    Ok(Credentials { username: username.expose_secret().to_owned(), password })
}

fn config(
    system: &LenelS2,
    zone: &TimeZone,
    secrets: &Secrets,
    allow_loopback: bool,
) -> Result<Config, Refusal> {
    let zone = match &system.time_zone {
        Some(name) => TimeZone::get(name).map_err(|_| {
            invalid(format!(
                "spec.lenelS2.timeZone {name:?} is not a time zone: write an Area/City name of the IANA database such as \
                 Europe/Berlin"
            ))
        })?,
        None => zone.clone(),
    };
    if system.ca_bundle.is_some() && secrets.ca_pem.is_none() {
        return Err(Refusal::Missing(
            "the CA bundle that spec.lenelS2.caBundle names does not exist, or lacks the key: make it, or name another".into(),
        ));
    }
    let mut config = holding(system, zone);
    if let Some(path) = &system.path {
        config.path.clone_from(path);
    }
    config.partition_key = system.partition_key.map(|key| key.to_string());
    config.ca_pem.clone_from(&secrets.ca_pem);
    config.allow_loopback = allow_loopback;
    config.wire = wire(system)?;
    Ok(config)
}

fn wire(system: &LenelS2) -> Result<Wire, Refusal> {
    let wire = system.wire.clone().unwrap_or_default();
    let ping = wire
        .ping_interval
        .as_deref()
        .map(|text| duration("spec.lenelS2.wire.pingInterval", text))
        .transpose()?;
    Ok(Wire {
        body_form: match wire.body_form.unwrap_or_default() {
            api::BodyForm::Xml => lenel_s2::BodyForm::Xml,
            api::BodyForm::ApiCommand => lenel_s2::BodyForm::ApiCommand,
        },
        date_format_attribute: match wire.date_format_attribute.unwrap_or_default() {
            api::DateFormatAttribute::Omit => lenel_s2::DateFormat::Omit,
            api::DateFormatAttribute::TzOffset => lenel_s2::DateFormat::TzOffset,
        },
        names: letters(wire.names),
        expiry: match wire.expiry.unwrap_or_default() {
            api::ExpiryEdge::Exclusive => lenel_s2::Expiry::Exclusive,
            api::ExpiryEdge::InclusiveMinute => lenel_s2::Expiry::InclusiveMinute,
        },
        card_identity: match wire.card_identity.unwrap_or_default() {
            api::CardIdentity::NumberAndFormat => lenel_s2::CardIdentity::NumberAndFormat,
            api::CardIdentity::Number => lenel_s2::CardIdentity::Number,
        },
        ping_interval: ping.and_then(|ping| Duration::try_from(ping).ok()),
    })
}

fn settings(
    object: &Object,
    spec: &AccessIntegrationSpec,
    property_suspended: bool,
    max_in_flight: usize,
) -> Result<Settings, Refusal> {
    let guard = spec.deletion_guard.clone().unwrap_or_default();
    let defaults = Limits::default();
    let limits = Limits {
        max_deletions: guard.max_deletions.map_or(defaults.max_deletions, i32::unsigned_abs),
        max_percent: guard.max_percent.and_then(|it| u8::try_from(it).ok()).unwrap_or(defaults.max_percent),
    };
    let resync =
        spec.resync_interval.as_deref().map(|text| duration("spec.resyncInterval", text)).transpose()?;
    Ok(Settings {
        mode: mode(spec.mode),
        suspended: property_suspended || spec.suspend.unwrap_or_default(),
        limits,
        released: object.meta.annotations.get(api::annotation::RELEASE_DELETIONS).cloned(),
        resync: resync.unwrap_or(RESYNC),
        ownership: Ownership {
            declared: spec.owner_id.is_some(),
            recorded: object.status.as_ref().is_some_and(|said| said.owner_id.is_some()),
            neighbours: Arc::default(),
        },
        generation: object.meta.generation,
        max_in_flight,
    })
}

/// Whether an integration takes visitors.
pub fn takes_visitors(spec: &AccessIntegrationSpec) -> bool {
    spec.visitors.unwrap_or_default() == VisitorDirection::Push
}

/// Whether an integration leaves its records in the system when it is deleted.
pub fn leaves_records(spec: &AccessIntegrationSpec) -> bool {
    spec.deletion_policy.unwrap_or_default() == DeletionPolicy::Orphan
}

const fn mode(mode: api::Mode) -> Mode {
    match mode {
        api::Mode::Observe => Mode::Observe,
        api::Mode::CreateOnly => Mode::CreateOnly,
        api::Mode::Upsert => Mode::Upsert,
        api::Mode::Enforce => Mode::Enforce,
    }
}

/// A duration as Go writes it, such as 1h30m.
fn duration(field: &str, text: &str) -> Result<SignedDuration, Refusal> {
    let parsed = text.parse::<SignedDuration>().ok().filter(SignedDuration::is_positive);
    parsed.ok_or_else(|| invalid(format!("{field} {text:?} is no duration: write one such as 30m or 1h30m")))
}

/// The hashes that identify the account and the client. The Secret counts by its version: its content is never hashed.
fn hashes(
    config: &Config,
    credentials: &Credentials,
    owner_id: &str,
    secrets: &Secrets,
    key: &ObjectKey,
) -> (u64, u64) {
    let mut account = Hasher::new("account");
    account.text(&key.to_string()).text(&config.url).text(&config.path).text(owner_id);
    account.text(config.partition_key.as_deref().unwrap_or_default()).text(&credentials.username);
    let account = account.finish();
    let mut client = Hasher::new("client");
    client.number(account).text(&secrets.version).text(&format!("{:?}", config.wire));
    client
        .text(config.zone.iana_name().unwrap_or_default())
        .text(config.card_format.as_deref().unwrap_or_default());
    client.number(config.tenant_udf.map_or(0, u64::from));
    // The spec may name another key of the same object, which leaves the version unchanged.
    client.text(&String::from_utf8_lossy(config.ca_pem.as_deref().unwrap_or_default()));
    (account, client.finish())
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
