//! How to reach one NetBox, and which of the undocumented behaviours it has (systems/lenel-s2.md 2.16).

use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use url::Url;
use vestibule_core::adapt::{Capabilities, Contact, Names};
use vestibule_core::model::Hasher;
use vestibule_core::schedule::Zone;

/// Path of the API from version 5.6 on, and the only one on 6.x (2.1).
pub const PATH_V2: &str = "/nbws/goforms/nbapi";

/// Levels that one person can have (2.13).
const MAX_LEVELS: usize = 32;

/// One controller, as an `AccessIntegration` describes it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Scheme, host and port.
    pub url: String,
    /// Path of the API: [`PATH_V2`] unless the NetBox is old or a NetBox Global (2.1).
    pub path: String,
    /// The partition to switch to after the login; `None` keeps the session's own (2.3).
    pub partition_key: Option<String>,
    /// Zone of the controller's clock: dates on the wire carry no offset (2.4).
    pub zone: TimeZone,
    /// Which of UDF1 to UDF20 contains the tenant; `None` sends no tenant (2.14).
    pub tenant_udf: Option<u8>,
    /// Format of visitors' credential numbers, named exactly as on the NetBox (2.8).
    pub card_format: Option<String>,
    /// Certificates to trust in addition to those of the machine, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Behaviour that is not the same on every NetBox.
    pub wire: Wire,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Whether addresses of this machine are allowed: an option of the controller for the demo and tests (design 3.19).
    pub allow_loopback: bool,
}

/// Options for behaviour that differs between versions or is not documented (2.16). The defaults are the documented
/// forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// How the document is put into the request body (no. 13).
    pub body_form: BodyForm,
    /// Whether `dateformat` is sent (no. 3).
    pub date_format_attribute: DateFormat,
    /// The character set in which names are sent (no. 12).
    pub names: Letters,
    /// The meaning of an expiry date (no. 4).
    pub expiry: Expiry,
    /// What makes two cards the same (no. 7).
    pub card_identity: CardIdentity,
    /// How often an idle session is pinged (no. 1). `None`: it expires, and is renewed when needed.
    pub ping_interval: Option<Duration>,
}

/// The body of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyForm {
    /// Only the XML document.
    #[default]
    Xml,
    /// `APIcommand=` before the document, as old versions require.
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

/// The character set of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Letters {
    /// As typed.
    #[default]
    Unicode,
    /// Transliterated, for versions that truncate or damage other characters.
    Ascii,
}

/// The meaning of EXPDATE and CARDEXPDATE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// The first instant that is closed.
    #[default]
    Exclusive,
    /// The last minute that is open: written one minute earlier and read one minute later.
    InclusiveMinute,
}

/// What makes two cards the same, beside the number encoded or printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardIdentity {
    /// Their format too: every command about a card names it (2.8), and sites use one number for cards of several
    /// formats.
    #[default]
    NumberAndFormat,
    /// Only the number.
    Number,
}

/// The API user of the NetBox.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Login name.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

impl Config {
    /// A current NetBox at an address, with the documented behaviour.
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

    /// The identity of the system, for display and for comparison: its host, its port unless it is the default, and the
    /// partition. TLS, login and path are not part of it.
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

    /// Changes with everything that decides how a record is written or read.
    pub fn record_format(&self) -> u64 {
        let Wire { body_form: _, date_format_attribute, names, expiry, card_identity, ping_interval: _ } =
            &self.wire;
        let mut hash = Hasher::new("record format");
        hash.text(self.zone.iana_name().unwrap_or_default());
        hash.text(self.card_format.as_deref().unwrap_or_default());
        hash.text(&format!(
            "{date_format_attribute:?} {names:?} {expiry:?} {card_identity:?} {:?}",
            self.tenant_udf
        ));
        hash.finish()
    }

    /// The capabilities of a system with this configuration.
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
