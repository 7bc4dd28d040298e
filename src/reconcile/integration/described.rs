//! The properties of a system that the spec of its AccessIntegration declares, whether or not it can be connected.

use jiff::tz::TimeZone;
use url::Url;
use vestibule_core::adapt::Capabilities;

use crate::api::{self, AccessIntegrationSpec, LenelS2};
use crate::system::lenel_s2::{self, Config};

/// The field that holds a person's tenant, if none is named (systems/lenel-s2.md 2.14).
const TENANT_UDF: i32 = 1;

/// The declared capabilities of an integration's system; `None` if this version does not support the system.
pub fn capabilities(spec: &AccessIntegrationSpec) -> Option<Capabilities> {
    spec.lenel_s2.as_ref().map(|system| holding(system, TimeZone::UTC).capabilities())
}

/// A configuration with every field that decides about capabilities.
pub(super) fn holding(system: &LenelS2, zone: TimeZone) -> Config {
    let mut config = Config::new(&system.url, zone);
    config.tenant_udf = u8::try_from(system.tenant_udf.unwrap_or(TENANT_UDF)).ok();
    config.card_format.clone_from(&system.visitor_card_format);
    config.wire.names = letters(system.wire.as_ref().and_then(|wire| wire.names));
    config
}

/// The letters that names may have.
pub(super) fn letters(names: Option<api::NameAlphabet>) -> lenel_s2::Letters {
    match names.unwrap_or_default() {
        api::NameAlphabet::Unicode => lenel_s2::Letters::Unicode,
        api::NameAlphabet::Ascii => lenel_s2::Letters::Ascii,
    }
}

/// Host and port of an integration's system, as they are declared.
pub fn address(spec: &AccessIntegrationSpec) -> Option<String> {
    let url = Url::parse(&spec.lenel_s2.as_ref()?.url).ok()?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}
