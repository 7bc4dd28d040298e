//! Seeds: the records at the start, in YAML and in the words of the API.

mod build;
mod generate;
mod logins;

use jiff::Timestamp;
use serde::Deserialize;

pub(super) use self::build::{add_user, find_user, schedule};
use self::generate::Generate;
use super::identity::Client;
use super::store::Store;

/// The seed of a simulator that is started without one.
pub const SMALL_BUILDING: &str = include_str!("../../../seeds/salto-ks.yaml");

/// A seed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seed {
    #[serde(default)]
    pub(super) clients: Vec<Client>,
    #[serde(default)]
    profiles: Vec<ProfileSpec>,
    #[serde(default)]
    sites: Vec<SiteSpec>,
}

const fn yes() -> bool {
    true
}

fn midnight() -> String {
    "00:00".to_owned()
}

fn last_minute() -> String {
    "23:59".to_owned()
}

/// A KS account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileSpec {
    email: String,
    first_name: String,
    last_name: String,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default = "yes")]
    has_profile: bool,
}

/// A site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteSpec {
    #[serde(default)]
    id: Option<String>,
    customer_reference: String,
    site_uid: String,
    time_zone: String,
    #[serde(default)]
    country_code: String,
    subscribed_user_amount: usize,
    #[serde(default = "yes")]
    subscription_valid: bool,
    #[serde(default = "yes")]
    released: bool,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    store_events_ttl: Option<i64>,
    #[serde(default)]
    custom_roles: Vec<RoleSpec>,
    #[serde(default)]
    iqs: Vec<IqSpec>,
    #[serde(default)]
    locks: Vec<LockSpec>,
    #[serde(default)]
    users: Vec<UserSpec>,
    #[serde(default)]
    access_groups: Vec<GroupSpec>,
    #[serde(default)]
    pods: Vec<PodSpec>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    generate: Option<Generate>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleSpec {
    code: String,
    customer_reference: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IqSpec {
    customer_reference: String,
    #[serde(default)]
    otp_enabled: bool,
    #[serde(default = "yes")]
    online: bool,
    #[serde(default)]
    offline_days: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockSpec {
    customer_reference: String,
    iq: String,
    #[serde(default)]
    floor: Option<String>,
}

/// A user of a site, in a seed and in the edit `add_user`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)] // the fields on the wire
pub(super) struct UserSpec {
    /// E-mail of a profile of the seed, or of a new one.
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) first_name: Option<String>,
    #[serde(default)]
    pub(super) last_name: Option<String>,
    #[serde(default)]
    pub(super) alias: Option<String>,
    /// Codes; empty: `site_user`.
    #[serde(default)]
    pub(super) roles: Vec<String>,
    #[serde(default)]
    pub(super) blocked: bool,
    #[serde(default)]
    pub(super) suspended: bool,
    #[serde(default)]
    pub(super) use_pin: bool,
    #[serde(default)]
    pub(super) remote_access: bool,
    #[serde(default)]
    pub(super) tag: Option<String>,
    #[serde(default)]
    pub(super) expires_at: Option<Timestamp>,
    /// The KS account is completed.
    #[serde(default)]
    pub(super) has_profile: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupSpec {
    customer_reference: String,
    #[serde(default)]
    locks: Vec<String>,
    /// E-mail addresses or aliases.
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    time_schedules: Vec<ScheduleSpec>,
}

/// A schedule; an empty one is *Always*.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleSpec {
    /// Names of days; empty: all.
    #[serde(default)]
    pub(super) days: Vec<String>,
    #[serde(default = "midnight")]
    pub(super) start_time: String,
    #[serde(default = "last_minute")]
    pub(super) end_time: String,
    #[serde(default)]
    pub(super) start_date: Option<String>,
    #[serde(default)]
    pub(super) end_date: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PodSpec {
    customer_reference: String,
    #[serde(default)]
    members: Vec<String>,
}

impl Seed {
    /// Reads a seed; the error is one sentence.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_yaml::from_str(text).map_err(|e| format!("the seed cannot be read: {e}"))
    }

    /// The platform that it describes, which is always the same.
    pub(super) fn build(&self, now: Timestamp) -> Result<Store, String> {
        let mut store = Store::new(2026);
        for profile in &self.profiles {
            profile.build(&mut store)?;
        }
        for site in &self.sites {
            site.build(&mut store, now)?;
        }
        Ok(store)
    }
}
