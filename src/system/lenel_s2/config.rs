//! How to reach one NetBox, and which of its unknowns are settled which way (systems/lenel-s2.md 2.16).

use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use url::Url;
use vestibule_core::adapt::{Capabilities, Contact, Names};
use vestibule_core::schedule::Zone;

/// Path of the API on boxes from 5.6 on, and the only one on 6.x (2.1).
pub const PATH_V2: &str = "/nbws/goforms/nbapi";

/// Levels that one person can have (2.13).
const MAX_LEVELS: usize = 32;

/// One controller, as an `AccessIntegration` describes it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Scheme, host and port.
    pub url: String,
    /// Path of the API, [`PATH_V2`] unless the box is old or a NetBox Global (2.1).
    pub path: String,
    /// The partition to switch to after the login; the session's own if unset (2.3).
    pub partition_key: Option<String>,
    /// Zone of the controller's clock: dates on the wire carry no offset (2.4).
    pub zone: TimeZone,
    /// Which of UDF1 to UDF20 holds the tenant; unset: the system is not told (2.14).
    pub tenant_udf: Option<u8>,
    /// Format of visitors' credential numbers, named exactly as on the box (2.8).
    pub card_format: Option<String>,
    /// Certificates to trust besides those of the machine, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// What is not known of every box.
    pub wire: Wire,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Whether addresses of this machine are allowed: a flag of the controller, for the demo and tests (design 3.19).
    pub allow_loopback: bool,
}

/// Options for what differs between boxes or is not known of them (2.16). The defaults are the documented forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// How the document is put into the body (no. 13).
    pub body_form: BodyForm,
    /// Whether `dateformat` is sent (no. 3).
    pub date_format_attribute: DateFormat,
    /// In which letters names are sent (no. 12).
    pub names: Letters,
    /// What an expiry date means (no. 4).
    pub expiry: Expiry,
    /// What makes two cards the same (no. 7).
    pub card_identity: CardIdentity,
    /// How often an idle session is kept alive (no. 1); unset: it is left to expire and renewed when needed.
    pub ping_interval: Option<Duration>,
}

/// The body of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyForm {
    /// The XML document and nothing else.
    #[default]
    Xml,
    /// `APIcommand=` before it, as old boxes want.
    ApiCommand,
}

/// The `dateformat` attribute of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateFormat {
    /// Not sent, as several clients in use do.
    #[default]
    Omit,
    /// `tzoffset`.
    TzOffset,
}

/// The letters of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Letters {
    /// As typed.
    #[default]
    Unicode,
    /// Transliterated, for boxes that cut or mangle others.
    Ascii,
}

/// What EXPDATE and CARDEXPDATE mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// The first instant that is closed.
    #[default]
    Exclusive,
    /// The last minute that is open: sent one minute earlier and read back one later.
    InclusiveMinute,
}

/// What makes two cards the same, beside the number in them or printed on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardIdentity {
    /// Their format too: every command about a card names it (2.8), and sites give one number to cards of several formats.
    #[default]
    NumberAndFormat,
    /// Nothing else.
    Number,
}

/// The API user of the box.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Login name.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

impl Config {
    /// A box of today at an address, everything else as documented.
    pub fn new(url: impl Into<String>, zone: TimeZone) -> Self {
        Self {
            url: url.into(),
            path: PATH_V2.to_owned(),
            partition_key: None,
            zone,
            tenant_udf: None,
            card_format: None,
            ca_pem: None,
            wire: Wire::default(),
            timeout: Duration::from_secs(30),
            allow_loopback: false,
        }
    }

    /// Which system this is, for people and to tell it from others: its host, its port where that is not the usual one, and
    /// the partition. Neither TLS nor another login or path makes another system of it.
    pub fn place(&self) -> String {
        let url = Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or(&self.url).to_owned();
        let port = url.as_ref().and_then(Url::port).filter(|port| ![80, 443].contains(port));
        let host = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        match &self.partition_key {
            Some(key) => format!("{host}, partition {key}"),
            None => host,
        }
    }

    /// What the system can do when it is set up like this.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            system: "NetBox",
            zone: Some(Zone::from(self.zone.clone())),
            contact: Contact::EmailOrPhone,
            enforces_window: true,
            max_groups: MAX_LEVELS,
            card_format: self.card_format.clone(),
            names: match self.wire.names {
                Letters::Unicode => Names::Unicode,
                Letters::Ascii => Names::Ascii,
            },
            tells_tenant: self.tenant_udf.is_some(),
            shows_edit_time: true,
        }
    }
}
